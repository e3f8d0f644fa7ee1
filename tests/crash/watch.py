"""A job in a forked process whose storage calls are counted, killed or failed.

The parent has imported everything and never put an engine to work, so that a fork costs milliseconds and has no threads to
miss.
"""

from __future__ import annotations

import os
import random
import select
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.calls import Call, tear, understood
from tests.crash.syscalls import Question, answer, ask_before_calls, next_question

PATIENCE_S = 60.0
GO, KILL, TEAR = 0, -1, -2
Policy = Callable[[int, Call], int]


@dataclass(slots=True)
class Ended:
    """How a job ended: exit code, negative when a signal ended it, what it said, and the calls that it made."""

    code: int = 0
    said: str = ""
    calls: list[Call] = field(default_factory=list)
    hung: bool = False


def go_on(_number: int, _call: Call) -> int:
    """The policy that lets everything happen."""
    return GO


def watched(job: Callable[[], int], root: Path, policy: Policy = go_on, *, single: bool = True) -> Ended:
    """Do a job in a process of its own. `policy` is asked about call after call below `root`, counted from 1: GO, KILL (before
    the call is done), TEAR (kill after half of a write), or an errno to fail with. `single`: on one processor, in one thread
    as far as we can, so that the calls come in the same order each time."""
    with tempfile.TemporaryFile() as said:
        ours, theirs = socket.socketpair()
        child = os.fork()
        if not child:
            ours.close()
            _do(job, theirs, said.fileno(), single=single)
        theirs.close()
        ended = _served(child, ours, root, policy)
        said.seek(0)
        ended.said = said.read().decode(errors="replace")
    return ended


def plain(job: Callable[[], int], *, single: bool = False) -> Ended:
    """Do a job in a process of its own that nobody watches."""
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            _do(job, None, said.fileno(), single=single)
        ended = Ended()
        _wait(child, ended, time.monotonic() + PATIENCE_S)
        said.seek(0)
        ended.said = said.read().decode(errors="replace")
    return ended


def _do(job: Callable[[], int], to: socket.socket | None, said: int, *, single: bool) -> None:
    """The forked process. Never comes back."""
    code = 99
    try:
        os.dup2(said, 1)
        os.dup2(said, 2)
        if single:
            _alone()
        if to is not None:
            listener = ask_before_calls()
            socket.send_fds(to, [b"listener"], [listener])
            os.close(listener)
            to.close()
        code = job()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001  # nothing may come back out of a fork
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(code)


def _alone() -> None:
    from mission_cli.stages import parallel

    os.sched_setaffinity(0, {random.choice(sorted(os.sched_getaffinity(0)))})
    os.cpu_count = lambda: 1  # type: ignore[assignment]
    parallel.WORKERS = 1


def _served(child: int, ours: socket.socket, root: Path, policy: Policy) -> Ended:
    ended = Ended()
    deadline = time.monotonic() + PATIENCE_S
    with ours:
        _, descriptors, _, _ = socket.recv_fds(ours, 16, 1)
    if descriptors:
        listener = descriptors[0]
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        try:
            while (events := poll.poll(max(0.0, deadline - time.monotonic()) * 1000)) and events[0][1] & select.POLLIN:
                question = next_question(listener)
                if question is not None:
                    _answer(child, listener, question, ended, root, policy)
        finally:
            os.close(listener)
    _wait(child, ended, deadline)
    return ended


def _answer(child: int, listener: int, question: Question, ended: Ended, root: Path, policy: Policy) -> None:
    call = understood(question, root)
    decision = GO
    if call is not None:
        ended.calls.append(call)
        decision = policy(len(ended.calls), call)
    if decision == TEAR and question.name in ("write", "pwrite64"):
        tear(question)
    if decision in (KILL, TEAR):
        os.kill(child, signal.SIGKILL)
    else:
        answer(listener, question, decision)


def _wait(child: int, ended: Ended, deadline: float) -> None:
    handle = os.pidfd_open(child)
    try:
        if not select.select([handle], [], [], max(0.0, deadline - time.monotonic()))[0]:
            ended.hung = True
            os.kill(child, signal.SIGKILL)
    finally:
        os.close(handle)
    ended.code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
