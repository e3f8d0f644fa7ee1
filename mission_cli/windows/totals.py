"""Partitions → the temporary table `totals`: exact sums per reported window and supplier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from mission_cli.formula.days_sql import day_formulas, day_totals
from mission_cli.formula.emit import identifier, text_literal
from mission_cli.formula.usage import mission_sources, used_metrics
from mission_cli.model.expression import Type
from mission_cli.model.project import DailyMetric, Project
from mission_cli.store.database import Database, exact_path
from mission_cli.store.statements import statement
from mission_cli.windows.ranges import ReportedWindow

_ROOMY_SCALE = 15  # up to here a sum of decimals has room for 23 digits before the point
_WINDOWS = {
    "_window_no": pl.Int32,
    "_mission_no": pl.Int32,
    "_as_of": pl.Date,
    "_start": pl.Date,
    "_end": pl.Date,
    "_through": pl.Date,
}


def _daily_metrics(project: Project) -> list[DailyMetric]:
    """The daily metrics that any mission needs, by id; others cost nothing here."""
    used = used_metrics(project)
    return sorted((m for m in project.metrics if isinstance(m, DailyMetric) and m.id in used), key=lambda m: m.id)


def roll_totals(
    database: Database, project: Project, windows: Sequence[ReportedWindow], partitions: Mapping[str, Mapping[date, Path]]
) -> None:
    """Fill `windows` (numbered in the given order), and `totals` from the partition files: source → day → file."""
    numbers = {mission.id: number for number, mission in enumerate(project.missions)}
    rows = [(no, numbers[w.mission.id], w.as_of, w.window.start, w.window.end, w.through) for no, w in enumerate(windows)]
    database.replace_temporary("windows", pl.DataFrame(rows, schema=_WINDOWS, orient="row"))
    pairs = [(numbers[m.id], source) for m in project.missions for source in sorted(mission_sources(project, m))]
    schema = {"_mission_no": pl.Int32, "_source": pl.String}
    database.replace_temporary("mission_sources", pl.DataFrame(pairs, schema=schema, orient="row"))
    metrics = _daily_metrics(project)
    _read_partitions(database, project, partitions)
    database.execute(statement("window_totals", totals="".join(f", {_total(metric)}" for metric in metrics)))
    used = used_metrics(project)
    if day_formulas(project, used):
        database.execute(f"CREATE OR REPLACE TEMP TABLE day_totals AS {day_totals(project, used, _by_day(metrics))}")
        database.execute(
            "CREATE OR REPLACE TEMP TABLE totals AS SELECT * FROM totals LEFT JOIN day_totals USING (_window_no, supplier_id)"
        )


def _by_day(metrics: Sequence[DailyMetric]) -> str:
    """Each supplier's day with the totals of all sources in one row; a metric has at most one, that of its own source."""
    names = "".join(f", any_value({identifier(metric.id)}) AS {identifier(metric.id)}" for metric in metrics)
    return f"SELECT _day, supplier_id{names} FROM daily GROUP BY ALL"


def _total(metric: DailyMetric) -> str:
    name = identifier(metric.id)
    if metric.data_type.type is Type.DECIMAL and metric.data_type.scale > _ROOMY_SCALE:
        return f"{_careful_sum(name, metric.data_type.scale)} AS {name}"
    order = " ORDER BY d._day" if metric.data_type.type is Type.DOUBLE else ""  # sums of doubles depend on their order
    return f"sum(d.{name}{order}) AS {name}"


def _careful_sum(name: str, scale: int) -> str:
    """A sum of decimals with so many places that it may exceed 38 digits, which stops the engine: then it is no data.

    Whole and broken parts are summed apart and put together where there is room; both stay exact.
    """
    whole = f"CAST(trunc(d.{name}) AS DECIMAL(38,0))"
    broken = f"CAST(d.{name} - trunc(d.{name}) AS DECIMAL({scale},{scale}))"
    return f"TRY_CAST(sum({whole}) AS DECIMAL(38,{scale})) + TRY_CAST(sum({broken}) AS DECIMAL(38,{scale}))"


def _read_partitions(database: Database, project: Project, partitions: Mapping[str, Mapping[date, Path]]) -> None:
    """The temporary table `daily`: grain source, day, supplier; every used metric, NULL for those of other sources.

    `_ordered`: the supplier has a final order of the source that day.
    """
    metrics = _daily_metrics(project)
    with_strangers = {metric.source for metric in project.metrics if isinstance(metric, DailyMetric) and metric.names_strangers}
    typed = ", ".join(f"NULL::{metric.data_type.total_sql} AS {identifier(metric.id)}" for metric in metrics)
    nobody = "SELECT '' AS _source, DATE '0001-01-01' AS _day, '' AS supplier_id, TRUE AS _ordered"
    empty = f"{nobody}{', ' + typed if typed else ''} WHERE FALSE"
    parts, files = [empty], []
    for source, days in sorted(partitions.items()):
        if days:
            own = "".join(f", {identifier(metric.id)}" for metric in metrics if metric.source == source)
            own += ", _ordered" if source in with_strangers else ", TRUE AS _ordered"
            parts.append(
                f"SELECT {text_literal(source)} AS _source, CAST(date AS DATE) AS _day, supplier_id{own}"
                " FROM read_parquet(?, hive_partitioning = true, hive_types_autocast = false)"
            )
            files.append([exact_path(path) for _, path in sorted(days.items())])
    database.execute(f"CREATE OR REPLACE TEMP TABLE daily AS {' UNION ALL BY NAME '.join(parts)}", files)
