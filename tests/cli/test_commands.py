"""The verbs as a shell sees them: exit codes, what goes to standard output and what to standard error, and no traceback ever."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import time_machine
from hypothesis import HealthCheck, Phase, given, settings

from tests.cli.shop import METRICS, MISSIONS, ORDERS, replaced, snapshot, write_shop
from tests.oracle.strategies import Marketplace, marketplaces
from tests.support import ROOT, done, inside, missionctl

HEADER = "as_of,mission_id,supplier_id,window_start,window_end,mission_status,condition,value,type,val,status"
MAIN = "from mission_cli.cli.app import main; main()"
DAY = ("--date", "2024-05-07")
Damage = Callable[[Path], object]


@pytest.fixture(scope="session")
def ran_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop after one run; tests work on copies."""
    root = write_shop(tmp_path_factory.mktemp("shop"))
    done(root, "run", *DAY)
    return root


@pytest.fixture
def shop(ran_shop: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ran_shop, tmp_path / "shop"))


def process(project: Path, *words: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    """The command in a process of its own, without a terminal."""
    command = [sys.executable, "-c", MAIN, "--project", str(project), *words]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, cwd=ROOT)


def published(root: Path) -> dict[str, tuple[bytes, int]]:
    """Content and time stamp of everything that readers see but the manifest, which lists the runs."""
    return {name: kept for name, kept in snapshot(root).items() if name.startswith("data/") and name.endswith(".parquet")}


# ---------------------------------------------------------------- run and backfill


def test_run_tells_people_on_standard_error_only(tmp_path: Path) -> None:
    ran = missionctl(write_shop(tmp_path), "run", *DAY)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.splitlines() == [
        "loading files: 1",
        "computing days: 3",
        "evaluating missions: 1",
        "loaded 2 files, 13 records: 10 new, 1 updated, 1 duplicate, 1 rejected",
        "data/exports/orders/1.csv: 1 records rejected",
        "computed of orders: 3 days",
        "results: 1 day published, 0 unchanged",
    ]


def test_run_twice_changes_nothing(shop: Path) -> None:
    before = published(shop)
    ran = missionctl(shop, "run", *DAY)
    assert (ran.code, ran.out, ran.err) == (0, "", "results: 0 days published, 1 unchanged\n")
    assert published(shop) == before
    assert len(before) > 5


def test_run_json_is_all_that_standard_output_has(tmp_path: Path) -> None:
    ran = missionctl(write_shop(tmp_path), "run", *DAY, "--json")
    assert json.loads(ran.out) == {
        "batches": 2,
        "records": {"records": 13, "new": 10, "updated": 1, "duplicate": 1, "superseded": 0, "rejected": 1},
        "rejects": [{"file": "data/exports/orders/1.csv", "records": 1}],
        "refused": [],
        "computed": {"orders": {"2024-05-05": "new", "2024-05-06": "new", "2024-05-07": "new"}},
        "evaluated": ["2024-05-07"],
        "unchanged": [],
        "corrections": 0,
    }
    assert ran.code == 0


def test_a_refused_file_gives_exit_1_until_it_changes(shop: Path) -> None:
    bad = shop / "data/exports/orders/2.csv"
    bad.write_text("order_id\nA1\n")
    for _ in range(2):
        ran = missionctl(shop, "run", *DAY)
        assert (ran.code, ran.out) == (1, "")
        assert "data/exports/orders/2.csv: refused: its header has no column supplier_id" in ran.err
    bad.write_text(ORDERS.replace("A1,ann", "Z9,ann"))
    assert missionctl(shop, "run", *DAY).code == 0


@pytest.mark.parametrize(
    ("now", "as_of"),
    [
        (datetime(2024, 5, 7, 21, 59, 59, tzinfo=UTC), "2024-05-06"),  # 04:59:59 there, before the day's start at 05:00
        (datetime(2024, 5, 7, 22, 0, tzinfo=UTC), "2024-05-07"),
        (datetime(2024, 5, 8, 21, 59, 59, tzinfo=UTC), "2024-05-07"),
    ],
)
def test_run_without_a_date_takes_the_last_business_day_that_has_ended_there(now: datetime, as_of: str, tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    with time_machine.travel(now, tick=False):
        assert json.loads(done(root, "run", "--json").out)["evaluated"] == [as_of]


def test_backfill_is_the_same_as_a_run_for_each_day(tmp_path: Path) -> None:
    whole, daily = write_shop(tmp_path / "whole"), write_shop(tmp_path / "daily")
    done(whole, "backfill", "--from", "2024-05-05", "--to", "2024-05-08")
    for day in ("2024-05-05", "2024-05-06", "2024-05-07", "2024-05-08"):
        done(daily, "run", "--date", day)
    assert {name: kept for name, (kept, _) in published(whole).items()} == {
        name: kept for name, (kept, _) in published(daily).items()
    }


def test_backfill_goes_on_where_it_stopped(shop: Path) -> None:
    report = json.loads(done(shop, "backfill", "--from", "2024-05-06", "--to", "2024-05-08", "--json").out)
    assert (report["evaluated"], report["unchanged"]) == (["2024-05-06", "2024-05-08"], ["2024-05-07"])


def test_cron_gets_plain_lines(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    with process(root, "run", *DAY) as run:
        out, err = run.communicate(timeout=60)
    assert (run.returncode, out) == (0, b"")
    assert err.startswith(b"loading files: 1\ncomputing days: 3\n")
    assert b"\x1b" not in err
    assert b"\r" not in err


# ---------------------------------------------------------------- one run at a time

HOLD = """
import sys
from pathlib import Path
from mission_cli.store.lock import held
with held(Path(sys.argv[1]), "missionctl backfill", "2024-05-08T01:02:03Z"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(root: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process holds the project."""
    command = [sys.executable, "-c", HOLD, str(root / "data/missions.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        try:
            yield other
        finally:
            other.kill()


def test_a_second_run_exits_4_and_names_the_holder(shop: Path) -> None:
    with holder(shop) as other:
        before = snapshot(shop)
        for words in (("run", *DAY), ("backfill", "--from", "2024-05-06", "--to", "2024-05-07")):
            ran = missionctl(shop, *words)
            assert (ran.code, ran.out) == (4, "")
            assert ran.err == (
                f'missionctl: another run holds the project: "missionctl backfill", process {other.pid},'
                " since 2024-05-08T01:02:03Z; wait for it to end and try again\n"
            )
        assert snapshot(shop) == before


def test_readers_do_not_wait_for_a_run_and_status_names_it(shop: Path) -> None:
    with holder(shop) as other:
        at_work = {"pid": other.pid, "command": "missionctl backfill", "since": "2024-05-08T01:02:03Z"}
        assert json.loads(done(shop, "status", "--json").out)["at_work"] == at_work
        assert "At work: missionctl backfill" in done(shop, "status").out
        assert done(shop, "results").out
        assert done(shop, "explain", "supplier", "ann").out
        assert done(shop, "check").out


def test_a_killed_run_frees_the_project_at_once(shop: Path) -> None:
    with holder(shop) as other:
        other.kill()
        other.wait()
        assert json.loads(done(shop, "status", "--json").out)["at_work"] is None
        assert missionctl(shop, "run", *DAY).code == 0


def test_nobody_is_at_work_after_a_run_that_failed(shop: Path) -> None:
    (shop / "data/exports/orders/2.csv").symlink_to("/proc/self/mem")
    assert missionctl(shop, "run", *DAY).code == 3
    assert json.loads(done(shop, "status", "--json").out)["at_work"] is None


# ---------------------------------------------------------------- interrupted


def interrupted(root: Path, words: tuple[str, ...], line: bytes, delay: float) -> tuple[int, str]:
    """Exit code and standard error of a command that gets Ctrl-C some time after it printed a line."""
    said = b""
    with process(root, *words) as run:
        assert run.stderr is not None
        try:
            while not said.endswith(b"\n") or line not in said:
                byte = run.stderr.read(1)
                assert byte, said
                said += byte
            time.sleep(delay)
            run.send_signal(signal.SIGINT)
            _, rest = run.communicate(timeout=8)
        finally:
            run.kill()
    return run.returncode, (said + rest).decode()


def test_ctrl_c_during_a_backfill_exits_130_and_the_same_command_goes_on(tmp_path: Path) -> None:
    root = write_shop(tmp_path / "interrupted")
    words = ("backfill", "--from", "2024-01-01", "--to", "2029-12-31")
    for delay in (0.3, 0.0, 0.15):
        code, said = interrupted(root, words, b"evaluating missions", delay)
        assert code == 130, said
        assert "interrupted; the same command goes on where it stopped" in said
        assert "Traceback" not in said
    done(root, "backfill", "--from", "2024-05-01", "--to", "2024-05-10")
    other = write_shop(tmp_path / "other")
    done(other, "backfill", "--from", "2024-05-01", "--to", "2024-05-10")
    for day in range(1, 11):
        words = ("results", "--date", f"2024-05-{day:02}", "--format", "csv")
        assert missionctl(root, *words) == missionctl(other, *words)


def test_ctrl_c_inside_the_engine_exits_130(tmp_path: Path) -> None:
    """The user's query keeps the engine busy, so that the signal surely comes while it works."""
    text = 'method = "expression"\nexpression = "fare"\nwhere = "status = \'DONE\'"'
    root = write_shop(tmp_path, replaced(METRICS, text, 'method = "sql"\nfile = "sql/slow.sql"'))
    (root / "sql").mkdir()
    slow = "SELECT supplier_id, count(*) AS value FROM orders, range(1000000) AS a, range(100000) AS b GROUP BY supplier_id"
    (root / "sql/slow.sql").write_text(slow)
    code, said = interrupted(root, ("run", *DAY), b"computing days", 0.7)
    assert code == 130, said
    assert "interrupted; the same command goes on where it stopped" in said


# ---------------------------------------------------------------- what is not there


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("results --mission weak", 'unknown mission "weak" (did you mean "week"?)'),
        ("results --mission xyz", 'unknown mission "xyz" (missions: week, sprint)'),
        (
            "results --supplier zed",
            'no supplier "zed" by id or alias: not in the results, the orders or the suppliers\' file',
        ),
        (
            "results --date 2024-05-01",
            "no results as of 2024-05-01; there are some from 2024-05-07 to 2024-05-07 (missionctl run --date 2024-05-01)",
        ),
        ("explain supplier zed", 'no supplier "zed" by id or alias: not in the results, the orders or the suppliers\' file'),
        ("explain supplier ann --mission weak", 'unknown mission "weak" (did you mean "week"?)'),
        (
            "explain supplier ann --date 2024-05-01",
            "no results as of 2024-05-01; there are some from 2024-05-07 to 2024-05-07 (missionctl run --date 2024-05-01)",
        ),
        (
            "results --date 2024-02-30",
            "Invalid value for '--date': \"2024-02-30\" is not a day; write it like 2026-10-31 (see missionctl results --help)",
        ),
        (
            "run --date yesterday",
            "Invalid value for '--date': \"yesterday\" is not a day; write it like 2026-10-31 (see missionctl run --help)",
        ),
        (
            "backfill --from 2024-05-07 --to 2024-05-06",
            "Invalid value: --to 2024-05-06 lies before --from 2024-05-07 (see missionctl backfill --help)",
        ),
        (
            "backfill --from 2024-05-07",
            "Invalid value: --to is missing; give both days, or --only missing, stale or all (see missionctl backfill --help)",
        ),
        (
            "results --format xml",
            'Invalid value: "xml" is not a format; choose table, csv, json, parquet (see missionctl results --help)',
        ),
        ("frobnicate", "No such command 'frobnicate' (see missionctl --help)"),
        ("run --frobnicate", "No such option: --frobnicate (see missionctl run --help)"),
    ],
)
def test_what_is_not_known_is_told_in_one_line(words: str, says: str, shop: Path) -> None:
    before = snapshot(shop)
    ran = missionctl(shop, *words.split())
    assert (ran.code, ran.out, ran.err) == (2, "", f"missionctl: {says}\n")
    assert snapshot(shop) == before


def test_before_the_first_run_there_is_nothing_to_read(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    before = snapshot(root)
    for words in (("results",), ("explain", "supplier", "ann")):
        ran = missionctl(root, *words)
        says = f'nothing was computed yet in {root}; start with "missionctl run" or "missionctl backfill"'
        assert (ran.code, ran.out, ran.err) == (2, "", f"missionctl: {says}\n")
    assert done(root, "status").out.startswith("No results yet\n")
    assert json.loads(done(root, "status", "--json").out)["results"]["days"] == 0
    assert snapshot(root) == before


def test_an_alias_of_two_suppliers_asks_which(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    file = root / "data/exports/suppliers.csv"
    file.write_text(file.read_text().replace("84900002", "84900001"))
    done(root, "run", *DAY)
    for words in (("explain", "supplier", "84900001"), ("results", "--supplier", "84900001")):
        ran = missionctl(root, *words)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == 'missionctl: "84900001" is the phone of 2 suppliers; name one by id: ann, bob\n'
    assert missionctl(root, "explain", "supplier", "bob").code == 0


@pytest.mark.parametrize("words", [("--help",), ("run", "--help"), ("explain", "supplier", "--help"), ("--version",)])
def test_help_and_version_go_to_standard_output(words: tuple[str, ...], tmp_path: Path) -> None:
    ran = missionctl(tmp_path, *words)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out


@pytest.mark.parametrize(("words", "last"), [((), "explain"), (("explain",), "supplier")], ids=["missionctl", "explain"])
def test_help_for_a_missing_verb_is_whole(words: tuple[str, ...], last: str, tmp_path: Path) -> None:
    ran = missionctl(tmp_path, *words)
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err
    if "Usage:" in ran.err:
        text = done(tmp_path, *words, "--help").out
        assert text.strip().splitlines()[-1] in ran.err, "the last line of the help is cut or has something behind it"
        assert ran.err.rstrip().endswith(text.strip().splitlines()[-1].strip())


# ---------------------------------------------------------------- which project


def test_the_project_is_named_by_the_option_by_the_variable_or_by_the_folder(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = done(shop, "results", "--format", "csv").out
    monkeypatch.setenv("MISSIONCTL_PROJECT", str(shop))
    env = {**os.environ, "MISSIONCTL_PROJECT": str(shop)}
    by_variable = subprocess.run(
        [sys.executable, "-c", MAIN, "results", "--format", "csv"], env=env, cwd=ROOT, capture_output=True
    )
    assert by_variable.stdout.decode() == wanted
    with inside(shop):
        assert done(Path(), "results", "--format", "csv").out == wanted
    assert missionctl(tmp_path / "nowhere", "results").code == 2


def test_init_makes_a_project_that_only_lacks_exports(tmp_path: Path) -> None:
    root = tmp_path / "new"
    ran = missionctl(tmp_path, "init", root)
    assert (ran.code, ran.out.split()) == (0, ["metrics.toml", "missions.toml"])
    assert "next: missionctl --project" in ran.err
    checked = missionctl(root, "check")
    assert (checked.code, len(checked.out.splitlines())) == (2, 1)
    assert "sources.orders.files: no file matches" in checked.out
    (root / "data/exports/orders").mkdir(parents=True, exist_ok=True)
    (root / "data/exports/orders/1.csv").write_text(ORDERS.replace("DONE", "COMPLETED").replace("OPEN", "CREATED"))
    assert missionctl(root, "check").code == 0
    assert missionctl(root, "run", *DAY).code in (0, 1)


def test_init_again_keeps_what_is_there_and_overwrites_nothing(tmp_path: Path) -> None:
    root = tmp_path / "new"
    done(tmp_path, "init", root)
    before = snapshot(root)
    assert done(tmp_path, "init", root).out == ""
    assert snapshot(root) == before
    (root / "missions.toml").write_text("# mine\n")
    (root / "metrics.toml").unlink()
    ran = missionctl(tmp_path, "init", root)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"missionctl: {root}: missions.toml already there with other content")
    assert not (root / "metrics.toml").exists()


# ---------------------------------------------------------------- results

NUMBERS = """\
[project]
name = "numbers"
timezone = "UTC"

[sources.n]
files = ["data/exports/n.csv"]
key = "id"
supplier = "who"
time = "day"
[sources.n.columns]
id = { type = "string", required = true }
who = { type = "string" }
day = { type = "date" }
x = { type = "double" }

[metrics.x]
source = "n"
method = "expression"
expression = "x"
data_type = "double"
"""
NUMBERS_MISSION = """\
[missions.m]
window = { kind = "day" }
conditions = [
    { name = "z, first in the file", formula = "x", type = "GTE", val = 0.70 },
    { name = "a, second", formula = "x", type = "LT", val = 1e21 },
]
"""
VALUES = [
    "0.1",
    "1e21",
    "123456789012345680",
    "1e-7",
    "0.30000000000000004",
    "-2.50",
    "-0.0",
    "100",
    "5e-324",
    "1.7976931348623157e308",
]


def test_csv_has_the_promised_columns_in_order_and_the_shortest_numbers(tmp_path: Path) -> None:
    (tmp_path / "data/exports").mkdir(parents=True)
    (tmp_path / "metrics.toml").write_text(NUMBERS)
    (tmp_path / "missions.toml").write_text(NUMBERS_MISSION)
    rows = "".join(f"{n},s{n},2024-05-07,{value}\n" for n, value in enumerate(VALUES))
    (tmp_path / "data/exports/n.csv").write_text(f'id,who,day,x\n{rows}z,"a, ""b""",2024-05-07,\n')
    done(tmp_path, "run", *DAY)
    ran = done(tmp_path, "results", "--format", "csv")
    assert ran.err == ""
    assert "\r" not in ran.out
    header, *_ = ran.out.splitlines()
    assert header.startswith(HEADER)
    found = list(csv.DictReader(io.StringIO(ran.out)))
    assert [row["condition"] for row in found] == ["z, first in the file", "a, second"] * (len(VALUES) + 1)
    assert found[0] == {
        "as_of": "2024-05-07",
        "mission_id": "m",
        "supplier_id": 'a, "b"',
        "window_start": "2024-05-07",
        "window_end": "2024-05-07",
        "mission_status": "failed",
        "condition": "z, first in the file",
        "value": "",
        "type": "GTE",
        "val": "0.7",
        "status": "no_data",
        "tier": "",
        "role": "goal",
        "target_from": "default",
        "earned": "",
        "reward": "",
    }
    by_supplier = {row["supplier_id"]: row["value"] for row in found}
    for n, value in enumerate(VALUES):
        shown = by_supplier[f"s{n}"]
        assert float(shown) == float(value)
        assert len(shown) <= len(repr(float(value)))
        assert not shown.endswith(".0")
        assert not shown.startswith("-0") or float(shown)
    assert found[1]["val"] in ("1e21", "1e+21")


def test_rows_are_sorted_by_mission_supplier_window_and_condition(shop: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(done(shop, "results", "--format", "csv").out)))
    keys = [(row["mission_id"], row["supplier_id"], row["window_start"]) for row in rows]
    assert keys == sorted(keys)
    assert [row["condition"] for row in rows] == ["fares"] * 2 + ["trips", "mean"] * 3


def test_json_and_parquet_hold_what_csv_holds(shop: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(done(shop, "results", "--format", "csv").out)))
    as_json = json.loads(done(shop, "results", "--format", "json").out)
    assert as_json == json.loads(done(shop, "results", "--json").out)
    with process(shop, "results", "--format", "parquet") as ran:
        out, err = ran.communicate(timeout=60)
    assert (ran.returncode, err) == (0, b"")
    frame = pl.read_parquet(io.BytesIO(out))
    assert ",".join(frame.columns).startswith(HEADER)
    assert [{**row, **_texts(row)} for row in frame.to_dicts()] == as_json
    one_bound = [{name: value for name, value in row.items() if name != "val_high"} for row in as_json]
    assert [{name: _as_csv(value) for name, value in row.items()} for row in one_bound] == rows


def _texts(row: dict[str, Any]) -> dict[str, str]:
    return {name: value.isoformat() for name, value in row.items() if isinstance(value, date)}


def _as_csv(value: object) -> str:
    return "" if value is None else repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def test_results_of_one_mission_and_one_supplier(shop: Path) -> None:
    whole = done(shop, "results", "--format", "csv").out.splitlines()
    for words, part in (
        (("--mission", "sprint"), ",sprint,"),
        (("--supplier", "bob"), ",bob,"),
        (("--supplier", "84900002"), ",bob,"),
    ):
        ran = done(shop, "results", *words, "--format", "csv")
        assert ran.out.splitlines() == [whole[0], *(line for line in whole[1:] if part in line)]


def test_no_rows_are_told_on_standard_error(shop: Path) -> None:
    done(shop, "run", "--date", "2024-01-01")
    ran = done(shop, "results", "--date", "2024-01-01", "--mission", "week", "--format", "csv")
    assert (ran.out.splitlines()[0].startswith(HEADER), len(ran.out.splitlines())) == (True, 1)
    assert ran.err == "no rows as of 2024-01-01\n"


def test_limit_cuts_the_table_and_says_so(shop: Path) -> None:
    ran = done(shop, "results", "--limit", "1")
    assert ran.err == "7 more rows; leave out --limit to see them\n"
    assert "ann" in ran.out
    assert "bob" not in ran.out


def test_the_newest_results_are_the_default(shop: Path) -> None:
    done(shop, "run", "--date", "2024-05-06")
    assert done(shop, "results", "--format", "csv").out == done(shop, "results", *DAY, "--format", "csv").out


# ---------------------------------------------------------------- status and explain


def test_status_json(shop: Path) -> None:
    state = json.loads(done(shop, "status", "--json").out)
    assert state["results"] == {"days": 1, "first": "2024-05-07", "latest": "2024-05-07"}
    (orders, suppliers) = state["sources"]
    assert orders == {
        "source": "orders",
        "batches": 1,
        "records": 10,
        "new": 7,
        "updated": 1,
        "duplicate": 1,
        "superseded": 0,
        "rejected": 1,
    }
    assert suppliers["records"] == 3
    (reject,) = state["rejects"]
    reason = '"lots" is not a number'
    assert (reject["line"], reject["column_name"], reject["reason"]) == (10, "fare", reason)
    (run,) = state["runs"]
    assert (run["run"], run["outcome"], run["batches"], run["partitions"], run["evaluations"]) == (1, "done", 2, 3, 1)
    assert (state["stale"], state["at_work"], state["undelivered"]) == ({}, None, 0)


def test_explain_finds_a_supplier_by_id_and_by_alias(shop: Path) -> None:
    by_id = done(shop, "explain", "supplier", "ann")
    assert by_id == done(shop, "explain", "supplier", "84900001")
    assert by_id.out.startswith("Supplier ann, alias 84900001\n")
    found = json.loads(done(shop, "explain", "supplier", "84900001", "--mission", "week", "--json").out)
    assert (found["supplier_id"], found["alias"], found["as_of"]) == ("ann", "84900001", "2024-05-07")
    assert [mission["mission_id"] for mission in found["missions"]] == ["week"]


def test_explain_tells_why_each_record_does_not_count(shop: Path) -> None:
    (week,) = json.loads(done(shop, "explain", "supplier", "ann", "--mission", "week", "--json").out)["missions"]
    assert {(record["key"], record["line"], record["why"]) for record in week["left_out"]} == {
        ("A2", 3, "superseded by a newer version"),
        ("A2", 5, "duplicate of the same record"),
        ("A3", 6, "not final: status is OPEN"),
    }
    (canceled,) = [order for order in week["orders"] if not order["counts"]]
    assert (canceled["key"], canceled["filtered"]["trips"]) == ("A4", "status = 'DONE' (status is CANCELED)")
    bob = json.loads(done(shop, "explain", "supplier", "bob", "--mission", "week", "--json").out)["missions"]
    (other,) = bob[-1]["left_out"]
    assert (other["key"], other["why"]) == ("B2", "other day: 2024-05-05 is before the window")


def restating(root: Path) -> None:
    """Let all windows of the project follow today's rules."""
    text = (root / "metrics.toml").read_text()
    (root / "metrics.toml").write_text(replaced(text, "[project]\n", '[project]\nrules = "restate"\n'))


def test_explain_says_when_the_rules_changed_since(shop: Path) -> None:
    restating(shop)
    text = (shop / "missions.toml").read_text()
    (shop / "missions.toml").write_text(replaced(text, "val = 10.5", "val = 12"))
    found = json.loads(done(shop, "explain", "supplier", "ann", "--json").out)
    assert len(found["notes"]) == 1
    assert "missionctl run --date 2024-05-07 makes them anew" in found["notes"][0]


few = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])


@few
@given(market=marketplaces(sums=True))
def test_the_orders_of_an_explanation_add_up_to_its_totals(market: Marketplace) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = market.write(Path(name))
        day = market.as_of[-1]
        done(root, "run", "--date", str(day))
        rows = json.loads(done(root, "results", "--json").out)
        for supplier in sorted({row["supplier_id"] for row in rows})[:3]:
            explained = json.loads(done(root, "explain", "supplier", "--json", "--", supplier).out)
            mine = [row for row in rows if row["supplier_id"] == supplier]
            _adds_up(explained, mine)


def _adds_up(explained: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Orders → totals of days → totals of the window; and the conditions are those that were published."""
    told = [
        (mission["mission_id"], mission["window_start"], mission["mission_status"], condition["name"], condition["value"])
        for mission in explained["missions"]
        for condition in mission["conditions"]
    ]
    keys = ("mission_id", "window_start", "mission_status", "condition", "value")
    assert sorted(told, key=repr) == sorted((tuple(row[key] for key in keys) for row in rows), key=repr)
    for mission in explained["missions"]:
        for term in mission["terms"]:
            if term["source"] is not None:
                _term_adds_up(term, mission["orders"])


def _term_adds_up(term: dict[str, Any], orders: list[dict[str, Any]]) -> None:
    counted = [order for order in orders if term["metric"] in order["counts"]]
    assert all(
        term["metric"] in order["filtered"] for order in orders if order["source"] == term["source"] and order not in counted
    )
    if not counted:
        assert term["from_default"] or term["total"] is None
        assert term["day_totals"] == {}
        return
    by_day: dict[str, Fraction] = {}
    for order in counted:
        by_day[order["day"]] = by_day.get(order["day"], Fraction(0)) + Fraction(order["counts"][term["metric"]])
    assert {day: Fraction(total) for day, total in term["day_totals"].items()} == by_day
    assert Fraction(term["total"]) == sum(by_day.values())


# ---------------------------------------------------------------- damage

READ = (("results",), ("status",), ("explain", "supplier", "ann"))
EVERY = (("check",), ("run", *DAY), *READ)


def _garbage(*names: str) -> Damage:
    return lambda root: [path.write_bytes(b"\xff\x00garbage") for name in names for path in root.glob(name)]


def _instead(name: str, make: Callable[[Path], object]) -> Damage:
    def damage(root: Path) -> None:
        path = root / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        make(path)

    return damage


def _export(content: bytes | str, name: bytes = b"2.csv") -> Damage:
    def damage(root: Path) -> None:
        with open(os.fsencode(root) + b"/data/exports/orders/" + name, "wb") as file:  # noqa: PTH123  # names of any bytes
            file.write(content if isinstance(content, bytes) else content.encode())

    return damage


def _unreadable(name: str) -> Damage:
    """A file whose bytes cannot be read, whoever asks."""
    return _instead(name, lambda path: path.symlink_to("/proc/self/mem"))


def _manifest(old: str, new: str) -> Damage:
    def damage(root: Path) -> None:
        path = root / "data/manifest.json"
        path.write_text(replaced(path.read_text(), old, new))

    return damage


DAMAGES: dict[str, Damage] = {
    "the project is gone": shutil.rmtree,
    "the project is a file": _instead("", lambda path: path.write_text("")),
    "metrics.toml is a folder": _instead("metrics.toml", Path.mkdir),
    "missions.toml is gone": _instead("missions.toml", lambda _: None),
    "metrics.toml has NUL bytes": _garbage("metrics.toml"),
    "missions.toml is not UTF-8": lambda root: (root / "missions.toml").write_bytes(MISSIONS.encode() + b"# caf\xe9\n"),
    "metrics.toml is nested too deeply": lambda root: (root / "metrics.toml").write_text("x = " + "[" * 5000 + "]" * 5000),
    "the data are a file": _instead("data", lambda path: path.write_text("")),
    "the manifest is empty": _instead("data/manifest.json", lambda path: path.write_text("")),
    "the manifest is garbage": _garbage("data/manifest.json"),
    "the manifest is a list": _instead("data/manifest.json", lambda path: path.write_text("[]")),
    "the manifest lacks its parts": _instead("data/manifest.json", lambda path: path.write_text('{"version": 3}')),
    "the manifest has a null in it": _manifest('"state":{', '"state":null,"other":{'),
    "the manifest is of another version": _manifest('"version":', '"version":9'),
    "the manifest is a folder": _instead("data/manifest.json", Path.mkdir),
    "the manifest is unreadable": _unreadable("data/manifest.json"),
    "the database is garbage": _garbage("data/missions.duckdb"),
    "the database is empty": _instead("data/missions.duckdb", lambda path: path.write_text("")),
    "the database is cut off": lambda root: os.truncate(root / "data/missions.duckdb", 5000),
    "the database is a folder": _instead("data/missions.duckdb", Path.mkdir),
    "the lock is a folder": _instead("data/missions.lock", Path.mkdir),
    "the lock is garbage": _garbage("data/missions.lock"),
    "the results are gone": lambda root: shutil.rmtree(root / "data/results"),
    "the results are garbage": _garbage("data/results/*/*.parquet"),
    "the partitions are gone": lambda root: shutil.rmtree(root / "data/metrics"),
    "the partitions are garbage": _garbage("data/metrics/*/*/*.parquet"),
    "the evidence is gone": lambda root: shutil.rmtree(root / "data/orders"),
    "the evidence is garbage": _garbage("data/orders/*/*/*.parquet", "data/left_out/*/*/*.parquet"),
    "the suppliers as loaded are garbage": _garbage("data/rosters/suppliers/*.parquet"),
    "the suppliers' export is a folder": _instead("data/exports/suppliers.csv", Path.mkdir),
    "the suppliers' export is unreadable": _unreadable("data/exports/suppliers.csv"),
    "the suppliers' export is garbage": _garbage("data/exports/suppliers.csv"),
    "an export is unreadable": _unreadable("data/exports/orders/2.csv"),
    "an export is a folder": lambda root: (root / "data/exports/orders/2.csv").mkdir(),
    "an export is a link to nothing": lambda root: (root / "data/exports/orders/2.csv").symlink_to("nothing"),
    "an export is a pipe": lambda root: os.mkfifo(root / "data/exports/orders/2.csv"),
    "an export is garbage": _export(bytes(range(256)) * 20),
    "an export has NUL bytes in a cell": _export(ORDERS.replace("A1,ann", "A9,a\0n")),
    "an export has NUL bytes in its header": _export(ORDERS.replace("fare", "fa\0re")),
    "an export is not UTF-8": _export(ORDERS.encode().replace(b"ann", b"ann\xe9")),
    "an export is UTF-16": _export(ORDERS.encode("utf-16")),
    "an export has a cell of megabytes": _export(ORDERS.replace("A1,ann", "A9," + "n" * 3_000_000)),
    "an export has a quoted cell of megabytes": _export(ORDERS.replace("A1,ann", 'A9,"' + "n" * 3_000_000 + '"')),
    "an export's name is not UTF-8": _export(ORDERS.replace("A", "C"), b"caf\xe9.csv"),
    "an export's name has signs in it": _export(ORDERS.replace("A", "C"), b"it's [a] *?{x},\\ $name\n.csv"),
}


BESIDE = [name for name in DAMAGES if name.startswith("an export")]


@pytest.mark.parametrize("name", [name for name in DAMAGES if name not in BESIDE])
def test_damage_never_gives_a_traceback(name: str, shop: Path) -> None:
    DAMAGES[name](shop)
    for words in EVERY:
        ran = missionctl(shop, *words)
        assert ran.code in (0, 1, 2, 3), ran
        assert "Traceback" not in ran.err
        assert "fault of missionctl itself" not in ran.err, ran
        if ran.code >= 2 and words[0] != "check":
            assert ran.out == ""
            assert ran.err.splitlines()[-1].startswith("missionctl: ")


STORAGE = {
    "the manifest is a folder": (("results",), "manifest.json"),
    "the manifest is unreadable": (("results",), "manifest.json"),
    "the lock is a folder": (("status",), "missions.lock"),
    "the results are gone": (("results",), "data/results/date=2024-05-07/results-"),
    "the results are garbage": (("results",), "data/results/date=2024-05-07/results-"),
    "the partitions are garbage": (("explain", "supplier", "ann"), "data/metrics/source=orders/date=2024-05-0"),
    "the evidence is garbage": (("explain", "supplier", "ann"), "date=2024-05-0"),
    "the suppliers as loaded are garbage": (("explain", "supplier", "ann"), "data/rosters/suppliers/roster-"),
    "the suppliers' export is unreadable": (("run", *DAY), "data/exports/suppliers.csv"),
    "an export is unreadable": (("run", *DAY), "data/exports/orders/2.csv"),
    "the database is garbage": (("run", *DAY), "data/missions.duckdb"),
}


@pytest.mark.parametrize("name", STORAGE)
def test_a_failure_of_storage_names_the_file(name: str, shop: Path) -> None:
    words, file = STORAGE[name]
    DAMAGES[name](shop)
    ran = missionctl(shop, *words)
    assert (ran.code, ran.out) == (3, "")
    assert file in ran.err


@pytest.mark.parametrize("name", BESIDE)
def test_a_strange_export_beside_a_good_one_does_not_stop_the_good_one(name: str, tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    DAMAGES[name](root)
    ran = missionctl(root, "run", *DAY)
    assert "Traceback" not in ran.err
    assert missionctl(root, "check").code == 0
    if name == "an export is unreadable":  # storage failed: nothing may be decided without it
        assert (ran.code, "2.csv cannot be read" in ran.err) == (3, True)
        return
    assert ran.code in (0, 1), ran
    assert ",ann," in done(root, "results", "--format", "csv").out


@pytest.mark.parametrize("name", [name for name in DAMAGES if name.startswith("the manifest") and name not in STORAGE])
def test_run_writes_a_damaged_manifest_anew(name: str, shop: Path) -> None:
    """So the messages about it say; what is published is not lost."""
    before = done(shop, "results", "--format", "csv").out
    DAMAGES[name](shop)
    if name == "the manifest is of another version":
        assert missionctl(shop, "run", *DAY).code == 3
        return
    assert missionctl(shop, "results").code == 3
    done(shop, "run", *DAY)
    assert done(shop, "results", "--format", "csv").out == before


@pytest.mark.parametrize("name", ["the database is garbage", "the database is a folder"])
def test_results_stay_readable_without_the_database(name: str, shop: Path) -> None:
    before = [done(shop, *words) for words in READ]
    DAMAGES[name](shop)
    ran = missionctl(shop, "run", *DAY)
    assert (ran.code, "missions.duckdb cannot be opened as a database" in ran.err) == (3, True)
    assert [done(shop, *words) for words in (READ[0], READ[2])] == [before[0], before[2]]


READ_BY_PIPES = [("results", "--format", "csv"), ("status",), ("explain", "supplier", "ann"), ("check",)]


@pytest.mark.parametrize("words", READ_BY_PIPES, ids=lambda words: words[0])
def test_a_closed_pipe_is_no_failure(words: tuple[str, ...], shop: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with process(shop, *words, stdout=write) as ran:
        os.close(write)
        _, err = ran.communicate(timeout=60)
    assert (ran.returncode, err) == (0, b"")


@pytest.mark.parametrize("words", [*READ_BY_PIPES, ("nonsense",)], ids=lambda words: words[0])
@pytest.mark.parametrize("closed", ["stdin", "stdout", "stderr", "all"])
def test_closed_streams_are_no_failure(words: tuple[str, ...], closed: str, shop: Path) -> None:
    """As under a supervisor that closes them; nor may a file of ours be opened in the place of one."""
    numbers = {"stdin": "<&-", "stdout": ">&-", "stderr": "2>&-", "all": "<&- >&- 2>&-"}
    command = ["sh", "-c", f'exec "$@" {numbers[closed]}', "sh", sys.executable, "-c", MAIN, "--project", str(shop), *words]
    ran = subprocess.run(command, capture_output=True, timeout=60, cwd=ROOT, check=False)
    failed = words == ("nonsense",)
    assert ran.returncode == (2 if failed else 0)
    assert bool(ran.stdout) is (closed in ("stdin", "stderr") and not failed)
    assert bool(ran.stderr) is (closed in ("stdin", "stdout") and failed)
    assert b"Traceback" not in ran.stderr


# status --batches, rejects, duplicates


def test_every_file_is_accounted_for_in_status_batches(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    (root / "data/exports/orders/2.csv").write_text("order_id,supplier_id\nC1,cid\n")
    assert missionctl(root, "run", "--date", "2024-05-07").code == 1
    assert "batches" not in json.loads(done(root, "status", "--json").out)
    found = json.loads(done(root, "status", "--batches", "--json").out)["batches"]
    assert [(row["file"], row["status"]) for row in found] == [
        ("data/exports/suppliers.csv", "loaded"),
        ("data/exports/orders/1.csv", "loaded"),
        ("data/exports/orders/2.csv", "refused"),
    ]
    for row in found:
        parts = ("new", "updated", "duplicate", "superseded", "rejected")
        assert row["records"] == sum(row[part] for part in parts)


def test_rejects_and_duplicates_add_up_with_the_accounting(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    done(root, "run", "--date", "2024-05-07")
    (row,) = [r for r in json.loads(done(root, "status", "--json").out)["sources"] if r["source"] == "orders"]
    rejects = json.loads(done(root, "rejects", "--json").out)
    duplicates = json.loads(done(root, "duplicates", "--json").out)
    assert len(rejects) == row["rejected"] == 1
    assert len(duplicates) == row["duplicate"] + row["superseded"] == 1
    assert rejects[0]["raw"] == "B3,bob,DONE,2024-05-07T08:30:00,2024-05-07T09:00:00,lots"
    assert (duplicates[0]["line"], duplicates[0]["winner_line"]) == (5, 4)


def test_a_corrected_record_sent_again_simply_loads(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    done(root, "run", "--date", "2024-05-07")
    header = ORDERS.splitlines()[0]
    corrected = f"{header}\nB3,bob,DONE,2024-05-07T08:30:00,2024-05-07T09:00:00,5.00\n"
    (root / "data/exports/orders/corrected.csv").write_text(corrected)
    done(root, "run", "--date", "2024-05-07")
    (row,) = json.loads(done(root, "status", "--batches", "--json").out)["batches"][2:]
    assert (row["records"], row["new"]) == (1, 1)


def test_lists_are_narrowed_by_batch_and_source(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    done(root, "run", "--date", "2024-05-07")
    assert len(json.loads(done(root, "rejects", "--batch", "2", "--json").out)) == 1
    assert json.loads(done(root, "rejects", "--batch", "1", "--json").out) == []
    assert json.loads(done(root, "rejects", "--source", "suppliers", "--json").out) == []
    wrong = missionctl(root, "rejects", "--batch", "77")
    assert (wrong.code, wrong.err) == (2, 'missionctl: there is no batch 77; "missionctl status --batches" lists them\n')
    wrong = missionctl(root, "duplicates", "--source", "offers")
    assert (wrong.code, wrong.err) == (2, 'missionctl: nothing was loaded of a source "offers"; there is orders, suppliers\n')


@pytest.mark.parametrize("name", ["rejects.csv", "rejects.parquet"])
def test_rejects_are_exported_whole(name: str, tmp_path: Path) -> None:
    root = write_shop(tmp_path / "shop")
    done(root, "run", "--date", "2024-05-07")
    target = tmp_path / name
    assert done(root, "rejects", "--export", target).err == f"1 rows written to {target}\n"
    read = pl.read_csv if name.endswith("csv") else pl.read_parquet
    assert read(target).row(0, named=True)["reason"] == '"lots" is not a number'
    nowhere = missionctl(root, "rejects", "--export", tmp_path / "no" / name)
    assert nowhere.code == 2
    assert "cannot be written: No such file or directory" in nowhere.err


def test_a_source_defined_anew_lists_its_rejects_once(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    done(root, "run", "--date", "2024-05-07")
    (root / "metrics.toml").write_text(replaced(METRICS, "min = 0", "min = 0.5"))
    done(root, "run", "--date", "2024-05-07")
    assert [row["line"] for row in json.loads(done(root, "rejects", "--json").out)] == [7, 10]
