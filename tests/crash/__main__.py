"""`python -m tests.crash`: cut commands off at every storage call, and see that the same command again makes all whole."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

from tests.crash.disturb import Disturbance, Outcome, disturbed, planned, scenario_names
from tests.crash.readers import read_while_running
from tests.crash.report import summary, told
from tests.crash.stage import Stage, scratch, warmed
from tests.crash.starters import start_at_once
from tests.crash.syscalls import UnsupportedError


def main() -> int:
    """0 when everything held, 1 when something did not, 77 when this machine cannot watch system calls."""
    warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads: those of libraries that wait for work
    asked = _asked()
    folder = scratch()
    warmed(folder)
    began = time.monotonic()
    try:
        outcomes = _disturbed(folder, asked)
        beside = 0 if asked.replay else _read(folder / "readers", asked.runs) + _started(folder / "starters", asked)
    except UnsupportedError as error:
        print(f"crash: {error}")
        return 77
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(summary(outcomes, asked.seed, time.monotonic() - began))
    return 1 if beside or any(outcome.wrong for outcome in outcomes) else 0


def _disturbed(folder: Path, asked: argparse.Namespace) -> list[Outcome]:
    """Every disturbance that is asked for, told as it comes; with Ctrl-C those so far."""
    outcomes: list[Outcome] = []
    stage = Stage.built(folder)
    todo = [*_todo(stage, asked)]
    Random(f"{asked.seed}:order").shuffle(todo)  # so that some of everything was done whenever it is ended
    with suppress(KeyboardInterrupt):
        for number, what in enumerate(todo, 1):
            outcome = disturbed(stage, what, asked.seed, read=asked.replay is not None or number % 7 == 0)
            outcomes.append(outcome)
            told(outcome, asked.seed, (number, len(todo)), detailed=asked.replay is not None)
    return outcomes


def _read(folder: Path, runs: int) -> int:
    """Readers beside runs; returns how much was wrong."""
    if not runs:
        return 0
    reads, wrong = read_while_running(folder / "project", runs)
    print(f"readers beside {runs:,} runs")
    for did in reads:
        print(f"  {did.name:<10}{did.reads:>8,} reads of {did.states:,} states, {did.again} begun again, {len(did.wrong)} wrong")
        wrong += [f"{did.name}: {text}" for text in did.wrong]
    return _complained(wrong)


def _started(folder: Path, asked: argparse.Namespace) -> int:
    """Many starters at once, round after round; returns how much was wrong."""
    codes: Counter[int] = Counter()
    wrong: list[str] = []
    for number in range(asked.rounds):
        found, strange = start_at_once(folder / str(number), asked.starters, kill=number % 2 == 1)
        codes += found
        wrong += strange
    if asked.rounds:
        shown = ", ".join(f"{count:,} × exit code {code}" for code, count in sorted(codes.items()))
        print(f"{asked.rounds} rounds of {asked.starters} starters at once, in every other the working one killed: {shown}")
    return _complained(wrong)


def _complained(wrong: list[str]) -> int:
    for text in wrong:
        print(f"  WRONG: {text}", flush=True)
    return len(wrong)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--points", type=int, default=2000, help="how many kills, spread over all storage calls")
    parser.add_argument("--chains", type=int, default=200, help="how many chains of kills during recovery")
    parser.add_argument("--errors", type=int, default=1_000_000, help="at most how many failing calls (EIO, ENOSPC)")
    parser.add_argument("--runs", type=int, default=1000, help="how many runs beside readers")
    parser.add_argument("--rounds", type=int, default=20, help="how often many starters begin at once")
    parser.add_argument("--starters", type=int, default=50, help="how many at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--replay", metavar="TOKEN", help="only this disturbance, as a failure names it")
    return parser.parse_args()


def _todo(stage: Stage, asked: argparse.Namespace) -> Iterator[Disturbance]:
    if asked.replay:
        yield Disturbance.of(asked.replay)
        return
    dice = Random(f"{asked.seed}:points")
    yield from _spread(_kills(stage), asked.points, dice)
    names = scenario_names()
    yield from (Disturbance("chain", names[number % len(names)], number) for number in range(asked.chains))
    yield from _spread([*planned(stage, "EIO"), *planned(stage, "ENOSPC")], asked.errors, dice)


def _kills(stage: Stage) -> list[Disturbance]:
    """Before every call, in the middle of every write, and both with threads."""
    alone = [*planned(stage, "kill"), *planned(stage, "torn")]
    return alone + [Disturbance(what.kind, what.scenario, what.number, threads=True) for what in alone]


def _spread(every: list[Disturbance], wanted: int, dice: Random) -> list[Disturbance]:
    """All of them when they are fewer than wanted, else some of them, evenly from all."""
    if wanted >= len(every):
        return every
    step = len(every) / max(wanted, 1)
    start = dice.random() * step
    return [every[int(start + number * step)] for number in range(wanted)]


if __name__ == "__main__":
    sys.exit(main())
