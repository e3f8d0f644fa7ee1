"""One run at a time: an flock on a file of our own, which a dead process frees at once.

DuckDB's own lock is a POSIX record lock, dropped when any descriptor of the database closes in this process; so this
file is the only thing that keeps runs apart.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from mission_cli.model.errors import HeldError, StorageError
from mission_cli.store.files import naming


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the project: process, command and the instant since when, as text."""

    pid: int
    command: str
    since: str


@contextmanager
def held(path: Path, command: str, since: str) -> Iterator[None]:
    """Hold the project for the block. Raises HeldError, naming the holder, when another process does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            with naming(path):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HeldError(_said(_read(descriptor))) from None
        with naming(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(asdict(Holder(os.getpid(), command, since))).encode(), 0)
        try:
            yield
        finally:
            with naming(path):
                os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def holder(path: Path) -> Holder | None:
    """Who holds the project now; None when nobody does. Takes no lock itself: a reader must not keep a run from starting."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        found = _read(descriptor)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)
    return found if found is not None and _alive(found.pid) else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read(descriptor: int) -> Holder | None:
    try:
        return Holder(**json.loads(os.pread(descriptor, 4096, 0)))
    except (ValueError, TypeError):
        return None


def _said(found: Holder | None) -> str:
    who = f'"{found.command}", process {found.pid}, since {found.since}' if found else "its command is not known yet"
    return f"another run holds the project: {who}; wait for it to end and try again"
