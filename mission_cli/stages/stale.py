"""Results that later records reach: which as-of days, and by which batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from mission_cli.daily.partition import partition_meanings
from mission_cli.formula.usage import mission_sources
from mission_cli.stages.context import Context
from mission_cli.stages.fingerprints import has_other_data, made_from
from mission_cli.stages.rosters import KnownRosters
from mission_cli.store.decided import DecisionLedger
from mission_cli.store.entries import METRICS_CHANGED, PRUNED, UNDATED
from mission_cli.windows.ranges import windows_as_of

CONFIGURATION = 0  # in the place of a batch: what changed is not the data


def mark_stale(context: Context, rosters: KnownRosters) -> None:
    """Mark the results that this run did not make anew although what goes into them changed, each with the batch that did it.

    They stay as they are until a `backfill` makes them anew. Results that are marked already are not looked at again, but marks
    of those that stand after all are taken away. Before `settle`: it says up to where changes were looked at.
    """
    _unmark(context)
    waiting, computed, default = _waiting(context), _computed(context), context.ledger.next_batch() - 1
    touched = [day for days in (*waiting.values(), *computed.values()) for day in days]
    touched += [context.effective] if context.new_roster else []
    if context.littered:
        touched, default = [UNDATED], _by_cut_off_runs(context, computed, rosters)
    if not touched:
        return
    made = {*context.report.evaluated, *context.report.unchanged}
    asked = [day for day in context.ledger.evaluations.fresh() if day >= min(touched) and day not in made]
    now, then = made_from(context, asked, rosters), context.ledger.evaluations.made_from(asked)
    unread, reread = _reached(context, asked, waiting, rosters), _reached(context, asked, computed, rosters)
    others = (day for day in asked if has_other_data(context, now[day], then[day]))
    marks = {day: reread.get(day, default) for day in others} | unread
    with context.database.transaction():
        context.ledger.evaluations.mark_stale(marks)


_Changes = dict[str, dict[date, int]]


def _unmark(context: Context) -> None:
    """What reached them may have changed nothing that counts."""
    stale = context.ledger.evaluations.stale()
    stand = dict.fromkeys(day for day in context.report.unchanged if day in stale)
    if stand:
        with context.database.transaction():
            context.ledger.evaluations.mark_stale(stand)


def _by_cut_off_runs(context: Context, computed: _Changes, rosters: KnownRosters) -> int:
    """Add to what was computed the changed days that a run which was cut off had computed; returns what else is to blame."""
    ledger = DecisionLedger(context.database)
    settled = ledger.settled()
    for source in context.project.sources:
        found = computed.setdefault(source.id, {})
        found.update({d: b for d, b in ledger.changed_days(source.id, settled.get(source.id, 0)).items() if d not in found})
    newer = any(versions[-1].version > settled.get(f"@{name}", 0) for name, versions in rosters.versions.items())
    return context.ledger.next_batch() - 1 if newer else CONFIGURATION


def _waiting(context: Context) -> _Changes:
    """Source → the days that changed and that no window of this run needed, so that they are not computed yet, and by what."""
    found = {}
    for source in context.project.sources:
        stale = context.ledger.stale_days(source.id, partition_meanings(context.project, source.id))
        found[str(source.id)] = {
            day: _cause(batch, why)
            for day, (batch, why) in stale.items()
            if day != UNDATED and why != PRUNED and _reaches(context, why)
        }
    return found


def _computed(context: Context) -> _Changes:
    """Source → the days that this run computed anew, and by what they had changed."""
    found = {}
    for source, days in context.report.computed.items():
        batches = context.ledger.last_changes(source, sorted(days))
        changed = {day: why for day, why in days.items() if _reaches(context, why)}
        found[source] = {day: _cause(batches.get(day, CONFIGURATION), why) for day, why in changed.items()}
    return found


def _reaches(context: Context, why: str) -> bool:
    """Whether a reason to compute a day is one to make results anew; other metrics are none where windows keep theirs."""
    return why != METRICS_CHANGED or not context.today_rules.keeps


def _cause(batch: int, why: str) -> int:
    return CONFIGURATION if why == METRICS_CHANGED else batch


def _reached(context: Context, as_of_days: Sequence[date], changes: _Changes, rosters: KnownRosters) -> dict[date, int]:
    """As-of day → the newest batch that changed a day of its windows."""
    reached: dict[date, int] = {}
    if not any(changes.values()):
        return reached
    sources = {mission.key: mission_sources(context.project, mission) for mission in context.project.missions}
    for as_of in as_of_days:
        for reported in windows_as_of(context.project, as_of, rosters.own_windows):
            for source in sources[reported.mission.key]:
                for day, batch in changes.get(source, {}).items():
                    if reported.window.start <= day <= reported.through:
                        reached[as_of] = max(batch, reached.get(as_of, CONFIGURATION))
    return reached
