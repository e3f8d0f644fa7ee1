"""Stage 2: every stale or missing day that an open window needs → its files, computed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from mission_cli.daily.partition import (
    PartitionTask,
    compute_partitions,
    partition_meaning,
    partition_metrics,
)
from mission_cli.model.calendar import DAY
from mission_cli.model.project import Project, Source
from mission_cli.orders.export import DayFiles, DayRecords, in_portions, publish_days, read_days
from mission_cli.stages.context import Context
from mission_cli.stages.parallel import in_order
from mission_cli.stages.rosters import KnownRosters
from mission_cli.store.files import Published, Publisher
from mission_cli.store.ledger import UNDATED, PartitionEntry
from mission_cli.windows.ranges import needed_days


def heal(context: Context, as_of_days: Sequence[date], rosters: KnownRosters) -> None:
    """Compute the stale days of all sources that the windows reported as of the given days need."""
    plan = days_to_compute(context, as_of_days, rosters)
    context.watch.begin("compute", sum(len(stale) for _, _, stale in plan))
    for job, entries in compute_days(context, plan):
        with context.database.transaction():
            context.obsolete += context.ledger.replace_partitions(entries)
        why = {day: reason for day, (_, reason) in job.stale.items() if day != UNDATED}
        context.report.computed.setdefault(job.source.id, {}).update(why)
        context.watch.advance(len(entries))


Plan = tuple[Source, str, dict[date, tuple[int, str]]]
"""A source, the fingerprint of its metrics, and days to compute: day → newest change and why."""


def days_to_compute(context: Context, as_of_days: Sequence[date], rosters: KnownRosters) -> list[Plan]:
    """The stale days of all sources that the windows reported as of the given days need.

    Their neighbours too, so that an explanation can show the orders that missed a window by a day.
    """
    needed = needed_days(context.project, as_of_days, rosters.own_windows)
    plan: list[Plan] = []
    for source in context.project.sources:
        meaning = partition_meaning(partition_metrics(context.project, source.id), context.project.timezone)
        windows = needed.get(source.id, set())
        wanted = windows | {day + side for day in windows for side in (-DAY, DAY)} | {UNDATED}
        stale = {day: why for day, why in context.ledger.stale_days(source.id, meaning).items() if day in wanted}
        plan.append((source, meaning, stale))
    return plan


def compute_days(context: Context, plan: Sequence[Plan]) -> Iterator[tuple[Job, list[PartitionEntry]]]:
    """Publish the files of the days; what to enter in the ledger comes back in portions, and is not entered here."""
    return in_order(_jobs(context, plan))


@dataclass(frozen=True, slots=True)
class Job:
    """Some stale days of one source: day → newest change and why; and their records, read already."""

    source: Source
    meaning: str
    stale: dict[date, tuple[int, str]]
    records: DayRecords


def _jobs(context: Context, plan: Sequence[Plan]) -> Iterator[Callable[[], _Computed]]:
    """A job per portion of days; its records are read here, where the database may be used."""
    for source, meaning, stale in plan:
        for portion in in_portions(context.database, source, list(stale)) if stale else ():
            records = read_days(context.database, source, portion)
            yield partial(
                _compute,
                context.project,
                context.layout.data,
                context.today,
                Job(source, meaning, {d: stale[d] for d in portion}, records),
            )


_Computed = tuple[Job, list[PartitionEntry]]


def _compute(project: Project, data: Path, today: date, job: Job) -> _Computed:
    """Publish the orders and left-out records of the days, then the partitions from them."""
    publisher = Publisher(data)
    files = publish_days(publisher, job.source, list(job.stale), job.records)
    publisher.settle()
    partitions = compute_partitions(_task(project, data, today, job.source, files))
    return job, [
        _entry(job.source.id, day, change, job.meaning, files[day], partitions.get(day)) for day, (change, _) in job.stale.items()
    ]


def _task(project: Project, data: Path, today: date, source: Source, files: dict[date, DayFiles]) -> PartitionTask:
    return PartitionTask(
        data=data,
        source=source.id,
        supplier=source.supplier,
        time=source.time,
        key=source.key,
        timezone=project.timezone,
        metrics=partition_metrics(project, source.id),
        orders=tuple((day, found.orders.name) for day, found in files.items() if found.orders is not None),
        today=today,
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
