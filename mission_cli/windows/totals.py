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
    added_up,
    added_value,
    adds_doubles,
    counted_value,
    daily_metrics,
    daily_rows,
    day_columns,
    ordered_in,
    sums_table,
    window_value,
)
from mission_cli.formula.usage import mission_sources, used_metrics
from mission_cli.model.metrics import DailyMetric
from mission_cli.model.project import Project
from mission_cli.store.database import Database, exact_path
from mission_cli.store.statements import statement
from mission_cli.windows.sums import Span, sums_of_spans

_SUMS_AT_ONCE = 4_000_000
Partitions = Mapping[str, Mapping[date, Path]]


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
    nobody = "(SELECT 0 AS _span_no, '' AS supplier_id WHERE FALSE)"
    joined = f"SELECT * FROM {tables or nobody}"
    for metric in filter(adds_doubles, metrics):
        value = f"{added_up(metric)} AS {identifier(metric.id)}"
        summed = f"LEFT JOIN {identifier(sums_table(metric))} USING (_span_no, supplier_id)"
        joined = f"SELECT counted.* REPLACE ({value}) FROM ({joined}) AS counted {summed}"
    if day_formulas(project, used_metrics(project)):
        _roll_day_formulas(database, project, metrics, sources)
        joined = f"SELECT * FROM ({joined}) LEFT JOIN day_totals USING (_span_no, supplier_id)"
    database.execute(f"CREATE OR REPLACE TEMP VIEW totals AS {joined}")


def _roll(database: Database, project: Project, source: str, place: int, metrics: Sequence[DailyMetric]) -> None:
    """Fill `totals_` and the source's place from `days_` and its place."""
    days, of_source = f"days_{place}", f"_source = {text_literal(source)}"
    doubles = [metric for metric in metrics if adds_doubles(metric)]
    ordered = "bool_or(_ordered)" if _has_strangers(project, source) else "TRUE"
    values = [f"{ordered} AS {ordered_in(source)}"]
    values += [f"{(counted_value if m in doubles else window_value)(m)} AS {identifier(m.id)}" for m in metrics]
    _roll_spans(database, project, into=f"totals_{place}", days=days, values=", ".join(values), of_source=of_source)
    for metric in doubles:
        _add_doubles(database, project, days, of_source, metric)


def _add_doubles(database: Database, project: Project, days: str, of_source: str, metric: DailyMetric) -> None:
    """Fill the metric's `sums_table`; some suppliers after the other, so that there are never too many at once."""
    spans = database.rows(f"SELECT _span_no, min(_on), max(_on) FROM span_days WHERE {of_source} GROUP BY ALL ORDER BY ALL")
    shared = [Span(*span) for span in spans]
    added, name, table = added_value(metric), identifier(metric.id), sums_table(metric)
    database.execute(f"CREATE OR REPLACE TEMP TABLE {identifier(table)} (_span_no INTEGER, supplier_id VARCHAR, {name} DOUBLE)")
    ((rows, suppliers),) = database.rows(f"SELECT count(*), approx_count_distinct(supplier_id) FROM {days}")
    parts = 1 + max(rows, suppliers * len(shared)) // _SUMS_AT_ONCE
    for part in range(parts):
        theirs = f" AND hash(supplier_id) % {parts} = {part}" if parts > 1 else ""
        values = database.frame(f"SELECT _day, supplier_id, {added} AS {name} FROM {days} WHERE {added} IS NOT NULL{theirs}")
        database.insert_frame(table, sums_of_spans(values, shared, metric.id))
    if _any_own(project):
        summed = f"sum({added} ORDER BY _day) AS {name}"
        database.execute(statement("own_totals", into=identifier(table), days=days, values=summed, of_source=of_source))


def _any_own(project: Project) -> bool:
    return any(mission.window.is_own for mission in project.missions)


def _roll_spans(database: Database, project: Project, **slots: str) -> None:
    """Fill the table `into` with the totals of shared spans, and of spans of one supplier where any mission has them."""
    database.execute(statement("span_totals", **slots))
    if _any_own(project):
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
