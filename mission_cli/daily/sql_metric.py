"""Metrics of the user's own SQL: one query over the day's final orders, walled in.

It runs on a connection of its own that holds nothing but those orders: no files, no network, no settings, and a limit
of time. The table is named like the source; the query gives supplier_id and value.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from mission_cli.formula.emit import identifier
from mission_cli.model.errors import UsageError
from mission_cli.model.expression import Type
from mission_cli.model.problems import Problem
from mission_cli.model.project import DailyMetric, Method, Project, Source
from mission_cli.store.database import configure, exact_path, first_line

MAX_SECONDS = 60.0
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DECIMAL", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_FLOATS = ("FLOAT", "DOUBLE")


def sql_values(metric: DailyMetric, source: str, orders: Path, timezone: str, seconds: float) -> pl.DataFrame:
    """supplier_id (text) and value of the metric's type, one row per supplier; rows without a supplier are left out.

    Raises UsageError, naming the file, when the query fails, takes too long or gives something else.
    """
    with _walled(timezone) as connection:
        columns = "SELECT * EXCLUDE (_day, _file, _line) FROM read_parquet(?, hive_partitioning = false)"
        connection.execute(f"CREATE TABLE {identifier(source)} AS {columns}", [exact_path(orders)])
        _close_wall(connection)
        found = _checked(metric, connection, seconds)
    repeated = found.filter(found["supplier_id"].is_duplicated())
    if not repeated.is_empty():
        raise UsageError(
            f'{metric.sql_file}: gives supplier "{repeated["supplier_id"][0]}" more than once; end it with GROUP BY supplier_id'
        )
    return found


def sql_problems(project: Project) -> list[Problem]:
    """Mistakes in the SQL that metrics name, found by running it over a table of the source's columns without rows."""
    problems = []
    for metric in project.metrics:
        if not isinstance(metric, DailyMetric) or metric.method is not Method.SQL:
            continue
        with _walled(project.timezone) as connection:
            connection.execute(_empty_table(project.source(metric.source)))
            _close_wall(connection)
            try:
                _checked(metric, connection, MAX_SECONDS)
            except UsageError as error:
                said = str(error).removeprefix(f"{metric.sql_file}: ")
                problems.append(Problem(metric.sql_file, 0, 0, f"metrics.{metric.id}", said))
    return problems


def _empty_table(source: Source) -> str:
    columns = ", ".join(f"{identifier(column.name)} {column.data_type.sql}" for column in source.columns)
    return f"CREATE TABLE {identifier(source.id)} ({columns})"


@contextmanager
def _walled(timezone: str) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    try:
        configure(connection, timezone)
        connection.execute("SET python_enable_replacements = false")
        yield connection
    finally:
        connection.close()


def _close_wall(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _checked(metric: DailyMetric, connection: duckdb.DuckDBPyConnection, seconds: float) -> pl.DataFrame:
    timer = threading.Timer(seconds, connection.interrupt)
    timer.start()
    try:
        _single_query(metric, connection)
        shape = connection.execute(f"DESCRIBE SELECT * FROM ({_body(metric)}\n)").fetchall()
        _check_shape(metric, {name: kind for name, kind, *_ in shape})
        value = f"TRY_CAST(value AS {metric.data_type.total_sql})"
        if {name: kind for name, kind, *_ in shape}["value"] in _FLOATS:
            value = f"CASE WHEN isfinite(value) THEN {value} END"
        relation = connection.sql(
            f"SELECT CAST(supplier_id AS VARCHAR) AS supplier_id, {value} AS value FROM ({_body(metric)}\n)"
            " WHERE supplier_id IS NOT NULL ORDER BY supplier_id"
        )
        assert relation is not None, "a query gives rows"
        return relation.pl()  # type: ignore[no-any-return]
    except duckdb.InterruptException:
        raise UsageError(f"{metric.sql_file}: took longer than {seconds:.0f} s and was stopped") from None
    except duckdb.Error as error:
        raise UsageError(f"{metric.sql_file}: {first_line(error)}") from error
    finally:
        timer.cancel()


def _single_query(metric: DailyMetric, connection: duckdb.DuckDBPyConnection) -> None:
    statements = connection.extract_statements(metric.sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError(f"{metric.sql_file}: must hold one SELECT and nothing else")


def _body(metric: DailyMetric) -> str:
    return metric.sql.strip().rstrip(";")


def _check_shape(metric: DailyMetric, shape: dict[str, str]) -> None:
    if set(shape) != {"supplier_id", "value"}:
        raise UsageError(f"{metric.sql_file}: must give the columns supplier_id and value, not {', '.join(shape)}")
    kind = shape["value"].split("(")[0]
    if kind not in _NUMBERS + _FLOATS:
        raise UsageError(f"{metric.sql_file}: value is {shape['value']}, not a number")
    whole = kind not in _FLOATS and (kind != "DECIMAL" or shape["value"].endswith(",0)"))
    if metric.data_type.type is Type.INTEGER and not whole:
        raise UsageError(f"{metric.sql_file}: value is {shape['value']}, but data_type is integer; use CAST(round(…) AS BIGINT)")
