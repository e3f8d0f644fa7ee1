"""Stage 2: every stale or missing day that an open window needs → its files, computed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from types import MappingProxyType

from mission_cli.daily.partition import (
    PartitionTask,
    compute_partitions,
    partition_meanings,
    partition_metrics,
)
from mission_cli.model.calendar import DAY
from mission_cli.model.metrics import DailyMetric, Method
from mission_cli.model.project import Project, Source
from mission_cli.orders.export import DayFiles, DayRecords, Days, in_portions, publish_days, read_days, write_day
from mission_cli.stages.context import Context
from mission_cli.stages.fingerprints import Needs, rebase
from mission_cli.stages.parallel import in_order
from mission_cli.stages.rosters import KnownRosters
from mission_cli.store.entries import METRICS_CHANGED, UNDATED, PartitionEntry
from mission_cli.store.files import Published, Publisher
from mission_cli.windows.ranges import needed_days


def heal(
    context: Context, as_of_days: Sequence[date], rosters: KnownRosters, decided: Mapping[str, set[date]] | None = None
) -> None:
    """Compute the stale days of all sources that the windows reported as of the given days need, and `decided`, source → days."""
    plan = days_to_compute(context, as_of_days, rosters, decided)
    context.watch.begin("compute", sum(len(part.stale) for part in plan))
    needs = Needs(context, rosters)
    for job, entries in compute_days(context, plan):
        with context.database.transaction():
            before = _for_metrics_alone(context, job)
            context.obsolete += context.ledger.replace_partitions(entries)
            if before:
                rebase(context, job.source.id, before, needs)
        why = {day: reason for day, (_, reason) in job.stale.items() if day != UNDATED}
        context.report.computed.setdefault(job.source.id, {}).update(why)
        context.watch.advance(len(entries))


def _for_metrics_alone(context: Context, job: Job) -> dict[date, str | None]:
    """The days whose partitions are computed again only because metrics changed, in a project whose windows keep their rules,
    and the digests of these."""
    days = [day for day, (_, why) in job.stale.items() if why == METRICS_CHANGED and context.today_rules.keeps]
    known = context.ledger.partition_digests().get(job.source.id, {}) if days else {}
    return {day: known.get(day) for day in days}


@dataclass(frozen=True, slots=True)
class Plan:
    """Days of a source to compute that hold the same metrics, and the fingerprint of these. `stale`: day → newest change, why;
    `known`: what there is of these days and may be used again where it stands."""

    source: Source
    metrics: tuple[DailyMetric, ...]
    meaning: str
    stale: dict[date, tuple[int, str]]
    known: Mapping[date, PartitionEntry]


def plans_of(
    project: Project,
    source: Source,
    stale: Mapping[date, tuple[int, str]],
    known: Mapping[date, PartitionEntry] = MappingProxyType({}),
) -> list[Plan]:
    """The days in plans; those that hold the same metrics together."""
    meanings = partition_meanings(project, source.id)
    by_meaning: dict[str, dict[date, tuple[int, str]]] = {}
    for day, why in stale.items():
        by_meaning.setdefault(meanings.of(day), {})[day] = why
    return [Plan(source, partition_metrics(project, source.id, min(part)), m, part, known) for m, part in by_meaning.items()]


def days_to_compute(
    context: Context, as_of_days: Sequence[date], rosters: KnownRosters, decided: Mapping[str, set[date]] | None = None
) -> list[Plan]:
    """The stale days of all sources that the windows reported as of the given days need, and those `decided`.

    The neighbours of the windows too, so that an explanation can show the orders that missed a window by a day.
    """
    needed = needed_days(context.project, as_of_days, rosters.own_windows)
    known = context.ledger.partitions()
    plan: list[Plan] = []
    for source in context.project.sources:
        windows = needed.get(source.id, set())
        wanted = windows | {day + side for day in windows for side in (-DAY, DAY)} | {UNDATED}
        wanted |= (decided or {}).get(source.id, set())
        stale = context.ledger.stale_days(source.id, partition_meanings(context.project, source.id))
        plan += plans_of(
            context.project, source, {day: why for day, why in stale.items() if day in wanted}, known.get(source.id, {})
        )
    return plan


def compute_days(context: Context, plan: Sequence[Plan]) -> Iterator[tuple[Job, list[PartitionEntry]]]:
    """Publish the files of the days; what to enter in the ledger comes back in portions, and is not entered here."""
    return in_order(_jobs(context, plan))


@dataclass(frozen=True, slots=True)
class Job:
    """Some stale days of one source: day → newest change and why; and their records, read already, but for those of days whose
    files of records stand."""

    plan: Plan
    stale: dict[date, tuple[int, str]]
    records: DayRecords

    @property
    def source(self) -> Source:
        """Whose days they are."""
        return self.plan.source

    def standing_files(self) -> dict[date, DayFiles]:
        """The days whose records were not read again, and their files."""
        found = {day: self.plan.known.get(day) for day in self.stale if day not in self.records.days}
        return {day: DayFiles(entry.orders_file, entry.left_out_file) for day, entry in found.items() if entry is not None}

    def standing_partitions(self, data: Path, files: Mapping[date, DayFiles]) -> dict[date, PartitionEntry]:
        """The partitions that are the same as before, as only records that no metric sees were others. Metabase is asked anew."""
        if any(metric.method is Method.METABASE for metric in self.plan.metrics):
            return {}
        found = {day: self.plan.known.get(day) for day in self.stale}
        return {
            day: entry
            for day, entry in found.items()
            if entry is not None
            and entry.meaning == self.plan.meaning
            and entry.orders_file == files[day].orders
            and (entry.file is None or (data / entry.file).exists())
        }


def _jobs(context: Context, plan: Sequence[Plan]) -> Iterator[Callable[[], _Computed]]:
    """A job per portion of days; its records are read here, where the database may be used."""
    for part in plan:
        for portion in in_portions(context.database, part.source, list(part.stale)) if part.stale else ():
            job = Job(part, {day: part.stale[day] for day in portion.days}, _records(context, part, portion))
            yield partial(_compute, context.project, context.layout.data, context.today, job)


def _records(context: Context, plan: Plan, portion: Days) -> DayRecords:
    """The records of the days, but of those whose files of them stand."""
    days = [day for day in portion.days if not _has_files(context, plan, day)]
    if days and portion.too_large:
        return write_day(context.database, Publisher(context.layout.data), plan.source, *days)
    return read_days(context.database, plan.source, days)


def _has_files(context: Context, plan: Plan, day: date) -> bool:
    """Whether the files of the day's records stand, and are there."""
    entry = plan.known.get(day)
    if entry is None or plan.stale[day][1] != METRICS_CHANGED:
        return False
    return all((context.layout.data / name).exists() for name in (entry.orders_file, entry.left_out_file) if name is not None)


_Computed = tuple[Job, list[PartitionEntry]]


def _compute(project: Project, data: Path, today: date, job: Job) -> _Computed:
    """Publish the orders and left-out records of the days, then the partitions from them."""
    publisher = Publisher(data)
    files = job.standing_files() | publish_days(publisher, job.source, job.records)
    publisher.settle()
    standing = job.standing_partitions(data, files)
    changed = {day: found for day, found in files.items() if day not in standing}
    partitions = compute_partitions(_task(project, data, today, job.plan, changed))
    return job, [
        replace(standing[day], change=change, left_out_file=files[day].left_out)
        if day in standing
        else _entry(job.source.id, day, change, job.plan.meaning, files[day], partitions.get(day))
        for day, (change, _) in job.stale.items()
    ]


def _task(project: Project, data: Path, today: date, plan: Plan, files: dict[date, DayFiles]) -> PartitionTask:
    source = plan.source
    return PartitionTask(
        data=data,
        source=source.id,
        supplier=source.supplier,
        time=source.time,
        key=source.key,
        timezone=project.timezone,
        metrics=plan.metrics,
        orders=tuple((day, found.orders) for day, found in files.items() if found.orders is not None),
        today=today,
    )


def _entry(source: str, day: date, change: int, meaning: str, files: DayFiles, partition: Published | None) -> PartitionEntry:
    return PartitionEntry(
        source,
        day,
        change,
        meaning,
        files.orders,
        files.left_out,
        partition.name if partition else None,
        partition.digest if partition else None,
        partition.rows if partition else 0,
    )
