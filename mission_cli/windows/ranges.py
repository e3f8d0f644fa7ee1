"""Which windows are reported as of which days, and which partitions they need. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from mission_cli.formula.usage import mission_sources
from mission_cli.model.calendar import Window, reported_windows
from mission_cli.model.project import Mission, Project


@dataclass(frozen=True, slots=True)
class ReportedWindow:
    """A window of a mission as of a day; its days count through `through`."""

    as_of: date
    mission: Mission
    window: Window

    @property
    def through(self) -> date:
        """The last business day that counts."""
        return min(self.window.end, self.as_of)


def windows_as_of(missions: Sequence[Mission], as_of: date) -> list[ReportedWindow]:
    """Every window that has rows as of a day, in the order of the missions."""
    return [
        ReportedWindow(as_of, mission, window)
        for mission in missions
        for window in reported_windows(mission.window, mission.grace_days, as_of)
    ]


def needed_days(project: Project, as_of_days: Iterable[date]) -> dict[str, set[date]]:
    """Source → every business day that some window reported as of one of the days needs."""
    longest: dict[tuple[str, Window], date] = {}
    for as_of in as_of_days:
        for reported in windows_as_of(project.missions, as_of):
            at = (reported.mission.id, reported.window)
            longest[at] = max(longest.get(at, date.min), reported.through)
    sources = {mission.id: mission_sources(project, mission) for mission in project.missions}
    needed: dict[str, set[date]] = defaultdict(set)
    for (mission, window), through in longest.items():
        for source in sources[mission]:  # type: ignore[index]
            needed[source].update(window.days_through(through))
    return needed
