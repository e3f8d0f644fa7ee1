"""The numbers of one supplier's window, through the same SQL that rolled and judged it: of days, of the window, of formulas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from mission_cli.formula.days_sql import day_formulas, day_layers, rolled_days
from mission_cli.formula.emit import identifier, text_literal
from mission_cli.formula.roll_sql import (
    daily_metrics,
    daily_rows,
    day_columns,
    day_value,
    fulfils,
    partition_columns,
    rolled_metrics,
    window_values,
)
from mission_cli.formula.totals_sql import formula_levels, formula_value, value_layers
from mission_cli.formula.usage import mission_metrics, mission_sources
from mission_cli.model.calendar import DAY, Window
from mission_cli.model.expression import Type
from mission_cli.model.metrics import DailyMetric, DayFormulaMetric, FormulaMetric, OverDays
from mission_cli.model.missions import Mission
from mission_cli.model.project import Project
from mission_cli.views.evidence import Evidence, plain
from mission_cli.views.explanation import Term
from mission_cli.views.terms import day_formula_term, day_term, formula_term
from mission_cli.views.words import number, with_numbers


@dataclass(frozen=True, slots=True)
class Numbers:
    """The window's numbers: terms for people, `values` as DOUBLE like the formulas see them, `shown` as text.

    `now`: condition → the value that its formula has on them.
    """

    terms: list[Term]
    values: dict[str, float | None]
    shown: dict[str, str]
    now: dict[str, float | None]

    @classmethod
    def of(cls, evidence: Evidence, mission: Mission, window: Window, as_of: date) -> Numbers:
        """The numbers of the window as of a day."""
        project, used = evidence.project, mission_metrics(evidence.project, mission)
        daily = [metric for metric in project.metrics if isinstance(metric, DailyMetric) and metric.id in used]
        rows = _read_days(evidence, mission, window.days_through(as_of))
        totals, of_days = _roll(evidence, used)
        values, bare, now = _values(evidence, mission, used)
        shown = {name: "no data" if value is None else plain(value) for name, value in values.items()}
        shown |= {name: plain(total) for name, total in totals.items() if total is not None}
        dated = {source.id for source in project.sources if source.column(source.time).data_type.type is Type.DATE}
        terms = [
            day_term(metric, totals[metric.id], rows.get(metric.source), whole_days=metric.source in dated) for metric in daily
        ]
        terms += [day_formula_term(metric, totals[metric.id], of_days) for metric in day_formulas(project, used)]
        formulas = [m for m in project.metrics if isinstance(m, FormulaMetric) and m.id in used]
        terms += [formula_term(m, shown, from_default=bare[m.id] is None) for m in formulas]
        spelled = _spelled_out(project, used, shown, {m.id for m in formulas if bare[m.id] is None})
        return cls(terms, values, spelled, now)


def _read_days(evidence: Evidence, mission: Mission, days: Iterable[date]) -> dict[str, pl.DataFrame]:
    """Fill the table `daily` with the supplier's days; source → the rows of its partitions, with `_day`."""
    project, days = evidence.project, list(days)
    metrics = daily_metrics(project, mission_metrics(project, mission))
    found, parts = {}, []
    for place, source in enumerate(sorted(mission_sources(project, mission))):
        own = [metric for metric in metrics if metric.source == source]
        rows = evidence.day_rows(source, [name for metric in own for name in partition_columns(metric)], days)
        if rows is not None:
            found[source] = rows
            evidence.engine.replace_temporary(f"days_of_{place}", rows)
            columns = "".join(f", {day_columns(metric)}" for metric in own)
            parts.append(
                f"SELECT {text_literal(source)} AS _source, _day, supplier_id, TRUE AS _ordered{columns} FROM days_of_{place}"
            )
    evidence.engine.execute(f"CREATE OR REPLACE TEMP TABLE daily AS {daily_rows(metrics, parts)}")
    return found


def _roll(evidence: Evidence, used: set[str]) -> tuple[dict[str, Any], dict[str, dict[date, str]]]:
    """Fill `totals`, one row, from `daily`: its values, exact; and the values of days of the formulas of days, as text."""
    project, engine = evidence.project, evidence.engine
    of_days = day_formulas(project, used)
    engine.execute("CREATE OR REPLACE TEMP TABLE totals AS SELECT 1 AS _one")
    values = window_values(project, used)
    if values:
        engine.execute(f"CREATE OR REPLACE TEMP TABLE totals AS SELECT {', '.join(values)} FROM daily")
    by_day: dict[str, dict[date, str]] = {metric.id: {} for metric in of_days}
    if of_days:
        engine.execute(f"CREATE OR REPLACE TEMP TABLE by_day AS WITH {','.join(day_layers(project, used))} FROM by_day")
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE totals AS SELECT * FROM totals, (SELECT {rolled_days(of_days)} FROM by_day)"
        )
        names = ", ".join(day_value(metric) for metric in of_days)
        for day, *row in engine.rows(f"SELECT _day, {names} FROM by_day ORDER BY _day"):
            for metric, value in zip(of_days, row, strict=True):
                if value is not None:
                    by_day[metric.id][day] = number(value)
    return engine.frame("SELECT * FROM totals").row(0, named=True), by_day


def _spelled_out(project: Project, used: set[str], shown: dict[str, str], plain_ones: set[str]) -> dict[str, str]:
    """The numbers with each formula metric as its own formula in numbers: `(43 / 46)` for acceptance_rate.

    Not those in `plain_ones`, whose formula has no value.
    """
    spelled = dict(shown)
    for level in formula_levels(project, used):
        for metric in (m for m in level if m.id not in plain_ones):
            spelled[metric.id] = f"({with_numbers(metric.formula, spelled)})"
    return spelled


def _values(evidence: Evidence, mission: Mission, used: set[str]) -> tuple[dict[str, float | None], ...]:
    """From `totals`: every used metric over the window as DOUBLE; formula metrics without their defaults; and each
    condition's formula."""
    rolled = [metric.id for metric in rolled_metrics(evidence.project) if metric.id in used]
    base = f"SELECT {', '.join(map(identifier, rolled)) or '_one'} FROM totals"
    layers = ",\n".join(value_layers(evidence.project, used, base))
    formulas = [m for m in evidence.project.metrics if isinstance(m, FormulaMetric) and m.id in used]
    wanted = [f"{formula_value(m.formula)} AS {identifier(f'bare:{m.id}')}" for m in formulas]
    wanted += [f"{formula_value(c.formula)} AS {identifier(f'now:{c.name}')}" for c in mission.conditions]
    row = evidence.engine.frame(f"WITH {layers} SELECT *, {', '.join(wanted)} FROM valued").row(0, named=True)
    return (
        {name: row[name] for name in used},
        {m.id: row[f"bare:{m.id}"] for m in formulas},
        {c.name: row[f"now:{c.name}"] for c in mission.conditions},
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """What formulas see as of a day; the same without defaults, of metrics of days; each condition's value; and of streaks how
    many days the one that goes on has."""

    values: dict[str, float | None]
    own: dict[str, float | None]
    now: dict[str, float | None]
    running: dict[str, int]


@dataclass(frozen=True, slots=True)
class Course:
    """A window's numbers as of each of its days. Its partitions are read once; `of` makes one."""

    evidence: Evidence
    mission: Mission

    @classmethod
    def of(cls, evidence: Evidence, mission: Mission, window: Window, as_of: date) -> Course:
        """Of the days up to the as-of day."""
        _read_days(evidence, mission, window.days_through(as_of))
        evidence.engine.execute("CREATE OR REPLACE TEMP TABLE every_day AS FROM daily")
        return cls(evidence, mission)

    def as_of(self, day: date) -> Standing:
        """The numbers as of an earlier day, or the same."""
        engine, used = self.evidence.engine, mission_metrics(self.evidence.project, self.mission)
        engine.execute("CREATE OR REPLACE TEMP TABLE daily AS FROM every_day WHERE _day <= ?", [day])
        totals, _ = _roll(self.evidence, used)
        values, _, now = _values(self.evidence, self.mission, used)
        streaks = [m for m in rolled_metrics(self.evidence.project) if m.id in used and m.over_days is OverDays.STREAK]
        own = {name: values[name] if total is not None else None for name, total in totals.items() if name in values}
        return Standing(values, own, now, {metric.id: self._running(metric, day) for metric in streaks})

    def _running(self, metric: DailyMetric | DayFormulaMetric, day: date) -> int:
        table = "daily" if isinstance(metric, DailyMetric) else "by_day"
        found = {on for (on,) in self.evidence.engine.rows(f"SELECT DISTINCT _day FROM {table} WHERE {fulfils(metric)}")}
        length = 0
        while day - length * DAY in found:
            length += 1
        return length
