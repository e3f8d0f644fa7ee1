"""Published files: written under a temporary name, synced, renamed into place, their folder synced.

A name carries the digest of its content, so a file is never changed once it has its name, and the same content has
the same name. What the ledger does not name does not exist, and is swept.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.model.errors import StorageError

if TYPE_CHECKING:
    import polars as pl
    import pyarrow.parquet as pq

PENDING = ".pending"
MOST_ROWS = 1_000_000  # of a file that is written as one frame; readers take both kinds
_GROUP_ROWS = 1 << 18  # of a row group, as Polars has it


@dataclass(frozen=True, slots=True)
class Published:
    """A file in place. `name` is relative to data/; `digest` is of its bytes; `rows` what it holds."""

    name: str
    digest: str
    rows: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A frame to be published as `folder`/`stem`-<digest>.parquet."""

    folder: str
    stem: str
    frame: pl.DataFrame


class Growing:
    """A file to be published whose rows come in parts. Beyond MOST_ROWS they are not kept until the end, but go into the
    temporary file by row groups. So its bytes are a function of the rows and their order alone, and not of the parts."""

    def __init__(self, folder: str, stem: str, temporary: Path) -> None:
        self.folder, self.stem, self.temporary = folder, stem, temporary
        self.rows = 0
        self._parts: list[pl.DataFrame] = []
        self._waiting = 0
        self._writer: pq.ParquetWriter | None = None

    def add(self, part: pl.DataFrame) -> None:
        """Append rows; the first part tells the columns, and may be empty."""
        self._parts.append(part)
        self._waiting += part.height
        self.rows += part.height
        if self._waiting > (_GROUP_ROWS if self._writer is not None else MOST_ROWS):
            self._write_groups()

    def end(self) -> None:
        """Complete the temporary file."""
        rest = self._together()
        self._parts.clear()
        if self._writer is None:
            self.temporary.parent.mkdir(parents=True, exist_ok=True)
            _write_parquet(rest, self.temporary)
            return
        with naming(self.temporary):
            if not rest.is_empty():
                self._write_group(rest)
            self._writer.close()

    def _together(self) -> pl.DataFrame:
        import polars as pl

        return pl.concat(self._parts, rechunk=True)

    def _write_groups(self) -> None:
        """Write what is waiting, but for the rest that does not fill a group."""
        rows = self._together()
        whole = rows.height - rows.height % _GROUP_ROWS
        with naming(self.temporary):
            for first in range(0, whole, _GROUP_ROWS):
                self._write_group(rows.slice(first, _GROUP_ROWS))
        self._parts = [rows.slice(whole)]
        self._waiting = rows.height - whole

    def _write_group(self, rows: pl.DataFrame) -> None:
        import pyarrow.parquet as pq

        table = rows.to_arrow().combine_chunks()  # where pages end must not depend on chunks
        if self._writer is None:
            self.temporary.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self.temporary, table.schema, compression="zstd")
        self._writer.write_table(table, row_group_size=_GROUP_ROWS)


class Publisher:
    """Writes Parquet files below data/ in two steps: `write` any number, then `settle` makes them durable under their names."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._waiting: dict[str, Path] = {}

    def write(self, drafts: Sequence[Draft]) -> list[Published]:
        """Write each frame to a temporary file in its folder, several at a time. Not yet in place: see `settle`."""
        return self.finish([self._begun(draft) for draft in drafts])

    def begin(self, folder: str, stem: str) -> Growing:
        """A file to be published as `folder`/`stem`-<digest>.parquet whose rows come in parts; `finish` it after the last."""
        return Growing(folder, stem, self._data / folder / f"{stem}{PENDING}")

    def finish(self, files: Sequence[Growing]) -> list[Published]:
        """Complete their temporary files, several at a time."""
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            return list(pool.map(self._finish, files))

    def _begun(self, draft: Draft) -> Growing:
        file = self.begin(draft.folder, draft.stem)
        file.add(draft.frame)
        return file

    def _finish(self, file: Growing) -> Published:
        file.end()
        digest = digest_of(file.temporary)
        name = f"{file.folder}/{file.stem}-{digest[:16]}.parquet"
        there = self._data / name
        if there.exists() and digest_of(there) == digest:  # else it was damaged, and is made whole
            file.temporary.unlink()
        else:
            self._waiting[name] = file.temporary
        return Published(name, digest, file.rows)

    def settle(self) -> None:
        """Sync and rename everything written, then sync the folders, deepest first."""
        folders: set[Path] = set()
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            list(pool.map(sync, self._waiting.values()))
            for name, temporary in self._waiting.items():
                target = self._data / name
                temporary.replace(target)
                folders.update(p for p in target.parents if p == self._data or self._data in p.parents)
            for depth in sorted({len(path.parts) for path in folders}, reverse=True):
                list(pool.map(sync, [path for path in folders if len(path.parts) == depth]))
        self._waiting.clear()


def _write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """With the least and greatest values of row groups where there are several, of which readers can pass over some."""
    from polars.exceptions import PolarsError

    try:
        with naming(path):
            frame.write_parquet(path, compression="zstd", statistics=frame.height > _GROUP_ROWS)
    except PolarsError as error:  # of a full disk, too; it does not say which file
        raise StorageError(f"{path} cannot be written: {error}") from error


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """In the block, errors of the operating system name the file; those of an open file do not by themselves."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def sync(path: Path) -> None:
    """Make the file's content, or the folder's entries, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with naming(path):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest_of(path: Path) -> str:
    """SHA-256 of the file's bytes."""
    with naming(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def replace_text(path: Path, text: str) -> None:
    """Replace a small file as a whole, durably."""
    temporary = path.with_name(path.name + PENDING)
    with naming(temporary), temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync(path.parent)


def unnamed(data: Path, folders: Iterable[str], named: set[str]) -> list[str]:
    """What `sweep` would remove, relative to `data`, in order."""
    found = (path for top in folders for path in (data / top).rglob("*") if path.is_file() or path.is_symlink())
    return sorted(name for path in found if (name := path.relative_to(data).as_posix()) not in named)


def sweep(data: Path, folders: Iterable[str], named: set[str]) -> list[tuple[str, int]]:
    """Remove every file below `folders` that is not `named`, and folders left empty; returns what went, with its bytes."""
    removed: list[tuple[str, int]] = []
    for top in folders:
        for parent, subfolders, files in os.walk(data / top, topdown=False):
            for file in files:
                path = Path(parent) / file
                name = path.relative_to(data).as_posix()
                if name not in named:
                    removed.append((name, path.lstat().st_size))
                    path.unlink()
            if not any(Path(parent, sub).exists() for sub in subfolders) and not any(Path(parent).iterdir()):
                Path(parent).rmdir()
    return removed
