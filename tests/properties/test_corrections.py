"""In random small shops whose exports come late, the open corrections are what differs between the decisions as they were first
published and those of a project that had everything from the beginning."""

from __future__ import annotations

import csv
import json
import random
import tempfile
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.crash.market import put
from tests.properties.test_against_oracle import bytes_of, many
from tests.support import ROOT, done

DAY = timedelta(days=1)
Key = tuple[str, ...]
Decision = tuple[str, Decimal]
NONE = ("", Decimal(0))


SUPPLIERS = ("ann", "bob", "cid", "dee")
FIRST, DAYS = date(2024, 5, 6), 13
HEADER = "order_id,supplier_id,status,final_at,updated_at,fare"


@many(12)
@given(seed=st.integers(0, 2**32))
def test_open_corrections_are_what_differs_from_the_first_decisions(seed: int) -> None:
    chance = random.Random(seed)
    shop, files = _shop(chance), _exports(chance)
    days = [FIRST + n * DAY for n in range(DAYS)]
    with tempfile.TemporaryDirectory() as name:
        late, whole = _written(Path(name, "late"), shop), _written(Path(name, "whole"), shop | files)
        done(whole, "backfill", "--from", str(days[0]), "--to", str(days[-1]))
        first = _lived_through(late, files, days, chance)
        wanted = _differing(first, {key: found for day in days for key, found in decided(whole, day).items()})
        assert _open(late) == wanted
        while json.loads(done(late, "status", "--json").out)["stale_results"]:
            done(late, "backfill", "--only", "stale")
        assert _open(late) == wanted
        assert bytes_of(late, "results") == bytes_of(whole, "results")
        done(late, "verify", "--deep")
        _restated(late, whole, days)


# ---------------------------------------------------------------- a shop


def _shop(chance: random.Random) -> dict[str, str]:
    """A project with some of the missions below, who the suppliers are, and their own windows."""
    missions = [
        _mission("daily", 'kind = "day"', chance, 'limits = { per_supplier = 12.5, budget = 60 }\nreward = "2.5 * trips"'),
        _mission("slow", 'kind = "day"', chance, 'reward = "fares / 3"'),
        _mission("weekly", 'kind = "week"', chance, "reward = 50\nlimits = { budget = 120 }"),
        _mission("sprint", 'kind = "fixed", start = 2024-05-07, end = 2024-05-10', chance, "suppliers = \"city = 'SGN'\""),
        _mission("started", 'kind = "since", field = "joined", days = 3', chance, "reward = 7"),
        _mission("own", 'kind = "assigned", file = "data/exports/own.csv"', chance, "reward = 0.1"),
        _mission("rolls", 'kind = "rolling", days = 2', chance, ""),
    ]
    who = [f"{name},{chance.choice(['SGN', 'HAN'])},{FIRST + chance.randrange(9) * DAY}" for name in SUPPLIERS]
    starts = [FIRST + chance.randrange(8) * DAY for _ in SUPPLIERS]
    spans = [f"{name},{start},{start + chance.randrange(4) * DAY}" for name, start in zip(SUPPLIERS, starts, strict=True)]
    preset = (ROOT / "tests/cases/presets/trips.toml").read_text("utf-8")
    suppliers = 'file = "data/exports/suppliers.csv"\nkey = "supplier_id"\ncolumns = { city = "string", joined = "date" }\n'
    return {
        "metrics.toml": f'[project]\nname = "late"\ntimezone = "UTC"\n{preset}\n[suppliers]\n{suppliers}',
        "missions.toml": "".join(chance.sample(missions, chance.randint(2, 5))),
        "data/exports/suppliers.csv": "\n".join(["supplier_id,city,joined", *who]) + "\n",
        "data/exports/own.csv": "\n".join(["supplier_id,window_start,window_end", *spans]) + "\n",
    }


def _mission(name: str, window: str, chance: random.Random, more: str) -> str:
    grace, role = chance.choice([0, 0, 1, 2]) if name != "rolls" else 0, chance.choice(["goal", "gate", "guard"])
    return f"""
[missions.{name}]
window = {{ {window} }}
grace_days = {grace}
{more}
[[missions.{name}.conditions]]
name = "trips"
formula = "trips"
type = "GTE"
val = {chance.randint(1, 3)}
[[missions.{name}.conditions]]
name = "cancels"
formula = "cancels"
type = "LTE"
val = {chance.randint(0, 2)}
role = "{role}"
"""


def _exports(chance: random.Random) -> dict[str, str]:
    """Orders in several versions, of which later ones may be of another day, supplier or status; in files that come whenever."""
    orders = [f"O{n}" for n in range(25)]
    files = {}
    for number in range(8):
        lines = [HEADER]
        for order in chance.sample(orders, chance.randint(1, 10)):
            at = f"{FIRST + chance.randrange(DAYS - 1) * DAY}T{chance.randrange(10, 24)}:00:00Z"
            status = chance.choice(["DONE", "DONE", "DONE", "CANCELED"])
            updated = f"2024-06-01T{chance.randrange(10, 24)}:{number:02}:00Z"
            lines.append(f"{order},{chance.choice(SUPPLIERS)},{status},{at},{updated},{chance.randrange(1, 400) / 8}")
        files[f"data/exports/orders/{number}.csv"] = "\n".join(lines) + "\n"
    return files


def _written(root: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        put(root / name, text)
    return root


def _lived_through(root: Path, files: dict[str, str], days: list[date], chance: random.Random) -> dict[Key, Decision]:
    """A run for most days, before which some exports come; all are there before the last one. The first decisions."""
    waiting = list(files)
    chance.shuffle(waiting)
    first: dict[Key, Decision] = {}
    known: list[date] = []
    for day in days:
        count = len(waiting) if day == days[-1] else chance.choice([0, 0, 1, 2]) if known else 1
        _written(root, {name: files[name] for name in waiting[:count]})
        del waiting[:count]
        if known and day != days[-1] and chance.random() < 0.2:
            continue  # cron did not run, and the next one catches up
        done(root, "run", "--date", str(day))
        for new in days[len(known) : days.index(day) + 1]:
            first |= decided(root, new)
            known.append(new)
        if chance.random() < 0.15:
            done(root, "backfill", "--only", chance.choice(["stale", "all"]))
        elif chance.random() < 0.15:
            done(root, "run", "--date", str(chance.choice(known)))
    return first


# ---------------------------------------------------------------- what was decided


def decided(root: Path, day: date) -> dict[Key, Decision]:
    """(mission, supplier, first and last day, decided on) → status and reward of what the results as of a day decide."""
    missions = tomllib.loads((root / "missions.toml").read_text("utf-8"))["missions"]
    found = {}
    for row in csv.DictReader(done(root, "results", "--date", str(day), "--format", "csv").out.splitlines()):
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
    yield from csv.DictReader(done(root, "corrections", "--format", "csv", *words).out.splitlines())


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
        done(root, "restate", "--mission", mission, "--from", str(days[0]), "--reason", "all of it")
    assert _open(root) == {}
    assert bytes_of(root, "results") == bytes_of(whole, "results")
    done(root, "backfill", "--only", "all")
    assert _open(root) == {}
