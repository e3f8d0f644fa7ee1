"""Today's rules, and beside them older ones for the windows that keep them, as one project. Pure.

A metric whose meaning changed is there twice: under its own name as it is today, and as it was under its name with an @ and
its fingerprint, which no metric of a user can have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from mission_cli.formula.rules import metric_meanings, window_rule
from mission_cli.formula.usage import mission_metrics
from mission_cli.model.calendar import Window, days
from mission_cli.model.columns import Column
from mission_cli.model.expression import Expression, renamed
from mission_cli.model.metrics import DailyMetric, Metric, MetricId
from mission_cli.model.missions import Mission
from mission_cli.model.project import Project

_SIGNS = 8  # of a fingerprint, in a metric's name


@dataclass(frozen=True, slots=True)
class Version:
    """Older rules of a mission, in the project as it was then, and the windows that keep them. `since`: the first as-of day of
    which results were published by them."""

    project: Project
    mission: Mission
    rules: str
    since: date
    windows: frozenset[Window]


def version_name(metric: str, meaning: str) -> str:
    """What an older meaning of a metric is called, here and in partitions."""
    return f"{metric}@{meaning[:_SIGNS]}"


def version_column(column: str, meanings: Mapping[str, str]) -> str:
    """What a column of a metric, its value or its merge state, is called of an older meaning."""
    metric, dot, part = column.partition(".")
    return f"{version_name(metric, meanings[metric])}{dot}{part}"


def effective(today: Project, versions: Sequence[Version]) -> Project:
    """The project that windows are evaluated by: today's missions without the windows that keep older rules, and after them the
    older versions, each for its own windows. `versions`: the oldest first."""
    now = metric_meanings(today)
    missions = [_apart(mission, [v for v in versions if v.mission.id == mission.id]) for mission in today.missions]
    metrics: dict[str, Metric] = {}
    for place, version in enumerate(versions):
        names = _names(version, now)
        before = _of_other_windows(version.mission, versions[:place])
        missions.append(replace(_older(version, names), behind_own=any(older.mission.window.is_own for older in before)))
        for metric in _renamed_metrics(version, names):
            metrics[metric.id] = _joined(metrics.get(metric.id), metric)
    return replace(today, missions=tuple(missions), metrics=(*today.metrics, *(metrics[name] for name in sorted(metrics))))


def _apart(mission: Mission, versions: Sequence[Version]) -> Mission:
    """Today's mission beside older versions of it. A window of another rule makes way for older ones that it overlaps with, so
    that no order counts for both."""
    others = _of_other_windows(mission, versions)
    return replace(
        mission,
        aside=frozenset(window for version in versions for window in version.windows),
        behind=frozenset(w for version in others if not version.mission.window.is_own for w in version.windows),
        behind_own=any(version.mission.window.is_own for version in others),
    )


def _of_other_windows(mission: Mission, versions: Sequence[Version]) -> list[Version]:
    """Older versions of the mission whose windows are made by another rule; windows that roll never make way."""
    same = [version for version in versions if version.mission.id == mission.id] if mission.decides else []
    return [version for version in same if window_rule(version.mission) != window_rule(mission)]


def _older(version: Version, names: Mapping[str, str]) -> Mission:
    mission = version.mission
    conditions = tuple(
        replace(
            condition,
            formula=_renamed(condition.formula, names),
            tiers=tuple(replace(t, reward=_renamed(t.reward, names) if t.reward is not None else None) for t in condition.tiers),
            min_volume=replace(volume, metric=names[volume.metric]) if (volume := condition.min_volume) is not None else None,
        )
        for condition in mission.conditions
    )
    reward = _renamed(mission.reward, names) if mission.reward is not None else None
    return replace(mission, conditions=conditions, reward=reward, version=version.rules, only=version.windows)


def _names(version: Version, now: Mapping[str, str]) -> dict[str, str]:
    """Metric of the older mission → what it is called today: its own name when it still means the same."""
    then = metric_meanings(version.project)
    used = mission_metrics(version.project, version.mission)
    return {name: name if now.get(name) == then[name] else version_name(name, then[name]) for name in used}


def _renamed(expression: Expression, names: Mapping[str, str]) -> Expression:
    return replace(expression, tree=renamed(expression.tree, names))


def _renamed_metrics(version: Version, names: Mapping[str, str]) -> Iterable[Metric]:
    needed = frozenset(day for window in version.windows for day in days(window.start, window.end))
    for name, new in names.items():
        metric = version.project.metric(name)
        if name == new:
            continue
        if isinstance(metric, DailyMetric):
            yield replace(metric, id=MetricId(new), days=needed)
        else:
            yield replace(metric, id=MetricId(new), formula=_renamed(metric.formula, names))


def _joined(before: Metric | None, metric: Metric) -> Metric:
    """One metric for all versions that need it."""
    if isinstance(before, DailyMetric) and isinstance(metric, DailyMetric):
        return replace(metric, days=(before.days or frozenset()) | (metric.days or frozenset()))
    return metric


def lost_columns(today: Project, version: Version) -> list[str]:
    """What the older rules read and today's sources or suppliers no longer have, or have with another type, in words."""
    used = mission_metrics(version.project, version.mission)
    now = metric_meanings(today)
    then = metric_meanings(version.project)
    found: dict[str, None] = {}
    for metric in version.project.metrics:
        if isinstance(metric, DailyMetric) and metric.id in used and now.get(metric.id) != then[metric.id]:
            found |= dict.fromkeys(_lost_by(metric, today, version.project))
    attributes = {name for expression in _over_suppliers(version.mission) for name in expression.names}
    attributes |= {version.mission.window.field} - {""}
    if attributes:
        then_there = version.project.suppliers.columns if version.project.suppliers is not None else ()
        now_there = today.suppliers.columns if today.suppliers is not None else ()
        found |= dict.fromkeys(f"suppliers.{said}" for said in _other(sorted(attributes), then_there, now_there))
    return list(found)


def _lost_by(metric: DailyMetric, today: Project, then: Project) -> list[str]:
    source = next((source for source in today.sources if source.id == metric.source), None)
    if source is None:
        return [f"sources.{metric.source}"]
    names = [name for expression in (metric.where, metric.expression) if expression is not None for name in expression.names]
    return [f"sources.{metric.source}.{said}" for said in _other(names, then.source(metric.source).columns, source.columns)]


def _other(names: Sequence[str], then: Sequence[Column], now: Sequence[Column]) -> list[str]:
    types = {column.name: column.data_type.sql for column in now}
    words = {column.name: column.data_type for column in then}
    return [f"columns.{n} ({words[n].word})" for n in dict.fromkeys(names) if n in words and types.get(n) != words[n].sql]


def _over_suppliers(mission: Mission) -> list[Expression]:
    own = [mission.suppliers] if mission.suppliers is not None else []
    return own + [segment.where for condition in mission.conditions for segment in condition.segments]
