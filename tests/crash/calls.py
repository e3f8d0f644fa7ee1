"""What a stopped call is about: which file of the project, and whether it changes anything there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tests.crash.syscalls import Question

_WRITES = ("write", "pwrite64", "writev", "pwritev", "pwritev2")
_BY_DESCRIPTOR = (*_WRITES, "fsync", "fdatasync", "ftruncate", "fallocate")
_OPENS = ("open", "openat", "openat2", "creat")
_HERE = 0xFFFFFF9C  # AT_FDCWD


@dataclass(frozen=True, slots=True)
class Call:
    """A storage call on a file below the project. `path` is relative to it; of a rename it is where the file goes, and `source`
    where it was."""

    name: str
    path: str
    changes: bool
    size: int = 0
    source: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.path}" + (f" ({self.size} bytes)" if self.size else "")

    @property
    def is_write(self) -> bool:
        """Whether it hands over content."""
        return self.name in _WRITES

    @property
    def takes_room(self) -> bool:
        """Whether a full disk may refuse it."""
        return self.changes and self.name not in ("unlink", "unlinkat", "rmdir", "ftruncate")


def understood(question: Question, root: Path) -> Call | None:
    """The call, when it is about a file below `root`."""
    name, thread, args = question.name, question.thread, question.args
    try:
        path = _path(thread, name, args)
        source = _text(thread, args[0]) if name == "rename" else ""
    except (OSError, UnicodeDecodeError):
        return None
    if not path.startswith(f"{root}/"):
        return None
    relative = path.removeprefix(f"{root}/")
    if name in ("mkdir", "mkdirat"):
        changes = not Path(path).exists()
    else:
        opens = name in _OPENS and name != "creat"
        flags = _flags(thread, name, args) if opens else os.O_WRONLY
        changes = bool(flags & (os.O_ACCMODE | os.O_CREAT | os.O_TRUNC))
        if flags & os.O_DIRECTORY and not relative.startswith("data/exports"):
            return None  # a look at what is there; who cannot look goes without
    size = args[2] if name in ("write", "pwrite64") else 0
    return Call(name, relative, changes, size, source.removeprefix(f"{root}/"))


def _path(thread: int, name: str, args: tuple[int, ...]) -> str:
    if name in _BY_DESCRIPTOR:
        return _opened(thread, args[0])
    if name in ("sendfile", "copy_file_range"):
        return _opened(thread, args[0 if name == "sendfile" else 2])
    if name in ("rename", "link", "symlink"):
        return _text(thread, args[1])
    if name in ("renameat", "renameat2", "linkat"):
        return _at(thread, args[2], args[3])
    if name == "symlinkat":
        return _at(thread, args[1], args[2])
    if name.endswith(("at", "at2")):
        return _at(thread, args[0], args[1])
    return _at(thread, _HERE, args[0])


def _at(thread: int, folder: int, address: int) -> str:
    text = _text(thread, address)
    if text.startswith("/"):
        return text
    base = Path(f"/proc/{thread}/cwd").readlink() if folder & 0xFFFFFFFF == _HERE else _opened(thread, folder)
    return os.path.normpath(f"{base}/{text}")


def _opened(thread: int, descriptor: int) -> str:
    return str(Path(f"/proc/{thread}/fd/{descriptor}").readlink())


def _flags(thread: int, name: str, args: tuple[int, ...]) -> int:
    if name == "openat2":
        return int.from_bytes(memory(thread, args[2], 8), "little")
    return args[2] if name == "openat" else args[1]


def _text(thread: int, address: int) -> str:
    found = b""
    while b"\0" not in found:
        start = address + len(found)
        found += memory(thread, start, 4096 - start % 4096)
    return found.split(b"\0", 1)[0].decode()


def memory(thread: int, address: int, size: int) -> bytes:
    """Bytes of the memory of a stopped thread."""
    with Path(f"/proc/{thread}/mem").open("rb", buffering=0) as file:
        file.seek(address)
        return file.read(size)


def tear(question: Question) -> None:
    """Do half of a write in the place of the thread, which is not to live on."""
    size = question.args[2] // 2
    where = f"/proc/{question.thread}/fd/{question.args[0]}"
    half = memory(question.thread, question.args[1], size)
    descriptor = os.open(where, os.O_WRONLY)
    try:
        os.pwrite(descriptor, half, _offset(question))
    finally:
        os.close(descriptor)


def _offset(question: Question) -> int:
    if question.name == "pwrite64":
        return question.args[3]
    lines = Path(f"/proc/{question.thread}/fdinfo/{question.args[0]}").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    if int(fields["flags"], 8) & os.O_APPEND:
        return Path(f"/proc/{question.thread}/fd/{question.args[0]}").stat().st_size
    return int(fields["pos"])
