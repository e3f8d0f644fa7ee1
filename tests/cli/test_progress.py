"""How far a supplier is, which missions there are, and what `check` warns of. Printed output is pinned as in test_printed.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.cli.shop import METRICS, MISSIONS, SUPPLIERS, replaced, write_shop
from tests.support import done, missionctl

METRICS_OF_KINDS = (
    replaced(METRICS, 'tier = "integer" }', 'tier = "integer", joined = "date" }')
    + """
[metrics.orders]
description = "Orders"
source = "orders"
method = "single_value"
value = 1
data_type = "integer"
default_value = 0

[metrics.canceled]
source = "orders"
method = "single_value"
value = 1
where = "status = 'CANCELED'"
data_type = "integer"
default_value = 0

[metrics.good_days]
source = "orders"
method = "single_value"
value = 1
where = "status = 'DONE'"
data_type = "integer"
over_days = "days"
days_where = "value >= 1"
default_value = 0

[metrics.row]
source = "orders"
method = "single_value"
value = 1
where = "status = 'DONE'"
data_type = "integer"
over_days = "streak"
days_where = "value >= 1"
default_value = 0
"""
)
KINDS = """
[missions.medals]
title = "Medals of May"
window = { kind = "month" }
grace_days = 1
reward = 10
limits = { per_supplier = 20, budget = 1000 }
[[missions.medals.conditions]]
name = "trips"
formula = "trips"
type = "GTE"
tiers = [
  { name = "bronze", val = 2, reward = 5 },
  { name = "silver", val = 40 },
  { name = "gold", val = 99, reward = "trips / 2" },
]
[[missions.medals.conditions]]
name = "done"
formula = "trips / orders"
type = "GT"
val = 0.5
role = "gate"
min_volume = { metric = "orders", val = 2, below = "met" }

[missions.spotless]
window = { kind = "fixed", start = 2024-05-06, end = 2024-05-10 }
grace_days = 2
require = "every_day OR good"
[[missions.spotless.conditions]]
name = "every_day"
formula = "row"
type = "GTE"
val = 5
[[missions.spotless.conditions]]
name = "good"
formula = "good_days"
type = "GTE"
val = 4
[[missions.spotless.conditions]]
name = "no_cancels"
formula = "canceled"
type = "EQ"
val = 0
role = "guard"
[[missions.spotless.conditions]]
name = "few_cancels_for_all_orders_of_it"
formula = "canceled / (trips + canceled)"
type = "LTE"
val = 0.5
role = "guard"

[missions.recent]
window = { kind = "rolling", days = 2 }
[[missions.recent.conditions]]
name = "trips"
formula = "trips"
type = "BETWEEN"
val = [2, 5]

[missions.newcomers]
window = { kind = "since", field = "joined", days = 5 }
[[missions.newcomers.conditions]]
name = "trips"
formula = "trips"
type = "GTE"
val = [{ where = "tier >= 2", val = 3 }, { val = 2 }]
no_data = "met"

[missions.own]
window = { kind = "assigned", file = "data/exports/own.csv" }
[[missions.own.conditions]]
name = "fares"
formula = "fares"
type = "GT"
val = 20
"""
JOINED = {"tier": "tier,joined", "SGN,2": "SGN,2,2024-05-05", "SGN,1": "SGN,1,2024-05-01", "SGN,3": "SGN,3,"}
OWN = "supplier_id,window_start,window_end,fares\nann,2024-05-06,2024-05-09,50.5\nbob,2024-05-06,2024-05-07,\n"


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def kinds(tmp_path: Path) -> Path:
    """The shop with a mission of every kind; not computed yet."""
    root = write_shop(tmp_path, METRICS_OF_KINDS, MISSIONS + KINDS)
    suppliers = SUPPLIERS
    for old, new in JOINED.items():
        suppliers = replaced(suppliers, old, new)
    (root / "data/exports/suppliers.csv").write_text(suppliers)
    (root / "data/exports/own.csv").write_text(OWN)
    return root


@pytest.fixture
def computed(kinds: Path) -> Path:
    """The same after two days."""
    done(kinds, "backfill", "--from", "2024-05-06", "--to", "2024-05-07")
    return kinds


def printed(root: Path, *words: str) -> str:
    ran = done(root, *words)
    assert all(len(line) <= 80 and line == line.rstrip() for line in ran.out.splitlines()), ran.out
    assert "\x1b" not in ran.out
    return ran.out


def told(root: Path, *words: str) -> Any:
    return json.loads(done(root, *words, "--json").out)


# ---------------------------------------------------------------- progress


@pytest.mark.parametrize("supplier", ["ann", "bob", "cid"])
@pytest.mark.parametrize("day", ["2024-05-06", "2024-05-07"])
def test_progress(supplier: str, day: str, computed: Path, snapshot: SnapshotAssertion) -> None:
    assert printed(computed, "progress", supplier, "--date", day) == snapshot


def test_progress_by_alias_of_one_mission(computed: Path) -> None:
    found = told(computed, "progress", "84900001", "--mission", "spotless")
    assert (found["supplier_id"], found["alias"]) == ("ann", "84900001")
    assert [mission["mission_id"] for mission in found["missions"]] == ["spotless"]


def test_progress_as_json(computed: Path, snapshot: SnapshotAssertion) -> None:
    assert done(computed, "progress", "ann", "--mission", "medals", "--json").out == snapshot


def test_what_is_decided_is_no_progress(computed: Path) -> None:
    done(computed, "backfill", "--from", "2024-05-08", "--to", "2024-05-14")
    for day in range(8, 15):
        results = json.loads(
            done(computed, "results", "--date", f"2024-05-{day:02}", "--supplier", "ann", "--format", "json").out
        )
        running = {row["mission_id"] for row in results if row["mission_status"] not in ("completed", "failed")}
        found = told(computed, "progress", "ann", "--date", f"2024-05-{day:02}")
        assert {mission["mission_id"] for mission in found["missions"]} == running


def test_days_left_and_decisions_agree_with_the_windows(computed: Path) -> None:
    done(computed, "backfill", "--from", "2024-05-08", "--to", "2024-05-12")
    left = []
    for day in range(8, 13):
        (mission,) = told(computed, "progress", "ann", "--mission", "spotless", "--date", f"2024-05-{day:02}")["missions"]
        left.append((mission["days_left"], mission["decided_on"]))
    assert left == [(2, "2024-05-12"), (1, "2024-05-12"), (0, "2024-05-12"), (0, "2024-05-12"), (0, "2024-05-12")]


def test_impossible_since_is_the_first_day_of_it(computed: Path) -> None:
    """bob made a trip on the 7th alone: from the 8th on, four days of five are out of reach. As of each day it says the same."""
    done(computed, "backfill", "--from", "2024-05-08", "--to", "2024-05-11")
    saids = {}
    for day in range(7, 12):
        (mission,) = told(computed, "progress", "bob", "--mission", "spotless", "--date", f"2024-05-{day:02}")["missions"]
        good = next(condition for condition in mission["conditions"] if condition["name"] == "good")
        saids[day] = (good["outlook"], good["impossible_since"], mission["outlook"], mission["impossible_since"])
    assert saids[7] == ("open", None, "open", None)
    assert {saids[day] for day in range(8, 12)} == {("impossible", "2024-05-08", "impossible", "2024-05-08")}


def test_a_day_that_has_not_ended_may_bring_more(computed: Path, time_machine_at: Any) -> None:
    """As of a day that runs on, it is one of the days that are left."""
    ended = told(computed, "progress", "bob", "--mission", "spotless")["missions"][0]
    with time_machine_at("2024-05-07T12:00:00+07:00"):
        running = told(computed, "progress", "bob", "--mission", "spotless", "--date", "2024-05-07")["missions"][0]
    assert (ended["days_left"], running["days_left"]) == (3, 4)
    assert [c["outlook"] for c in running["conditions"]][:2] == ["open", "open"]
    assert [c["outlook"] for c in ended["conditions"]][:2] == ["impossible", "open"]


@pytest.fixture
def time_machine_at() -> Any:
    import time_machine

    return lambda moment: time_machine.travel(moment, tick=False)


def test_progress_of_nobody(computed: Path) -> None:
    ran = missionctl(computed, "progress", "dan")
    assert ran.code == 2
    assert 'no supplier "dan"' in ran.err
    ran = missionctl(computed, "progress", "ann", "--mission", "weeek")
    assert ran.code == 2
    assert 'did you mean "week"?' in ran.err


def test_progress_before_anything_was_computed(kinds: Path) -> None:
    ran = missionctl(kinds, "progress", "ann")
    assert ran.code == 2
    assert "nothing was computed yet" in ran.err


def test_rules_newer_than_the_results_are_told(computed: Path) -> None:
    metrics = computed / "metrics.toml"
    metrics.write_text(replaced(metrics.read_text(), "[project]\n", '[project]\nrules = "restate"\n'))
    missions = computed / "missions.toml"
    missions.write_text(replaced(missions.read_text(), "val = 10.5", "val = 11.5"))
    assert "Note: the rules in metrics.toml or missions.toml changed" in printed(computed, "progress", "ann")
    missions.write_text(replaced(missions.read_text(), 'name = "mean"', 'name = "average"'))
    (week, *_) = told(computed, "progress", "ann")["missions"]
    assert ([condition["name"] for condition in week["conditions"]], week["outlook"]) == (["trips"], "open")


def test_progress_has_no_colours_off_a_terminal(computed: Path) -> None:
    assert "\x1b" not in done(computed, "progress", "ann").out


# ---------------------------------------------------------------- missions


def test_missions_before_anything_was_computed(kinds: Path, snapshot: SnapshotAssertion) -> None:
    assert printed(kinds, "missions", "--date", "2024-05-07") == snapshot


def test_missions(computed: Path, snapshot: SnapshotAssertion) -> None:
    assert printed(computed, "missions") == snapshot


def test_missions_as_json(computed: Path) -> None:
    found = {mission["mission_id"]: mission for mission in told(computed, "missions")}
    assert (found["own"]["population"], found["own"]["windows"], found["own"]["next_decision"]) == (2, 2, "2024-05-07")
    assert (found["week"]["population"], found["week"]["windows"], found["week"]["next_decision"]) == (2, 2, "2024-05-07")
    assert found["recent"]["next_decision"] is None
    assert found["medals"]["limits"] == "at most 20 for one supplier, at most 1000 for all"


def test_missions_as_of_a_day_without_results(computed: Path) -> None:
    found = {mission["mission_id"]: mission for mission in told(computed, "missions", "--date", "2024-04-01")}
    assert {mission["population"] for mission in found.values()} == {None}
    assert found["spotless"]["next_decision"] == "2024-05-12"
    assert {m["next_decision"] for m in told(computed, "missions", "--date", "2025-01-31") if m["mission_id"] == "spotless"} == {
        None
    }


# ---------------------------------------------------------------- warnings


def test_check_warns_of_guards_that_recover(kinds: Path) -> None:
    ran = done(kinds, "check")
    assert ran.out == "shop: no problems in 1 source, 7 metrics, 7 missions\n"
    line = (kinds / "missions.toml").read_text().splitlines().index('name = "few_cancels_for_all_orders_of_it"') + 5
    said = (
        "is broken only while its condition is unmet: canceled or trips can recover, and the mission with it"
        ' (choose what cannot recover, or role = "gate", which is asked at the end)'
    )
    assert ran.err == f"missionctl: warning: missions.toml:{line}:8: missions.spotless.conditions[3].role: {said}\n"
    (warning,) = told(kinds, "check")["warnings"]
    assert (warning["line"], warning["path"]) == (line, "missions.spotless.conditions[3].role")


def test_runs_do_not_warn(kinds: Path) -> None:
    assert "warning" not in done(kinds, "run", "--date", "2024-05-07").err


def test_no_warnings_beside_problems(kinds: Path) -> None:
    missions = kinds / "missions.toml"
    missions.write_text(replaced(missions.read_text(), 'type = "GTE"', 'type = "GE"'))
    found = json.loads(missionctl(kinds, "check", "--json").out)
    assert (found["ok"], len(found["problems"]), found["warnings"]) == (False, 1, [])
