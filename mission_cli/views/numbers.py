"""The numbers of one supplier's window: exact totals, values of days, and what the formulas make of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from mission_cli.formula.days_sql import day_formulas, day_layers, day_totals, day_value
from mission_cli.formula.emit import identifier, text_literal
from mission_cli.formula.totals_sql import formula_levels, formula_value, rolled_metrics, value_layers
from mission_cli.formula.usage import mission_metrics, mission_sources
from mission_cli.model.calendar import Window
from mission_cli.model.expression import Type
from mission_cli.model.project import DailyMetric, DayFormulaMetric, FormulaMetric, Mission, Project
from mission_cli.views.evidence import Evidence, plain
from mission_cli.views.explanation import Term
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
        project, used = evidence.project, mission_metrics(evidence.project, mission)
        daily = [m for m in project.metrics if isinstance(m, DailyMetric) and m.id in used]
        totals: dict[str, Any] = {}
        by_day: dict[str, dict[date, str]] = {}
        found: dict[date, dict[str, Any]] = defaultdict(dict)
        for source in sorted(mission_sources(project, mission)):
            names = [m.id for m in daily if m.source == source]
            days = evidence.day_totals(source, names, window.days_through(as_of))
            for day, totals_of in days.items():
                found[day] |= totals_of
            for name in names:
                known = [totals_of[name] for totals_of in days.values() if totals_of[name] is not None]
                totals[name] = sum(known[1:], start=known[0]) if known else None
                by_day[name] = {day: plain(totals_of[name]) for day, totals_of in days.items() if totals_of[name] is not None}
        of_days = day_formulas(project, used)
        rolled, day_values = _of_days(evidence, used, daily, found, window, min(window.end, as_of)) if of_days else ({}, {})
        totals |= rolled
        values, bare, now = _values(evidence, mission, used, totals)
        shown = {name: "no data" if value is None else plain(value) for name, value in values.items()}
        shown |= {name: plain(total) for name, total in totals.items() if total is not None}
        terms = [_daily_term(metric, totals[metric.id], by_day[metric.id]) for metric in daily]
        terms += [_day_formula_term(metric, totals[metric.id], day_values[metric.id]) for metric in of_days]
        formulas = [m for m in project.metrics if isinstance(m, FormulaMetric) and m.id in used]
        terms += [_formula_term(m, shown, from_default=bare[m.id] is None) for m in formulas]
        spelled = _spelled_out(project, used, shown, {m.id for m in formulas if bare[m.id] is None})
        return cls(terms, values, spelled, now)


def _spelled_out(project: Project, used: set[str], shown: dict[str, str], plain_ones: set[str]) -> dict[str, str]:
    """The numbers with each formula metric as its own formula in numbers: `(43 / 46)` for acceptance_rate.

    Not those in `plain_ones`, whose formula has no value.
    """
    spelled = dict(shown)
    for level in formula_levels(project, used):
        for metric in (m for m in level if m.id not in plain_ones):
            spelled[metric.id] = f"({with_numbers(metric.formula, spelled)})"
    return spelled


def _of_days(
    evidence: Evidence, used: set[str], daily: list[DailyMetric], found: dict[date, dict[str, Any]], window: Window, through: date
) -> tuple[dict[str, float | None], dict[str, dict[date, str]]]:
    """Formulas of days, through the same SQL that rolled them: their totals over the window, and their values of days."""
    project, engine = evidence.project, evidence.engine
    texts: dict[str, list[str | None]] = {
        m.id: [str(row[m.id]) if row.get(m.id) is not None else None for row in found.values()] for m in daily
    }
    schema: dict[str, Any] = {"_day": pl.Date, "supplier_id": pl.String, **dict.fromkeys(texts, pl.String)}
    days: dict[str, Any] = {"_day": list(found), "supplier_id": [evidence.supplier] * len(found), **texts}
    engine.replace_temporary("supplier_days", pl.DataFrame(days, schema=schema))
    span = {"_window_no": [0], "_start": [window.start], "_through": [through]}
    engine.replace_temporary("windows", pl.DataFrame(span))
    typed = "".join(f", CAST({identifier(m.id)} AS {_kind(m)}) AS {identifier(m.id)}" for m in daily)
    base = f"SELECT _day, supplier_id{typed} FROM supplier_days"
    metrics = day_formulas(project, used)
    rows = engine.frame(day_totals(project, used, base))
    totals: dict[str, float | None] = {m.id: None if rows.is_empty() else rows[m.id][0] for m in metrics}
    names = ", ".join(day_value(metric) for metric in metrics)
    layers = ",\n".join(day_layers(project, used, base))
    by_day = engine.frame(f"WITH {layers} SELECT _day, {names} FROM by_day ORDER BY _day").rows(named=True)
    values: dict[str, dict[date, str]] = {
        m.id: {row["_day"]: number(row[f"day:{m.id}"]) for row in by_day if row[f"day:{m.id}"] is not None} for m in metrics
    }
    return totals, values


def _kind(metric: DailyMetric) -> str:
    return "HUGEINT" if metric.data_type.type is Type.INTEGER else metric.data_type.total_sql


def _values(evidence: Evidence, mission: Mission, used: set[str], totals: dict[str, Any]) -> tuple[dict[str, float | None], ...]:
    """Through the same SQL that judged the mission: every used metric over the window as DOUBLE; formula metrics without
    their defaults; and each condition's formula."""
    rolled = [metric for metric in rolled_metrics(evidence.project) if metric.id in used]
    constants = ["NULL" if totals[m.id] is None else text_literal(str(totals[m.id])) for m in rolled]
    kinds = [_kind(m) if isinstance(m, DailyMetric) else "DOUBLE" for m in rolled]
    typed = [f"CAST({constant} AS {kind})" for kind, constant in zip(kinds, constants, strict=True)]
    base = "SELECT " + ", ".join(f"{sql} AS {identifier(m.id)}" for sql, m in zip(typed, rolled, strict=True))
    layers = ",\n".join(value_layers(evidence.project, used, base if rolled else "SELECT 1 AS one"))
    formulas = [m for m in evidence.project.metrics if isinstance(m, FormulaMetric) and m.id in used]
    wanted = [f"{formula_value(m.formula)} AS {identifier(f'bare:{m.id}')}" for m in formulas]
    wanted += [f"{formula_value(c.formula)} AS {identifier(f'now:{c.name}')}" for c in mission.conditions]
    row = evidence.engine.frame(f"WITH {layers} SELECT *, {', '.join(wanted)} FROM valued").row(0, named=True)
    return (
        {name: row[name] for name in used},
        {m.id: row[f"bare:{m.id}"] for m in formulas},
        {c.name: row[f"now:{c.name}"] for c in mission.conditions},
    )


def _daily_term(metric: DailyMetric, total: Any, by_day: dict[date, str]) -> Term:
    default = total is None and metric.default is not None
    shown = plain(metric.default) if default else plain(total) if total is not None else None
    where = metric.where.text if metric.where is not None else None
    return Term(
        metric.id,
        metric.description,
        shown,
        default,
        source=metric.source,
        method=metric.method.value,
        where=where,
        day_totals=by_day,
    )


def _day_formula_term(metric: DayFormulaMetric, total: float | None, values: dict[date, str]) -> Term:
    default = total is None and metric.default is not None
    return Term(
        metric.id,
        metric.description,
        plain(metric.default) if default else number(total) if total is not None else None,
        default,
        formula=metric.formula.text,
        method="formula of days",
        where=metric.days_where.text if metric.days_where is not None else None,
        over_days=metric.over_days.value,
        day_totals=values,
    )


def _formula_term(metric: FormulaMetric, shown: dict[str, str], *, from_default: bool) -> Term:
    return Term(
        metric.id,
        metric.description,
        shown[metric.id] if shown[metric.id] != "no data" else None,
        from_default=from_default and metric.default is not None,
        formula=metric.formula.text,
        with_numbers=with_numbers(metric.formula, shown),
        method="formula",
    )
