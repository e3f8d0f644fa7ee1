"""The storage calls of a process as the kernel sees them, whoever makes them: Python, DuckDB or Polars.

A seccomp filter with a listener (Linux 5.5 and newer, no privilege needed) stops a process at each of these calls until its
watcher answers: go on, fail with an error, or nothing, because the watcher has killed it. Nothing is to be installed, and the
code under test has no failpoints.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import struct
from dataclasses import dataclass

_X86 = {
    "write": 1, "open": 2, "pwrite64": 18, "writev": 20, "sendfile": 40, "fsync": 74, "fdatasync": 75, "truncate": 76,
    "ftruncate": 77, "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86, "unlink": 87, "symlink": 88, "openat": 257,
    "mkdirat": 258, "unlinkat": 263, "renameat": 264, "linkat": 265, "symlinkat": 266, "fallocate": 285, "pwritev": 296,
    "renameat2": 316, "copy_file_range": 326, "pwritev2": 328, "openat2": 437,
}  # fmt: skip
_ARM = {
    "mkdirat": 34, "unlinkat": 35, "symlinkat": 36, "linkat": 37, "renameat": 38, "truncate": 45, "ftruncate": 46,
    "fallocate": 47, "openat": 56, "write": 64, "writev": 66, "pwrite64": 68, "pwritev": 70, "sendfile": 71, "fsync": 82,
    "fdatasync": 83, "renameat2": 276, "copy_file_range": 285, "pwritev2": 287, "openat2": 437,
}  # fmt: skip
_MACHINES = {"x86_64": (0xC000003E, 317, _X86), "aarch64": (0xC00000B7, 277, _ARM)}

_NO_NEW_PRIVILEGES, _SET_FILTER, _NEW_LISTENER = 38, 1, 8
_ALLOW, _ASK = 0x7FFF0000, 0x7FC00000
_LOAD, _EQUAL, _ABOVE, _RETURN = 0x20, 0x15, 0x25, 0x06
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_QUESTION, _ANSWER = struct.Struct("QIIiIQ6Q"), struct.Struct("QqiI")


class UnsupportedError(Exception):
    """This machine cannot watch system calls; the text says why."""


@dataclass(frozen=True, slots=True)
class Question:
    """A thread that waits for an answer before its call is done."""

    id: int
    thread: int
    name: str
    args: tuple[int, ...]


def _machine() -> tuple[int, int, dict[str, int]]:
    found = _MACHINES.get(platform.machine())
    if platform.system() != "Linux" or found is None:
        raise UnsupportedError(f"watching system calls needs Linux on {' or '.join(_MACHINES)}, this is {platform.platform()}")
    return found


def _program() -> bytes:
    """Ask about the calls of the table, but not about writes to standard input, output and error."""
    arch, _, numbers = _machine()

    def code(op: int, k: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("HBBI", op, yes, no, k)

    streams = {numbers["write"], numbers["writev"]}
    others = sorted(set(numbers.values()) - streams)
    steps = [code(_LOAD, 4), code(_EQUAL, arch, 1, 0), code(_RETURN, _ALLOW), code(_LOAD, 0)]
    for number in others:
        steps += [code(_EQUAL, number, 0, 1), code(_RETURN, _ASK)]
    for number in sorted(streams):
        steps += [code(_EQUAL, number, 0, 4), code(_LOAD, 16), code(_ABOVE, 2, 0, 1), code(_RETURN, _ASK), code(_RETURN, _ALLOW)]
    return b"".join([*steps, code(_RETURN, _ALLOW)])


class _Program(ctypes.Structure):
    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def ask_before_calls() -> int:
    """Stop this process, and all threads that it will have, at their storage calls; returns the descriptor of the listener."""
    steps = _program()
    held = ctypes.create_string_buffer(steps)
    program = _Program(len(steps) // 8, ctypes.addressof(held))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    listener = libc.syscall(_machine()[1], _SET_FILTER, _NEW_LISTENER, ctypes.byref(program))
    if listener < 0:
        raise UnsupportedError(
            f"this kernel or container does not let system calls be watched: {os.strerror(ctypes.get_errno())}"
        )
    return int(listener)


def next_question(listener: int) -> Question | None:
    """The next call that waits; None when it is gone, because its process was killed."""
    raw = bytearray(_QUESTION.size)
    try:
        fcntl.ioctl(listener, _RECEIVE, raw)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EINTR):
            return None
        raise
    number, thread, _, call, _, _, *args = _QUESTION.unpack(raw)
    names = {value: name for name, value in _machine()[2].items()}
    return Question(number, thread, names[call], tuple(args))


def answer(listener: int, question: Question, error: int = 0) -> None:
    """Let the call happen, or fail with an errno."""
    reply = bytearray(_ANSWER.pack(question.id, 0, -error, 0 if error else 1))
    try:
        fcntl.ioctl(listener, _SEND, reply)
    except OSError as gone:
        if gone.errno != errno.ENOENT:
            raise
