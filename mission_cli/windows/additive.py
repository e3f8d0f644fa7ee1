"""Partition files → the rows of a source's days, with the columns that only have to be added up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from mission_cli.formula.roll_sql import added_columns, adds_up
from mission_cli.model.metrics import DailyMetric

ORDERED = "_ordered"  # column of partitions: whether the supplier has a final order that day
_ROOM = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Rows:
    """`frame`: `_day`, supplier_id and `columns`, Int64 (decimals in units of their last place) or Float64, from which the
    totals of `metrics` can be made; where any row may be of a supplier without an order, there is ORDERED, 1 for the others."""

    frame: pl.DataFrame
    columns: list[str]
    metrics: list[DailyMetric]


def read_rows(files: Mapping[date, Path], metrics: Sequence[DailyMetric], strangers: Collection[date]) -> Rows:
    """The rows of the days' partitions. A metric whose sums might not have room in 64 bits is left out, and one that only the
    partitions of some days hold.

    `strangers`: the days whose partitions may have suppliers without an order.
    """
    candidates = [metric for metric in metrics if adds_up(metric) and metric.days is None]
    columns = list(dict.fromkeys(column for metric in candidates for column in added_columns(metric)))
    if not files:
        kinds = dict.fromkeys(columns, pl.Int64)
        nobody = pl.DataFrame(schema={"_day": pl.Date, "supplier_id": pl.String, **kinds})
        return Rows(nobody, columns, candidates)
    marked, others = ([path for day, path in sorted(files.items()) if (day in strangers) is held] for held in (True, False))
    parts = [_read(paths, columns, mark) for paths, mark in ((marked, pl.col(ORDERED)), (others, pl.lit(value=True))) if paths]
    frame = pl.concat(parts)
    units = [frame[column].to_physical() for column in columns]
    narrow = {values.name for values in units if not _has_room(values, len(files))}
    fitting = [metric for metric in candidates if narrow.isdisjoint(added_columns(metric))]
    kept = [values if values.dtype == pl.Float64 else values.cast(pl.Int64) for values in units if values.name not in narrow]
    marks = [frame[ORDERED].cast(pl.Int64)] if marked else []
    return Rows(frame.select("_day", "supplier_id").with_columns(*marks, *kept), [s.name for s in (*marks, *kept)], fitting)


def _read(paths: list[Path], columns: Sequence[str], mark: pl.Expr) -> pl.DataFrame:
    """The schema is told, which is the same in all of them: the engine would look for it in each, and pass over a file that it
    could not open for that."""
    there = pl.read_parquet_schema(paths[0])
    wanted = ("supplier_id", *columns, *(name for name in mark.meta.root_names()))
    rows = pl.scan_parquet(
        paths,
        glob=False,
        schema={name: there[name] for name in wanted},
        hive_schema={"source": pl.String, "date": pl.Date},
        extra_columns="ignore",
    )
    return rows.select(pl.col("date").alias("_day"), "supplier_id", mark.alias(ORDERED), *columns).collect()


def _has_room(values: pl.Series, days: int) -> bool:
    """Whether the sum of a supplier's values, one for each of the days at most, surely fits in 64 bits."""
    if values.dtype == pl.Float64:
        return True
    least, most = values.min(), values.max()
    return not isinstance(least, int) or not isinstance(most, int) or max(-least, most) * days <= _ROOM
