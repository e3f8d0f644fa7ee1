"""What a whole process costs, and the table and bounds that are printed of it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Cost:
    """One process: seconds on the clock, seconds of processors, and megabytes at its peak."""

    wall: float
    cpu: float
    peak_mb: float


class Failed(Exception):
    """A command did not succeed."""


def measure(*command: str | Path) -> Cost:
    """Run a command that must succeed, and say what it cost; exits when it does not."""
    try:
        return cost_of(*command)
    except Failed as failure:
        sys.exit(str(failure))


def cost_of(*command: str | Path) -> Cost:
    """The same, of a command that may fail: raises Failed.

    A process takes over the peak memory of the one that started it, so it is started by a small one: this file as a script.
    """
    said = subprocess.run([sys.executable, "-S", __file__, *map(str, command)], capture_output=True, text=True, check=False)
    if said.returncode:
        raise Failed(f"{' '.join(map(str, command))}: {said.stderr[-4000:]}")
    return Cost(*json.loads(said.stdout))


def _run(command: list[str]) -> None:
    """Run the command and print its costs, or exit with what it said."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # some tell their errors there
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode:
        sys.exit(f"exit {process.returncode}\n{said.decode(errors='replace')}")
    print(json.dumps([wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))


def heading(repeats: int) -> None:
    """The machine, and the names of the columns."""
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, {repeats} repeats\n")
    print(f"{'':<44} {'wall s':>7} {'from–to':>13} {'cpu s':>7} {'peak MB':>8}")


def row(name: str, costs: list[Cost]) -> None:
    """One line of the table."""
    wall, cpu, peak = (median(getattr(cost, part) for cost in costs) for part in ("wall", "cpu", "peak_mb"))
    spread = f"{min(c.wall for c in costs):.2f}–{max(c.wall for c in costs):.2f}"
    print(f"{name:<44} {wall:>7.2f} {spread:>13} {cpu:>7.2f} {peak:>8.0f}")


def hold(bounds: Sequence[tuple[str, float, float]]) -> bool:
    """Print each name, value and bound; whether every bound holds."""
    print()
    for said, value, bound in bounds:
        print(f"{said:<36} {value:>6.2f}   at most {bound:g}: {'holds' if value <= bound else 'BROKEN'}")
    return all(value <= bound for _, value, bound in bounds)


if __name__ == "__main__":
    _run(sys.argv[1:])
