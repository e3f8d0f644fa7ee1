"""Fingerprints of the rules that results were made by. Pure."""

from __future__ import annotations

import hashlib

from mission_cli.model.expression import Expression
from mission_cli.model.metrics import DailyMetric, DayFormulaMetric, FormulaMetric
from mission_cli.model.missions import Condition, Mission
from mission_cli.model.project import Project

_FORMAT = "3"  # raise it when the same rules give other results


def rules_meaning(project: Project) -> str:
    """Fingerprint of all that turns partitions into results; titles and descriptions are no part of it."""
    formulas = sorted((m.id, m.formula.canonical, str(m.default)) for m in project.metrics if isinstance(m, FormulaMetric))
    of_days = sorted(
        (m.id, m.formula.canonical, str(m.default), m.over_days.value, _text(m.days_where))
        for m in project.metrics
        if isinstance(m, DayFormulaMetric)
    )
    defaults = sorted(
        (m.id, str(m.default), m.over_days.value, _text(m.days_where)) for m in project.metrics if isinstance(m, DailyMetric)
    )
    rules = (_FORMAT, [*formulas, *of_days], defaults, [_mission(mission) for mission in project.missions])
    return hashlib.sha256(repr(rules).encode()).hexdigest()[:16]


def _mission(mission: Mission) -> tuple[object, ...]:
    population = mission.suppliers.canonical if mission.suppliers is not None else None
    window = mission.window
    span = (window.kind.value, window.start.isoformat(), window.end.isoformat(), window.weekday, window.days, window.field)
    require = mission.require.expression.canonical if mission.require.expression is not None else mission.require.any
    limits = (str(mission.limits.per_supplier), str(mission.limits.budget)) if mission.limits is not None else None
    paid = (_text(mission.reward), limits)
    return mission.id, span, mission.grace_days, population, [_condition(c) for c in mission.conditions], require, paid


def _condition(condition: Condition) -> tuple[object, ...]:
    volume = condition.min_volume
    return (
        condition.name,
        condition.formula.canonical,
        condition.operator.value,
        str(condition.target),
        condition.no_data_counts_met,
        condition.role.value,
        [(segment.where.canonical, str(segment.target)) for segment in condition.segments],
        [(tier.name, f"{tier.target.normalize():f}", _text(tier.reward)) for tier in condition.tiers],
        volume and (volume.metric, f"{volume.least.normalize():f}", volume.below_counts_met),
    )


def _text(expression: Expression | None) -> str | None:
    return expression.canonical if expression is not None else None
