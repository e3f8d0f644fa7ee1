"""What is right by the rules of the configuration, but perhaps not what was meant."""

from __future__ import annotations

from collections.abc import Iterator

from mission_cli.formula.reach.trends import is_irreversible, recovering_metrics
from mission_cli.model.calendar import WindowKind
from mission_cli.model.missions import Mission, Role
from mission_cli.model.problems import Problem
from mission_cli.model.project import Project

_FILE = "missions.toml"


def guard_warnings(project: Project) -> list[Problem]:
    """A warning for each guard that may be unmet one day and hold again on another. Places are not known here."""
    return [warning for mission in project.missions if mission.decides for warning in _guards(project, mission)]


def _guards(project: Project, mission: Mission) -> Iterator[Problem]:
    own = mission.window.kind is WindowKind.ASSIGNED
    for place, condition in enumerate(mission.conditions):
        if condition.role is Role.GUARD and not is_irreversible(project, condition, own_targets=own):
            names = recovering_metrics(project, condition)
            path = f"missions.{mission.id}.conditions[{place}].role"
            message = f"is broken only while its condition is unmet: {_listed(names)} can recover, and the mission with it"
            yield Problem(_FILE, 0, 0, path, message, 'choose what cannot recover, or role = "gate", which is asked at the end')


def _listed(names: list[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0] if names else "its value"
