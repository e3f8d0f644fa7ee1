"""Which export files are new: found by the source's patterns, known by their content."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mission_cli.model.calendar import WindowKind
from mission_cli.model.errors import StorageError
from mission_cli.model.formats import FileKind, Format, ending_of, kind_of
from mission_cli.model.problems import Problem
from mission_cli.model.project import Project, Source
from mission_cli.store.files import digest_of

UNFINISHED = (".part", ".tmp")
_SETTLED_NS = 2_000_000_000  # a file touched later than this before we looked may change again within its time stamp
_SECOND_LOOK_S = 0.3
_LINES = (FileKind(Format.CSV), FileKind(Format.JSONL))


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells cheaply that a file is the one we hashed. `digest`: of its bytes, and how they are to be read."""

    bytes: int
    modified_ns: int
    digest: str


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file that matches a pattern of a source. `name` is relative to the project."""

    source: str
    name: str
    path: Path
    stamp: Stamp

    def unchanged(self) -> bool:
        """Whether the file still looks as it did when it was read."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return False
        return (self.stamp.bytes, self.stamp.modified_ns) == (status.st_size, status.st_mtime_ns)


def matching(root: Path, source: Source) -> list[Path]:
    """The files of a source, by name. Hidden files are none of its, as in a shell; those named .part or .tmp are not finished."""
    return [path for path in _found(root, source) if _nameable(path)]


def misnamed(root: Path, source: Source) -> list[str]:
    """Files of a source that cannot be taken because their names are no text (not UTF-8), as they can be shown."""
    found = [path for path in _found(root, source) if not _nameable(path)]
    return [os.fsencode(name_in(root, path)).decode("utf-8", "replace") for path in found]


def _found(root: Path, source: Source) -> list[Path]:
    found = {path for pattern in source.files for path in _glob(root, pattern)}
    return sorted(path for path in found if path.suffix not in UNFINISHED and path.is_file())


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
        found = Path(absolute.anchor).glob(str(absolute.relative_to(absolute.anchor)))
    else:
        found = root.glob(pattern)
    return [path for path in found if absolute.name.startswith(".") or not path.name.startswith(".")]


def name_in(root: Path, path: Path) -> str:
    """How the ledger calls a file."""
    return Path(os.path.relpath(path, root)).as_posix()


def missing_exports(project: Project, known_sources: set[str]) -> list[Problem]:
    """Sources none of whose patterns matches a file, unless they were loaded before; and files of suppliers and of assigned
    windows that are not there."""
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
    for mission in project.missions:
        if mission.window.kind is WindowKind.ASSIGNED and not (project.root / mission.window.file).is_file():
            path, message = f"missions.{mission.id}.window.file", f'no file "{mission.window.file}"'
            problems.append(Problem("missions.toml", 0, 0, path, message, "correct the name, or put the file there"))
    return problems


@dataclass(slots=True)
class Seen:
    """The files of a source as they are: those whose content is known, those still being written, those we may not read."""

    files: list[ExportFile]
    unfinished: list[str]
    forbidden: list[str]


def look(root: Path, source: Source, seen: Mapping[str, Stamp]) -> Seen:
    """Every file of the source with its digest; only files that changed since they were `seen` are read.

    A file that changes while we look, and one whose last line is not ended and that grows soon after, is still being written.
    Raises StorageError, naming the file, when one cannot be read although it may.
    """
    found = Seen([], [], [])
    paths = {name_in(root, path): path for path in matching(root, source)}
    stamps = {name: _still(path, seen[name]) if name in seen else None for name, path in paths.items()}
    for name, stamp in _stamps({name: paths[name] for name, stamp in stamps.items() if stamp is None}):
        if isinstance(stamp, PermissionError):
            found.forbidden.append(name)
        else:
            stamps[name] = stamp
    found.files += [ExportFile(source.id, name, paths[name], stamp) for name, stamp in stamps.items() if stamp is not None]
    if any(_may_grow(file) for file in found.files if file.name not in seen):
        time.sleep(_SECOND_LOOK_S)
    growing = {file.name for file in found.files if not file.unchanged()}
    found.unfinished += sorted(growing)
    found.files = [file for file in found.files if file.name not in growing]
    return found


def _still(path: Path, known: Stamp) -> Stamp | None:
    """What is known of the file, if it is as it was; else it has to be read."""
    with suppress(OSError):
        status = path.stat()
        return known if (known.bytes, known.modified_ns) == (status.st_size, status.st_mtime_ns) else None
    return None


def _stamps(paths: Mapping[str, Path]) -> Iterator[tuple[str, Stamp | PermissionError | None]]:
    """How files are now, several read at a time; why we may not read one; None of one that went away since they were
    listed."""
    if paths:
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            yield from zip(paths, pool.map(_stamp, paths, paths.values()), strict=True)


def _stamp(name: str, path: Path) -> Stamp | PermissionError | None:
    try:
        status = path.stat()
        return Stamp(status.st_size, status.st_mtime_ns, digest_of(path) + ending_of(name))
    except FileNotFoundError:
        return None
    except PermissionError as error:
        return error
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error


def _may_grow(file: ExportFile) -> bool:
    """Whether the file was written a moment ago and ends in the middle of a line."""
    kind = kind_of(file.name)
    if kind not in _LINES or not 0 <= time.time_ns() - file.stamp.modified_ns < _SETTLED_NS or not file.stamp.bytes:
        return False
    with file.path.open("rb") as content:
        content.seek(-1, os.SEEK_END)
        return content.read(1) not in b"\r\n"


def settled(stamp: Stamp, now_ns: int) -> bool:
    """Whether a later change of the file would show in its time stamp, so that the stamp may be trusted next time."""
    return now_ns - stamp.modified_ns > _SETTLED_NS
