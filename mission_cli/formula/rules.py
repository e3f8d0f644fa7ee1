"""Fingerprints of the rules that results were made by. Pure."""

from __future__ import annotations

import hashlib

from mission_cli.model.project import DailyMetric, DayFormulaMetric, FormulaMetric, Mission, Project

_FORMAT = "2"  # raise it when the same rules give other results


def rules_meaning(project: Project) -> str:
    """Fingerprint of all that turns partitions into results; titles and descriptions are no part of it."""
    formulas = sorted((m.id, m.formula.canonical, str(m.default)) for m in project.metrics if isinstance(m, FormulaMetric))
    of_days = sorted(
        (m.id, m.formula.canonical, str(m.default), m.over_days.value, m.days_where and m.days_where.canonical)
        for m in project.metrics
        if isinstance(m, DayFormulaMetric)
    )
    defaults = sorted((m.id, str(m.default)) for m in project.metrics if isinstance(m, DailyMetric))
    rules = (_FORMAT, [*formulas, *of_days], defaults, [_mission(mission) for mission in project.missions])
    return hashlib.sha256(repr(rules).encode()).hexdigest()[:16]


def _mission(mission: Mission) -> tuple[object, ...]:
    population = mission.suppliers.canonical if mission.suppliers is not None else None
    window = mission.window
    conditions = [
        (c.name, c.formula.canonical, c.operator.value, f"{c.target.normalize():f}", c.no_data_counts_met)
        for c in mission.conditions
    ]
    span = (window.kind.value, window.start.isoformat(), window.end.isoformat(), window.weekday)
    return mission.id, span, mission.grace_days, population, conditions
