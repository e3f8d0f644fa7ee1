"""Which metrics and sources a mission uses, through formulas of any depth."""

from __future__ import annotations

from mission_cli.formula.graph import reachable
from mission_cli.model.metrics import DailyMetric
from mission_cli.model.missions import Mission
from mission_cli.model.project import Project


def mission_metrics(project: Project, mission: Mission) -> set[str]:
    """Every metric that the mission names, and those they are made of."""
    return reachable(project.needs(), mission.named_metrics)


def mission_sources(project: Project, mission: Mission) -> set[str]:
    """The sources of the mission's metrics."""
    used = mission_metrics(project, mission)
    return {metric.source for metric in project.metrics if isinstance(metric, DailyMetric) and metric.id in used}


def used_metrics(project: Project) -> set[str]:
    """Every metric that any mission uses."""
    return {name for mission in project.missions for name in mission_metrics(project, mission)}
