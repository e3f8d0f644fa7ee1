"""Fingerprints of what goes into results, by as-of day and mission: the data, and the rules that windows follow. They tell which
results still stand."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from mission_cli.formula.rules import mission_rules
from mission_cli.formula.usage import mission_sources
from mission_cli.model.calendar import DAY
from mission_cli.model.missions import Mission
from mission_cli.stages.context import Context
from mission_cli.stages.rosters import KnownRosters
from mission_cli.store.entries import MadeFrom
from mission_cli.windows.ranges import windows_as_of

ByMission = Mapping[str, MadeFrom]
_Spans = list[tuple[date, date]]


@dataclass(frozen=True, slots=True)
class Need:
    """What goes into the results of a mission as of a day: the rules, as a fingerprint of them and of the windows; files of
    rosters; source → spans of days, both bounds included, in order and without days in common."""

    rules: str
    rosters: tuple[str, ...]
    days: Mapping[str, _Spans]

    def has_any(self, source: str, days: Iterable[date]) -> bool:
        """Whether any of the days of a source goes in."""
        spans = self.days.get(source, ())
        return any(first <= day <= through for day in days for first, through in spans)


class Needs:
    """What goes into the results as of days, each found once."""

    def __init__(self, context: Context, rosters: KnownRosters) -> None:
        self.rosters = rosters
        self._context = context
        self._known: dict[date, dict[str, Need]] = {}

    def of(self, as_of: date) -> Mapping[str, Need]:
        """Mission → what goes in; of the missions that have a window as of the day."""
        if as_of not in self._known:
            self._known[as_of] = self._found(as_of)
        return self._known[as_of]

    def _found(self, as_of: date) -> dict[str, Need]:
        windows: dict[str, list[tuple[object, ...]]] = defaultdict(list)
        files: dict[str, set[str]] = defaultdict(set)
        spans: dict[str, dict[str, _Spans]] = defaultdict(lambda: defaultdict(list))
        for found in windows_as_of(self._context.project, as_of, self.rosters.own_windows):
            mission, first, through = found.mission, found.window.start, found.through
            windows[mission.id].append((mission.key, first.toordinal(), found.window.end.toordinal()))
            files[mission.id].update(self.rosters.files_of(mission, as_of))
            for source in self._sources[mission.key]:
                spans[mission.id][source].append((first, through))
        return {
            name: Need(
                digest_of((sorted({self._rules[str(key)] for key, *_ in own}), sorted(own))),
                tuple(sorted(files[name])),
                {source: _apart(found) for source, found in sorted(spans[name].items())},
            )
            for name, own in windows.items()
        }

    @cached_property
    def _sources(self) -> dict[str, set[str]]:
        return {m.key: set(mission_sources(self._context.project, m)) for m in self._context.project.missions}

    @cached_property
    def _rules(self) -> dict[str, str]:
        """Mission in its version → its rules; the order of conditions is that of the rows."""
        today = self._context.today_rules
        rules = mission_rules(today)

        def of(mission: Mission) -> str:
            names = [condition.name for condition in mission.conditions]
            return digest_of((today.keeps, mission.version or rules[mission.id], names))

        return {mission.key: of(mission) for mission in self._context.project.missions}


def _apart(spans: _Spans) -> _Spans:
    """The same days, in spans that have none in common and do not touch."""
    found: _Spans = []
    for first, through in sorted(set(spans)):
        if found and first <= found[-1][1] + DAY:
            found[-1] = (found[-1][0], max(through, found[-1][1]))
        else:
            found.append((first, through))
    return found


def made_from(context: Context, as_of_days: Sequence[date], rosters: KnownRosters) -> dict[date, dict[str, MadeFrom]]:
    """As-of day → mission → what its results would be made from now."""
    needs, partitions = Needs(context, rosters), PartitionDigests(context.ledger.partition_digests())
    return {
        day: {mission: MadeFrom(need.rules, partitions.data_of(need)) for mission, need in needs.of(day).items()}
        for day in as_of_days
    }


def other_missions(now: ByMission, then: ByMission) -> set[str]:
    """The missions whose results would be made from something else."""
    return {mission for mission in now.keys() | then.keys() if now.get(mission) != then.get(mission)}


def has_other_data(context: Context, now: ByMission, then: ByMission) -> bool:
    """Whether the data that results are made from is another. A mission that is new, or gone, is no other data; but suppliers may
    have got, or lost, windows of their own."""
    own = {mission.id for mission in context.project.missions if mission.window.is_own}
    return any(
        now[mission].data != then[mission].data if mission in now and mission in then else mission in own
        for mission in other_missions(now, then)
    )


class PartitionDigests:
    """The digests of partitions, source → day → digest, and from them the fingerprint of any days."""

    def __init__(self, digests: Mapping[str, Mapping[date, str]]) -> None:
        self._days = {source: sorted(found) for source, found in digests.items()}
        self._entries = {s: [f"{day}{digests[s][day]}" for day in days] for s, days in self._days.items()}

    def data_of(self, need: Need) -> str:
        """Fingerprint of the data that goes into results."""
        digest = hashlib.sha256(repr(need.rosters).encode())
        for source, spans in need.days.items():
            days, entries = self._days.get(source, []), self._entries.get(source, [])
            digest.update(f"\n{source}\n".encode())
            for first, through in spans:
                digest.update("".join(entries[bisect_left(days, first) : bisect_right(days, through)]).encode())
        return digest.hexdigest()[:16]


def rebase(context: Context, source: str, before: Mapping[date, str | None], needs: Needs) -> None:
    """Let results stand that were made from partitions which were computed again only because today's metrics are others.

    What windows keep has the same numbers in them as before. `before`: the days of these partitions of the source, and their
    digests as they were, None where there was none. Part of the caller's transaction.
    """
    digests = context.ledger.partition_digests()
    others = {day: digest for day, digest in digests.get(source, {}).items() if day not in before}
    then = digests | {source: others | {day: digest for day, digest in before.items() if digest is not None}}
    was, now = PartitionDigests(then), PartitionDigests(digests)
    moved: dict[tuple[date, str], MadeFrom] = {}
    for day, missions in context.ledger.evaluations.made_from().items():
        for mission, need in needs.of(day).items():
            made = missions.get(mission)
            if made is not None and need.has_any(source, before) and made.data == was.data_of(need):
                moved[day, mission] = replace(made, data=now.data_of(need))
    context.ledger.evaluations.rebase(moved)


def digest_of(value: object) -> str:
    """Fingerprint of plain values."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def earlier_awards_meaning(awards: Mapping[date, str], day: date, own: str) -> str:
    """Fingerprint of all that was awarded before a day, as-of day → digest, when the day itself awards something limited."""
    return digest_of(sorted((other, digest) for other, digest in awards.items() if other < day)) if own else ""
