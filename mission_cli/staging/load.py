"""New files of a source → accepted rows in the temporary table `staged`, rejects, and what each batch held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path

import pyarrow as pa

from mission_cli.formula.emit import identifier, over_orders, text_literal
from mission_cli.model.expression import Type
from mission_cli.model.formats import Format, kind_of
from mission_cli.model.project import CsvOptions, Project, Source
from mission_cli.staging.casts import complaint, typed
from mission_cli.staging.readers.portion import Portion, UnreadableFile
from mission_cli.staging.readers.read import jobs
from mission_cli.store.database import Database
from mission_cli.store.statements import columns, statement

STAGED, REJECTS = "staged", "staged_rejects"
KEPT_OF_A_REFUSED_FILE = 10_000  # rejects; what more there are shows when these are mended
_BYTES_AT_ONCE = 64 << 20
_FILES_AT_ONCE = 500
_REJECT = {
    "source": pa.string(),
    "batch": pa.int32(),
    "line": pa.int64(),
    "column_name": pa.string(),
    "reason": pa.string(),
    "raw": pa.string(),
}


@dataclass(frozen=True, slots=True)
class Batch:
    """A file about to be loaded, under the number of its batch. `digest` is of its bytes."""

    number: int
    name: str
    path: Path
    digest: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Loading:
    """What became of the batches: records and rejected records of each, and why some were refused."""

    records: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    rejected: dict[int, int] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Read:
    """What a job of a batch gave: a portion, or why the file cannot be read."""

    batch: Batch
    found: Portion | UnreadableFile


_Runner = Callable[[Iterable[Callable[[], _Read]]], Iterator[_Read]]


def stage(database: Database, project: Project, source: Source, batches: Sequence[Batch], run: _Runner) -> Loading:
    """Fill the temporary tables `staged`: `_batch`, `_line`, the typed columns, `_final`, `_day`; and `staged_rejects`.

    `run` does the jobs of reading and gives their results in order. Memory is bounded whatever the size of the files.
    """
    declared = ", ".join(f"{identifier(column.name)} {column.data_type.sql}" for column in source.columns)
    database.execute(statement("staged_tables", columns=declared))
    loading = Loading({batch.number: 0 for batch in batches})
    unnamed: dict[int, frozenset[str]] = {}
    taken: dict[int, int] = defaultdict(int)
    for reads in _together(run(_jobs(batches, source))):
        for read in reads:
            if isinstance(read.found, UnreadableFile):
                loading.refused.setdefault(read.batch.number, str(read.found))
            else:
                loading.records[read.batch.number] += read.found.records
                unnamed[read.batch.number] = unnamed.get(read.batch.number, read.found.unnamed) & read.found.unnamed
                taken[read.batch.number] += len(read.found.lines)
        _take(database, project, source, [(r.batch, r.found) for r in reads if isinstance(r.found, Portion)])
    loading.refused.update(_never_named({number: names for number, names in unnamed.items() if taken[number]}))
    leave_out(database, loading.refused)
    loading.records.update(dict.fromkeys(loading.refused, 0))
    loading.rejected.update(database.rows(f"SELECT batch, count(*) FROM {REJECTS} GROUP BY batch"))
    too_many = _too_many(source, loading)
    loading.refused.update(too_many)
    _keep_some_rejects(database, too_many)
    for column in ("_column", "_reason"):
        database.execute(f"ALTER TABLE {STAGED} DROP COLUMN {column}")
    return loading


def leave_out(database: Database, batches: Iterable[int]) -> None:
    """Take what was staged of some batches out again."""
    numbers = list(batches)
    if numbers:
        database.execute(f"DELETE FROM {STAGED} WHERE list_contains(?, _batch)", [numbers])
        database.execute(f"DELETE FROM {REJECTS} WHERE list_contains(?, batch)", [numbers])


def _keep_some_rejects(database: Database, batches: Iterable[int]) -> None:
    numbers = list(batches)
    if numbers:
        database.execute(f"DELETE FROM {STAGED} WHERE list_contains(?, _batch)", [numbers])
        ranked = f"SELECT rowid AS r FROM {REJECTS} QUALIFY row_number() OVER (PARTITION BY batch ORDER BY line) > ?"
        database.execute(
            f"DELETE FROM {REJECTS} WHERE list_contains(?, batch) AND rowid IN ({ranked})", [numbers, KEPT_OF_A_REFUSED_FILE]
        )


def _jobs(batches: Sequence[Batch], source: Source) -> Iterator[Callable[[], _Read]]:
    """The jobs of all files. A file that turns out to be unreadable gives a job that says so, and no more."""
    for batch in batches:
        try:
            for job in jobs(batch.path, source):
                yield partial(_done, batch, job)
        except UnreadableFile as error:
            yield partial(_Read, batch, error)


def _done(batch: Batch, job: Callable[[], Portion]) -> _Read:
    try:
        return _Read(batch, job())
    except UnreadableFile as error:
        return _Read(batch, error)


def _together(reads: Iterable[_Read]) -> Iterator[list[_Read]]:
    """Reads in groups that are cast at once: of one manner, and bounded in memory."""
    group: list[_Read] = []
    size = 0
    for read in reads:
        more = read.found.bytes if isinstance(read.found, Portion) else 0
        if group and (size + more > _BYTES_AT_ONCE or len(group) == _FILES_AT_ONCE or not _alike(group[-1].batch, read.batch)):
            yield group
            group, size = [], 0
        group.append(read)
        size += more
    if group:
        yield group


def _alike(one: Batch, other: Batch) -> bool:
    return one is other or _options_apply(one) == _options_apply(other)


def _options_apply(batch: Batch) -> bool:
    """Whether numbers and times are written as the source's `csv` options say; other formats have their own rules."""
    kind = kind_of(batch.name)
    return kind is None or kind.format is Format.CSV


def _take(database: Database, project: Project, source: Source, portions: Sequence[tuple[Batch, Portion]]) -> None:
    """Cast portions and put their records where they belong."""
    rejects: list[tuple[str, int, int, str | None, str, str]] = [
        (source.id, batch.number, misfit.line, misfit.column, misfit.reason, misfit.raw)
        for batch, portion in portions
        for misfit in portion.misfits
    ]
    filled = [(batch, portion) for batch, portion in portions if len(portion.lines)]
    if filled:
        options = source.csv if _options_apply(filled[0][0]) else CsvOptions()
        printable = all(portion.printable for _, portion in filled)
        with database.seeing("staged_text", _text_table(source, filled)), database.in_any_order():
            database.execute(_typed_statement(project, source, options, printable=printable))
        complaints = database.rows(f"SELECT _batch, _line, _column, _reason FROM {STAGED} WHERE _reason IS NOT NULL")
        if complaints:
            rejects += _with_raws(source, filled, complaints)
            database.execute(f"DELETE FROM {STAGED} WHERE _reason IS NOT NULL")
    if rejects:
        by_column = zip(zip(*rejects, strict=True), _REJECT.items(), strict=True)
        table = pa.table({name: pa.array(values, kind) for values, (name, kind) in by_column})
        with database.seeing("rejects_to_keep", table):
            database.execute(f"INSERT INTO {REJECTS} SELECT * FROM rejects_to_keep")


def _text_table(source: Source, portions: Sequence[tuple[Batch, Portion]]) -> pa.Table:
    """The cells of the portions, each column under its name with `text:` before it."""
    names = ["_batch", "_line", *(f"text:{column.name}" for column in source.columns)]
    return pa.concat_tables(
        pa.table([pa.repeat(pa.scalar(batch.number, pa.int32()), len(portion.lines)), portion.lines, *portion.cells], names=names)
        for batch, portion in portions
    )


def _with_raws(
    source: Source, portions: Sequence[tuple[Batch, Portion]], complaints: Sequence[tuple[int, int, str, str]]
) -> list[tuple[str, int, int, str | None, str, str]]:
    """The complaints with the text of their records."""
    if not complaints:
        return []
    by_place = {(number, line): (column, reason) for number, line, column, reason in complaints}
    found: list[tuple[str, int, int, str | None, str, str]] = []
    for batch, portion in portions:
        numbers = portion.lines.to_pylist()
        lines = [line for line in numbers if (batch.number, line) in by_place]
        found += [
            (source.id, batch.number, line, *by_place[batch.number, line], raw)
            for line, raw in zip(lines, portion.raws(lines), strict=True)
        ]
    return found


def _never_named(unnamed: dict[int, frozenset[str]]) -> dict[int, str]:
    """Files in which no record at all names some column: it is called otherwise there, or was left out."""
    return {
        number: f"no record names {', '.join(sorted(names))}; if it is always empty, write it as null"
        for number, names in unnamed.items()
        if names
    }


def _too_many(source: Source, loading: Loading) -> dict[int, str]:
    """Batches with a larger share of rejected records than the source bears."""
    return {
        number: f"{bad} of {loading.records[number]} records rejected, more than max_rejects"
        f" = {source.max_rejects.normalize():f} allows"
        for number, bad in loading.rejected.items()
        if Decimal(bad) > source.max_rejects * loading.records[number]
    }


def _typed_statement(project: Project, source: Source, options: CsvOptions, *, printable: bool) -> str:
    texts = {column.name: identifier(f"text:{column.name}") for column in source.columns}
    cells = [
        f"{text}, {typed(source.column(name), text, options, printable=printable)} AS {identifier(name)}"
        for name, text in texts.items()
    ]
    complaints = [complaint(column, texts[column.name], source, options) for column in source.columns]
    return statement(
        "stage_typed",
        typed=", ".join(cells),
        final=over_orders(source.final.tree) if source.final is not None else "TRUE",
        complaint=f"coalesce({', '.join(complaints)})",
        columns=columns(column.name for column in source.columns),
        time=identifier(source.time) if source.time else "TRUE",
        time_name=text_literal(source.column(source.time).header if source.time else ""),
        time_day=business_day(project, source, source.time),
        updated_day=business_day(project, source, source.updated),
    )


def business_day(project: Project, source: Source, name: str | None) -> str:
    """SQL for the business day of a column: a date is one already; a timestamp's is its local date, shifted; else none."""
    match source.column(name).data_type.type if name else None:
        case Type.DATE:
            return identifier(name or "")
        case Type.TIMESTAMP:
            local = f"timezone({text_literal(project.timezone)}, {identifier(name or '')})"
            return f"CAST({local} - INTERVAL {project.day_start} MINUTE AS DATE)"
        case _:
            return "CAST(NULL AS DATE)"
