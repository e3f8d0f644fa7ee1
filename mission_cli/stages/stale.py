"""Results that later records reach: which as-of days, and by which batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from mission_cli.daily.partition import partition_meaning, partition_metrics
from mission_cli.formula.usage import mission_sources
from mission_cli.stages.context import Context
from mission_cli.stages.evaluate import data_fingerprints
from mission_cli.stages.rosters import KnownRosters
from mission_cli.store.ledger import UNDATED
from mission_cli.windows.ranges import windows_as_of


def mark_stale(context: Context, rosters: KnownRosters) -> None:
    """Mark the results that this run did not make anew although what goes into them changed, each with the batch that did it.

    They stay as they are until a `backfill` makes them anew. Results that are marked already are not looked at again.
    """
    waiting = _waiting(context)
    computed = {source: set(days) for source, days in context.report.computed.items()}
    touched = {source: waiting.get(source, set()) | computed.get(source, set()) for source in {*waiting, *computed}}
    first = min((day for days in touched.values() for day in days), default=None)
    if context.new_roster:
        first = min(context.effective, first) if first is not None else context.effective
    if first is None:
        return
    made = {*context.report.evaluated, *context.report.unchanged}
    fresh = {day: data for day, data in context.ledger.fresh_evaluations().items() if day >= first and day not in made}
    now = data_fingerprints(context, list(fresh), rosters)
    reached = _reached(context, list(fresh), waiting, rosters)
    changed = [day for day, data in fresh.items() if now[day] != data or day in reached]
    newest = context.ledger.next_batch() - 1
    marks = {day: reached.get(day) or _batch_behind(context, day, computed, rosters) or newest for day in changed}
    with context.database.transaction():
        context.ledger.mark_evaluations(marks)


def _waiting(context: Context) -> dict[str, set[date]]:
    """Source → the days that changed and that no window of this run needed, so that they are not computed yet."""
    found = {}
    for source in context.project.sources:
        meaning = partition_meaning(partition_metrics(context.project, source.id), context.project.timezone)
        stale = context.ledger.stale_days(source.id, meaning)
        found[str(source.id)] = {day for day, (_, why) in stale.items() if day != UNDATED and why != "pruned"}
    return found


def _reached(
    context: Context, as_of_days: Sequence[date], days: Mapping[str, set[date]], rosters: KnownRosters
) -> dict[date, int]:
    """As-of day → the newest batch that changed a day of its windows, among the given days of sources."""
    changes = {source: context.ledger.last_changes(source, sorted(found)) for source, found in days.items() if found}
    reached: dict[date, int] = {}
    if not changes:
        return reached
    sources = {str(mission.id): mission_sources(context.project, mission) for mission in context.project.missions}
    for as_of in as_of_days:
        for reported in windows_as_of(context.project, as_of, rosters.own_windows):
            for source in sources[reported.mission.id]:
                for day, batch in changes.get(source, {}).items():
                    if reported.window.start <= day <= reported.through:
                        reached[as_of] = max(batch, reached.get(as_of, 0))
    return reached


def _batch_behind(context: Context, as_of: date, computed: Mapping[str, set[date]], rosters: KnownRosters) -> int | None:
    """The newest batch among the days of the windows that were computed anew."""
    return _reached(context, [as_of], computed, rosters).get(as_of)
