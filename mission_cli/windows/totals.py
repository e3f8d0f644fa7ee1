"""Partitions → the temporary view `totals`: exact totals per span of days and supplier.

A span is what windows have in common: the days that count, shared by suppliers or one supplier's own. It is rolled once. Each
source is rolled by itself, and what they come to is joined: a table of all metrics would be mostly empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from mission_cli.formula.days_sql import day_formulas, day_layers, rolled_days
from mission_cli.formula.emit import identifier, text_literal
from mission_cli.formula.roll_sql import (
    added_value,
    counted_columns,
    daily_metrics,
    daily_rows,
    day_columns,
    ordered_in,
    window_value,
)
from mission_cli.formula.usage import mission_sources, used_metrics
from mission_cli.model.metrics import DailyMetric
from mission_cli.model.project import Project
from mission_cli.store.database import Database, exact_path
from mission_cli.store.statements import statement
from mission_cli.windows.additive import ORDERED, Rows, read_rows
from mission_cli.windows.kept import read_older_too
from mission_cli.windows.sums import Span, sums_of_spans

Partitions = Mapping[str, Mapping[date, Path]]


def roll_totals(database: Database, project: Project, partitions: Partitions) -> None:
    """Make `totals` from the partition files, source → day → file, for the spans of the table `windows`.

    Grain: `_span_no`, supplier_id; a column per used metric that has a value per day, exact; `ordered_in` each source.
    """
    pairs = [(no, source) for no, m in enumerate(project.missions) for source in sorted(mission_sources(project, m))]
    schema = {"_mission_no": pl.Int32, "_source": pl.String}
    database.replace_temporary("mission_sources", pl.DataFrame(pairs, schema=schema, orient="row"))
    database.execute(statement("shared_spans"))
    if _any_own(project):
        database.execute(statement("own_spans"))
    metrics = daily_metrics(project, used_metrics(project))
    sources = sorted({source for _, source in pairs})
    parts = []
    for place, source in enumerate(sources):
        own = [metric for metric in metrics if metric.source == source]
        parts.append(_roll(database, project, source, place, own, partitions.get(source, {})))
    nobody = "(SELECT 0 AS _span_no, '' AS supplier_id WHERE FALSE)"
    joined = f"SELECT * FROM {_joined('FULL', parts) if parts else nobody}"
    if day_formulas(project, used_metrics(project)):
        _roll_day_formulas(database, project, metrics, sources)
        joined = f"SELECT * FROM ({joined}) LEFT JOIN day_totals USING (_span_no, supplier_id)"
    database.execute(f"CREATE OR REPLACE TEMP VIEW totals AS {joined}")


def _joined(how: str, tables: Sequence[str]) -> str:
    first, *others = tables
    return "".join([first, *(f" {how} JOIN {other} USING (_span_no, supplier_id)" for other in others)])


def _roll(
    database: Database, project: Project, source: str, place: int, metrics: Sequence[DailyMetric], files: Mapping[date, Path]
) -> str:
    """Roll a source; returns what to select its totals from.

    What only adds up is added up outside of the engine, over spans that suppliers share, which is several times as fast. For
    the other metrics and spans there is `days_` and the source's place.
    """
    table, days, of_source = f"totals_{place}", f"days_{place}", f"_source = {text_literal(source)}"
    spans = database.rows(f"SELECT _span_no, _start, _through FROM shared_spans WHERE {of_source} ORDER BY _span_no")
    strangers = _has_strangers(project, source)
    rows = read_rows(files, metrics, _days_with_strangers(project, source, files))
    _add_up(database, table, source, rows, [Span(*span) for span in spans])
    others = [metric for metric in metrics if metric not in rows.metrics]
    if others or _any_own(project) or day_formulas(project, used_metrics(project)):
        _read_partitions(database, project, source, days, metrics, files)
    if _any_own(project):
        ordered = f"{'bool_or(_ordered)' if strangers else 'TRUE'} AS {ordered_in(source)}"
        values = ", ".join([ordered, *map(_rolled, rows.metrics)])
        database.execute(statement("own_totals", into=table, days=days, values=values, of_source=of_source))
    if not others:
        return table
    values = ", ".join(map(_rolled, others))
    _roll_spans(database, project, into=f"others_{place}", days=days, values=values, of_source=of_source)
    return f"(SELECT * FROM {_joined('LEFT', [table, f'others_{place}'])})"


def _add_up(database: Database, table: str, source: str, rows: Rows, spans: Sequence[Span]) -> None:
    """Fill a table with the totals over spans that suppliers share of the metrics that add up."""
    counted = [column for metric in rows.metrics for column in counted_columns(metric)]
    ordered = f"coalesce({ORDERED} > 0, FALSE)" if ORDERED in rows.columns else "TRUE"
    values = "".join(f", {added_value(metric)} AS {identifier(metric.id)}" for metric in rows.metrics)
    chosen = f"_span_no, supplier_id, {ordered} AS {ordered_in(source)}{values}"
    database.replace_temporary(table, sums_of_spans(rows.frame, spans, rows.columns, counted), chosen)


def _rolled(metric: DailyMetric) -> str:
    return f"{window_value(metric)} AS {identifier(metric.id)}"


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


def _days_with_strangers(project: Project, source: str, days: Iterable[date]) -> set[date]:
    """The days whose partitions may have such rows."""
    naming = [metric for metric in project.daily_metrics(source) if metric.names_strangers]
    return {day for day in days if any(metric.days is None or day in metric.days for metric in naming)}
