"""The deep audit: partitions from the orders, and results from the partitions, computed again and compared by digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from mission_cli.daily.partition import partition_meanings, partition_metrics
from mission_cli.model.metrics import Method
from mission_cli.model.project import Source
from mission_cli.stages.audit.findings import Again, Audit
from mission_cli.stages.context import Context
from mission_cli.stages.heal import Plan, compute_days, plans_of
from mission_cli.stages.rosters import KnownRosters
from mission_cli.stages.standing import compute_again, standing_days
from mission_cli.store.entries import PartitionEntry
from mission_cli.store.layout import Layout, metabase_file


def check_again(audit: Audit, context: Context, damaged: set[str]) -> None:
    """Compute again what would be the same, below data/tmp, and compare. Files that are damaged are told already."""
    audit.again = Again()
    place = Layout(context.layout.scratch / "again")
    place.data.mkdir(parents=True)
    kept = context.layout.data / "metabase"
    if kept.exists():
        (place.data / "metabase").symlink_to(kept.resolve())
    _check_days(audit, audit.again, replace(context, layout=place))
    rosters = KnownRosters.of(context)
    if any(name.startswith(("metrics/", "rosters/", "rules/")) for name in damaged):
        audit.notes.append("results were not computed again, because partitions, rosters or kept rules are damaged")
    else:
        _check_results(audit, audit.again, context, rosters, place.data)


def _check_days(audit: Audit, again: Again, context: Context) -> None:
    known = context.ledger.partitions()
    plans = [p for source in context.project.sources for p in _plans(context, again, source, known.get(source.id, {}))]
    context.watch.begin("recompute", sum(len(part.stale) for part in plans))
    for job, entries in compute_days(context, plans):
        for entry in entries:
            again.days += 1
            _compare(audit, known[job.source.id][entry.day], entry)
            _forget(context.layout.data, (entry.orders_file, entry.left_out_file, entry.file))
        context.watch.advance(len(entries))


def _plans(context: Context, again: Again, source: Source, known: Mapping[date, PartitionEntry]) -> list[Plan]:
    """The days of a source that would be the same: not those that wait to be computed, nor those that need Metabase again."""
    stale = context.ledger.stale_days(source.id, partition_meanings(context.project, source.id))
    again.stale += sum(day in known for day in stale)
    fresh = [day for day in known if day not in stale]
    wanted = {day: (known[day].change, "") for day in sorted(fresh) if _all_kept(context, source, known[day])}
    again.unkept += len(fresh) - len(wanted)
    return plans_of(context.project, source, wanted)


def _all_kept(context: Context, source: Source, entry: PartitionEntry) -> bool:
    cards = [m.card for m in partition_metrics(context.project, source.id, entry.day) if m.method is Method.METABASE]
    return entry.orders_file is None or all((context.layout.data / metabase_file(card, entry.day)).exists() for card in cards)


def _compare(audit: Audit, known: PartitionEntry, made: PartitionEntry) -> None:
    for was, now, what in (
        (known.orders_file, made.orders_file, "final orders"),
        (known.left_out_file, made.left_out_file, "records that were left out"),
        (known.file, made.file, "metrics"),
    ):
        if was != now:
            file = was if was is not None else now
            audit.damaged(f"data/{file}", f"the {what} of {known.source} {known.day}, computed again from the orders, are others")


def _check_results(audit: Audit, again: Again, context: Context, rosters: KnownRosters, data: Path) -> None:
    standing = standing_days(context, rosters)
    again.changed, again.by_earlier_rules = len(standing.changed), len(standing.by_earlier_rules)
    known = context.ledger.evaluations.files()
    context.watch.begin("reevaluate", len(standing.stand))
    for outcome in compute_again(context, standing.stand, rosters, data):
        for day, made in outcome.published.items():
            again.results += 1
            if made.name != known[day]:
                audit.damaged(f"data/{known[day]}", f"the results as of {day}, made again from the partitions, are others")
        _forget(data, {made.name for made in outcome.published.values()})
        context.watch.advance(len(outcome.published))


def _forget(data: Path, names: Iterable[str | None]) -> None:
    """Make room for the next portion."""
    for name in names:
        if name is not None:
            (data / name).unlink(missing_ok=True)
