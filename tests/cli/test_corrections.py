"""`corrections` and `restate`: what people and programs read, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import time_machine
from syrupy.assertion import SnapshotAssertion

from mission_cli.store.lock import held
from tests.cli.shop import MISSIONS, replaced, snapshot, write_shop
from tests.cli.test_printed import printed
from tests.support import done, missionctl

PAYS = replaced(MISSIONS, "grace_days = 2\n", 'grace_days = 2\nreward = "10 * trips + 0.125"\n')
LATE = """\
order_id,supplier_id,status,final_at,updated_at,fare
A2,ann,CANCELED,2024-05-07T08:00:00,2024-05-20T08:00:00,12.50
B5,bob,DONE,2024-05-08T08:30:00,2024-05-20T09:00:00,30.00
D1,dee,DONE,2024-05-08T08:30:00,2024-05-20T09:00:00,30.00
"""
DECIDED = "2024-05-14"
RESTATE = ("restate", "--mission", "week", "--from", DECIDED, "--reason", "ticket 12")


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(scope="module")
def late_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop whose week was decided on the 14th, and what came on the 20th."""
    root = write_shop(tmp_path_factory.mktemp("shop"), missions=PAYS)
    done(root, "backfill", "--from", "2024-05-06", "--to", "2024-05-19")
    (root / "data/exports/orders/late.csv").write_text(LATE)
    ran = done(root, "run", "--date", "2024-05-20")
    assert ran.err.endswith("4 corrections of decided missions: missionctl corrections\n")
    return root


@pytest.fixture
def shop(late_shop: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(late_shop, tmp_path / "shop"))


def rows(root: Path, *words: str) -> list[dict[str, Any]]:
    return list(json.loads(done(root, "corrections", "--json", *words).out))


def test_the_list(shop: Path, snapshot: SnapshotAssertion) -> None:
    assert printed(shop, "corrections") == snapshot
    ran = done(shop, "corrections", "--limit", "1")
    assert (ran.out.count("late.csv"), ran.err) == (1, "3 more rows; leave out --limit to see them\n")


def test_the_list_with_what_was_applied(shop: Path, snapshot: SnapshotAssertion) -> None:
    assert printed(shop, *RESTATE) == snapshot
    assert printed(shop, "corrections", "--mission", "week") == "no open corrections\n"
    assert printed(shop, "corrections", "--all") == snapshot


def test_for_programs(shop: Path, snapshot: SnapshotAssertion) -> None:
    found = rows(shop)
    assert [{**row, "recorded_at": row["recorded_at"][:3]} for row in found] == snapshot
    text = done(shop, "corrections", "--format", "csv").out
    assert [row["owed"] for row in csv.DictReader(text.splitlines())] == [row["owed"] for row in found]


def test_status_and_explanation(shop: Path, snapshot: SnapshotAssertion) -> None:
    told = printed(shop, "status").partition("Corrections")
    assert (told[1] + told[2]).partition("Newest")[0] == snapshot
    assert json.loads(done(shop, "status", "--json").out)["corrections"] == {
        "open": 4,
        "owed_to_suppliers": "20.125",
        "owed_by_suppliers": "20.125",
    }
    explained = printed(shop, "explain", "supplier", "bob", "--date", DECIDED, "--mission", "week")
    assert explained.partition("Metrics")[0].partition("week")[2] == snapshot
    (mission,) = json.loads(done(shop, "explain", "supplier", "dee", "--date", DECIDED, "--mission", "week", "--json").out)[
        "missions"
    ]
    assert len(mission["corrections"]) == 1


def test_one_chooses_among_them(shop: Path) -> None:
    def numbers(*words: str) -> list[int]:
        return [row["number"] for row in rows(shop, *words)]

    assert numbers() == [1, 2, 3, 4]
    assert numbers("--supplier", "84900002") == [3] == numbers("--supplier", "bob")
    assert numbers("--mission", "week") == [2, 3, 4] == numbers("--from", DECIDED, "--to", DECIDED)
    assert numbers("--mission", "sprint") == [1] == numbers("--to", "2024-05-13")
    assert numbers("--from", "2024-05-15") == []


def test_where_there_are_none_it_says_so(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    assert missionctl(root, "corrections").code == 2
    done(root, "run", "--date", "2024-05-07")
    assert done(root, "corrections").out == "no open corrections\n"
    assert done(root, "corrections", "--all").out == "no corrections\n"
    assert rows(root) == []
    assert done(root, *RESTATE).out == "nothing to apply: no open corrections of these decisions\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("corrections", "--mission", "weak"), 'unknown mission "weak" (did you mean "week"?)'),
        (("corrections", "--supplier", "eve"), 'no supplier "eve"'),
        (("corrections", "--format", "parquet"), "choose table, csv, json"),
        (("corrections", "--from", "2024-05-15", "--to", "2024-05-14"), "lies before"),
        (("restate", "--mission", "weak", "--from", DECIDED, "--reason", "x"), 'did you mean "week"?'),
        (("restate", "--mission", "week", "--from", DECIDED, "--to", "2024-05-13", "--reason", "x"), "lies before"),
        (("restate", "--mission", "week", "--from", DECIDED, "--reason", " "), "--reason is empty"),
        (("restate", "--mission", "week", "--from", DECIDED), "--reason"),
        (("restate", "--mission", "week", "--from", "monday", "--reason", "x"), "is not a day"),
    ],
)
def test_what_is_refused_changes_nothing(shop: Path, words: tuple[str, ...], said: str) -> None:
    before = snapshot_of(shop)
    ran = missionctl(shop, *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert snapshot_of(shop) == before


def snapshot_of(root: Path) -> dict[str, bytes]:
    return {name: found[0] for name, found in snapshot(root).items() if name != "data/missions.lock"}


def test_a_dry_run_changes_nothing_and_says_the_same(shop: Path) -> None:
    before = snapshot_of(shop)
    dry = done(shop, *RESTATE, "--dry-run")
    after = snapshot_of(shop)
    assert {name for name in after if after[name] != before.get(name)} <= {"data/missions.duckdb"}
    assert done(shop, *RESTATE).out == dry.out
    assert dry.err == "would apply 3 corrections\n"


def test_another_run_holds_the_project(shop: Path) -> None:
    with held(shop / "data/missions.lock", "other", "now"):
        assert missionctl(shop, *RESTATE).code == 4


def test_results_show_what_is_in_force_after_a_restate(shop: Path) -> None:
    done(shop, *RESTATE)
    ran = done(shop, "results", "--date", DECIDED, "--mission", "week", "--format", "csv")
    found = {row["supplier_id"]: (row["mission_status"], row["reward"]) for row in csv.DictReader(ran.out.splitlines())}
    assert found == {"ann": ("failed", ""), "bob": ("completed", "20.125"), "dee": ("failed", "")}
    assert ran.err == ""
    assert done(shop, "verify", "--deep").code == 0


def test_a_day_that_has_not_ended_decides_nothing_yet(tmp_path: Path) -> None:
    root = write_shop(tmp_path, missions=PAYS)
    with time_machine.travel("2024-05-14T12:00:00+07:00", tick=False):
        done(root, "run", "--date", DECIDED)
        (root / "data/exports/orders/late.csv").write_text(LATE)
        done(root, "run", "--date", DECIDED)
        assert rows(root) == []
    with time_machine.travel("2024-05-15T06:00:00+07:00", tick=False):
        done(root, "run", "--date", DECIDED)  # as it stands: now it is decided
        assert rows(root) == []
        (root / "data/exports/orders/more.csv").write_text(
            LATE.splitlines()[0] + "\nB5,bob,CANCELED,2024-05-08T08:30:00,2024-05-22T09:00:00,30.00\n"
        )
        done(root, "run", "--date", "2024-05-15")
        assert [(row["supplier_id"], row["old_status"], row["new_status"]) for row in rows(root)] == [
            ("bob", "completed", "failed")
        ]


def test_prune_takes_corrections_with_the_results_of_their_day(shop: Path) -> None:
    found = json.loads(done(shop, "prune", "--keep-days", "3", "--json").out)
    assert any(entry["file"].startswith("data/decisions/") for entry in found["files"])
    assert rows(shop, "--all") == []
    assert not (shop / "data/decisions").exists()
    assert not (shop / "data/corrections").exists()
    done(shop, "verify", "--deep")


def test_what_is_owed_for_a_mission_that_is_gone_can_be_settled(shop: Path) -> None:
    (shop / "missions.toml").write_text(PAYS.partition("[missions.sprint]")[0].replace("missions.week", "missions.month"))
    assert "week" in done(shop, "apply", "--restate", "--mission", "week").out
    assert len(rows(shop, "--mission", "week")) == 3
    assert done(shop, *RESTATE).err.endswith("applied 3 corrections\n")
    assert rows(shop, "--mission", "week") == []
    assert [row["state"] for row in rows(shop, "--mission", "week", "--all")] == ["applied"] * 3
    done(shop, "run", "--date", "2024-05-21")
    assert rows(shop, "--mission", "week") == []
    assert done(shop, "verify", "--deep").code == 0
