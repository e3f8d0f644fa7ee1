"""The metrics of an explanation, each with what made its number: values of days, which days, which values, which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from mission_cli.formula.roll_sql import fulfils
from mission_cli.model.calendar import DAY
from mission_cli.model.metrics import DailyMetric, DayFormulaMetric, FormulaMetric, InDay, OverDays, state_column
from mission_cli.store.database import kernel_engine
from mission_cli.views.evidence import of_order, plain
from mission_cli.views.explanation import Term
from mission_cli.views.words import number, with_numbers

_SHOWN = 20  # different values, of a metric that counts them


def day_term(metric: DailyMetric, total: Any, rows: pl.DataFrame | None, *, whole_days: bool) -> Term:
    """A metric of partitions. `rows`: the supplier's days in its source, None when there is none. `whole_days`: orders have a
    date and no time of day."""
    default = total is None and metric.default is not None
    shown = plain(metric.default) if default else plain(total) if total is not None else None
    by_day = {row["_day"]: row[metric.id] for row in rows.iter_rows(named=True)} if rows is not None else {}
    known = {day: value for day, value in by_day.items() if value is not None}
    return Term(
        metric.id,
        metric.description,
        shown,
        default,
        source=metric.source,
        method=metric.method.value,
        where=metric.where.text if metric.where is not None else None,
        in_day=metric.in_day.value,
        over_days=metric.over_days.value,
        days_where=metric.days_where.text if metric.days_where is not None else None,
        detail=_detail(metric, known, rows, whole_days=whole_days),
        day_totals={day: plain(value) for day, value in known.items()},
    )


def day_formula_term(metric: DayFormulaMetric, total: float | None, by_day: Mapping[str, Mapping[date, str]]) -> Term:
    """A formula of days. `by_day`: metric → day → value."""
    default = total is None and metric.default is not None
    days = by_day[metric.id]
    return Term(
        metric.id,
        metric.description,
        plain(metric.default) if default else number(total) if total is not None else None,
        default,
        formula=metric.formula.text,
        method="formula of days",
        over_days=metric.over_days.value,
        days_where=metric.days_where.text if metric.days_where is not None else None,
        detail=_of_days(metric, {day: float(value) for day, value in days.items()}),
        day_totals=dict(days),
    )


def formula_term(metric: FormulaMetric, shown: Mapping[str, str], *, from_default: bool) -> Term:
    """A formula over the window. `shown`: metric → its number as text."""
    return Term(
        metric.id,
        metric.description,
        shown[metric.id] if shown[metric.id] != "no data" else None,
        from_default=from_default and metric.default is not None,
        formula=metric.formula.text,
        with_numbers=with_numbers(metric.formula, shown),
        method="formula",
    )


def _detail(metric: DailyMetric, days: Mapping[date, Any], rows: pl.DataFrame | None, *, whole_days: bool) -> str | None:
    """What of the days made the number, where a list of the days alone does not show it."""
    if rows is None or not days:
        return None
    if metric.over_days is OverDays.DISTINCT:
        values = rows[state_column(metric.id, "values")].explode().drop_nulls().unique().sort()
        more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
        return ", ".join(of_order(value) for value in values[:_SHOWN]) + more
    if "time" in metric.state:
        time = rows[state_column(metric.id, "time")].drop_nulls()
        moment = time.min() if metric.in_day is InDay.FIRST else time.max()
        return f"of the order of {str(moment)[: 10 if whole_days else 16]}"
    return _of_days(metric, {day: float(value) for day, value in days.items()})


def _of_days(metric: DailyMetric | DayFormulaMetric, days: Mapping[date, float]) -> str | None:
    """Which days count, which make the longest streak, or which has the value."""
    if not days:
        return None
    match metric.over_days:
        case OverDays.DAYS:
            return _listed(_fulfilling(metric, days)) or "no day"
        case OverDays.STREAK:
            first, last = _longest(_fulfilling(metric, days))
            return f"{first} to {last}" if first is not None else "no day"
        case OverDays.MIN | OverDays.MAX:
            wanted = (min if metric.over_days is OverDays.MIN else max)(days.values())
            return f"on {min(day for day, value in days.items() if value == wanted)}"
        case OverDays.FIRST | OverDays.LAST:
            return f"on {(min if metric.over_days is OverDays.FIRST else max)(days)}"
        case _:
            return None


def _fulfilling(metric: DailyMetric | DayFormulaMetric, days: Mapping[date, float]) -> list[date]:
    """The days whose value fulfils `days_where`, as the engine judges it."""
    engine = kernel_engine("UTC")
    frame = pl.DataFrame({"day": list(days), f"day:{metric.id}": list(days.values())})
    engine.replace_temporary("values_of_days", frame)
    query = f"SELECT day FROM values_of_days WHERE {fulfils(metric)} ORDER BY day"
    return [day for (day,) in engine.rows(query)]


def _longest(days: Sequence[date]) -> tuple[date | None, date | None]:
    """The first and last day of the longest run of consecutive days; the earliest of several."""
    best: tuple[date | None, date | None] = (None, None)
    length = run = 0
    for place, day in enumerate(days):
        run = run + 1 if place and days[place - 1] + DAY == day else 1
        if run > length:
            length, best = run, (day - (run - 1) * DAY, day)
    return best


def _listed(days: Iterable[date]) -> str:
    """Days as text, runs of three and more as `first to last`."""
    found = list(days)
    parts: list[str] = []
    place = 0
    while place < len(found):
        end = place
        while end + 1 < len(found) and found[end + 1] == found[end] + DAY:
            end += 1
        if end - place >= 2:
            parts.append(f"{found[place]} to {found[end]}")
        else:
            parts += [str(day) for day in found[place : end + 1]]
        place = end + 1
    return ", ".join(parts)
