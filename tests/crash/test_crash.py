"""A small share of `make crash` with every test run, always at the same places."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NONE = {"points": 0, "chains": 0, "errors": 0, "runs": 0, "rounds": 0}


def harness(**numbers: int) -> str:
    """What the harness says; it runs in a process of its own, because it forks and must have no threads."""
    words = [word for name, number in (NONE | numbers).items() for word in (f"--{name}", str(number))]
    ran = subprocess.run([sys.executable, "-m", "tests.crash", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode == 77:
        pytest.skip(ran.stdout.strip())
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_what_is_killed_or_fails_at_a_storage_call_is_made_whole_by_the_same_command() -> None:
    said = harness(points=7, chains=1, errors=7)
    assert "failures: 0" in said


def test_readers_see_whole_runs_and_of_many_starters_one_works() -> None:
    said = harness(runs=4, rounds=2, starters=8)
    assert "readers beside 4 runs" in said
    assert "14 × exit code 4" in said
