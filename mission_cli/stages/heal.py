"""Stage 2: every stale or missing day that an open window needs → its files, computed again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from mission_cli.daily.partition import (
    PartitionTask,
    compute_partitions,
    partition_meaning,
    partition_metrics,
)
from mission_cli.model.project import Source
from mission_cli.orders.export import DayFiles, export_days, in_portions
from mission_cli.stages.context import Context
from mission_cli.store.files import Published
from mission_cli.store.ledger import UNDATED, PartitionEntry
from mission_cli.windows.ranges import needed_days


def heal(context: Context, as_of_days: Sequence[date]) -> None:
    """Compute the stale days of all sources that the windows reported as of the given days need."""
    needed = needed_days(context.project, as_of_days)
    plan = []
    for source in context.project.sources:
        meaning = partition_meaning(partition_metrics(context.project, source.id), context.project.timezone)
        wanted = needed.get(source.id, set()) | {UNDATED}
        stale = {day: why for day, why in context.ledger.stale_days(source.id, meaning).items() if day in wanted}
        plan.append((source, meaning, stale))
    context.watch.begin("compute", sum(len(stale) for _, _, stale in plan))
    for source, meaning, stale in plan:
        for portion in in_portions(context.database, source, list(stale)) if stale else ():
            _compute(context, source, meaning, {day: stale[day] for day in portion})
            context.watch.advance(len(portion))


def _compute(context: Context, source: Source, meaning: str, stale: dict[date, tuple[int, str]]) -> None:
    """The files of some days of one source: orders and left-out records first, then the partitions from them."""
    files = export_days(context.database, context.publisher, source, list(stale))
    context.publisher.settle()
    partitions = compute_partitions(_task(context, source, files))
    entries = [_entry(source.id, day, change, meaning, files[day], partitions.get(day)) for day, (change, _) in stale.items()]
    with context.database.transaction():
        context.obsolete += context.ledger.replace_partitions(entries)
    why = {day: reason for day, (_, reason) in stale.items() if day != UNDATED}
    context.report.computed.setdefault(source.id, {}).update(why)


def _task(context: Context, source: Source, files: dict[date, DayFiles]) -> PartitionTask:
    return PartitionTask(
        data=context.layout.data,
        source=source.id,
        supplier=source.supplier,
        time=source.time,
        key=source.key,
        timezone=context.project.timezone,
        metrics=partition_metrics(context.project, source.id),
        orders=tuple((day, found.orders.name) for day, found in files.items() if found.orders is not None),
    )


def _entry(source: str, day: date, change: int, meaning: str, files: DayFiles, partition: Published | None) -> PartitionEntry:
    return PartitionEntry(
        source,
        day,
        change,
        meaning,
        files.orders.name if files.orders else None,
        files.left_out.name if files.left_out else None,
        partition.name if partition else None,
        partition.digest if partition else None,
        partition.rows if partition else 0,
    )
