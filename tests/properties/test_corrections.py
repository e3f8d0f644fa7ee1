"""On random small marketplaces whose exports come late, the open corrections are what differs between the decisions as they
were first published and those of a project that had everything from the beginning."""

from __future__ import annotations

import csv
import json
import random
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.strategies import Marketplace, marketplaces
from tests.properties.test_against_oracle import bytes_of, many
from tests.support import missionctl

DAY = timedelta(days=1)
Key = tuple[str, ...]
Decision = tuple[str, Decimal]
NONE = ("", Decimal(0))


@many(4)
@given(market=marketplaces(), seed=st.integers(0, 2**32))
def test_open_corrections_are_what_differs_from_the_first_decisions(market: Marketplace, seed: int) -> None:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        late, whole = market.write(Path(name, "late")), market.write(Path(name, "whole"))
        if not all("updated" in source for source in tomllib.loads(market.metrics_toml)["sources"].values()):
            return
        days = [market.as_of[0] + n * DAY for n in range(-4, 8)]
        carried_out(whole, "backfill", "--from", str(days[0]), "--to", str(days[-1]))
        first = _lived_through(late, market, days, chance)
        wanted = _differing(first, {key: found for day in days for key, found in decided(whole, day).items()})
        assert _open(late) == wanted
        while json.loads(carried_out(late, "status", "--json"))["stale_results"]:
            carried_out(late, "backfill", "--only", "stale")
        assert _open(late) == wanted
        assert bytes_of(late, "results") == bytes_of(whole, "results")
        carried_out(late, "verify", "--deep")
        _restated(late, whole, days)


def _lived_through(root: Path, market: Marketplace, days: list[date], chance: random.Random) -> dict[Key, Decision]:
    """A run for each day, before which some exports come; all are there before the last one. The first decisions."""
    waiting = _withheld(root, market, chance)
    first: dict[Key, Decision] = {}
    known: set[date] = set()
    for day in days:
        for file in [file for file in waiting if day == days[-1] or chance.random() < 0.2]:
            waiting.remove(file)
            shutil.move(root / "waiting" / file, root / file)
        if chance.random() < 0.2 and day != days[-1] and known:
            continue  # cron did not run
        carried_out(root, "run", "--date", str(day))
        for new in sorted({one for one in days if one <= day} - known) if known else [day]:
            first |= decided(root, new)
        known |= {one for one in days if one <= day and (known or one == day)}
        if chance.random() < 0.2:
            carried_out(root, "backfill", "--only", chance.choice(["stale", "all"]))
    return first


def _withheld(root: Path, market: Marketplace, chance: random.Random) -> list[str]:
    """Take away some of the exports, but for one of each source."""
    files = sorted(market.exports)
    kept = {min(file for file in files if Path(file).parent == folder) for folder in {Path(file).parent for file in files}}
    taken = [file for file in files if file not in kept and chance.random() < 0.7]
    for file in taken:
        (root / "waiting" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(root / file, root / "waiting" / file)
    return taken


def decided(root: Path, day: date) -> dict[Key, Decision]:
    """(mission, supplier, first and last day, decided on) → status and reward of what the results as of a day decide."""
    missions = tomllib.loads((root / "missions.toml").read_text("utf-8"))["missions"]
    found = {}
    for row in csv.DictReader(carried_out(root, "results", "--date", str(day), "--format", "csv").splitlines()):
        mission = missions[row["mission_id"]]
        ends = date.fromisoformat(row["window_end"]) + mission.get("grace_days", 0) * DAY
        if mission["window"]["kind"] != "rolling" and ends == day:
            key = (row["mission_id"], row["supplier_id"], row["window_start"], row["window_end"], str(day))
            found[key] = (row["mission_status"], _money(row["reward"]))
    return found


def _differing(first: dict[Key, Decision], now: dict[Key, Decision]) -> dict[Key, tuple[Decision, Decision]]:
    both = {key: (first.get(key, NONE), now.get(key, NONE)) for key in first.keys() | now.keys()}
    return {key: pair for key, pair in both.items() if pair[0] != pair[1]}


def _open(root: Path) -> dict[Key, tuple[Decision, Decision]]:
    return {_key(row): (_side(row, "old"), _side(row, "new")) for row in _listed(root)}


def _listed(root: Path, *words: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(carried_out(root, "corrections", "--format", "csv", *words).splitlines())


def _key(row: dict[str, str]) -> Key:
    return tuple(row[name] for name in ("mission_id", "supplier_id", "window_start", "window_end", "decided_on"))


def _side(row: dict[str, str], side: str) -> Decision:
    return row[f"{side}_status"], _money(row[f"{side}_reward"])


def _money(text: str) -> Decimal:
    return Decimal(text or 0).quantize(Decimal("1e-9")).normalize()


def _restated(root: Path, whole: Path, days: list[date]) -> None:
    """With everything applied, what is in force is what everything together says; and later data that changes nothing corrects
    nothing."""
    for mission in sorted({row["mission_id"] for row in _listed(root)}):
        carried_out(root, "restate", "--mission", mission, "--from", str(days[0]), "--reason", "all of it")
    assert _open(root) == {}
    assert bytes_of(root, "results") == bytes_of(whole, "results")
    carried_out(root, "backfill", "--only", "all")
    assert _open(root) == {}


def carried_out(root: Path, *words: str) -> str:
    """What a command prints that may find refused files."""
    ran = missionctl(root, *words)
    assert ran.code in (0, 1), ran
    return ran.out
