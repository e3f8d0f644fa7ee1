"""Why does this supplier stand where they stand: an explanation put together from what is published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from mission_cli.formula.rules import rules_meaning
from mission_cli.formula.usage import mission_metrics, mission_sources
from mission_cli.model.calendar import Window, reported_windows
from mission_cli.model.errors import UsageError
from mission_cli.model.expression import Expression
from mission_cli.model.project import FormulaMetric, Mission, Project
from mission_cli.store.database import in_memory
from mission_cli.views.evidence import Evidence
from mission_cli.views.explanation import ConditionExplained, Explanation, LeftOut, MissionExplained, OrderExplained
from mission_cli.views.numbers import Numbers
from mission_cli.views.published import Identity, Published, chosen_day, from_one_state, identify, known_mission, results_as_of
from mission_cli.views.words import because, with_numbers


def explain_supplier(project: Project, root: Path, name: str, mission: str | None, day: date | None, today: date) -> Explanation:
    """Everything that made the supplier's results as of a day (default: the newest), down to the orders.

    Raises UsageError for a supplier, mission or day that is not known.
    """
    return from_one_state(root, lambda source: _explained(project, source, name, mission, day, today))


def _explained(project: Project, source: Published, name: str, mission: str | None, day: date | None, today: date) -> Explanation:
    as_of = chosen_day(source, day, today)
    results = results_as_of(source, as_of)
    who = identify(source, name, results, {s.id: s.supplier for s in project.sources})
    chosen = [m for m in project.missions if mission is None or m.id == known_mission(source, mission)]
    if not chosen:
        raise UsageError(f'mission "{mission}" is no longer in missions.toml; missionctl results still shows what it came to')
    evidence = Evidence(project, source, in_memory(project.timezone), who.supplier_id)
    rows = results.filter(pl.col("supplier_id") == who.supplier_id)
    missions = [part for m in chosen for part in _mission(evidence, who, m, as_of, rows.filter(pl.col("mission_id") == m.id))]
    notes = _notes(project, source, as_of, missions)
    if any(condition.moved for part in missions for condition in part.conditions):
        notes.append(
            f"data changed after the results as of {as_of} were published: the numbers behind them are those of today;"
            f" missionctl run --date {as_of} makes the results anew"
        )
    return Explanation(who.supplier_id, who.alias, who.attributes, as_of, tuple(missions), tuple(notes))


def _notes(project: Project, source: Published, as_of: date, missions: Sequence[MissionExplained]) -> list[str]:
    """What the reader should know: rules newer than the results, and days of the windows that wait to be computed again."""
    notes = []
    if source.manifest.results[as_of].rules != rules_meaning(project):
        notes.append(
            f"the rules in metrics.toml or missions.toml changed after these results were made; missionctl run --date {as_of}"
            " makes them anew"
        )
    spans = [
        (m.window_start, min(m.window_end, as_of)) for m in missions if m.window_start is not None and m.window_end is not None
    ]
    for name, days in source.manifest.state.get("stale", {}).items():
        within = [day for day in days if any(start <= date.fromisoformat(day) <= end for start, end in spans)]
        if within:
            notes.append(f"days of {name} waiting to be computed again: {', '.join(within)}")
    return notes


def _mission(evidence: Evidence, who: Identity, mission: Mission, as_of: date, rows: pl.DataFrame) -> list[MissionExplained]:
    """The windows of the mission in which the supplier has a row; one without conditions, saying why, when there is none."""
    if rows.is_empty():
        return [_absent(evidence, who, mission, as_of)]
    spans = rows.select("window_start", "window_end").unique(maintain_order=True).rows()
    return [
        _window(evidence, mission, Window(start, end), as_of, rows.filter(pl.col("window_start") == start).to_dicts())
        for start, end in spans
    ]


def _absent(evidence: Evidence, who: Identity, mission: Mission, as_of: date) -> MissionExplained:
    windows = reported_windows(mission.window, mission.grace_days, as_of)
    start, end = (windows[-1].start, windows[-1].end) if windows else (None, None)
    if not windows:
        rule = mission.window
        why = f"not reported as of {as_of}: its window runs from {rule.start} to {rule.end}, grace {mission.grace_days} days"
    elif mission.suppliers is not None:
        named = [f"{name} is {who.attributes.get(name, 'not known')}" for name in mission.suppliers.names]
        why = f"not in its population: {mission.suppliers.text} does not hold ({', '.join(named)})"
    else:
        sources = ", ".join(sorted(mission_sources(evidence.project, mission)))
        why = f"no final order in the window so far, in {sources}"
    left_out = _left_out(evidence, mission, windows[-1], as_of) if windows else []
    return MissionExplained(mission.id, mission.title, start, end, None, why, left_out=tuple(left_out))


def _window(evidence: Evidence, mission: Mission, window: Window, as_of: date, rows: list[dict[str, Any]]) -> MissionExplained:
    numbers = Numbers.of(evidence, mission, window, as_of)
    conditions = []
    by_name = {condition.name: condition for condition in mission.conditions}
    formulas: dict[str, Expression] = {
        metric.id: metric.formula for metric in evidence.project.metrics if isinstance(metric, FormulaMetric)
    }
    for row in rows:
        condition = by_name.get(row["condition"])
        formula = condition.formula if condition is not None else None
        values = numbers.values
        conditions.append(
            ConditionExplained(
                row["condition"],
                formula.text if formula is not None else "no longer in missions.toml",
                with_numbers(formula, numbers.shown) if formula is not None else "",
                row["value"],
                row["type"],
                row["val"],
                row["status"],
                because(row, formula, values, formulas, counts_as_met=condition is not None and condition.no_data_counts_met),
                moved=formula is not None and numbers.now.get(row["condition"]) != row["value"],
            )
        )
    orders, left_out = _orders(evidence, mission, window, as_of), _left_out(evidence, mission, window, as_of)
    status = rows[0]["mission_status"]
    return MissionExplained(
        mission.id,
        mission.title,
        window.start,
        window.end,
        status,
        _standing(mission, window, as_of, status),
        tuple(conditions),
        tuple(numbers.terms),
        tuple(orders),
        tuple(left_out),
    )


def _standing(mission: Mission, window: Window, as_of: date, status: str) -> str:
    """The mission's status in words."""
    left = (window.end - as_of).days
    match status:
        case "on_track":
            return f"every condition holds now; {_days(left)} to go"
        case "active":
            return f"not every condition holds yet; {_days(left)} to go"
        case "closing":
            decided = mission.grace_days + left
            return f"the window has ended; late data is taken in for {_days(decided)} before it is decided"
        case "completed":
            return "decided: every condition was met"
        case _:
            return "decided: not every condition was met"


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def _left_out(evidence: Evidence, mission: Mission, window: Window, as_of: date) -> list[LeftOut]:
    found = []
    through = min(window.end, as_of)
    for name in sorted(mission_sources(evidence.project, mission)):
        source = evidence.project.source(name)
        found += evidence.left_out(source, window.days_through(as_of))
        found += evidence.other_days(source, window, through)
    return found


def _orders(evidence: Evidence, mission: Mission, window: Window, as_of: date) -> list[OrderExplained]:
    used = mission_metrics(evidence.project, mission)
    found = []
    for name in sorted(mission_sources(evidence.project, mission)):
        metrics = [metric for metric in evidence.project.daily_metrics(name) if metric.id in used]
        found += evidence.orders(evidence.project.source(name), metrics, window.days_through(as_of))
    return found
