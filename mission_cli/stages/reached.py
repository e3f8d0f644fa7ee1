"""Which decided windows later changes reach, and the days that working them out anew needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from mission_cli.formula.usage import mission_sources
from mission_cli.model.calendar import DAY, Window, WindowKind, reported_windows
from mission_cli.model.missions import Mission, MissionId
from mission_cli.stages.context import Context
from mission_cli.stages.rosters import KnownRosters
from mission_cli.staging.meaning import SUPPLIERS, assigned_roster
from mission_cli.store.decided import DecisionLedger
from mission_cli.store.entries import RosterEntry
from mission_cli.windows.ranges import shared_windows

Decided = tuple[date, MissionId]
"""An as-of day and a mission some of whose windows are decided on it."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The decisions that changes since the last run reach, each with all of its windows. `settled`: up to where this looks, for
    the ledger; see the table."""

    windows: dict[Decided, list[Window]] = field(default_factory=dict)
    settled: dict[str, int] = field(default_factory=dict)


def find_reached(context: Context, as_of_days: Sequence[date], rosters: KnownRosters) -> Reached:
    """What the loaded records and rosters may have changed, but for the days that are evaluated now.

    It is told from what the ledger says was looked at, so that nothing is lost when a run is cut off.
    """
    ledger = DecisionLedger(context.database)
    before, now = ledger.settled(), _settled_now(context, rosters)
    found = Reached(settled=now)
    newer = {name for name, number in now.items() if name in before and before[name] < number}
    if not newer:
        return found
    published = [day for day in ledger.in_force() if day not in set(as_of_days)]
    changed = {name: ledger.changed_days(name, before[name]) for name in newer if not name.startswith("@")}
    lists = {name.removeprefix("@"): rosters.versions[name.removeprefix("@")][-1] for name in newer if name.startswith("@")}
    ends = _Ends(rosters)
    hits: set[Decided] = set()
    for mission in context.project.missions:
        if mission.decides:
            hit = {day for source in mission_sources(context.project, mission) for day in changed.get(source, ())}
            days = {*_by_days(mission, hit, published, ends), *_by_rosters(mission, lists, published)}
            hits |= {(day, mission.id) for day in days}
    for pair in sorted(hits):
        if not _is_lost(context, pair):
            found.windows.update(_whole(context, pair, ends))
    return found


def _whole(context: Context, pair: Decided, ends: _Ends) -> Iterator[tuple[Decided, list[Window]]]:
    """The pair with its windows, whichever rules they follow: they are worked out together. Nothing when there can be none."""
    day, name = pair
    versions = [mission for mission in context.project.missions if mission.id == name and mission.decides]
    windows = [window for mission in versions for window in ends.decided(mission, day)]
    if windows or any(mission.window.is_own for mission in versions):
        yield pair, windows


def _is_lost(context: Context, pair: Decided) -> bool:
    """Whether a decision cannot be worked out anew, because something that kept rules read is gone: of their own windows, or of
    others that make way for suppliers' own ones, which nobody can tell now."""
    day, name = pair
    versions = [found.version for found in context.lost_rules if found.version.mission.id == name]
    ends = {version.mission.decides_on(window.end) for version in versions for window in version.windows}
    return day in ends or any(version.mission.window.is_own for version in versions)


def _settled_now(context: Context, rosters: KnownRosters) -> dict[str, int]:
    newest = context.ledger.next_batch() - 1
    sources: dict[str, int] = {str(source.id): newest for source in context.project.sources}
    return sources | {f"@{name}": versions[-1].version for name, versions in sorted(rosters.versions.items()) if versions}


@dataclass(slots=True)
class _Ends:
    """The windows that are decided as of a day; of suppliers' own windows an index by their ends."""

    rosters: KnownRosters
    own: dict[tuple[str, str], dict[date, list[Window]]] = field(default_factory=dict)

    def decided(self, mission: Mission, day: date) -> list[Window]:
        if not mission.window.is_own:
            return [window for window in shared_windows(mission, day) if mission.decides_on(window.end) == day]
        roster = SUPPLIERS if mission.window.kind is WindowKind.SINCE else assigned_roster(mission)
        entry = self.rosters.as_of(roster, day)
        if entry is None:
            return []
        key = (mission.key, entry.file)
        if key not in self.own:
            by_end: dict[date, list[Window]] = defaultdict(list)
            for window in filter(mission.has, self.rosters.own_windows(mission, day)):
                by_end[window.end].append(window)
            self.own[key] = by_end
        return self.own[key].get(day - mission.grace_days * DAY, [])


def _by_days(mission: Mission, hit: Collection[date], published: Sequence[date], ends: _Ends) -> Iterator[date]:
    """The days on which windows were decided that have one of the changed days in them."""
    if not hit:
        return
    if mission.window.is_own:
        late = [day for day in published if day >= min(hit)]
        yield from (day for day in late if any(_holds(window, hit) for window in ends.decided(mission, day)))
        return
    there = set(published)
    for day in hit:
        for window in filter(mission.has, reported_windows(mission.window, 0, day)):
            if (decided := mission.decides_on(window.end)) in there:
                yield decided


def _holds(window: Window, hit: Collection[date]) -> bool:
    return any(window.start <= day <= window.end for day in hit)


def _by_rosters(mission: Mission, lists: Mapping[str, RosterEntry], published: Sequence[date]) -> Iterator[date]:
    """The days as of which a new list of suppliers, or of assigned windows, counts."""
    names: list[str] = [SUPPLIERS] if mission.asks_attributes else []
    names += [assigned_roster(mission)] if mission.window.kind is WindowKind.ASSIGNED else []
    for name in names:
        if name in lists:
            yield from (day for day in published if day >= lists[name].effective)


def needed_days(context: Context, windows: Mapping[Decided, Sequence[Window]]) -> dict[str, set[date]]:
    """Source → every day of the windows."""
    sources: dict[str, set[str]] = defaultdict(set)
    for one in context.project.missions:
        sources[one.id] |= mission_sources(context.project, one)
    needed: dict[str, set[date]] = defaultdict(set)
    for (day, mission), found in windows.items():
        for window in found:
            for source in sources[mission]:
                needed[source].update(window.days_through(day))
    return needed
