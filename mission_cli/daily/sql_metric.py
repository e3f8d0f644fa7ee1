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

from mission_cli.daily.given import engine_error, given_values, refuse_repeated
from mission_cli.formula.emit import identifier
from mission_cli.model.errors import UsageError
from mission_cli.model.metrics import DailyMetric, Method
from mission_cli.model.problems import Problem
from mission_cli.model.project import Project, Source
from mission_cli.store.database import configure, exact_path

MAX_SECONDS = 60.0


def sql_values(metric: DailyMetric, source: str, orders: Path, timezone: str, seconds: float) -> pl.DataFrame:
    """supplier_id (text) and value of the metric's type, one row per supplier; rows without a supplier are left out.

    Raises UsageError, naming the file, when the query fails, takes too long or gives something else.
    """
    with _walled(timezone) as connection:
        columns = "SELECT * EXCLUDE (_day, _file, _line) FROM read_parquet(?, hive_partitioning = false)"
        connection.execute(f"CREATE TABLE {identifier(source)} AS {columns}", [exact_path(orders)])
        _close_wall(connection)
        found = _checked(metric, connection, seconds)
    return refuse_repeated(metric, found, "end it with GROUP BY supplier_id")


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
                said = str(error).removeprefix(f"{metric.file}: ")
                problems.append(Problem(metric.file, 0, 0, f"metrics.{metric.id}", said))
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
        return given_values(metric, connection, _body(metric))
    except duckdb.InterruptException:
        raise UsageError(f"{metric.file}: took longer than {seconds:.0f} s and was stopped") from None
    except duckdb.Error as error:
        raise engine_error(metric, error) from error
    finally:
        timer.cancel()


def _single_query(metric: DailyMetric, connection: duckdb.DuckDBPyConnection) -> None:
    statements = connection.extract_statements(metric.code)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError(f"{metric.file}: must hold one SELECT and nothing else")


def _body(metric: DailyMetric) -> str:
    return metric.code.strip().rstrip(";")
