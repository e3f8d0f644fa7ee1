"""The engine and a naive evaluator of raw rows agree on random small marketplaces."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mission_cli.model.calendar import DAY, days
from mission_cli.pipeline import MOST_MISSED_DAYS
from mission_cli.windows import additive
from tests.oracle.compare import differences, parse_results
from tests.oracle.naive import Project
from tests.oracle.strategies import Marketplace, marketplaces
from tests.support import done, missionctl

EXAMPLES = int(os.environ.get("MISSIONCTL_EXAMPLES", "60"))
# shrinking runs whole commands and can take minutes: switched on by hand, to make a failure small
PHASES = [phase for phase in Phase if phase is not Phase.shrink or "MISSIONCTL_SHRINK" in os.environ]


def many(share: int = 1) -> settings:
    """One in `share` of the examples, where each of them takes that much longer."""
    count = max(EXAMPLES // share, 1)
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)


def published(folder: Path, day: object) -> list[dict[str, object]]:
    return parse_results(done(folder, "results", "--date", str(day), "--format", "csv").out)


@many()
@given(market=marketplaces())
def test_daily_runs_give_what_the_raw_rows_say(market: Marketplace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = market.write(Path(name))
        oracle = Project(folder)
        evaluated: list[date] = []
        for day in market.as_of:
            done(folder, "run", "--date", str(day))
            evaluated += _with_missed(evaluated, day)
            _same_rows(published(folder, day), oracle.results(day, evaluated))
        _same_accounting(folder, oracle)


def _with_missed(evaluated: list[date], day: date) -> list[date]:
    """A day, and those before it that its run catches up."""
    missed = list(days(evaluated[-1] + DAY, day - DAY)) if evaluated else []
    return [*(missed if len(missed) <= MOST_MISSED_DAYS else []), day]


def _same_rows(got: list[dict[str, object]], want: list[dict[str, object]]) -> None:
    found = differences(got, want, tolerance=0)
    assert not found, "\n".join([f"{len(found)} differences", *found[:3]])


def _same_accounting(folder: Path, oracle: Project) -> None:
    state = json.loads(done(folder, "status", "--json").out)
    loaded = {row["source"]: row for row in state["sources"]}
    for name, source in oracle.sources.items():
        row = loaded[name]
        assert row["records"] == source.counts["records"], name
        assert row["rejected"] == source.counts["rejected"], name
        assert row["new"] == source.counts["orders"], name
        assert row["records"] == row["new"] + row["updated"] + row["duplicate"] + row["superseded"] + row["rejected"]


@many(2)
@given(market=marketplaces(), seed=st.integers(0, 2**32))
def test_files_in_any_order_give_the_same_bytes(market: Marketplace, seed: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        whole, parts = market.write(Path(name, "whole")), market.write(Path(name, "parts"))
        if not all("updated" in source for source in tomllib.loads(market.metrics_toml)["sources"].values()):
            return
        period = ("--from", str(market.as_of[0]), "--to", str(market.as_of[-1]))
        done(whole, "backfill", *period)
        _deliver_one_by_one(parts, market, random.Random(seed))
        done(parts, "backfill", *period)
        assert bytes_of(parts) == bytes_of(whole)


@many(3)
@given(market=marketplaces())
def test_day_by_day_equals_one_evaluation_at_the_end(market: Marketplace) -> None:
    """Up to a week from the first day on; what limits leave of a reward asks for the decisions of all days before."""
    first = market.as_of[0]
    last = min(market.as_of[-1], first + timedelta(days=6))
    week = list(days(first, last))
    with tempfile.TemporaryDirectory() as name:
        whole, daily = market.write(Path(name, "whole")), market.write(Path(name, "daily"))
        done(whole, "backfill", "--from", str(first), "--to", str(last))
        for day in week:
            done(daily, "run", "--date", str(day))
        assert bytes_of(daily) == bytes_of(whole)
        _same_rows(published(whole, last), Project(whole).results(last, week))


def _deliver_one_by_one(folder: Path, market: Marketplace, chance: random.Random) -> None:
    """Take the exports away, and give them back one at a time, running on a random day now and then."""
    exports = sorted(market.exports)
    waiting = folder / "waiting"
    for file in exports:
        (waiting / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder / file, waiting / file)
    chance.shuffle(exports)
    for file in exports:
        shutil.move(waiting / file, folder / file)
        if chance.random() < 0.5:
            missionctl(folder, "run", "--date", str(chance.choice(market.as_of)))


def bytes_of(folder: Path, *tops: str) -> dict[str, bytes]:
    """Every published partition and result."""
    data = folder / "data"
    found = [path for top in tops or ("metrics", "results") for path in (data / top).rglob("*.parquet")]
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in found}


@many(4)
@given(market=marketplaces())
def test_sums_with_and_without_room_in_64_bits_are_the_same(market: Marketplace) -> None:
    """What has no room is added up by the engine, which is asked for all of it here."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        roomy, narrow = market.write(Path(name, "roomy")), market.write(Path(name, "narrow"))
        period = ("--from", str(market.as_of[0]), "--to", str(market.as_of[-1]))
        done(roomy, "backfill", *period)
        patch.setattr(additive, "_ROOM", -1)
        done(narrow, "backfill", *period)
        assert bytes_of(narrow) == bytes_of(roomy)
