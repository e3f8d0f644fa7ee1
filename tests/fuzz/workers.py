"""Work in processes of its own, watched: a crash or a hang costs the process, and the file that caused it is found and named."""

from __future__ import annotations

import base64
import os
import pickle
import queue
import resource
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.fuzz.commands import run_command
from tests.fuzz.files import GROUP, flip_spec, flipped, group_spec, made
from tests.fuzz.flips import hold_flips, run_flips
from tests.fuzz.group import Beat, Failure, Tally, run_files
from tests.fuzz.tiny import run_tiny, tiny

PATIENCE_S = 10.0
_STARTING_S = 60.0
_MEMORY = 12 << 30  # of addresses: a file that makes a library ask for more than that shows as a failure, not as a dead machine
_WHOLE = ("commands", "tiny")  # kinds of which a group is done as a whole
_ROOT = Path(__file__).resolve().parents[2]


class Task(NamedTuple):
    """A group of a kind: files, archives, parquet, commands or tiny. `only` or without `skipped`: some numbers of it."""

    kind: str
    seed: int
    group: int
    only: tuple[int, ...] = ()
    skipped: tuple[int, ...] = ()


def do(task: Task, beat: Beat) -> Tally:
    """Everything that a task is, in this process."""
    seed, group = task.seed, task.group

    def wanted(number: int) -> bool:
        return (not task.only or number in task.only) and number not in task.skipped

    if task.kind == "files":
        numbers = [number for number in range(group * GROUP, (group + 1) * GROUP) if wanted(number)]
        beat(numbers)
        files = [made(seed, number) for number in numbers]
        return run_files(group_spec(seed, group), files, Random(f"{seed}:portions:{group}"), beat)
    if task.kind == "commands":
        return run_command(seed, group, beat)
    if task.kind == "tiny":
        return run_tiny(seed, group, beat)
    is_parquet = task.kind == "parquet"
    if not (task.only or task.skipped):
        return run_flips(seed, group, is_parquet=is_parquet, beat=beat)
    base, copies = flipped(seed, group, is_parquet=is_parquet)
    return hold_flips(seed, group, base, [file for file in copies if wanted(file.number)], beat)


def work() -> None:
    """The life of a worker: tasks come on standard input; beats, and a tally for each task, go to standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    warnings.simplefilter("error")
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(word: str, what: object) -> None:
        out.write(f"{word} {base64.b64encode(pickle.dumps(what)).decode()}\n")
        out.flush()

    unraised: list[str] = []
    sys.unraisablehook = lambda args: unraised.append(f"{args.err_msg or 'unraisable'}: {args.exc_value!r} in {args.object!r}")
    say("ready", None)
    for line in sys.stdin:
        tally = do(pickle.loads(base64.b64decode(line)), lambda numbers: say("at", list(numbers)))
        if unraised:  # such as a warning of a file that nobody closed: the parent finds out which file it was
            sys.exit("\n".join(unraised))
        say("done", (tally, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


class _LostError(Exception):
    """The worker is gone, or does not answer; `at`: the files that it had in hand."""

    def __init__(self, why: str, at: Sequence[int]) -> None:
        super().__init__(why)
        self.why, self.at = why, at


class _Worker:
    """A process that does tasks one after the other."""

    def __init__(self) -> None:
        command = [sys.executable, "-X", "faulthandler", "-m", "tests.fuzz", "--worker"]
        self._process = subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._said: queue.Queue[str | None] = queue.Queue()
        self._errors: list[str] = []
        for read in (self._listen, self._listen_to_errors):
            threading.Thread(target=read, daemon=True).start()
        self._hear(_STARTING_S, [])

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(line.decode())
        self._said.put(None)

    def _listen_to_errors(self) -> None:
        assert self._process.stderr is not None
        self._errors += (line.decode(errors="replace") for line in self._process.stderr)

    def _hear(self, patience: float, at: Sequence[int]) -> tuple[str, object]:
        try:
            line = self._said.get(timeout=patience)
        except queue.Empty:
            self.end()
            raise _LostError(f"no answer for {patience:.0f} s", at) from None
        if line is None:
            code = self._process.wait()
            raise _LostError(f"the process ended with {code}: {''.join(self._errors)[-1500:]}", at)
        word, packed = line.split()
        return word, pickle.loads(base64.b64decode(packed))

    def do(self, task: Task) -> tuple[Tally, int]:
        """Have a task done. Raises _LostError."""
        assert self._process.stdin is not None
        self._process.stdin.write(base64.b64encode(pickle.dumps(task)) + b"\n")
        self._process.stdin.flush()
        at: Sequence[int] = []
        while True:
            word, what = self._hear(PATIENCE_S, at)
            if word == "done":
                return what  # type: ignore[return-value]
            at = what  # type: ignore[assignment]

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


@dataclass(slots=True)
class Watched:
    """What came of all tasks. `slow`: sets of files that together took longer than one may, though none of them alone did."""

    tallies: list[Tally] = field(default_factory=list)
    memory: int = 0
    slow: int = 0


def done(tasks: Iterable[Task], told: Callable[[Tally], None]) -> Watched:
    """Have the tasks done, as many at a time as there are processors."""
    waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
    for task in tasks:
        waiting.put(task)
    watched = Watched()
    threads = [threading.Thread(target=_drive, args=(waiting, watched, told)) for _ in range(os.cpu_count() or 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return watched


def _drive(waiting: queue.SimpleQueue[Task], watched: Watched, told: Callable[[Tally], None]) -> None:
    worker = _Worker()
    while True:
        try:
            task = waiting.get_nowait()
        except queue.Empty:
            worker.end()
            return
        try:
            tally, memory = worker.do(task)
        except _LostError as lost:
            tally, memory = _examined(task, lost, watched), 0
            worker = _Worker()
        watched.tallies.append(tally)
        watched.memory = max(watched.memory, memory)
        told(tally)


def _examined(task: Task, lost: _LostError, watched: Watched) -> Tally:
    """Find which of the files in hand kills a worker, and do the others without it."""
    culprits: dict[int, str] = {}
    for number in lost.at if task.kind not in _WHOLE else ():
        try:
            worker = _Worker()
            worker.do(task._replace(only=(number,)))
            worker.end()
        except _LostError as again:
            culprits[number] = again.why
    if not culprits and "no answer" in lost.why:
        watched.slow += 1
    elif not culprits:
        culprits = {number: f"{lost.why} (one of the {len(lost.at)} files in hand, none when alone)" for number in lost.at[:1]}
    tally = Tally()
    if task.kind not in _WHOLE:
        try:
            tally, _ = _Worker().do(task._replace(skipped=(*task.skipped, *(culprits if culprits else lost.at))))
        except _LostError as again:
            return _examined(task._replace(skipped=tuple({*task.skipped, *culprits, *again.at})), again, watched)
    tally.failures += [_named(task, number, why) for number, why in culprits.items()]
    return tally


def _named(task: Task, number: int, why: str) -> Failure:
    tag = "hang" if "no answer" in why else "crash"
    if task.kind == "tiny":
        spec, text, _ = tiny(task.seed, number)
        return Failure(number, tag, f"tiny text: {why}", f"{number}.csv", text, (), spec)
    if task.kind in ("files", "commands"):
        file, spec = made(task.seed, number), group_spec(task.seed, task.group)
    else:
        base, copies = flipped(task.seed, task.group, is_parquet=task.kind == "parquet")
        file, spec = {copy.number: copy for copy in (base, *copies)}[number], flip_spec(task.seed, task.group)
    return Failure(number, tag, why, file.name, file.content, file.did, spec)
