"""Partitions → the temporary table `totals`: exact totals per span of days and supplier.

A span is what windows have in common: the days that count, shared by suppliers or one supplier's own. It is rolled once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

from mission_cli.formula.days_sql import day_formulas, day_layers, rolled_days
from mission_cli.formula.emit import identifier, text_literal
from mission_cli.formula.roll_sql import daily_metrics, daily_rows, day_columns, window_values
from mission_cli.formula.usage import mission_sources, used_metrics
from mission_cli.model.metrics import DailyMetric
from mission_cli.model.project import Project
from mission_cli.store.database import Database, exact_path
from mission_cli.store.statements import statement

Partitions = Mapping[str, Mapping[date, Path]]


def ordered_in(source: str) -> str:
    """The quoted name of the column of `totals` that tells whether the supplier has a final order of the source in the span."""
    return identifier(f"ordered:{source}")


def roll_totals(database: Database, project: Project, partitions: Partitions) -> None:
    """Fill `totals` from the partition files, source → day → file, for the spans of the table `windows`.

    Grain: `_span_no`, supplier_id; a column per used metric that has a value per day, exact; `ordered_in` each source.
    """
    pairs = [(no, source) for no, m in enumerate(project.missions) for source in sorted(mission_sources(project, m))]
    schema = {"_mission_no": pl.Int32, "_source": pl.String}
    database.replace_temporary("mission_sources", pl.DataFrame(pairs, schema=schema, orient="row"))
    database.execute(statement("span_days"))
    database.execute(statement("own_spans"))
    _read_partitions(database, project, partitions)
    roll(database, project)


def roll(database: Database, project: Project) -> None:
    """Fill `totals` from the tables `daily`, `span_days` and `own_spans`."""
    used = used_metrics(project)
    sources = sorted({source for mission in project.missions for source in mission_sources(project, mission)})
    values = window_values(project, used)
    values += [
        f"coalesce(bool_or(_ordered) FILTER (d._source = {text_literal(source)}), FALSE) AS {ordered_in(source)}"
        for source in sources
    ]
    tables = {"span_days": "span_days", "own_spans": "own_spans"}
    same = " AND s._source = d._source"
    database.execute(statement("span_totals", into="totals", days="daily", values=", ".join(values), same_source=same, **tables))
    of_days = day_formulas(project, used)
    if of_days:
        database.execute(f"CREATE OR REPLACE TEMP TABLE by_day AS WITH {','.join(day_layers(project, used))} FROM by_day")
        distinct = {name: f"(SELECT DISTINCT * EXCLUDE (_source) FROM {name})" for name in tables}
        rolled = rolled_days(of_days)
        database.execute(statement("span_totals", into="day_totals", days="by_day", values=rolled, same_source="", **distinct))
        database.execute(
            "CREATE OR REPLACE TEMP TABLE totals AS SELECT * FROM totals LEFT JOIN day_totals USING (_span_no, supplier_id)"
        )


def _read_partitions(database: Database, project: Project, partitions: Partitions) -> None:
    """The temporary table `daily`: grain source, day, supplier; every used metric, NULL for those of other sources.

    `_ordered`: the supplier has a final order of the source that day.
    """
    metrics = daily_metrics(project, used_metrics(project))
    with_strangers = {metric.source for metric in project.metrics if isinstance(metric, DailyMetric) and metric.names_strangers}
    parts, files = [], []
    for source, days in sorted(partitions.items()):
        if days:
            own = "".join(f", {day_columns(metric)}" for metric in metrics if metric.source == source)
            own += ", _ordered" if source in with_strangers else ", TRUE AS _ordered"
            parts.append(
                f"SELECT {text_literal(source)} AS _source, CAST(date AS DATE) AS _day, supplier_id{own}"
                " FROM read_parquet(?, hive_partitioning = true, hive_types_autocast = false)"
            )
            files.append([exact_path(path) for _, path in sorted(days.items())])
    database.execute(f"CREATE OR REPLACE TEMP TABLE daily AS {daily_rows(metrics, parts)}", files)
