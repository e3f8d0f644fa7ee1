"""Columns and the types of their values."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mission_cli.model.expression import Type


@dataclass(frozen=True, slots=True)
class DataType:
    """`precision` and `scale` only of a decimal."""

    type: Type
    precision: int = 38
    scale: int = 9

    @property
    def sql(self) -> str:
        """The DuckDB type of one value."""
        return {
            Type.INTEGER: "BIGINT",
            Type.DECIMAL: f"DECIMAL({self.precision},{self.scale})",
            Type.DOUBLE: "DOUBLE",
            Type.TEXT: "VARCHAR",
            Type.BOOLEAN: "BOOLEAN",
            Type.DATE: "DATE",
            Type.TIMESTAMP: "TIMESTAMPTZ",
        }[self.type]

    @property
    def word(self) -> str:
        """The type as users write it."""
        return f"decimal({self.precision},{self.scale})" if self.type is Type.DECIMAL else self.type.value

    @property
    def total_sql(self) -> str:
        """The DuckDB type of a day's total: with room for a sum of values."""
        return f"DECIMAL(38,{self.scale})" if self.type is Type.DECIMAL else self.sql


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a source. `header` is its name in the file; `timezone` that of times without an offset."""

    name: str
    data_type: DataType
    header: str
    required: bool = False
    one_of: tuple[str, ...] = ()
    minimum: Decimal | None = None
    timezone: str = ""
