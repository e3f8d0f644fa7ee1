"""Which windows are reported as of which days, and which partitions they need. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from mission_cli.formula.usage import mission_sources
from mission_cli.model.calendar import Window, reported_windows
from mission_cli.model.missions import Mission
from mission_cli.model.project import Project

OwnWindows = Callable[[Mission, date], Mapping[Window, int]]
"""The windows of a mission whose suppliers have their own, as they are known as of a day: window → how many have it."""


@dataclass(frozen=True, slots=True)
class ReportedWindow:
    """A window of a mission as of a day; its days count through `through`. `owners`: how many suppliers have it for their own;
    None when it is shared."""

    as_of: date
    mission: Mission
    window: Window
    owners: int | None = None

    @property
    def through(self) -> date:
        """The last business day that counts."""
        return min(self.window.end, self.as_of)


def windows_as_of(project: Project, as_of: date, own: OwnWindows) -> list[ReportedWindow]:
    """Every window that has rows as of a day, in the order of the missions."""
    found = []
    for mission in project.missions:
        if mission.window.is_own:
            known = own(mission, as_of).items()
            reported = ((w, n) for w, n in known if w.is_reported(mission.grace_days, as_of))
            found += [ReportedWindow(as_of, mission, w, n) for w, n in reported if mission.has(w)]
        else:
            found += [ReportedWindow(as_of, mission, window) for window in shared_windows(mission, as_of)]
    return found


def shared_windows(mission: Mission, as_of: date) -> list[Window]:
    """The windows of a mission whose suppliers share them with a row as of a day, oldest first: those that follow its rules."""
    if mission.only is not None:
        return sorted(window for window in mission.only if window.is_reported(mission.grace_days, as_of))
    return [window for window in reported_windows(mission.window, mission.grace_days, as_of) if mission.has(window)]


def needed_days(project: Project, as_of_days: Iterable[date], own: OwnWindows) -> dict[str, set[date]]:
    """Source → every business day that some window reported as of one of the days needs."""
    longest: dict[tuple[str, Window], date] = {}
    for as_of in as_of_days:
        for reported in windows_as_of(project, as_of, own):
            at = (reported.mission.key, reported.window)
            longest[at] = max(longest.get(at, date.min), reported.through)
    sources = {mission.key: mission_sources(project, mission) for mission in project.missions}
    needed: dict[str, set[date]] = defaultdict(set)
    for (mission, window), through in longest.items():
        for source in sources[mission]:
            needed[source].update(window.days_through(through))
    return needed
