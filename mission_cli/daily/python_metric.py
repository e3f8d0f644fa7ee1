"""Metrics of the user's own Python: a function that is given the day's final orders as a Polars frame.

It is trusted code: it runs in this process. What runs is the text that was read with the configuration and is part of the
metric's fingerprint. One function runs at a time, and what it prints goes to standard error.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import polars as pl

from mission_cli.daily.given import engine_error, given_values, refuse_repeated
from mission_cli.model.errors import UsageError
from mission_cli.model.metrics import DailyMetric
from mission_cli.store.database import kernel_connection

_OURS = ("_day", "_file", "_line")
_one_at_a_time = threading.Lock()


def python_values(metric: DailyMetric, orders: Path, timezone: str) -> pl.DataFrame:
    """supplier_id (text) and value of the metric's type, one row per supplier; rows without a supplier are left out.

    The function sees the source's columns, timestamps in the project's time zone. Raises UsageError, naming the function and
    the line, when it fails or gives something else.
    """
    frame = pl.read_parquet(orders, glob=False, hive_partitioning=False).drop(_OURS)
    zoned = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    frame = frame.with_columns(pl.col(zoned).dt.convert_time_zone(timezone))
    with _one_at_a_time, redirect_stdout(sys.stderr):
        found = _called(metric, frame)
    connection = kernel_connection(timezone)
    try:
        connection.register("given", found)
        return refuse_repeated(metric, given_values(metric, connection, "SELECT * FROM given"), "give each supplier one row")
    except duckdb.Error as error:
        raise engine_error(metric, error) from error
    finally:
        connection.close()


def _called(metric: DailyMetric, frame: pl.DataFrame) -> pl.DataFrame:
    try:
        found = _function(metric.code, metric.file, metric.function)(frame)
        if isinstance(found, pl.LazyFrame):
            found = found.collect()
    except (Exception, SystemExit) as error:
        raise UsageError(f"{metric.origin}: {_place(error, metric.file)}{type(error).__name__}: {error}") from error
    if not isinstance(found, pl.DataFrame):
        raise UsageError(f"{metric.origin}: must give a Polars frame with supplier_id and value, not {type(found).__name__}")
    return found


@cache
def _function(code: str, file: str, name: str) -> Callable[[pl.DataFrame], Any]:
    module = ModuleType(Path(file).stem)
    module.__file__ = file
    exec(compile(code, file, "exec"), module.__dict__)  # noqa: S102  # the user's own code is what this is for
    found: Callable[[pl.DataFrame], Any] = getattr(module, name)
    return found


def _place(error: BaseException, file: str) -> str:
    """The line of the user's file where it failed, if it was there."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f"line {lines[-1]}: " if lines else ""
