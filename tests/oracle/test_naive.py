"""The oracle itself, held against numbers worked out by hand."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from tests.oracle.cells import parse_cell, parse_moment
from tests.oracle.compare import differences, key_of, parse_results
from tests.oracle.language import Expression, OutOfScope
from tests.oracle.naive import COLUMNS, Project, accounting, evaluate, orders_of
from tests.oracle.strategies import Marketplace, marketplaces

PROJECT = """
[project]
name = "small"
timezone = "{zone}"
day_start = "{day_start}"

[sources.trips]
files = ["trips/*.csv"]
key = "id"
supplier = "driver"
time = "at"
{updated}
final = "state <> 'OPEN'"
max_rejects = {max_rejects}

[sources.trips.columns]
id = {{ type = "string", required = true }}
driver = {{ type = "string" }}
state = {{ type = "string", required = true, one_of = ["OPEN", "DONE", "LOST"] }}
at = {{ type = "{time}" }}
seen = {{ type = "integer", required = true }}
fare = {{ type = "decimal(18,2)", min = 0, from = "Fare" }}

[metrics.trips]
source = "trips"
method = "single_value"
value = 1
data_type = "integer"

[metrics.done]
source = "trips"
method = "single_value"
value = 1
where = "state = 'DONE'"
data_type = "integer"
default_value = 0

[metrics.fares]
source = "trips"
method = "expression"
expression = "Fare - 0.5"
where = "state = 'DONE'"
data_type = "decimal"

[metrics.share]
method = "formula"
formula = "done / trips"

[metrics.missed]
method = "formula"
formula = "1 - Share"
"""
MISSION = """
[missions.{name}]
window = {window}
grace_days = {grace}
"""
CONDITION = """
[[missions.{mission}.conditions]]
name = "{name}"
formula = "{formula}"
type = "{kind}"
val = {val}
no_data = "{no_data}"
"""


def project(folder: Path, files: dict[str, str], *missions: str, **changes: str) -> Path:
    """Each line of a file is: id driver state at seen fare, with - for an empty one."""
    options = {"zone": "UTC", "day_start": "00:00", "updated": 'updated = "seen"', "max_rejects": "1.0"}
    (folder / "trips").mkdir(parents=True)
    (folder / "metrics.toml").write_text(PROJECT.format(**{**options, "time": "timestamp", **changes}), "utf-8")
    (folder / "missions.toml").write_text("".join(missions), "utf-8")
    for name, text in files.items():
        lines = ["id driver state at seen Fare", *text.strip().splitlines()]
        cells = [["" if cell == "-" else cell for cell in line.split()] for line in lines]
        (folder / "trips" / name).write_text("".join(",".join(row) + "\n" for row in cells), "utf-8")
    return folder


def mission(name: str, window: str, *conditions: str, grace: int = 0) -> str:
    """Each condition is: name type val no_data formula."""
    text = MISSION.format(name=name, window=window, grace=grace)
    for line in conditions:
        c, kind, val, no_data, formula = line.split(maxsplit=4)
        text += CONDITION.format(mission=name, name=c, formula=formula, kind=kind, val=val, no_data=no_data)
    return text


DAILY = mission("daily", '{ kind = "day" }', "n GTE 2 unmet trips")


def seen(folder: Path, as_of: date, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[c] for c in columns) for row in evaluate(folder, as_of)]


def trips_by_day(folder: Path, *days: date) -> list[float]:
    """The value of DAILY's condition for its only driver; 0 where nothing is reported."""
    return [sum(row["value"] for row in evaluate(folder, day)) for day in days]


def trips_at(*times: str) -> str:
    return "\n".join(f"t{n} ann DONE {at} 1 -" for n, at in enumerate(times))


def test_a_spring_day_in_new_york_has_23_hours(tmp_path: Path) -> None:
    # 10 March 2024 begins at 05:00Z (EST) and ends at 04:00Z (EDT)
    times = "2024-03-10T04:59:59Z", "2024-03-10T05:00:00Z", "2024-03-11T03:59:59.999999Z", "2024-03-11T04:00:00Z"
    folder = project(tmp_path, {"a.csv": trips_at(*times)}, DAILY, zone="America/New_York")
    assert trips_by_day(folder, date(2024, 3, 9), date(2024, 3, 10), date(2024, 3, 11)) == [1, 2, 1]


def test_an_autumn_day_in_new_york_has_25_hours(tmp_path: Path) -> None:
    # 3 November 2024 begins at 04:00Z (EDT) and ends at 05:00Z (EST); both of its 01:30 belong to it
    times = "2024-11-03T04:00:00Z", "2024-11-03T05:30:00Z", "2024-11-03T06:30:00Z", "2024-11-04T04:59:59Z"
    folder = project(tmp_path, {"a.csv": trips_at(*times, "2024-11-04T05:00:00Z")}, DAILY, zone="America/New_York")
    assert trips_by_day(folder, date(2024, 11, 2), date(2024, 11, 3), date(2024, 11, 4)) == [0, 4, 1]


def test_lord_howe_goes_back_by_half_an_hour(tmp_path: Path) -> None:
    # 7 April 2024 begins at +11:00 and ends at +10:30
    times = "2024-04-06T12:59:59Z", "2024-04-07T00:00:00+11", "2024-04-07T13:29:59Z", "2024-04-07T13:30:00Z"
    folder = project(tmp_path, {"a.csv": trips_at(*times)}, DAILY, zone="Australia/Lord_Howe")
    assert trips_by_day(folder, date(2024, 4, 6), date(2024, 4, 7), date(2024, 4, 8)) == [1, 2, 1]


def test_day_start_goes_by_the_wall_clock(tmp_path: Path) -> None:
    # 05:00 in New York is 10:00Z on 9 March and 09:00Z from 10 March on: this business day too has 23 hours
    times = "2024-03-09T09:59:59Z", "2024-03-09T10:00:00Z", "2024-03-10T08:59:59Z", "2024-03-10T05:00:00"
    folder = project(tmp_path, {"a.csv": trips_at(*times)}, DAILY, zone="America/New_York", day_start="05:00")
    assert trips_by_day(folder, date(2024, 3, 8), date(2024, 3, 9), date(2024, 3, 10)) == [1, 2, 1]


def test_a_date_is_the_business_day_itself(tmp_path: Path) -> None:
    folder = project(tmp_path, {"a.csv": trips_at("2024-03-10", "2024-03-10")}, DAILY, day_start="05:00", time="date")
    assert trips_by_day(folder, date(2024, 3, 9), date(2024, 3, 10), date(2024, 3, 11)) == [0, 2, 0]


def test_timestamps_as_they_are_written() -> None:
    noon, zone = datetime(2024, 7, 1, 12, tzinfo=UTC), ZoneInfo("Europe/Berlin")
    same = "2024-07-01T12:00:00Z", "2024-07-01 12:00:00 UTC", "2024-07-01T17:30:00+05:30", "2024-07-01T04:00:00-08"
    assert {parse_moment(text, zone) for text in (*same, "2024-07-01T14:00:00", "2024-07-01 14:00:00.000")} == {noon}
    assert parse_moment("2024-07-01T12:00:00.25Z", zone).microsecond == 250_000
    for text in ("2024-07-01", "2024-02-30T12:00:00Z", "2024-07-01T24:00:00Z", "2024-07-01T12:00:00X", "soon"):
        with pytest.raises(ValueError, match=r"."):
            parse_moment(text, zone)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1.6", "integer"),
        ("1_0", "integer"),
        ("٣", "integer"),
        ("1.234", "decimal(9,2)"),
        ("123", "decimal(4,2)"),
        ("1e3", "decimal(9,2)"),
        ("nan", "double"),
        ("yes", "boolean"),
        ("2024-2-1", "date"),
    ],
)
def test_cells_that_are_refused(text: str, kind: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_cell(text, kind, ZoneInfo("UTC"))


OPEN = "t1 ann OPEN - 1 -\nt2 ann DONE 2024-05-01T10:00:00Z 1 9.00"
DONE = "t1 bob DONE 2024-05-02T10:00:00Z 3 1.00\nt2 ann DONE 2024-05-01T10:00:00Z 2 -1.00"
LATE = "t1 ann DONE 2024-05-01T10:00:00Z 2 5.00"


@pytest.mark.parametrize("names", ["abc", "cba", "bca"])
def test_the_newest_version_wins_in_any_order_of_arrival(tmp_path: Path, names: str) -> None:
    """t1 ends as bob's of 2 May; the newer t2 is rejected (a fare below zero), so that the older one stands."""
    files = {f"{name}.csv": text for name, text in zip(names, (OPEN, DONE, LATE), strict=True)}
    folder = project(tmp_path, files, DAILY)
    assert seen(folder, date(2024, 5, 1), "supplier_id", "value") == [("ann", 1)]
    assert seen(folder, date(2024, 5, 2), "supplier_id", "value") == [("bob", 1)]
    assert accounting(folder) == {"trips": Counter(records=5, rejected=1, orders=2)}
    assert {key: row["seen"] for key, row in orders_of(folder, "trips").items()} == {"t1": 3, "t2": 1}


def test_without_updated_the_later_file_and_line_wins(tmp_path: Path) -> None:
    files = {"2.csv": LATE, "10.csv": OPEN, "1.csv": DONE + "\nt2 eve LOST 2024-05-03T00:00:00Z 1 -"}
    folder = project(tmp_path, files, updated="")  # by name: 1.csv, 10.csv, 2.csv
    owners = {key: (row["driver"], row["state"]) for key, row in orders_of(folder, "trips").items()}
    assert owners == {"t1": ("ann", "DONE"), "t2": ("ann", "DONE")}


def test_accounting_of_batches(tmp_path: Path) -> None:
    """A final row without time or a row without key is rejected; a copy is no batch; a bad file is refused."""
    bad = "t1 ann DONE - 1 -\n- ann OPEN - 1 -\nt2 ann OPEN - 1 -"
    good = "t3 - LOST 2024-05-01T00:00:00Z 1 -\nt3 - LOST 2024-05-01T00:00:00Z 1 -"
    files = {"a.csv": bad, "b.csv": good, "c.csv": good}
    within = project(tmp_path / "within", files, max_rejects="0.67")
    assert accounting(within) == {"trips": Counter(records=5, rejected=2, orders=2)}
    beyond = project(tmp_path / "beyond", files, max_rejects="0.66")
    assert accounting(beyond) == {"trips": Counter(records=5, refused=3, orders=1)}


FOUR = """
t1 ann DONE 2024-05-01T10:00:00Z 1 0.60
t2 ann DONE 2024-05-02T10:00:00Z 1 0.70
t3 ann LOST 2024-05-02T11:00:00Z 1 8.00
t4 ann DONE 2024-05-03T10:00:00Z 1 -
t5 bob LOST 2024-05-02T10:00:00Z 1 3.00
t6 - DONE 2024-05-02T10:00:00Z 1 3.00
"""
MAY = '{ kind = "fixed", start = 2024-05-01, end = 2024-05-03 }'


def test_formulas_of_formulas_are_ratios_of_sums(tmp_path: Path) -> None:
    """Ann has 3 of 4 trips done, and 0.1 + 0.2 is 0.3; bob has no fares, which counts as met but is no data."""
    rules = "a EQ 0.25 unmet missed", "b EQ 0.3 met fares", "c LT 1 unmet -(missed - 1) / 2"
    folder = project(tmp_path, {"a.csv": FOUR}, mission("may", MAY, *rules))
    assert seen(folder, date(2024, 5, 3), "supplier_id", "condition", "value", "status", "mission_status") == [
        ("ann", "a", 0.25, "met", "completed"),
        ("ann", "b", 0.3, "met", "completed"),
        ("ann", "c", 0.375, "met", "completed"),
        ("bob", "a", 1.0, "unmet", "failed"),
        ("bob", "b", None, "no_data", "failed"),
        ("bob", "c", 0.0, "met", "failed"),
    ]


def test_zero_division_and_missing_data_never_pass_by_themselves(tmp_path: Path) -> None:
    """Bob's done is 0 by default; 0 / 0, 1 / 0 and a sum with a missing part are no data."""
    rules = (
        "a GT 0.7 unmet done / done",
        "b GTE 0 met trips / done",
        "c NE 5 unmet fares + trips",
        "d EQ 0 unmet -done",
    )
    folder = project(tmp_path, {"a.csv": FOUR}, mission("may", MAY, *rules))
    bob = [row for row in evaluate(folder, date(2024, 5, 2)) if row["supplier_id"] == "bob"]
    assert [(row["value"], row["status"]) for row in bob] == [(None, "no_data")] * 3 + [(0.0, "met")]
    assert {row["mission_status"] for row in bob} == {"active"}
    met = project(tmp_path / "met", {"a.csv": FOUR}, mission("may", MAY, *rules[1::2]))
    assert seen(met, date(2024, 5, 2), "supplier_id", "mission_status")[-1] == ("bob", "on_track")


def test_a_fixed_window_from_start_to_the_end_of_its_grace(tmp_path: Path) -> None:
    """Data of the days after the window never counts, and nothing is reported before, after, or of the unheard-of."""
    after = "t9 ann DONE 2024-05-04T00:00:00Z 1 -\nt8 eve DONE 2024-05-04T00:00:00Z 1 -"
    rule = mission("may", MAY, "n GTE 3 unmet done", grace=2)
    folder = project(tmp_path, {"a.csv": FOUR, "b.csv": after}, rule)
    assert [seen(folder, date(2024, 5, 1 + n), "supplier_id", "value", "mission_status") for n in range(6)] == [
        [("ann", 1, "active")],
        [("ann", 2, "active"), ("bob", 0, "active")],
        [("ann", 3, "closing"), ("bob", 0, "closing")],
        [("ann", 3, "closing"), ("bob", 0, "closing")],
        [("ann", 3, "completed"), ("bob", 0, "failed")],
        [],
    ]
    assert evaluate(folder, date(2024, 4, 30)) == []


def test_with_grace_several_windows_stand_on_one_day(tmp_path: Path) -> None:
    rule = mission("daily", '{ kind = "day" }', "n GTE 1 unmet done", grace=2)
    folder = project(tmp_path, {"a.csv": FOUR}, rule)
    columns = "supplier_id", "window_start", "value", "mission_status"
    assert seen(folder, date(2024, 5, 3), *columns) == [
        ("ann", date(2024, 5, 1), 1, "completed"),
        ("ann", date(2024, 5, 2), 1, "closing"),
        ("ann", date(2024, 5, 3), 1, "closing"),
        ("bob", date(2024, 5, 2), 0, "closing"),
    ]


@pytest.mark.parametrize(
    ("window", "day", "start", "end"),
    [
        ('{ kind = "month" }', date(2024, 2, 15), date(2024, 2, 1), date(2024, 2, 29)),
        ('{ kind = "week", start = "MON" }', date(2024, 2, 15), date(2024, 2, 12), date(2024, 2, 18)),
        ('{ kind = "week", start = "FRI" }', date(2024, 2, 15), date(2024, 2, 9), date(2024, 2, 15)),
        ('{ kind = "week", start = "THU" }', date(2024, 2, 15), date(2024, 2, 15), date(2024, 2, 21)),
        ('{ kind = "day" }', date(2024, 2, 15), date(2024, 2, 15), date(2024, 2, 15)),
    ],
)
def test_windows(tmp_path: Path, window: str, day: date, start: date, end: date) -> None:
    folder = project(tmp_path, {"a.csv": f"t ann DONE {day}T10:00:00Z 1 -"}, mission("m", window, "n GT 0 unmet done"))
    assert seen(folder, day, "window_start", "window_end") == [(start, end)]


def test_a_source_that_only_a_formula_reaches_brings_its_suppliers(tmp_path: Path) -> None:
    """The rides of `eve` match no `where`, yet she is of the population; rows come by code point, then window."""
    rides = PROJECT[PROJECT.index("[sources.trips]") : PROJECT.index("[metrics.trips]")].replace("trips", "rides")
    rides += '[metrics.rides]\nsource = "rides"\nmethod = "single_value"\nvalue = 1\nwhere = "fare > 99"\n'
    rides += 'data_type = "integer"\ndefault_value = 7\n[metrics.both]\nmethod = "formula"\nformula = "done + rides"\n'
    folder = project(tmp_path, {"a.csv": FOUR}, mission("may", MAY, "n GT 0 unmet BOTH"))
    options = {"updated": 'updated = "seen"', "max_rejects": "1.0", "time": "timestamp"}
    with (folder / "metrics.toml").open("a", encoding="utf-8") as f:
        f.write(rides.format(**options))
    (folder / "rides").mkdir()
    text = "id,driver,state,at,seen,Fare\nr1,Émile,OPEN,,1,\nr2,eve,DONE,2024-05-03T00:00:00Z,1,5\n"
    (folder / "rides" / "a.csv").write_text(text + "r3,Eve,DONE,2024-05-01T00:00:00Z,1,\n", "utf-8")
    assert seen(folder, date(2024, 5, 2), "supplier_id", "value") == [("Eve", 7), ("ann", 9), ("bob", 7)]
    assert [row[0] for row in seen(folder, date(2024, 5, 3), "supplier_id")] == ["Eve", "ann", "bob", "eve"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3 * 4 - 6 / 4", Fraction(25, 2)),
        ("-(a - b) * -2", 4),  # a = 3, b = 1
        ("a - b - 1", 1),
        ("a / (b - 1)", None),
        ("a + nothing", None),
        ("coalesce(nothing, b + 1)", 2),
        ("a > 2 AND nothing > 1", None),
        ("a > 9 AND nothing > 1", False),
        ("a > 2 OR nothing > 1", True),
        ("NOT nothing = 1", None),
        ("NOT a = b OR a = b", True),
        ("a = 9 or b = 1 and a = 3", True),
        ("a IN (1, 2, 3)", True),
        ("a NOT IN (1, nothing)", None),
        ("a in (3, nothing)", True),
        ("a BETWEEN 3 AND 3 AND b = 1", True),
        ("a NOT BETWEEN b AND 2 + 1", False),
        ("nothing IS NULL AND A IS NOT NULL", True),
        ("text LIKE 'o''_%n'", True),  # text = "o'brien"
        ("text NOT LIKE 'O%'", True),
        ("nothing NOT LIKE 'O%'", None),
        ("day >= DATE '2024-02-29'", True),
        ("flag", True),
        ("flag = FALSE", False),
    ],
)
def test_expressions_are_three_valued(text: str, value: Any) -> None:
    env = {"a": Fraction(3), "b": Fraction(1), "nothing": None, "text": "o'brien", "flag": True}
    assert Expression(text, Fraction)({**env, "day": date(2024, 2, 29)}) == value


@pytest.mark.parametrize("text", ["", "a +", "a b", "a ; b", "(a", "a NOT 3", "CASE", "sqrt(a)", "a % 2", "'open"])
def test_what_the_grammar_does_not_know_is_out_of_scope(text: str) -> None:
    with pytest.raises((OutOfScope, KeyError)):
        Expression(text, Fraction)({"a": Fraction(1), "b": Fraction(1)})


def test_results_come_back_from_csv_and_differ_where_they_differ(tmp_path: Path) -> None:
    want = evaluate(project(tmp_path, {"a.csv": FOUR}, mission("may", MAY, "x LT 1 unmet fares")), date(2024, 5, 3))
    out = io.StringIO()
    writer = csv.DictWriter(out, [*COLUMNS, "more"])
    writer.writeheader()
    writer.writerows({**row, "value": "" if row["value"] is None else row["value"]} for row in want)
    got = parse_results(out.getvalue())
    assert got == want
    assert differences(got, want) == []
    assert len(differences([{**got[0], "status": "unmet"}, got[1]], want)) == 1
    assert len(differences([{**got[0], "value": None}, {**got[1], "value": 0.0}], want)) == 2
    assert len(differences(got[:1], want)) == len(differences(got[::-1], want)) == 1


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(market=marketplaces())
def test_every_marketplace_can_be_judged(tmp_path_factory: pytest.TempPathFactory, market: Marketplace) -> None:
    small = Project(market.write(tmp_path_factory.mktemp("market")))
    for source in small.sources.values():
        assert source.counts["orders"] <= source.counts["records"] - source.counts["rejected"]
    for as_of in market.as_of:
        keys = [key_of(row)[1:] for row in small.results(as_of)]
        assert keys == sorted(set(keys))
