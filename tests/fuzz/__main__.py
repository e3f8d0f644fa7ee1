"""The fuzz run: `make fuzz`, or `python -m tests.fuzz --files 20000 --seed 1`; `--replay SEED:NUMBER` for one file."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from random import Random

from tests.fuzz.files import FLIPS, GROUP, group_spec, made
from tests.fuzz.group import Failure, Tally, run_files
from tests.fuzz.report import kept, summary, summed, told_failures
from tests.fuzz.shrink import shrunk
from tests.fuzz.tiny import TEXTS
from tests.fuzz.workers import Task, do, done, work

KEPT = Path(".fuzz")


def main() -> int:
    """0 when everything held."""
    words = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    words.add_argument("--files", type=int, default=20_000, help="how many files; damage that must be noticed comes on top")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--replay", metavar="SEED:NUMBER", help="one file of an earlier run again, made as small as it goes")
    words.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    said = words.parse_args()
    if said.worker:
        work()
        return 0
    return replay(said.replay) if said.replay else run(said.files, said.seed)


def tasks(files: int, seed: int) -> list[Task]:
    """So many files in groups, and as many tiny texts; a tenth of that in damaged archives and a fortieth in damaged Parquet,
    as far as is useful."""
    groups = max(1, files // GROUP)
    archives, parquet = min(2_000, files // 10) // FLIPS, min(500, files // 40) // FLIPS
    parts = {
        "files": groups,
        "tiny": max(1, files // TEXTS),
        "commands": max(1, groups // 12),
        "archives": max(1, archives),
        "parquet": max(1, parquet),
    }
    return [Task(kind, seed, group) for kind, count in parts.items() for group in range(count)]


def run(files: int, seed: int) -> int:
    """The whole run."""
    start, told = time.monotonic(), 0
    todo = tasks(files, seed)

    def tell(_tally: Tally) -> None:
        nonlocal told
        told += 1
        if told % 25 == 0:
            print(f"{told} of {len(todo)} groups, {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)

    watched = done(todo, tell)
    whole = summed(watched.tallies)
    for line in told_failures(whole, seed, KEPT):
        print(line)
    print(summary(whole, seed=seed, seconds=time.monotonic() - start, memory=watched.memory, slow=watched.slow))
    return int(bool(whole.failures))


def replay(token: str) -> int:
    """One file again, alone; when it does not fail alone, with its whole group. What fails alone is made small."""
    seed, _, number = token.partition(":")
    kind = {"a": "archives", "p": "parquet", "c": "commands", "t": "tiny"}.get(number[:1], "files")
    place = int(number.lstrip("apct"))
    if kind != "files":
        group = place // {"commands": GROUP, "tiny": TEXTS}.get(kind, FLIPS)
        only = () if kind in ("commands", "tiny") else (place,)
        return _shown(do(Task(kind, int(seed), group, only), lambda _: None).failures, int(seed))
    spec, file = group_spec(int(seed), place // GROUP), made(int(seed), place)
    alone = run_files(spec, [file], Random(0)).failures
    for tag in {failure.tag for failure in alone}:
        small = shrunk(spec, file, tag)
        print(f"{tag}: fails alone; {len(small.content)} bytes are enough: {small.content[:2000]!r}")
    print(spec)
    return _shown(alone or do(Task("files", int(seed), place // GROUP), lambda _: None).failures, int(seed))


def _shown(failures: list[Failure], seed: int) -> int:
    for failure in failures:
        print(f"{failure.tag}: {failure.name}: {failure.text}; did {', '.join(failure.did)}; kept in {kept(failure, seed, KEPT)}")
    if not failures:
        print("everything held")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
