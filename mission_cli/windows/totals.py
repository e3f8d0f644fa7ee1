"""Partitions → the temporary view `totals`: exact totals per span of days and supplier.

A span is what windows have in common: the days that count, shared by suppliers or one supplier's own. It is rolled once. Each
source is rolled by itself, and what they come to is joined: a table of all metrics would be mostly empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
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
from mission_cli.windows.additive import ORDERED, read_rows
from mission_cli.windows.kept import read_older_too
from mission_cli.windows.sums import Span, Sums

Partitions = Mapping[str, Mapping[date, Path]]


class Roll:
    """The partition files of some days, source → day → file, read once, to make `totals` of any spans of them."""

    def __init__(self, database: Database, project: Project, partitions: Partitions, *, again: bool = False) -> None:
        """`again`: totals will be made more than once."""
        self._database, self._project = database, project
        pairs = [(no, source) for no, m in enumerate(project.missions) for source in sorted(mission_sources(project, m))]
        schema = {"_mission_no": pl.Int32, "_source": pl.String}
        database.replace_temporary("mission_sources", pl.DataFrame(pairs, schema=schema, orient="row"))
        metrics = daily_metrics(project, used_metrics(project))
        self._sources = [
            _Source(database, project, source, place, metrics, partitions.get(source, {}), again=again)
            for place, source in enumerate(sorted({source for _, source in pairs}))
        ]
        self._of_days = day_formulas(project, used_metrics(project))
        if self._of_days:
            self._read_day_formulas(metrics)

    def make_totals(self) -> None:
        """Make `totals` for the spans of the table `windows`.

        Grain: `_span_no`, supplier_id; a column per used metric that has a value per day, exact; `ordered_in` each source.
        """
        self._database.execute(statement("shared_spans"))
        if _any_own(self._project):
            self._database.execute(statement("own_spans"))
        with ThreadPoolExecutor(max_workers=max(1, len(self._sources))) as pool:
            sums = pool.map(_Source.sums, self._sources, [source.spans() for source in self._sources])
            parts = [source.roll(found) for source, found in zip(self._sources, sums, strict=True)]
        nobody = "(SELECT 0 AS _span_no, '' AS supplier_id WHERE FALSE)"
        joined = f"SELECT * FROM {_joined('FULL', parts) if parts else nobody}"
        if self._of_days:
            rolled = rolled_days(self._of_days)
            _roll_spans(self._database, self._project, into="day_totals", days="by_day", values=rolled, of_source="TRUE")
            joined = f"SELECT * FROM ({joined}) LEFT JOIN day_totals USING (_span_no, supplier_id)"
        self._database.execute(f"CREATE OR REPLACE TEMP VIEW totals AS {joined}")

    def _read_day_formulas(self, metrics: Sequence[DailyMetric]) -> None:
        """Fill `by_day` with the formulas of days: evaluated on each day of all sources together."""
        parts = [f"SELECT {text_literal(source.name)} AS _source, * FROM {source.days}" for source in self._sources]
        self._database.execute(f"CREATE OR REPLACE TEMP VIEW daily AS {daily_rows(metrics, parts)}")
        layers = ",".join(day_layers(self._project, used_metrics(self._project)))
        self._database.execute(f"CREATE OR REPLACE TEMP TABLE by_day AS WITH {layers} FROM by_day")


class _Source:
    """The days of a source.

    What only adds up is added up outside of the engine, over spans that suppliers share, which is several times as fast. For
    the other metrics and spans there is the table `days`.
    """

    def __init__(
        self,
        database: Database,
        project: Project,
        name: str,
        place: int,
        every_metric: Sequence[DailyMetric],
        files: Mapping[date, Path],
        *,
        again: bool,
    ) -> None:
        self.name, self.days = name, f"days_{place}"
        self._database, self._project, self._place = database, project, place
        metrics = [metric for metric in every_metric if metric.source == name]
        rows = read_rows(files, metrics, _days_with_strangers(project, name, files))
        counted = [column for metric in rows.metrics for column in counted_columns(metric)]
        self._sums = Sums(rows.frame, rows.columns, counted, keep=again)
        self._marked = ORDERED in rows.columns
        self._added, self._others = rows.metrics, [metric for metric in metrics if metric not in rows.metrics]
        if self._others or _any_own(project) or day_formulas(project, used_metrics(project)):
            _read_partitions(database, project, name, self.days, metrics, files)

    def spans(self) -> list[Span]:
        """Those of `shared_spans`."""
        spans = "SELECT _span_no, _start, _through FROM shared_spans"
        found = self._database.rows(f"{spans} WHERE _source = {text_literal(self.name)} ORDER BY _span_no")
        return [Span(*span) for span in found]

    def sums(self, spans: Sequence[Span]) -> pl.DataFrame:
        """What only adds up, over the spans; the database has no part in it."""
        return self._sums.over(spans)

    def roll(self, sums: pl.DataFrame) -> str:
        """Roll all spans, of which `sums` are there already; returns what to select their totals from."""
        database, project, of_source = self._database, self._project, f"_source = {text_literal(self.name)}"
        table, others = f"totals_{self._place}", f"others_{self._place}"
        self._add_up(table, sums)
        if _any_own(project):
            ordered = f"{'bool_or(_ordered)' if _has_strangers(project, self.name) else 'TRUE'} AS {ordered_in(self.name)}"
            values = ", ".join([ordered, *map(_rolled, self._added)])
            database.execute(statement("own_totals", into=table, days=self.days, values=values, of_source=of_source))
        if not self._others:
            return table
        values = ", ".join(map(_rolled, self._others))
        _roll_spans(database, project, into=others, days=self.days, values=values, of_source=of_source)
        return f"(SELECT * FROM {_joined('LEFT', [table, others])})"

    def _add_up(self, table: str, sums: pl.DataFrame) -> None:
        """Make a table of the totals over spans that suppliers share of the metrics that add up; a view where nothing comes to
        it."""
        ordered = f"coalesce({ORDERED} > 0, FALSE)" if self._marked else "TRUE"
        values = "".join(f", {added_value(metric)} AS {identifier(metric.id)}" for metric in self._added)
        make = self._database.replace_temporary if _any_own(self._project) else self._database.replace_view
        make(table, sums, f"_span_no, supplier_id, {ordered} AS {ordered_in(self.name)}{values}")


def _joined(how: str, tables: Sequence[str]) -> str:
    first, *others = tables
    return "".join([first, *(f" {how} JOIN {other} USING (_span_no, supplier_id)" for other in others)])


def _rolled(metric: DailyMetric) -> str:
    return f"{window_value(metric)} AS {identifier(metric.id)}"


def _any_own(project: Project) -> bool:
    return any(mission.window.is_own for mission in project.missions)


def _roll_spans(database: Database, project: Project, **slots: str) -> None:
    """Fill the table `into` with the totals of shared spans, and of spans of one supplier where any mission has them."""
    database.execute(statement("span_totals", **slots))
    if _any_own(project):
        database.execute(statement("own_totals", **slots))


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
