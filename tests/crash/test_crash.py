"""A small share of `make crash` with every test run, always at the same places."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.calls import Call
from tests.crash.order import unsynced

ROOT = Path(__file__).resolve().parents[2]
NONE = {"points": 0, "chains": 0, "errors": 0, "runs": 0, "rounds": 0}


def harness(**asked: int | str) -> str:
    """What the harness says; it runs in a process of its own, because it forks and must have no threads."""
    words = [word for name, value in (NONE | asked).items() for word in (f"--{name}", str(value))]
    ran = subprocess.run([sys.executable, "-m", "tests.crash", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode == 77:
        pytest.skip(ran.stdout.strip())
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_what_is_killed_or_fails_at_a_storage_call_is_made_whole_by_the_same_command() -> None:
    said = harness(points=7, chains=1, errors=7)
    assert "failures: 0" in said


@pytest.mark.parametrize(("seed", "point"), [(12, "torn:reworked:218"), (21, "torn:late:257")])
def test_a_checkpoint_killed_in_the_middle_of_a_block_leaves_a_database_that_opens(seed: int, point: str) -> None:
    """Here these commands tore a block in use, before checkpoints had a journal."""
    assert "failures: 0" in harness(seed=seed, replay=point)


def test_readers_see_whole_runs_and_of_many_starters_one_works() -> None:
    said = harness(runs=4, rounds=2, starters=8)
    assert "readers beside 4 runs" in said
    assert "14 × exit code 4" in said


def call(name: str, path: str, source: str = "") -> Call:
    return Call(name, path, changes=True, source=source)


def test_a_name_that_comes_before_the_content_is_noticed() -> None:
    good = [call("write", "d/x.pending"), call("fsync", "d/x.pending"), call("rename", "d/x", "d/x.pending"), call("fsync", "d")]
    assert unsynced(good) == []
    assert unsynced([good[0], good[2], good[3]]) == ["d/x got its name before its content was synced"]
    assert unsynced(good[:3]) == ["the name of d/x was not synced"]
