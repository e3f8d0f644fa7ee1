"""The checked configuration: what metrics.toml and missions.toml mean. Everything here is valid, resolved and frozen."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import NewType

from mission_cli.model.calendar import WindowRule
from mission_cli.model.expression import Expression, Type

SourceId = NewType("SourceId", str)
MetricId = NewType("MetricId", str)
MissionId = NewType("MissionId", str)
SupplierId = NewType("SupplierId", str)


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


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """How the CSV files of a source are written. `timestamp_formats` are strptime formats; none means ISO 8601. Without a
    `quote` character every one stands for itself."""

    delimiter: str = ","
    null: tuple[str, ...] = ("",)
    decimal: str = "."
    timestamp_formats: tuple[str, ...] = ()
    quote: str = '"'
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of export. `key`, `supplier`, `time` and `updated` are names of columns."""

    id: SourceId
    files: tuple[str, ...]
    key: tuple[str, ...]
    supplier: str
    time: str
    updated: str | None
    final: Expression | None
    max_rejects: Decimal
    csv: CsvOptions
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column called `name`."""
        return next(column for column in self.columns if column.name == name)


class Method(StrEnum):
    """How the number of a supplier's day comes about."""

    SINGLE_VALUE = "single_value"
    EXPRESSION = "expression"
    SQL = "sql"
    PYTHON = "python"
    METABASE = "metabase"


@dataclass(frozen=True, slots=True)
class DailyMetric:
    """A metric kept in the partitions of its source: one number per supplier and business day, summed over days.

    `expression` is the value of one order (of `single_value` a constant). Without it the day's numbers come from elsewhere:
    `code` is the text of `file`, SQL or Python with a `function` in it; `card` a question of Metabase.
    """

    id: MetricId
    description: str
    source: SourceId
    method: Method
    data_type: DataType
    default: Decimal | None
    where: Expression | None = None
    expression: Expression | None = None
    file: str = ""
    code: str = ""
    function: str = ""
    card: int = 0

    @property
    def names_strangers(self) -> bool:
        """Whether its numbers may be of suppliers without a final order that day; then partitions have a column `_ordered`."""
        return self.method is Method.METABASE

    @property
    def origin(self) -> str:
        """Where the day's numbers come from, for messages."""
        if self.card:
            return f"metrics.{self.id}: Metabase card {self.card}"
        return f"{self.file}:{self.function}" if self.function else self.file


@dataclass(frozen=True, slots=True)
class FormulaMetric:
    """A formula over other metrics, evaluated on window totals."""

    id: MetricId
    description: str
    formula: Expression
    default: Decimal | None


class OverDays(StrEnum):
    """What becomes of a window's daily values: of those days that have one."""

    SUM = "sum"
    COUNT = "count"
    MIN = "min"
    MAX = "max"
    AVG = "avg"
    FIRST = "first"
    LAST = "last"
    DAYS = "days"
    STREAK = "streak"


@dataclass(frozen=True, slots=True)
class DayFormulaMetric:
    """A formula over other metrics, evaluated on each day's values as if the day were the window; then `over_days`.

    `days_where` is a condition over `value`, the day's: of `days` how many days fulfil it, of `streak` how many in a row.
    """

    id: MetricId
    description: str
    formula: Expression
    default: Decimal | None
    over_days: OverDays
    days_where: Expression | None


Metric = DailyMetric | FormulaMetric | DayFormulaMetric


class Operator(StrEnum):
    """How a condition's value is held against its target."""

    GT = "GT"
    GTE = "GTE"
    LT = "LT"
    LTE = "LTE"
    EQ = "EQ"
    NE = "NE"

    @property
    def sign(self) -> str:
        """The operator as SQL and people write it."""
        return {"GT": ">", "GTE": ">=", "LT": "<", "LTE": "<=", "EQ": "=", "NE": "<>"}[self.value]


@dataclass(frozen=True, slots=True)
class Condition:
    """`formula` `operator` `target`; `no_data_counts_met` tells how a missing value counts."""

    name: str
    formula: Expression
    operator: Operator
    target: Decimal
    no_data_counts_met: bool = False


@dataclass(frozen=True, slots=True)
class Mission:
    """A window rule and conditions, all of which must count as met, for a population of suppliers."""

    id: MissionId
    title: str
    window: WindowRule
    grace_days: int
    suppliers: Expression | None
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Suppliers:
    """The file that says who the suppliers are. `columns` are its attributes, with key and alias as text."""

    file: str
    key: str
    alias: str | None
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """Everything the two files say. `day_start` in minutes after local midnight."""

    root: Path
    name: str
    timezone: str
    day_start: int
    sources: tuple[Source, ...]
    metrics: tuple[Metric, ...]
    suppliers: Suppliers | None
    missions: tuple[Mission, ...]

    def source(self, source: str) -> Source:
        """The source called `source`."""
        return next(s for s in self.sources if s.id == source)

    def metric(self, metric: str) -> Metric:
        """The metric called `metric`."""
        return next(m for m in self.metrics if m.id == metric)

    def daily_metrics(self, source: str) -> tuple[DailyMetric, ...]:
        """The metrics kept in the partitions of a source, in the order of the file."""
        return tuple(m for m in self.metrics if isinstance(m, DailyMetric) and m.source == source)

    def needs(self) -> dict[str, tuple[str, ...]]:
        """Formula metric, of a window or of a day → the metrics it names."""
        return {m.id: m.formula.names for m in self.metrics if not isinstance(m, DailyMetric)}
