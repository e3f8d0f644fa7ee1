"""Files of one source → one table of text cells, every record with its batch and line.

Plain files go through DuckDB's reader in one sweep; a file with quotes, other line ends or uneven records goes through
the standard library's, which knows where each record begins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from mission_cli.formula.emit import identifier, text_literal
from mission_cli.model.project import Source
from mission_cli.staging.files import Content
from mission_cli.staging.records import UnreadableFile, header, records
from mission_cli.store.database import Database, exact_path

_TEXT_TABLES = "^staged_(cells|files)_[0-9]+$|^staged_careful$"


@dataclass(frozen=True, slots=True)
class Batch:
    """A file about to be loaded, under the number of its batch."""

    number: int
    name: str
    path: Path
    content: Content


@dataclass(frozen=True, slots=True)
class Misfit:
    """A record whose fields do not fit the header."""

    batch: int
    line: int
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Staged:
    """What became of the files: records per batch (misfits included), misfits, and files that cannot be read at all."""

    records: dict[int, int]
    misfits: list[Misfit]
    refused: dict[int, str]


def stage_text(database: Database, source: Source, batches: Sequence[Batch]) -> Staged:
    """Make the temporary view `staged_text`: `_batch`, `_line`, and each column of the source as text.

    `forget_text` drops it with what it reads.
    """
    staged = Staged({}, [], {})
    groups: dict[tuple[str, ...], list[Batch]] = defaultdict(list)
    careful: list[Batch] = []
    for batch in batches:
        try:
            found = header(batch.path, source.csv.delimiter)
            _check_header(source, found)
        except UnreadableFile as error:
            staged.refused[batch.number] = str(error)
            continue
        even = batch.content.delimiters == batch.content.lines * (len(found) - 1)
        distinct = len({name.lower() for name in found if name} - {"_path"}) == len(found)
        if batch.content.plain and even and distinct:
            groups[found].append(batch)
        else:
            careful.append(batch)
    parts = []
    for number, (found, group) in enumerate(groups.items()):
        if _stage_plain(database, source, found, group, number, staged):
            parts.append(_plain_part(source, number))
        else:
            careful += group
    names = ", ".join(f"{identifier(column.name)} VARCHAR" for column in source.columns)
    database.execute(f"CREATE OR REPLACE TEMP TABLE staged_careful (_batch INTEGER, _line BIGINT, {names})")
    for batch in careful:
        _stage_careful(database, source, batch, staged)
    parts.append("SELECT * FROM staged_careful")
    database.execute(f"CREATE OR REPLACE TEMP VIEW staged_text AS {' UNION ALL '.join(parts)}")
    return staged


def forget_text(database: Database) -> None:
    """Drop `staged_text` and all that it reads."""
    database.execute("DROP VIEW staged_text")
    names = database.rows(
        "SELECT table_name FROM duckdb_tables() WHERE temporary AND regexp_matches(table_name, ?)", [_TEXT_TABLES]
    )
    for (name,) in names:
        database.execute(f"DROP TABLE {identifier(name)}")


def _check_header(source: Source, found: tuple[str, ...]) -> None:
    repeated = sorted({name for name in found if found.count(name) > 1})
    if repeated:
        raise UnreadableFile(f"its header names {', '.join(repeated)} more than once")
    missing = [column.header for column in source.columns if column.header not in found]
    if missing:
        raise UnreadableFile(f"its header has no column {', '.join(missing)}; it has {', '.join(found)}")


def _stage_plain(
    database: Database, source: Source, found: tuple[str, ...], group: Sequence[Batch], number: int, staged: Staged
) -> bool:
    """Stage files with the same header; whether all of them are as plain as they looked."""
    paths = {str(batch.path): batch for batch in group}
    try:
        database.execute(_read_csv(source, found, number), [[exact_path(batch.path) for batch in group]])
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return False
    firsts = database.rows(f"SELECT _path, min(rowid), count(*) FROM staged_cells_{number} GROUP BY _path")
    counts = dict.fromkeys(paths, 0) | {path: count for path, _, count in firsts}
    if any(counts[path] != batch.content.lines - 1 for path, batch in paths.items()):
        return False
    staged.records.update({batch.number: counts[path] for path, batch in paths.items()})
    rows = [(path, paths[path].number, first) for path, first, _ in firsts]
    schema = {"_path": pl.String, "number": pl.Int32, "first": pl.Int64}
    database.replace_temporary(f"staged_files_{number}", pl.DataFrame(rows, schema=schema, orient="row"))
    return True


def _plain_part(source: Source, number: int) -> str:
    """Records of plain files are lines: the one after the header is the second."""
    cells = ", ".join(f"c.{identifier(column.header)} AS {identifier(column.name)}" for column in source.columns)
    return (
        f"SELECT f.number AS _batch, c.rowid - f.first + 2 AS _line, {cells}"
        f" FROM staged_cells_{number} AS c JOIN staged_files_{number} AS f USING (_path)"
    )


def _read_csv(source: Source, found: tuple[str, ...], number: int) -> str:
    used = ", ".join(identifier(column.header) for column in source.columns)
    shape = ", ".join(f"{text_literal(name)}: 'VARCHAR'" for name in found)
    nulls = ", ".join(map(text_literal, source.csv.null))
    return f"""CREATE OR REPLACE TEMP TABLE staged_cells_{number} AS SELECT _path, {used} FROM read_csv(
        ?, auto_detect = false, header = true, delim = {text_literal(source.csv.delimiter)}, quote = '', escape = '',
        columns = {{{shape}}}, filename = '_path', null_padding = false, strict_mode = true,
        hive_partitioning = false, nullstr = [{nulls}])"""


def _stage_careful(database: Database, source: Source, batch: Batch, staged: Staged) -> None:
    rows: list[tuple[int, int, *tuple[str | None, ...]]] = []
    misfits: list[Misfit] = []
    nulls = set(source.csv.null)
    try:
        stream = records(batch.path, source.csv.delimiter)
        names = [name.strip() for name in next(stream).fields]
        places = [names.index(column.header) for column in source.columns]
        for record in stream:
            if len(record.fields) != len(names):
                reason = f"has {len(record.fields)} fields where the header has {len(names)}"
                misfits.append(Misfit(batch.number, record.line, reason, record.raw))
                continue
            cells = (record.fields[place] for place in places)
            rows.append((batch.number, record.line, *(None if cell in nulls else cell for cell in cells)))
    except UnreadableFile as error:
        staged.refused[batch.number] = str(error)
        return
    staged.records[batch.number] = len(rows) + len(misfits)
    staged.misfits.extend(misfits)
    schema = {"_batch": pl.Int32, "_line": pl.Int64} | {column.name: pl.String for column in source.columns}
    database.insert_frame("staged_careful", pl.DataFrame(rows, schema=schema, orient="row"))
