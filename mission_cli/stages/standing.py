"""Which results can be made again, to be the same; and these made again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from mission_cli.daily.partition import partition_meanings
from mission_cli.stages.context import Context
from mission_cli.stages.evaluate import evaluation_task, portions, standing_no_more
from mission_cli.stages.fingerprints import has_other_data, made_from
from mission_cli.stages.results import Outcome, compute_results
from mission_cli.stages.rosters import KnownRosters
from mission_cli.windows.ranges import needed_days


@dataclass(frozen=True, slots=True)
class Standing:
    """As-of days that have results: those that would be made the same now; those whose data changed since; and those made by
    other rules than today's."""

    stand: list[date]
    changed: list[date]
    by_earlier_rules: list[date]


def standing_days(context: Context, rosters: KnownRosters) -> Standing:
    """Which results would be the same if they were made now."""
    then, stale = context.ledger.evaluations.made_from(), context.ledger.evaluations.stale()
    days = sorted(then)
    now = made_from(context, days, rosters)
    todo = set(standing_no_more(context, then, now))
    changed = {day for day in days if day in stale or (day in todo and has_other_data(context, now[day], then[day]))}
    waiting = _needing_others(context, [day for day in days if day not in changed and day not in todo], rosters)
    stand = [day for day in days if day not in changed and day not in todo and day not in waiting]
    return Standing(stand, sorted(changed), sorted((todo | waiting) - changed))


def _needing_others(context: Context, as_of_days: Sequence[date], rosters: KnownRosters) -> set[date]:
    """The as-of days that need partitions which were computed by earlier metrics, and may lack what kept rules are called now."""
    project = context.project
    stale = {str(s.id): context.ledger.stale_days(s.id, partition_meanings(project, s.id)).keys() for s in project.sources}
    if not context.today_rules.keeps or not any(stale.values()):
        return set()
    return {
        day
        for day in as_of_days
        if any(found & stale.get(source, set()) for source, found in needed_days(project, [day], rosters.own_windows).items())
    }


def compute_again(context: Context, as_of_days: Sequence[date], rosters: KnownRosters, data: Path) -> Iterator[Outcome]:
    """The results as of the days, published below another folder than the project's; the ledger is only read."""
    for groups in portions(context, dict.fromkeys(as_of_days, frozenset()), rosters):
        yield compute_results(replace(evaluation_task(context, groups, rosters), data=data))
