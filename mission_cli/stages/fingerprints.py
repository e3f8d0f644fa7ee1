"""Fingerprints of what goes into results: the data, and the rules that windows follow. They tell which results still stand."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from mission_cli.formula.usage import mission_sources
from mission_cli.model.project import Project
from mission_cli.stages.context import Context
from mission_cli.stages.kept import rules_as_of
from mission_cli.stages.rosters import KnownRosters
from mission_cli.windows.ranges import windows_as_of


def inputs_of(context: Context, data: Mapping[date, str], rosters: KnownRosters) -> dict[date, str]:
    """As-of day → fingerprint of all that goes into its results, from that of the data."""
    rules = rules_as_of(context, list(data), rosters)
    return {day: digest_of((rules[day], found)) for day, found in data.items()}


class Needs:
    """Which days go into the results as of others, each found once."""

    def __init__(self, project: Project, rosters: KnownRosters) -> None:
        self.rosters = rosters
        self._project = project
        self._sources = {mission.key: mission_sources(project, mission) for mission in project.missions}
        self._known: dict[date, dict[str, set[date]]] = {}

    def of(self, as_of: date) -> dict[str, set[date]]:
        """Source → the days whose partitions go into the results."""
        if as_of not in self._known:
            needed = self._known[as_of] = defaultdict(set)
            for reported in windows_as_of(self._project, as_of, self.rosters.own_windows):
                for source in self._sources[reported.mission.key]:
                    needed[source].update(reported.window.days_through(as_of))
        return self._known[as_of]


def data_fingerprints(
    context: Context, as_of_days: Sequence[date], rosters: KnownRosters, digests: dict[str, dict[date, str]] | None = None
) -> dict[date, str]:
    """As-of day → fingerprint of the rosters and of every partition that goes into its results. `digests`: those of the
    partitions, source → day, where they are not the ledger's."""
    needs = Needs(context.project, rosters)
    digests = context.ledger.partition_digests() if digests is None else digests
    return {as_of: _data_fingerprint(context, as_of, needs, digests) for as_of in as_of_days}


def _data_fingerprint(context: Context, as_of: date, needs: Needs, digests: Mapping[str, dict[date, str]]) -> str:
    partitions = [
        (source, [(day.toordinal(), digest) for day in sorted(days) if (digest := digests.get(source, {}).get(day))])
        for source, days in sorted(needs.of(as_of).items())
    ]
    files = sorted({file for mission in context.project.missions for file in needs.rosters.files_of(mission, as_of)})
    return digest_of((files, partitions))


def rebase(context: Context, source: str, before: Mapping[date, str | None], needs: Needs) -> None:
    """Let results stand that were made from partitions which were computed again only because today's metrics are others.

    What windows keep has the same numbers in them as before. `before`: the days of these partitions of the source, and their
    digests as they were, None where there was none. Part of the caller's transaction.
    """
    digests = context.ledger.partition_digests()
    others = {day: digest for day, digest in digests.get(source, {}).items() if day not in before}
    then = digests | {source: others | {day: digest for day, digest in before.items() if digest is not None}}
    recorded = context.ledger.evaluation_data()
    known = {day: data for day, data in recorded.items() if not needs.of(day).get(source, set()).isdisjoint(before)}
    old, new = ({day: _data_fingerprint(context, day, needs, found) for day in known} for found in (then, digests))
    meanings, awards = context.ledger.evaluation_meanings(), context.ledger.award_digests()
    fresh = [day for day, data in known.items() if data == old[day] != new[day]]
    was, now = (inputs_of(context, {day: data[day] for day in fresh}, needs.rosters) for data in (old, new))
    moved = {}
    for day in fresh:
        own = awards.get(day, "")
        stands = meanings[day] == meaning_of(was[day], awards, day, own)
        moved[day] = (meaning_of(now[day], awards, day, own) if stands else meanings[day], new[day])
    context.ledger.rebase_evaluations(moved)


def digest_of(value: object) -> str:
    """Fingerprint of plain values."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def meaning_of(inputs: str, awards: Mapping[date, str], day: date, own: str) -> str:
    """Fingerprint of a day's results: of what goes into them, and when they award something limited, of all earlier awards."""
    if not own:
        return inputs
    earlier = sorted((other, digest) for other, digest in awards.items() if other < day)
    return digest_of((inputs, earlier))
