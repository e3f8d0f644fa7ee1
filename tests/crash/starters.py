"""Many starters at once: one works, the others are told who does; and a killed one lets the next begin at once."""

from __future__ import annotations

import os
import select
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.crash.market import as_of, put_project
from tests.crash.stage import command

_PATIENCE_S = 120.0
_HELD = 4


def start_at_once(root: Path, starters: int, *, kill: bool) -> tuple[Counter[int], list[str]]:
    """Start that many runs at the same instant; how often each exit code came, and what was wrong.

    The one that works waits until all others have ended, then goes on, or is killed.
    """
    root.mkdir(parents=True)
    put_project(root)
    begin, go_on = os.pipe(), os.pipe()
    with tempfile.TemporaryFile() as said:
        children = [_forked(lambda: _start(root, begin[0], go_on[0]), said.fileno()) for _ in range(starters)]
        os.write(begin[1], b"!" * starters)
        codes, left = _ended(children, starters - 1)
        wrong = [] if len(left) == 1 else [f"{len(left)} work at once"]
        if kill:
            for child in left:
                os.kill(child, signal.SIGKILL)
        os.write(go_on[1], b"!" * starters)
        more, _ = _ended(left, len(left))
        codes += more
        after = _forked(lambda: command(root, ("run", "--date", as_of(1))), said.fileno())
        last, _ = _ended([after], 1)
        said.seek(0)
        text = said.read().decode()
    for end in (*begin, *go_on):
        os.close(end)
    expected = Counter({_HELD: starters - 1}) + Counter([-signal.SIGKILL if kill else 0])
    if codes != expected or last != Counter([0]):
        wrong.append(f"exit codes {dict(codes)}, then {dict(last)}: {text[-1000:]}")
    if text.count("another run holds the project") != starters - 1:
        wrong.append(f"not all were told who holds the project: {text[-1000:]}")
    return codes, wrong


def _start(root: Path, begin: int, go_on: int) -> int:
    from mission_cli import pipeline

    first_stage = pipeline.load_suppliers

    def waiting(context: pipeline.Context) -> None:
        os.read(go_on, 1)
        first_stage(context)

    pipeline.load_suppliers = waiting
    os.read(begin, 1)
    return command(root, ("run", "--date", as_of(1)))


def _forked(job: Callable[[], int], said: int) -> int:
    child = os.fork()
    if not child:
        code = 99
        try:
            os.dup2(said, 1)
            code = job()
        finally:
            sys.stdout.flush()
            os._exit(code)
    return child


def _ended(children: list[int], wanted: int) -> tuple[Counter[int], list[int]]:
    """Wait until so many have ended; their exit codes, and those that are left."""
    handles = {os.pidfd_open(child): child for child in children}
    codes: Counter[int] = Counter()
    deadline = time.monotonic() + _PATIENCE_S
    while codes.total() < wanted and (ready := select.select([*handles], [], [], max(0.0, deadline - time.monotonic()))[0]):
        for handle in ready:
            codes[os.waitstatus_to_exitcode(os.waitpid(handles.pop(handle), 0)[1])] += 1
            os.close(handle)
    for handle in handles:
        os.close(handle)
    return codes, list(handles.values())
