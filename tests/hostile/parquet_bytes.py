"""Parquet files for the tables, of columns of any type."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.hostile.row import Row, loaded

MOMENT = datetime(2024, 5, 6, 8, tzinfo=UTC)


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    """A Parquet file of columns: Arrow arrays, or Python values that Arrow makes its own types of."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    arrays = {name: values if isinstance(values, pa.Array) else pa.array(values) for name, values in columns.items()}
    pq.write_table(pa.table(list(arrays.values()), names=list(arrays)), file, **options)
    return file.getvalue()


def orders(rows: int, **columns: Any) -> dict[str, Any]:
    """Orders of 1.00 each; more columns, or others."""
    plain = {
        "id": list(map(str, range(1, rows + 1))),
        "who": ["ann"] * rows,
        "at": [MOMENT] * rows,
        "amount": [Decimal("1.00")] * rows,
    }
    return plain | columns


def typed(kind: Callable[[Any], Any], values: list[Any]) -> Any:
    """An Arrow array of a type, given as what makes it of the module."""
    import pyarrow as pa

    return pa.array(values, kind(pa))


def with_x(kind: Callable[[Any], Any], values: list[Any], **options: Any) -> Callable[[], bytes]:
    """A file of orders of 1.00, with a column x of some type."""
    return lambda: parquet(orders(len(values), x=typed(kind, values)), **options)


def x(
    name: str,
    declared: Any,
    kind: Callable[[Any], Any],
    values: list[Any],
    kept: list[str | None],
    rejects: dict[int, str] | None = None,
) -> Row:
    """What a typed column of Parquet gives in a column declared as one of ours; `rejects` by row."""
    told = [(row, "x", reason) for row, reason in (rejects or {}).items()]
    return loaded(
        name,
        "x.parquet",
        with_x(kind, values),
        new=len(kept),
        total=str(len(kept)),
        kept={"x": kept},
        rejects=told,
        columns={"x": declared},
    )
