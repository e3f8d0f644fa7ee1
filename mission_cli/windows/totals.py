"""Partitions → the temporary view `totals`: exact totals per span of days and supplier.

A span is what windows have in common: the days that count, shared by suppliers or one supplier's own. It is rolled once. Each
source is rolled by itself, and what they come to is joined: a table of all metrics would be mostly empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from mission_cli.formula.days_sql import day_formulas, day_layers, rolled_days
from mission_cli.formula.emit import identifier, text_literal
from mission_cli.formula.roll_sql import (
    adds_doubles,
    counted_value,
    daily_metrics,
    daily_rows,
    day_columns,
    listed_values,
    sliced_value,
    window_value,
)
from mission_cli.formula.usage import mission_sources, used_metrics
from mission_cli.model.metrics import DailyMetric
from mission_cli.model.project import Project
from mission_cli.store.database import Database, exact_path
from mission_cli.store.statements import statement
from mission_cli.windows.kept import read_older_too

Partitions = Mapping[str, Mapping[date, Path]]


def ordered_in(source: str) -> str:
    """The quoted name of the column of `totals` that tells whether the supplier has a final order of the source in the span."""
    return identifier(f"ordered:{source}")


def roll_totals(database: Database, project: Project, partitions: Partitions) -> None:
    """Make `totals` from the partition files, source → day → file, for the spans of the table `windows`.

    Grain: `_span_no`, supplier_id; a column per used metric that has a value per day, exact; `ordered_in` each source.
    """
    pairs = [(no, source) for no, m in enumerate(project.missions) for source in sorted(mission_sources(project, m))]
    schema = {"_mission_no": pl.Int32, "_source": pl.String}
    database.replace_temporary("mission_sources", pl.DataFrame(pairs, schema=schema, orient="row"))
    database.execute(statement("span_days"))
    database.execute(statement("own_spans"))
    metrics = daily_metrics(project, used_metrics(project))
    sources = sorted({source for _, source in pairs})
    for place, source in enumerate(sources):
        own = [metric for metric in metrics if metric.source == source]
        _read_partitions(database, project, source, f"days_{place}", own, partitions.get(source, {}))
        _roll(database, project, source, place, own)
    tables = " FULL JOIN ".join(f"totals_{n}{' USING (_span_no, supplier_id)' if n else ''}" for n in range(len(sources)))
    ordered = ", ".join(f"coalesce({ordered_in(source)}, FALSE) AS {ordered_in(source)}" for source in sources)
    nobody = "(SELECT 0 AS _span_no, '' AS supplier_id WHERE FALSE)"
    replaced = f" REPLACE ({ordered})" if ordered else ""
    joined = f"SELECT *{replaced} FROM {tables or nobody}"
    if day_formulas(project, used_metrics(project)):
        _roll_day_formulas(database, project, metrics, sources)
        joined = f"SELECT * FROM ({joined}) LEFT JOIN day_totals USING (_span_no, supplier_id)"
    database.execute(f"CREATE OR REPLACE TEMP VIEW totals AS {joined}")


def _roll(database: Database, project: Project, source: str, place: int, metrics: Sequence[DailyMetric]) -> None:
    """Fill `totals_` and the source's place from `days_` and its place."""
    days, totals = f"days_{place}", f"totals_{place}"
    doubles = [metric for metric in metrics if adds_doubles(metric)]
    ordered = "bool_or(_ordered)" if _has_strangers(project, source) else "TRUE"
    values = [f"{ordered} AS {ordered_in(source)}"]
    values += [f"{(counted_value if m in doubles else window_value)(m)} AS {identifier(m.id)}" for m in metrics]
    rows = days
    if doubles:
        values.append("min(_place) AS _first, max(_place) AS _last")
        rows = f"(SELECT *, row_number() OVER (PARTITION BY supplier_id ORDER BY _day) AS _place FROM {days})"
    of_source = f"_source = {text_literal(source)}"
    _roll_spans(database, project, into=totals, days=rows, values=", ".join(values), of_source=of_source)
    if doubles:
        lists = ", ".join(listed_values(metric) for metric in doubles)
        sliced = ", ".join(f"{sliced_value(metric)} AS {identifier(metric.id)}" for metric in doubles)
        names = ", ".join(identifier(f"values:{metric.id}") for metric in doubles)
        by_supplier = f"(SELECT supplier_id, {lists} FROM {days} GROUP BY supplier_id)"
        database.execute(
            f"CREATE OR REPLACE TEMP TABLE {totals} AS SELECT * EXCLUDE (_first, _last, {names}) REPLACE ({sliced})"
            f" FROM {totals} JOIN {by_supplier} USING (supplier_id)"
        )


def _roll_spans(database: Database, project: Project, **slots: str) -> None:
    """Fill the table `into` with the totals of shared spans, and of spans of one supplier where any mission has them."""
    database.execute(statement("span_totals", **slots))
    if any(mission.window.is_own for mission in project.missions):
        database.execute(statement("own_totals", **slots))


def _roll_day_formulas(database: Database, project: Project, metrics: Sequence[DailyMetric], sources: Sequence[str]) -> None:
    """Fill `day_totals` with the formulas of days: evaluated on each day of all sources together, then rolled."""
    used = used_metrics(project)
    parts = [f"SELECT {text_literal(source)} AS _source, * FROM days_{place}" for place, source in enumerate(sources)]
    database.execute(f"CREATE OR REPLACE TEMP VIEW daily AS {daily_rows(metrics, parts)}")
    database.execute(f"CREATE OR REPLACE TEMP TABLE by_day AS WITH {','.join(day_layers(project, used))} FROM by_day")
    rolled = rolled_days(day_formulas(project, used))
    _roll_spans(database, project, into="day_totals", days="by_day", values=rolled, of_source="TRUE")


def _read_partitions(
    database: Database, project: Project, source: str, table: str, metrics: Sequence[DailyMetric], days: Mapping[date, Path]
) -> None:
    """A temporary table of a source's days: `_day`, supplier_id, the columns of its metrics, and `_ordered`: the supplier has a
    final order that day."""
    if any(metric.days is not None for metric in project.daily_metrics(source)):
        read_older_too(database, project, source, table, metrics, days)
        return
    columns = "".join(f", {day_columns(metric)}" for metric in metrics)
    ordered = "_ordered" if _has_strangers(project, source) else "TRUE AS _ordered"
    read = (
        f"SELECT CAST(date AS DATE) AS _day, supplier_id{columns}, {ordered}"
        " FROM read_parquet(?, hive_partitioning = true, hive_types_autocast = false)"
    )
    nothing = f"SELECT * EXCLUDE (_source) FROM ({daily_rows(metrics, [])})"
    paths = [exact_path(path) for _, path in sorted(days.items())]
    database.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {read if paths else nothing}", [paths] if paths else [])


def _has_strangers(project: Project, source: str) -> bool:
    """Whether partitions of the source may have rows of suppliers without a final order that day."""
    return any(metric.names_strangers for metric in project.daily_metrics(source))
