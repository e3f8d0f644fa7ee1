"""Fingerprints of what goes into results: the data, and the rules that windows follow. They tell which results still stand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


def data_fingerprints(
    context: Context, as_of_days: Sequence[date], rosters: KnownRosters, digests: dict[str, dict[date, str]] | None = None
) -> dict[date, str]:
    """As-of day → fingerprint of the rosters and of every partition that goes into its results. `digests`: those of the
    partitions, source → day, where they are not the ledger's."""
    digests = context.ledger.partition_digests() if digests is None else digests
    return {
        as_of: _data_fingerprint(context, as_of, rosters, _needed(context.project, as_of, rosters), digests)
        for as_of in as_of_days
    }


def _needed(project: Project, as_of: date, rosters: KnownRosters) -> dict[str, set[date]]:
    """Source → the days whose partitions go into the results as of a day."""
    needed: dict[str, set[date]] = {}
    for reported in windows_as_of(project, as_of, rosters.own_windows):
        for source in mission_sources(project, reported.mission):
            needed.setdefault(source, set()).update(reported.window.days_through(as_of))
    return needed


def _data_fingerprint(
    context: Context, as_of: date, rosters: KnownRosters, needed: Mapping[str, set[date]], digests: Mapping[str, dict[date, str]]
) -> str:
    partitions = [
        (source, [(day.toordinal(), digest) for day in sorted(days) if (digest := digests.get(source, {}).get(day))])
        for source, days in sorted(needed.items())
    ]
    files = sorted({file for mission in context.project.missions for file in rosters.files_of(mission, as_of)})
    return digest_of((files, partitions))


@dataclass(frozen=True, slots=True)
class Needs:
    """What goes into results that there are, found once for all portions of a run."""

    rosters: KnownRosters
    _of_day: dict[date, dict[str, set[date]]] = field(default_factory=dict)

    def of(self, project: Project, as_of: date) -> dict[str, set[date]]:
        """Source → days."""
        if as_of not in self._of_day:
            self._of_day[as_of] = _needed(project, as_of, self.rosters)
        return self._of_day[as_of]


def rebase(context: Context, source: str, before: Mapping[date, str | None], needs: Needs) -> None:
    """Let results stand that were made from partitions which were computed again only because today's metrics are others.

    What windows keep has the same numbers in them as before. `before`: the days of these partitions of the source, and their
    digests as they were, None where there was none. Part of the caller's transaction.
    """
    digests = context.ledger.partition_digests()
    others = {day: digest for day, digest in digests.get(source, {}).items() if day not in before}
    then = digests | {source: others | {day: digest for day, digest in before.items() if digest is not None}}
    recorded = context.ledger.evaluation_data()
    known = {
        day: data for day, data in recorded.items() if not needs.of(context.project, day).get(source, set()).isdisjoint(before)
    }
    old, new = (
        {day: _data_fingerprint(context, day, needs.rosters, needs.of(context.project, day), found) for day in known}
        for found in (then, digests)
    )
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
