"""Stage 1: new export files → orders, duplicates, rejects; and the days that they changed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mission_cli.model.errors import StorageError, UsageError
from mission_cli.model.project import Source
from mission_cli.orders.merge import Merged, drop_tables, make_tables, merge
from mission_cli.stages.context import Context
from mission_cli.stages.logs import keep_duplicates, keep_rejects
from mission_cli.stages.parallel import in_order
from mission_cli.staging.files import ExportFile, Seen, Stamp, look, misnamed, settled
from mission_cli.staging.load import Batch, Loading, leave_out, stage
from mission_cli.staging.meaning import roster_names, source_meaning
from mission_cli.staging.readers.archives import carries_checksum
from mission_cli.store.entries import BatchEntry

_BYTES_AT_ONCE = 256 << 20


def load_sources(context: Context) -> None:
    """Load every file that is new, source by source, in the order of file names."""
    project, ledger = context.project, context.ledger
    plans = [plan_source(context, source) for source in project.sources]
    context.watch.begin("load", sum(len(plan.todo) for plan in plans))
    for plan in plans:
        _load_source(context, plan)
        remember(context, plan.source.id, plan.files)
    with context.database.transaction():
        ledger.forget_unused([*(source.id for source in project.sources), *roster_names(project)])
    context.report.refused += ledger.refused_files()
    for plan in plans:
        context.report.refused += [(name, "we may not read it; change its permissions") for name in plan.forbidden]
        context.report.refused += [(name, "its name is not UTF-8; rename it") for name in misnamed(project.root, plan.source)]


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """The files of a source as they are, and those to load, each content once.

    `again`: all is loaded again, in the old order, because the source is defined differently now. `forbidden`: files that we
    may not read.
    """

    source: Source
    files: list[ExportFile]
    todo: list[ExportFile]
    again: bool
    forbidden: list[str]


def plan_source(context: Context, source: Source) -> SourcePlan:
    """What is to be loaded of a source. Raises UsageError when all of it must be loaded again and some of it is gone."""
    ledger = context.ledger
    seen = look_at(context, source)
    files = seen.files
    if not (files or seen.unfinished or seen.forbidden):
        context.watch.note(f"{source.id}: no file matches {', '.join(source.files)}; nothing new is loaded from it")
    _tell_unfinished(context, seen.unfinished)
    before, now = ledger.source_meaning(source.id), _meaning(context, source)
    loaded = ledger.batch_files(source.id)
    again = before is not None and before.split("/")[0] != now.split("/")[0]
    if again:
        _all_there(source, loaded, files)
    known = set() if again else set(loaded) | (set(ledger.refused_digests(source.id)) if before == now else set())
    todo: dict[str, ExportFile] = {}
    for file in files:
        if file.stamp.digest not in known:
            todo.setdefault(file.stamp.digest, file)
    arrival = {digest: number for number, digest in enumerate(loaded)}
    ordered = sorted(todo.values(), key=lambda file: arrival.get(file.stamp.digest, len(arrival)))
    return SourcePlan(source, files, ordered, again, seen.forbidden)


def _tell_unfinished(context: Context, names: Sequence[str]) -> None:
    if names:
        context.watch.note(f"still being written, left for the next run: {', '.join(names)}")


def _meaning(context: Context, source: Source) -> str:
    """What the source's records are read by, and after a slash the bound for which refused files were refused."""
    return f"{source_meaning(context.project, source)}/{source.max_rejects.normalize():f}"


def look_at(context: Context, source: Source) -> Seen:
    """The files of a source as they are."""
    seen = {name: Stamp(*stamp) for name, stamp in context.ledger.seen_files(source.id).items()}
    return look(context.project.root, source, seen)


def _all_there(source: Source, loaded: dict[str, str], files: Sequence[ExportFile]) -> None:
    """A changed source is loaded again from its files: refuse when one of them is gone, before anything is forgotten."""
    there = {file.stamp.digest for file in files}
    gone = sorted(name for digest, name in loaded.items() if digest not in there)
    if gone:
        more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
        raise UsageError(
            f"metrics.toml: sources.{source.id}: its definition changed, so its files must be loaded again, but"
            f" {', '.join(gone[:3])}{more} changed or went away since; put them back, or undo the change"
        )


def _load_source(context: Context, plan: SourcePlan) -> None:
    source, ledger = plan.source, context.ledger
    if plan.again:
        context.watch.note(f"{source.id}: its definition changed, so all of its files are loaded again")
        _load_again(context, plan)
        return
    with context.database.transaction():
        make_tables(context.database, source)
        if ledger.source_meaning(source.id) != _meaning(context, source):
            ledger.forget_refused(source.id)
            ledger.set_source_meaning(source.id, _meaning(context, source))
    for group in _groups(plan.todo):
        with context.database.transaction():
            entries = _load_group(context, source, group)
        count(context, entries)
        context.watch.advance(len(group))


def _load_again(context: Context, plan: SourcePlan) -> None:
    """Load all files of a source that is defined differently now. Raises UsageError, changing nothing, when one that was
    loaded before would be refused now: its orders would be lost."""
    source, ledger, database = plan.source, context.ledger, context.database
    loaded = ledger.batch_files(source.id)
    entries: list[BatchEntry] = []
    obsolete: list[str] = []
    with database.transaction():
        obsolete += ledger.forget_source(source.id)
        drop_tables(database, source.id)
        make_tables(database, source)
        ledger.set_source_meaning(source.id, _meaning(context, source))
        for group in _groups(plan.todo):
            entries += _load_group(context, source, group)
            _refuse_loss(source, loaded, entries, group)
            context.watch.advance(len(group))
    context.obsolete += obsolete
    count(context, entries)


def _refuse_loss(source: Source, loaded: Mapping[str, str], entries: Sequence[BatchEntry], group: Sequence[ExportFile]) -> None:
    """Refuse to go on when a file of the group whose orders were there is not loaded now."""
    came = {entry.digest for entry in entries if entry.status == "loaded"}
    reasons = {entry.digest: f"would now be refused: {entry.reason}" for entry in entries}
    lost = [file for file in group if file.stamp.digest in loaded and file.stamp.digest not in came]
    if lost:
        reason = reasons.get(lost[0].stamp.digest, "is being written just now")
        raise UsageError(
            f"metrics.toml: sources.{source.id}: its definition changed, so its files must be loaded again, but"
            f" {lost[0].name} {reason}; undo the change, or have the file exported again"
        )


def _groups(files: Sequence[ExportFile]) -> Iterator[list[ExportFile]]:
    """Files that are loaded in one transaction, bounded by their size."""
    group: list[ExportFile] = []
    size = 0
    for file in files:
        if group and size + file.stamp.bytes > _BYTES_AT_ONCE:
            yield group
            group, size = [], 0
        group.append(file)
        size += file.stamp.bytes
    if group:
        yield group


def _load_group(context: Context, source: Source, files: Sequence[ExportFile]) -> list[BatchEntry]:
    """Load files in the caller's transaction, but for those that changed meanwhile."""
    batches = batches_of(context, files)
    loading = stage(context.database, context.project, source, batches, in_order)
    changed = {file.name for file in files if not file.unchanged()}
    _tell_unfinished(context, sorted(changed))
    leave_out(context.database, [batch.number for batch in batches if batch.name in changed])
    batches = [batch for batch in batches if batch.name not in changed]
    for batch in batches:
        if batch.number not in loading.refused and not carries_checksum(batch.path):
            context.watch.note(
                f"{batch.name}: packed without a checksum, so damage inside it may go unnoticed (use zstd --check)"
            )
    return _enter(context, source, batches, loading) if batches else []


def _enter(context: Context, source: Source, batches: Sequence[Batch], loading: Loading) -> list[BatchEntry]:
    """Merge what was staged and enter it in the ledger, in the caller's transaction."""
    merged = merge(context.database, source)
    entries = [entry_of(context, source, batch, loading, merged) for batch in batches]
    context.ledger.add_batches(entries)
    keep_rejects(context, source)
    keep_duplicates(context, source)
    context.ledger.mark_changed(source.id, merged.days, batches[-1].number)
    return entries


def batches_of(context: Context, files: Sequence[ExportFile]) -> list[Batch]:
    first = context.ledger.next_batch()
    return [Batch(first + index, file.name, file.path, file.stamp.digest, file.stamp.bytes) for index, file in enumerate(files)]


def entry_of(context: Context, source: Source, batch: Batch, loading: Loading, merged: Merged) -> BatchEntry:
    """The ledger's line on a batch. Raises StorageError when its records do not add up, so that nothing is committed."""
    reason = loading.refused.get(batch.number)
    records = loading.records.get(batch.number, 0)
    rejected = loading.rejected.get(batch.number, 0)
    did = merged.counts.get(batch.number, {})
    counts = {word: did.get(word, 0) for word in ("new", "updated", "duplicate", "superseded")}
    if reason is None and records != sum(counts.values()) + rejected:
        accounted = sum(counts.values()) + rejected
        raise StorageError(f"{batch.name}: {records} records, but {accounted} accounted for; nothing was loaded")
    return BatchEntry(
        batch=batch.number,
        source=source.id,
        file=batch.name,
        digest=batch.digest,
        bytes=batch.bytes,
        status="loaded" if reason is None else "refused",
        reason=reason,
        records=records,
        **counts,
        rejected=rejected,
        run=context.run,
    )


def count(context: Context, entries: Sequence[BatchEntry]) -> None:
    report = context.report
    for entry in entries:
        if entry.status == "refused":
            continue
        report.batches += 1
        for word in report.counts:
            report.counts[word] += getattr(entry, word)
        if entry.rejected:
            report.rejects.append((entry.file, entry.rejected))


def remember(context: Context, source: str, files: Sequence[ExportFile]) -> None:
    """Keep the stamps of files whose next change is sure to show in them."""
    now = time.time_ns()
    stamps = {f.name: (f.stamp.bytes, f.stamp.modified_ns if settled(f.stamp, now) else -1, f.stamp.digest) for f in files}
    if stamps != context.ledger.seen_files(source):
        with context.database.transaction():
            context.ledger.remember_files(source, stamps)
