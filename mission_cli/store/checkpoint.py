"""Checkpoints that a kill cannot spoil: what one may write in place is kept in a journal beside the database until it is done.

See docs/decisions/0010-checkpoints-have-a-journal.md.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from mission_cli.store.files import naming, sync

# The driver alone makes checkpoints: one that DuckDB makes by itself, at a commit or a close, would have no journal.
ONLY_WHEN_ASKED = {"checkpoint_threshold": "1000TB", "auto_checkpoint_skip_wal_threshold": str(2**63 - 1)}
_LONG_LOG = 16_000_000  # bytes of what was committed since the last checkpoint, to be read again by whoever opens the database
_VACUUM_TASKS = 100  # of a checkpoint, as DuckDB has it by default
_LARGE_TABLE = 200_000  # rows; a smaller one is of a piece or two
_MANY_DELETED = 0.2  # of the rows of a table
_HEADER = 3 * 4096  # DuckDB's: blocks begin after it; the last write of a checkpoint changes it
_MAGIC = b"missionctl journal 1\n"


class Checkpoints:
    """Makes checkpoints of an open database.

    Its file is read here through one descriptor for as long as DuckDB has it open: closing any would drop DuckDB's lock on it.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path, descriptor: int) -> None:
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        self._connection, self._path, self._descriptor = connection, path, descriptor

    def after_commit(self) -> None:
        """Make a checkpoint when much was committed since the last one."""
        try:
            size = _beside(self._path, ".wal").stat().st_size
        except FileNotFoundError:
            return
        if size > _LONG_LOG:
            self.make()

    def make(self) -> None:
        """Write what was committed into the database's file, so that a kill at any place of it is made whole by `undone`."""
        journal = _journal(self._path)
        self._keep(journal)
        self._connection.execute(f"SET max_vacuum_tasks = {_VACUUM_TASKS if self._many_deleted() else 0}")
        self._connection.execute("CHECKPOINT")
        journal.unlink()

    def _many_deleted(self) -> bool:
        """Whether a large table has many rows that are deleted but still there. Writing their neighbours anew takes longer than
        all else of a checkpoint, so it is left until it is worth it."""
        large = "SELECT table_name, estimated_size FROM duckdb_tables() WHERE NOT temporary AND estimated_size > ?"
        for table, rows in self._connection.execute(large, [_LARGE_TABLE]).fetchall():
            ((there,),) = self._connection.execute(f'SELECT count(*) FROM "{table}"').fetchall()
            if rows - there > rows * _MANY_DELETED:
                return True
        return False

    def _keep(self, journal: Path) -> None:
        blocks = self._connection.execute("SELECT DISTINCT block_id FROM pragma_metadata_info() ORDER BY 1").fetchall()
        ((size,),) = self._connection.execute("SELECT block_size FROM pragma_database_size()").fetchall()
        offsets = [_HEADER + block * size for (block,) in blocks]
        parts = [(0, self._read(_HEADER, 0)), *((offset, self._read(size, offset)) for offset in offsets)]
        places = json.dumps([[offset, len(content)] for offset, content in parts]).encode() + b"\n"
        told = places + b"".join(content for _, content in parts)
        with naming(journal), journal.open("wb") as file:
            file.write(_MAGIC + hashlib.sha256(told).hexdigest().encode() + b"\n" + told)
            file.flush()
            os.fsync(file.fileno())
        sync(journal.parent)

    def _read(self, size: int, offset: int) -> bytes:
        with naming(self._path):
            return os.pread(self._descriptor, size, offset)


@contextmanager
def kept_open(path: Path) -> Iterator[int]:
    """A descriptor of the database's file, to be had before DuckDB opens it and until after DuckDB has closed it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def undone(path: Path) -> None:
    """Undo a checkpoint that was cut off, before the database at `path` is opened; nothing where there was none.

    One whose header is on the disk is done, and a journal that is not whole was cut off before its checkpoint began.
    """
    journal = _journal(path)
    with naming(journal):
        try:
            content = journal.read_bytes()
        except FileNotFoundError:
            return
    parts = _parts(content)
    if parts:
        with naming(path), path.open("r+b") as file:
            if file.read(_HEADER) == parts[0][1]:
                for offset, part in parts[1:]:
                    file.seek(offset)
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
    journal.unlink()


def _parts(content: bytes) -> list[tuple[int, bytes]]:
    """Offset and bytes of everything in a journal, the header first; nothing of one that is not whole."""
    digest, _, told = content.removeprefix(_MAGIC).partition(b"\n")
    if not content.startswith(_MAGIC) or hashlib.sha256(told).hexdigest().encode() != digest:
        return []
    places, _, rest = told.partition(b"\n")
    parts: list[tuple[int, bytes]] = []
    at = 0
    for offset, size in json.loads(places):
        parts.append((offset, rest[at : at + size]))
        at += size
    return parts


def _journal(path: Path) -> Path:
    return _beside(path, ".journal")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
