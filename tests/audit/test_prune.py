"""`prune` removes what no window can need, and what is computed later is the same as if nothing had been removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.audit.world import PAID, again, asked, clean, files, tree
from tests.crash.market import METRICS, MISSIONS, as_of, put, put_day, put_project
from tests.crash.test_regressions import killed_in, lying, named
from tests.support import done, missionctl

LAST, KEEP = 23, 3  # 29 May 2024, a Wednesday; results as of 26 May stay, whose week began on the 20th
OTHERS = """
[missions.rolls]
window = { kind = "rolling", days = 9 }

[[missions.rolls.conditions]]
name = "trips"
formula = "trips"
type = "GTE"
val = 6

[missions.newcomers]
window = { kind = "since", field = "joined", days = 12 }
grace_days = 2
reward = 5

[[missions.newcomers.conditions]]
name = "trips"
formula = "trips"
type = "GTE"
val = 6

[missions.own]
window = { kind = "assigned", file = "data/exports/own.csv" }
grace_days = 1

[[missions.own.conditions]]
name = "offered"
formula = "offered"
type = "GTE"
val = 6
"""


def grown(root: Path, missions: str) -> Path:
    """The market with the results of 24 days."""
    put_project(root)
    put(root / "metrics.toml", METRICS.replace('tier = "integer" }', 'tier = "integer", joined = "date" }'))
    put(root / "missions.toml", MISSIONS + PAID + missions)
    rows = [
        f"{name},{n},SGN,{1 + n % 3},{as_of(at)}"
        for n, (name, at) in enumerate({"ann": 3, "bob": 10, "cid": 14, "dee": 22}.items())
    ]
    put(root / "data/exports/suppliers.csv", "\n".join(["supplier_id,phone,city,tier,joined", *rows]) + "\n")
    spans = [("ann", 2, 4), ("bob", 8, 21), ("cid", 1, 30), ("dee", 20, 26)]
    lines = [f"{name},{as_of(first)},{as_of(last)}" for name, first, last in spans]
    put(root / "data/exports/own.csv", "\n".join(["supplier_id,window_start,window_end", *lines]) + "\n")
    for day in range(LAST + 1):
        put_day(root, day)
    done(root, "backfill", "--from", as_of(0), "--to", as_of(LAST))
    return root


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weeks, days, and limits."""
    return grown(tmp_path_factory.mktemp("market"), "")


@pytest.fixture(scope="module")
def all_kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """And windows that roll, or are each supplier's own."""
    return grown(tmp_path_factory.mktemp("all"), OTHERS)


@pytest.fixture
def project(market: Path, tmp_path: Path) -> Path:
    return again(market, tmp_path / "project")


def pruned(root: Path, *words: str) -> dict[str, Any]:
    """Prune, and what it says."""
    return dict(json.loads(done(root, "prune", "--keep-days", str(KEEP), "--json", *words).out))


def results_of(root: Path, first: int, last: int) -> set[str]:
    """The names of the files of results, which carry their digests."""
    return {name for name in tree(root, ["results"]) if as_of(first) <= name.split("date=")[1][:10] <= as_of(last)}


def waiting(root: Path) -> dict[str, list[str]]:
    """Stale days that `status` tells."""
    return dict(json.loads(done(root, "status", "--json").out)["stale"])


def late_record(root: Path, day: int) -> None:
    """An order of long ago."""
    at = f"{as_of(day)}T10:30:00+07:00"
    put(
        root / "data/exports/orders/late.csv",
        f"order_id,supplier_id,status,final_at,updated_at,fare\nlate,ann,DONE,{at},{at},5.00\n",
    )


# ---------------------------------------------------------------- what goes and what stays


def test_old_results_and_days_that_no_window_needs_go_and_nothing_else(project: Path) -> None:
    before, results, size = (
        tree(project),
        results_of(project, LAST - KEEP, LAST),
        sum(p.stat().st_size for p in files(project, ".")),
    )
    awards, orders = (asked(project, f"SELECT count(*) FROM {table}") for table in ("awards", "orders_orders"))
    found = pruned(project)
    gone = before - tree(project)
    assert tree(project) < before
    assert {entry["file"] for entry in found["files"]} == {f"data/{name}" for name in gone}
    assert {day for source in found["days"].values() for day in source} == {as_of(day) for day in range(13)}
    assert found["results"] == [as_of(day) for day in range(LAST - KEEP)]
    assert sum(entry["bytes"] for entry in found["files"]) < size
    assert {name.partition("/")[0] for name in gone} == {"orders", "left_out", "metrics", "results"}
    assert results_of(project, 0, LAST) == results
    assert asked(project, "SELECT count(*) FROM awards") == awards
    assert asked(project, "SELECT count(*) FROM orders_orders") == orders
    clean(project, "--deep")
    assert not list((project / "data/results").glob(f"date={as_of(0)}"))


def test_a_dry_run_shows_the_same_and_removes_nothing(project: Path) -> None:
    before = tree(project)
    shown = pruned(project, "--dry-run")
    assert tree(project) == before
    clean(project)
    really = pruned(project)
    assert {**shown, "dry_run": False} == really
    assert pruned(project)["files"] == []


def test_what_went_is_told(project: Path) -> None:
    put(project / "data/metrics/source=orders/metrics.pending", "half")
    put(project / "data/manifest.json.pending", "half")
    said = done(project, "prune", "--keep-days", "3").out.splitlines()
    assert said[:3] == [
        f"results: 20 days, {as_of(0)} to {as_of(19)}",
        f"offers: 13 days, {as_of(0)} to {as_of(12)}",
        f"orders: 13 days, {as_of(0)} to {as_of(12)}",
    ]
    assert said[3] == "left over by runs that were cut off: 2 files"
    assert said[4].startswith("freed ")
    assert lying(project) == named(project)
    assert not (project / "data/manifest.json.pending").exists()
    assert done(project, "prune", "--keep-days", "3").out == "freed 0 bytes in 0 files\n"


def test_less_than_a_day_is_refused(project: Path) -> None:
    assert missionctl(project, "prune", "--keep-days", "0").code == 2
    assert missionctl(project, "prune").code == 2


# ---------------------------------------------------------------- afterwards


def test_nothing_is_stale_or_computed_again_afterwards(project: Path) -> None:
    pruned(project)
    assert waiting(project) == {}
    ran = json.loads(done(project, "backfill", "--from", as_of(LAST - KEEP), "--to", as_of(LAST), "--json").out)
    assert ran["evaluated"] == []
    assert {day for found in ran["computed"].values() for day in found} == set()
    for only in ("missing", "stale"):
        ran = json.loads(done(project, "backfill", "--from", as_of(0), "--only", only, "--json").out)
        assert (ran["evaluated"], ran["computed"]) == ([], {})
    clean(project, "--deep")


def test_a_pruned_day_is_told_as_such(project: Path) -> None:
    pruned(project)
    for words in (("explain", "supplier", "ann"), ("results",), ("progress", "ann")):
        ran = missionctl(project, *words, "--date", as_of(4))
        assert ran.code == 2
        assert f"the results as of {as_of(4)} were pruned; missionctl run --date {as_of(4)} makes them again" in ran.err
    assert "pruned" not in done(project, "explain", "supplier", "ann").out


def test_rules_that_reach_farther_back_tell_what_was_pruned(project: Path) -> None:
    pruned(project)
    text = (project / "missions.toml").read_text()
    put(
        project / "missions.toml",
        text.replace('[missions.day]\nwindow = { kind = "day" }', '[missions.day]\nwindow = { kind = "month" }'),
    )
    done(project, "run", "--date", as_of(LAST))
    assert "were pruned" not in done(project, "explain", "supplier", "bob").out
    assert waiting(project) == {}
    clean(project, "--deep")


def test_results_that_were_pruned_are_made_again_to_the_same_bytes(market: Path, project: Path) -> None:
    pruned(project)
    report = json.loads(done(project, "run", "--date", as_of(4), "--json").out)
    assert set(report["computed"]["orders"].values()) == {"pruned"}
    assert results_of(project, 4, 4) == results_of(market, 4, 4)
    done(project, "explain", "supplier", "ann", "--date", as_of(4))
    clean(project, "--deep")
    pruned(project)
    assert results_of(project, 0, LAST) == results_of(market, LAST - KEEP, LAST)


def test_a_late_record_for_a_pruned_day_is_taken_in(market: Path, project: Path, tmp_path: Path) -> None:
    twin = again(market, tmp_path / "twin")
    pruned(project)
    for root in (project, twin):
        late_record(root, 4)
        report = json.loads(done(root, "run", "--date", as_of(LAST), "--json").out)
        assert report["records"]["new"] == 1
    assert waiting(project) == {"orders": [as_of(4)]}
    assert waiting(twin) == {}  # it was computed to see whether what was decided by it still is so
    assert results_of(project, LAST - KEEP, LAST) == results_of(twin, LAST - KEEP, LAST)
    clean(project, "--deep")
    for root in (project, twin):
        done(root, "run", "--date", as_of(4))
    assert results_of(project, 4, 4) == results_of(twin, 4, 4)
    assert waiting(project) == {}
    clean(project, "--deep")


def test_days_to_come_are_as_if_nothing_had_been_pruned(all_kinds: Path, tmp_path: Path) -> None:
    """Windows of every kind, and limits that count what was awarded long ago."""
    here, twin = again(all_kinds, tmp_path / "here"), again(all_kinds, tmp_path / "twin")
    assert set(pruned(here)["days"]) == {"orders"}  # of offers, cid has a window of its own since the second day
    lines = (here / "data/exports/own.csv").read_text().replace(f"cid,{as_of(1)},{as_of(30)}\n", "")
    for root in (here, twin):
        put(root / "data/exports/own.csv", lines)
        done(root, "run", "--date", as_of(LAST))
    for day in range(LAST + 1, LAST + 9):
        pruned(here)
        for root in (here, twin):
            put_day(root, day)
            report = json.loads(done(root, "run", "--date", as_of(day), "--json").out)
            reasons = {why for found in report["computed"].values() for why in found.values()}
            assert "pruned" not in reasons
        assert results_of(here, day - KEEP, day) == results_of(twin, day - KEEP, day)
    assert len(tree(here, ["metrics/source=offers"])) < len(tree(twin, ["metrics/source=offers"]))
    assert asked(here, "SELECT * FROM awards ORDER BY ALL") == asked(twin, "SELECT * FROM awards ORDER BY ALL")
    clean(here, "--deep")


# ---------------------------------------------------------------- cut off


@pytest.mark.parametrize(
    "place",
    [
        "mission_cli.stages.prune:forget",
        "mission_cli.pipeline:_end",
        "mission_cli.stages.context:write_manifest",
        "mission_cli.stages.context:Context.remove_obsolete",
        "mission_cli.pipeline:seal",
    ],
)
def test_a_prune_that_is_killed_is_made_whole_by_the_next_run(market: Path, project: Path, place: str) -> None:
    killed_in(project, place, "prune", "--keep-days", str(KEEP))
    clean(project)
    done(project, "results", "--date", as_of(LAST))
    done(project, "run", "--date", as_of(LAST))
    assert lying(project) == named(project)
    clean(project, "--deep")
    pruned(project)
    assert results_of(project, 0, LAST) == results_of(market, LAST - KEEP, LAST)
    clean(project)


@pytest.mark.parametrize(
    "place",
    [
        "mission_cli.pipeline:load_sources",
        "mission_cli.stages.load:keep_duplicates",
        "mission_cli.stages.heal:compute_partitions",
        "mission_cli.store.files:sync",
        "mission_cli.stages.evaluate:compute_results",
        "mission_cli.stages.context:write_manifest",
        "mission_cli.pipeline:seal",
    ],
)
def test_after_a_kill_nothing_is_damaged_and_the_same_command_makes_it_whole(project: Path, place: str) -> None:
    put_day(project, LAST + 1)
    killed_in(project, place, "run", "--date", as_of(LAST + 1))
    assert "the last run was cut off or failed" in clean(project).err
    refused = missionctl(project, "prune", "--keep-days", "3")
    assert (refused.code, "run it again, then prune" in refused.err) == (2, True)
    done(project, "run", "--date", as_of(LAST + 1))
    assert "cut off" not in clean(project, "--deep").err
    assert lying(project) == named(project)
