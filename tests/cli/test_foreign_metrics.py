"""Metrics whose numbers are made by the user's Python or by a Metabase question."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.cli.metabase import KEY, Answer, by_day, half, rows, serving, slow, text
from tests.cli.shop import METRICS, MISSIONS, replaced, write_shop
from tests.support import done, missionctl

PYTHON = '[metrics.trips]\nsource = "orders"\nmethod = "python"\nfunction = "python/peak.py:trips"\n'
CARD = '[metrics.trips]\nsource = "orders"\nmethod = "metabase"\nmetabase_card_id = 42\n'
SHOP_TRIPS = '[metrics.trips]\nsource = "orders"\nmethod = "single_value"\nvalue = 1\nwhere = "status = \'DONE\'"\n'
DAY = ("--date", "2024-05-07")
PEAK = """
import polars as pl

def trips(orders):
    print("looking at", orders.height)
    return orders.filter(pl.col("status") == "DONE").group_by("supplier_id").agg(pl.len().alias("value"))
"""


def shop(root: Path, metric: str, python: str = PEAK) -> Path:
    write_shop(root, replaced(METRICS, SHOP_TRIPS, metric), MISSIONS)
    (root / "python").mkdir()
    (root / "python/peak.py").write_text(python)
    return root


def trips(root: Path) -> dict[str, str]:
    """Supplier → trips of the week so far."""
    found = csv.DictReader(io.StringIO(done(root, "results", "--format", "csv", "--mission", "week").out))
    return {row["supplier_id"]: row["value"] for row in found if row["condition"] == "trips"}


# Python


def test_a_function_is_given_the_final_orders_of_a_day(tmp_path: Path) -> None:
    root = shop(tmp_path, PYTHON)
    ran = done(root, "run", *DAY, "--json")
    assert trips(root) == {"ann": "2", "bob": "1"}
    assert "looking at" not in ran.out
    assert "looking at 4" in ran.err


def test_times_are_local_and_columns_are_the_sources(tmp_path: Path) -> None:
    code = """
import polars as pl
def trips(orders):
    assert orders.columns == ["order_id", "supplier_id", "status", "final_at", "updated_at", "fare"], orders.columns
    return orders.group_by("supplier_id").agg(pl.col("final_at").dt.hour().cast(pl.Int64).max().alias("value"))
"""
    root = shop(tmp_path, PYTHON, code)
    done(root, "run", *DAY)
    assert trips(root)["ann"] == str(8 + 10)  # 8 o'clock on Monday, 10 o'clock on Tuesday


def test_a_changed_file_is_computed_again(tmp_path: Path) -> None:
    root = shop(tmp_path, PYTHON)
    metrics = (root / "metrics.toml").read_text()
    (root / "metrics.toml").write_text(metrics.replace("[project]\n", '[project]\nrules = "restate"\n', 1))
    done(root, "run", *DAY)
    (root / "python/peak.py").write_text(PEAK.replace("pl.len()", "(2 * pl.len())"))
    assert "metrics changed" in done(root, "run", *DAY).err
    assert trips(root) == {"ann": "4", "bob": "2"}


def test_a_window_keeps_the_text_of_a_file(tmp_path: Path) -> None:
    root = shop(tmp_path, PYTHON)
    done(root, "run", *DAY)
    (root / "python/peak.py").write_text(PEAK.replace("pl.len()", "(2 * pl.len())"))
    assert "metrics changed" in done(root, "run", *DAY).err
    assert trips(root) == {"ann": "2", "bob": "1"}
    (root / "python/peak.py").rename(root / "python/other.py")
    metrics = (root / "metrics.toml").read_text()
    (root / "metrics.toml").write_text(metrics.replace("python/peak.py", "python/other.py"))
    done(root, "run", *DAY)
    assert trips(root) == {"ann": "2", "bob": "1"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return orders.no_such_thing", "line 2: AttributeError: 'DataFrame' object has no attribute 'no_such_thing'"),
        ("raise SystemExit(0)", "line 2: SystemExit: 0"),
        ("return 5", "must give a Polars frame with supplier_id and value, not int"),
        ("return orders.select('supplier_id')", "must give the columns supplier_id and value, not supplier_id"),
        ("return orders.select('supplier_id', value='status')", "value is VARCHAR, not a number"),
        ("return orders.select('supplier_id', value='fare')", "value is DECIMAL(18,2), but data_type is integer; round it"),
        (
            "one = orders.select('supplier_id', value=orders['fare'].cast(int)); return one.vstack(one)",
            'gives supplier "bob" more than once; give each supplier one row',
        ),
        (
            "import polars as pl; return pl.DataFrame({'supplier_id': ['zoe'], 'value': [1]})",
            'gives supplier "zoe" on 2024-05-05, who has no final order of orders that day',
        ),
    ],
)
def test_a_function_that_fails_is_named_with_its_line(body: str, said: str, tmp_path: Path) -> None:
    root = shop(tmp_path, PYTHON, f"def trips(orders):\n    {body}\n")
    ran = missionctl(root, "run", *DAY)
    assert ran.code == 2
    assert f"python/peak.py:trips: {said}" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("function", "code", "said"),
    [
        ("python/peak.py", PEAK, '"python/peak.py" is not a file and a function (written like "python/peak.py:trips")'),
        ("python/peak.py:trip", PEAK, 'python/peak.py has no function "trip" (did you mean "trips"?)'),
        ("python/peek.py:trips", PEAK, '"python/peek.py" is not found'),
        ("python/peak.py:trips", "def trips(orders:\n", "python/peak.py:1: '(' was never closed"),
    ],
)
def test_check_looks_at_the_file_without_running_it(function: str, code: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "ran").unlink(missing_ok=True)
    root = shop(tmp_path, replaced(PYTHON, "python/peak.py:trips", function), code + f"\nopen({str(tmp_path / 'ran')!r}, 'w')\n")
    ran = missionctl(root, "check")
    assert ran.code == 2
    assert f"metrics.trips.function: {said}" in ran.out
    assert not (tmp_path / "ran").exists()


# Metabase

WEEK = {
    "2024-05-06": [{"supplier_id": "ann", "value": 1}],
    "2024-05-07": [{"supplier_id": "ann", "value": 1}, {"supplier_id": "bob", "value": 1}, {"supplier_id": "zoe", "value": 9}],
}


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return shop(tmp_path, CARD)


def configured(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("METABASE_URL", url)
    monkeypatch.setenv("METABASE_API_KEY", KEY)
    monkeypatch.setenv("METABASE_TIMEOUT", "0.3")
    monkeypatch.setattr("mission_cli.daily.metabase_metric._PAUSE_S", 0.01)


def test_the_rows_of_a_card_are_fetched_once_per_day_and_kept(card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(by_day(WEEK)) as metabase:
        configured(monkeypatch, metabase.url)
        done(card, "run", *DAY)
        assert sorted(metabase.asked) == [
            ("/api/card/42/query/json", KEY, day) for day in ("2024-05-05", "2024-05-06", "2024-05-07")
        ]
    assert trips(card) == {"ann": "2", "bob": "1"}  # zoe has no order: no row of hers, but her number is kept
    metrics = (card / "metrics.toml").read_text()
    (card / "metrics.toml").write_text(replaced(metrics, 'expression = "fare"', 'expression = "fare + 0"'))
    done(card, "run", *DAY)  # computed again, and nobody serves
    assert trips(card) == {"ann": "2", "bob": "1"}


def test_a_number_counts_on_a_day_without_orders(card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ann has orders on Monday and Tuesday, bob on Tuesday only: what the card says of his Monday counts in his week."""
    week = WEEK | {"2024-05-06": [{"supplier_id": "ann", "value": 1}, {"supplier_id": "bob", "value": 5}]}
    with serving(by_day(week)) as metabase:
        configured(monkeypatch, metabase.url)
        done(card, "run", *DAY)
    assert trips(card) == {"ann": "2", "bob": "6"}


OVER_DAYS = {
    'over_days = "max"': {"ann": "4", "bob": "5"},
    'over_days = "min"': {"ann": "2", "bob": "5"},
    'over_days = "avg"': {"ann": "3", "bob": "5"},
    'over_days = "first"': {"ann": "2", "bob": "5"},
    'over_days = "last"': {"ann": "4", "bob": "5"},
    'over_days = "count"': {"ann": "2", "bob": "1"},
    'over_days = "days"\ndays_where = "value < 5"': {"ann": "2", "bob": "0"},
    'over_days = "streak"\ndays_where = "value > 2"': {"ann": "1", "bob": "1"},
}


@pytest.mark.parametrize("words", OVER_DAYS)
def test_what_becomes_of_the_days_of_a_card(words: str, card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says of the 5th is before the week; zoe has no order."""
    sunday, monday = (
        [{"supplier_id": "ann", "value": 9}],
        [{"supplier_id": "ann", "value": 2}, {"supplier_id": "bob", "value": 5}],
    )
    tuesday = [{"supplier_id": "ann", "value": 4}, {"supplier_id": "zoe", "value": 4}]
    metrics = (card / "metrics.toml").read_text()
    (card / "metrics.toml").write_text(replaced(metrics, "metabase_card_id = 42", f"metabase_card_id = 42\n{words}"))
    with serving(by_day({"2024-05-05": sunday, "2024-05-06": monday, "2024-05-07": tuesday})) as metabase:
        configured(monkeypatch, metabase.url)
        done(card, "run", *DAY)
    assert trips(card) == OVER_DAYS[words]
    assert "by its Metabase card" in " ".join(done(card, "explain", "supplier", "bob", *DAY).out.split())
    assert "Traceback" not in missionctl(card, "explain", "supplier", "zoe", *DAY).err


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ('over_days = "max"', {"ann": "2", "bob": "1"}),
        ('over_days = "avg"', {"ann": "1.5", "bob": "1"}),
        ('over_days = "streak"\ndays_where = "value >= 1"', {"ann": "2", "bob": "1"}),
    ],
)
def test_what_becomes_of_the_days_of_a_function(words: str, wanted: dict[str, str], tmp_path: Path) -> None:
    code = PEAK.replace('orders.filter(pl.col("status") == "DONE")', "orders")
    root = shop(tmp_path, f"{PYTHON}{words}\n", code)
    done(root, "run", *DAY)
    assert trips(root) == wanted


@pytest.mark.parametrize(
    ("answers", "code", "said"),
    [
        ([text("{}", 401)], 3, "401: METABASE_API_KEY is not accepted, or may not see the card"),
        ([text("{}", 404)], 3, "404: there is no such card at"),
        ([text("out of memory", 500)], 3, "500: out of memory"),
        ([text("[]", 302)], 3, "302: []"),
        ([half('[{"supplier_id": "ann", "value": 1}]')], 3, "gives no answer: "),
        ([slow(0.6, rows())], 3, "gives no answer: "),
        ([text("<html>")], 3, "answers with something that is not JSON: '<html>'"),
        ([text('{"error": "column d not found"}', 202)], 3, "the question failed: column d not found"),
        ([text('{"rows": []}')], 3, "answers with something that is not a list of rows"),
        ([rows({"driver": "ann", "value": 1})], 2, "must give the columns supplier_id and value, not driver, value"),
        ([rows({"supplier_id": "ann", "value": "1"})], 2, 'value is "1", not a number'),
        ([rows({"supplier_id": "ann", "value": True})], 2, "value is true, not a number"),
        ([rows({"supplier_id": "ann", "value": 1.5})], 2, "value is 1.5, but data_type is integer; round it in the question"),
        ([rows(*[{"supplier_id": "ann", "value": 1}] * 2)], 2, 'gives supplier "ann" more than once'),
    ],
)
def test_what_metabase_gets_wrong_is_told_and_keeps_nothing(
    answers: list[Answer], code: int, said: str, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(*answers) as metabase:
        configured(monkeypatch, metabase.url)
        ran = missionctl(card, "run", *DAY)
    assert ran.code == code, ran
    assert said in ran.err
    assert "metrics.trips: Metabase card 42" in ran.err
    assert "Traceback" not in ran.err
    with serving(by_day(WEEK)) as metabase:  # and once it is mended, the same command does the rest
        configured(monkeypatch, metabase.url)
        done(card, "run", *DAY)
    assert trips(card) == {"ann": "2", "bob": "1"}


def test_what_passes_is_tried_again(card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    troubles = [text("busy", 503), slow(0.6, rows()), half('[{"supplier_id": "ann", "value": 1}]')]
    for trouble in troubles:
        with serving(trouble, by_day(WEEK)) as metabase:
            configured(monkeypatch, metabase.url)
            root = shop(card / str(troubles.index(trouble)), CARD)
            done(root, "run", *DAY)
            assert trips(root) == {"ann": "2", "bob": "1"}
            assert len(metabase.asked) == 4


def test_without_its_settings_metabase_is_not_asked(card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METABASE_URL", raising=False)
    monkeypatch.delenv("METABASE_API_KEY", raising=False)
    done(card, "check")
    ran = missionctl(card, "run", *DAY)
    assert ran.code == 2
    assert "the environment variable METABASE_URL and METABASE_API_KEY is not set" in ran.err


def test_an_unreachable_metabase_is_named(card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(monkeypatch, "http://127.0.0.1:1")
    ran = missionctl(card, "run", *DAY)
    assert ran.code == 3
    assert "http://127.0.0.1:1 gives no answer: " in ran.err


def test_decimals_are_taken_as_they_are_written(card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = replaced((card / "metrics.toml").read_text(), 'data_type = "integer"', 'data_type = "decimal(18,2)"')
    (card / "metrics.toml").write_text(metrics)
    answer = text('[{"supplier_id": "bob", "value": 12345678901234.57}, {"supplier_id": null, "value": 1}]')
    with serving(by_day({})) as metabase:
        metabase.answers = [text("[]"), text("[]"), answer]
        configured(monkeypatch, metabase.url)
        monkeypatch.setattr("mission_cli.stages.parallel.WORKERS", 1)
        done(card, "run", *DAY)
    assert trips(card)["bob"] == "12345678901234.57"
