"""Which export files are new: found by the source's patterns, known by their content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mission_cli.model.errors import StorageError
from mission_cli.model.problems import Problem
from mission_cli.model.project import Project, Source

UNFINISHED = (".part", ".tmp")
_SETTLED_NS = 2_000_000_000  # a file touched later than this before we looked may change again within its time stamp
_CHUNK = 1 << 22
_CONTROL = bytes([*range(9), 11, 12, *range(14, 32), 127])  # all but tab, line feed and carriage return


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells cheaply that a file is the one we hashed."""

    bytes: int
    modified_ns: int
    digest: str


@dataclass(frozen=True, slots=True)
class Content:
    """What one pass over a file's bytes shows.

    `plain`: every line is a record and a split at the delimiter reads it. `printable`: no control characters within lines.
    """

    digest: str
    bytes: int
    lines: int
    delimiters: int
    plain: bool
    printable: bool


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file that matches a pattern of a source. `name` is relative to the project; `content` only when it was read now."""

    source: str
    name: str
    path: Path
    stamp: Stamp
    content: Content | None = None

    def unchanged(self) -> bool:
        """Whether the file still looks as it did when it was read."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return False
        return (self.stamp.bytes, self.stamp.modified_ns) == (status.st_size, status.st_mtime_ns)


def matching(root: Path, source: Source) -> list[Path]:
    """The files of a source, by name. A file that is still being written (.part, .tmp) is left for later."""
    return [path for path in _found(root, source) if _nameable(path)]


def misnamed(root: Path, source: Source) -> list[str]:
    """Files of a source that cannot be taken because their names are no text (not UTF-8), as they can be shown."""
    return [os.fsencode(path).decode("utf-8", "replace") for path in _found(root, source) if not _nameable(path)]


def _found(root: Path, source: Source) -> list[Path]:
    found = {path for pattern in source.files for path in _glob(root, pattern)}
    return sorted(path for path in found if path.is_file() and path.suffix not in UNFINISHED)


def _nameable(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _glob(root: Path, pattern: str) -> list[Path]:
    """The pattern's files; an absolute pattern is taken from the root of the file system."""
    absolute = Path(pattern)
    if absolute.is_absolute():
        return list(Path(absolute.anchor).glob(str(absolute.relative_to(absolute.anchor))))
    return list(root.glob(pattern))


def name_in(root: Path, path: Path) -> str:
    """How the ledger calls a file."""
    return Path(os.path.relpath(path, root)).as_posix()


def missing_exports(project: Project, known_sources: set[str]) -> list[Problem]:
    """Sources none of whose patterns matches a file, unless they were loaded before; and a suppliers' file that is not there."""
    problems = []
    for source in project.sources:
        if source.id in known_sources or matching(project.root, source):
            continue
        patterns = ", ".join(f'"{pattern}"' for pattern in source.files)
        message = f"no file matches {patterns}"
        hint = "correct the pattern, or put the first export there"
        problems.append(Problem("metrics.toml", 0, 0, f"sources.{source.id}.files", message, hint))
    if project.suppliers is not None and not (project.root / project.suppliers.file).is_file():
        message = f'no file "{project.suppliers.file}"'
        problems.append(Problem("metrics.toml", 0, 0, "suppliers.file", message, "correct the name, or put the export there"))
    return problems


def look(root: Path, source: Source, seen: Mapping[str, Stamp]) -> list[ExportFile]:
    """Every file of the source with its digest; only files that changed since they were `seen` are read.

    Raises StorageError, naming the file, when one cannot be read.
    """
    found = []
    for path in matching(root, source):
        name = name_in(root, path)
        try:
            status = path.stat()
            known = seen.get(name)
            if known is not None and (known.bytes, known.modified_ns) == (status.st_size, status.st_mtime_ns):
                found.append(ExportFile(source.id, name, path, known))
                continue
            content = inspect(path, source.csv.delimiter)
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror}") from error
        stamp = Stamp(status.st_size, status.st_mtime_ns, content.digest)
        found.append(ExportFile(source.id, name, path, stamp, content))
    return found


def settled(stamp: Stamp, now_ns: int) -> bool:
    """Whether a later change of the file would show in its time stamp, so that the stamp may be trusted next time."""
    return now_ns - stamp.modified_ns > _SETTLED_NS


def inspect(path: Path, delimiter: str) -> Content:
    """One pass over the bytes of a file."""
    digest, size, delimiters, last = hashlib.sha256(), 0, 0, b"\n"
    feeds, returns, pairs = 0, 0, 0  # line feeds, carriage returns, and the two together
    odd, printable, mark = False, True, delimiter.encode()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            feeds += chunk.count(b"\n")
            delimiters += chunk.count(mark)
            joint = last + chunk[:1]
            if b"\r" in chunk or last == b"\r":
                returns += chunk.count(b"\r")
                pairs += chunk.count(b"\r\n") + (joint == b"\r\n")
                odd = odd or b"\n\r" in chunk
            odd = odd or b'"' in chunk or b"\0" in chunk or b"\n\n" in chunk or joint in (b"\n\n", b"\n\r")
            printable = printable and len(chunk.translate(None, _CONTROL)) == len(chunk)
            last = chunk[-1:]
    plain = not odd and returns == pairs and returns in (0, feeds) and delimiter.isascii()
    return Content(digest.hexdigest(), size, feeds + (last != b"\n"), delimiters, plain, printable)
