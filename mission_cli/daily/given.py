"""Rows of supplier_id and value that come from elsewhere → the values of a metric, of its type."""

from __future__ import annotations

import duckdb
import polars as pl

from mission_cli.model.errors import UsageError
from mission_cli.model.expression import Type
from mission_cli.model.metrics import DailyMetric
from mission_cli.store.database import first_line

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DECIMAL", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_FLOATS = ("FLOAT", "DOUBLE")


def given_values(metric: DailyMetric, connection: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    """supplier_id (text) and value of the metric's type, sorted by supplier; rows without a supplier are left out.

    Raises UsageError, naming where they come from, when the columns or their types are others; DuckDB's errors pass through.
    """
    described = connection.execute(f"DESCRIBE SELECT * FROM ({query}\n)").fetchall()
    shape = {name: kind for name, kind, *_ in described}
    _check_shape(metric, shape)
    value = f"TRY_CAST(value AS {metric.data_type.total_sql})"
    if shape["value"] in _FLOATS:
        value = f"CASE WHEN isfinite(value) THEN {value} END"
    relation = connection.sql(
        f"SELECT CAST(supplier_id AS VARCHAR) AS supplier_id, {value} AS value FROM ({query}\n)"
        " WHERE supplier_id IS NOT NULL ORDER BY supplier_id"
    )
    assert relation is not None, "a query gives rows"
    return relation.pl()  # type: ignore[no-any-return]


def refuse_repeated(metric: DailyMetric, found: pl.DataFrame, hint: str) -> pl.DataFrame:
    """The rows, when no supplier has two. Raises UsageError."""
    repeated = found.filter(found["supplier_id"].is_duplicated())
    if not repeated.is_empty():
        raise UsageError(f'{metric.origin}: gives supplier "{repeated["supplier_id"][0]}" more than once; {hint}')
    return found


def _check_shape(metric: DailyMetric, shape: dict[str, str]) -> None:
    if set(shape) != {"supplier_id", "value"}:
        raise UsageError(f"{metric.origin}: must give the columns supplier_id and value, not {', '.join(shape) or 'none'}")
    kind = shape["value"].split("(")[0]
    if kind not in _NUMBERS + _FLOATS:
        raise UsageError(f"{metric.origin}: value is {shape['value']}, not a number")
    whole = kind not in _FLOATS and (kind != "DECIMAL" or shape["value"].endswith(",0)"))
    if metric.data_type.type is Type.INTEGER and not whole:
        raise UsageError(f"{metric.origin}: value is {shape['value']}, but data_type is integer; round it to whole numbers")


def engine_error(metric: DailyMetric, error: duckdb.Error) -> UsageError:
    """What to tell when the engine cannot take what was given."""
    return UsageError(f"{metric.origin}: {first_line(error)}")
