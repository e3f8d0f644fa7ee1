"""What no window can need any more, and leftovers: found, and removed with what the ledger says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from mission_cli.formula.usage import mission_sources
from mission_cli.model.calendar import DAY, days
from mission_cli.stages.audit.files import cut_off_writes, find_leftovers
from mission_cli.stages.context import Context
from mission_cli.stages.corrections import publish_corrections
from mission_cli.stages.rosters import KnownRosters
from mission_cli.store.decided import DecisionLedger
from mission_cli.store.entries import UNDATED
from mission_cli.store.pruned import forget
from mission_cli.windows.ranges import needed_days


@dataclass(slots=True)
class Pruned:
    """What goes, or would go. `before`: the first as-of day whose results stay, None when there are none at all; `days`: source
    → its days; `files` and `leftovers`: their names below data/, with their bytes."""

    before: date | None
    days: dict[str, list[date]] = field(default_factory=dict)
    results: list[date] = field(default_factory=list)
    files: list[tuple[str, int]] = field(default_factory=list)
    leftovers: list[tuple[str, int]] = field(default_factory=list)


def find_prunable(context: Context, keep_days: int) -> Pruned:
    """Results as of days that lie more than `keep_days` before the newest; and partitions that old which neither the results
    that stay nor any later ones can need: their evidence stays whole."""
    done = context.ledger.evaluations.days()
    newest = max((day for day in done if day <= context.today), default=max(done, default=None))
    if newest is None:
        return Pruned(None)
    before = newest - keep_days * DAY
    found = Pruned(before, results=[day for day in done if day < before])
    kept = _needed(context, before, newest, [day for day in done if day > newest])
    for source, entries in context.ledger.partitions().items():
        gone = sorted(day for day in entries if day < before and day not in kept.get(source, {UNDATED}))
        if gone:
            found.days[source] = gone
            files = ((entries[day].orders_file, entries[day].left_out_file, entries[day].file) for day in gone)
            found.files += _sizes(context, *chain.from_iterable(files))
    results, decided = context.ledger.evaluations.files(), DecisionLedger(context.database).in_force()
    found.files += _sizes(context, *(results[day] for day in found.results))
    found.files += _sizes(context, *(decided[day].apart for day in found.results if day in decided))
    return found


def _needed(context: Context, first: date, newest: date, ahead: list[date]) -> dict[str, set[date]]:
    """Source → days that windows reported as of `first` or later need, and their neighbours, which explanations show.

    A window that will be reported later and needs days before `first` is a supplier's own, known by now, or is reported as of
    the newest day already.
    """
    project, rosters = context.project, KnownRosters.of(context)
    needed = needed_days(project, chain(days(first, newest), ahead), rosters.own_windows)
    for mission in project.missions:
        if mission.window.is_own:
            open_ones = [w for w in rosters.own_windows(mission, date.max) if w.end + mission.grace_days * DAY >= first]
            for source in mission_sources(project, mission):
                needed[source].update(day for window in open_ones for day in window.days_through(newest))
    return {source: found | {day + side for day in found for side in (-DAY, DAY)} | {UNDATED} for source, found in needed.items()}


def _sizes(context: Context, *names: str | None) -> list[tuple[str, int]]:
    paths = ((name, context.layout.data / name) for name in names if name is not None)
    return [(name, path.stat().st_size) for name, path in paths if path.exists()]


def remove_pruned(context: Context, pruned: Pruned) -> None:
    """Let the ledger forget it; the end of the run lets readers see that, and then removes the files and the leftovers."""
    with context.database.transaction():
        context.obsolete += forget(context.database, pruned.days, pruned.results)
        publish_corrections(context)
    context.littered = True
    for name in cut_off_writes(context.layout.data):
        path = context.layout.data / name
        context.swept.append((name, path.stat().st_size))
        path.unlink()


def leftovers_of(context: Context) -> list[tuple[str, int]]:
    """Files that nothing names."""
    return find_leftovers(context.layout.data, context.ledger.named_files() | context.shown_files())
