"""Fingerprints of the rules that results were made by. Pure."""

from __future__ import annotations

import hashlib

from mission_cli.formula.graph import order
from mission_cli.formula.usage import mission_metrics
from mission_cli.model.expression import Expression
from mission_cli.model.metrics import DailyMetric, DayFormulaMetric, FormulaMetric, Metric
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
    return digest(rules)


def metric_meanings(project: Project) -> dict[str, str]:
    """Metric → fingerprint of all that its number means: of one day, over days, and of what it is made of, at any depth."""
    needs = project.needs()
    by_id: dict[str, Metric] = {metric.id: metric for metric in project.metrics}
    found: dict[str, str] = {}
    for name in order({**dict.fromkeys(by_id, ()), **needs}):
        if name in by_id:
            found[name] = digest((_metric(by_id[name]), [found[other] for other in needs.get(name, ()) if other in found]))
    return found


def mission_rules(project: Project) -> dict[str, str]:
    """Mission → fingerprint of its rules: all that is in its table but its title and the order of its conditions, and what each
    of its metrics means."""
    meanings = metric_meanings(project)
    return {
        mission.id: digest(
            (_FORMAT, _mission(mission, in_order=False), sorted(meanings[name] for name in mission_metrics(project, mission)))
        )
        for mission in project.missions
    }


def book_of(rules: dict[str, str]) -> str:
    """Fingerprint of the rules of all missions together."""
    return digest(sorted(rules.items()))


def window_rule(mission: Mission) -> tuple[object, ...]:
    """What its windows are made by."""
    window = mission.window
    return window.kind.value, window.start.isoformat(), window.end.isoformat(), window.weekday, window.days, window.field


def digest(value: object) -> str:
    """Fingerprint of plain values."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def _metric(metric: Metric) -> tuple[object, ...]:
    if not isinstance(metric, DailyMetric):
        rolled = (metric.over_days.value, _text(metric.days_where)) if isinstance(metric, DayFormulaMetric) else None
        return metric.id, metric.formula.canonical, str(metric.default), rolled
    return (
        metric.id,
        metric.source,
        metric.method.value,
        metric.data_type.sql,
        _text(metric.where),
        _text(metric.expression),
        metric.code,
        metric.function,
        metric.card,
        metric.in_day.value,
        str(metric.default),
        metric.over_days.value,
        _text(metric.days_where),
    )


def _mission(mission: Mission, *, in_order: bool = True) -> tuple[object, ...]:
    population = mission.suppliers.canonical if mission.suppliers is not None else None
    require = mission.require.expression.canonical if mission.require.expression is not None else mission.require.any
    limits = (str(mission.limits.per_supplier), str(mission.limits.budget)) if mission.limits is not None else None
    paid = (_text(mission.reward), limits)
    listed = mission.conditions if in_order else sorted(mission.conditions, key=lambda condition: condition.name)
    conditions = [_condition(c) for c in listed]
    return mission.id, window_rule(mission), mission.grace_days, population, conditions, require, paid


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
