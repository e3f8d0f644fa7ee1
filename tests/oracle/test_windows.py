"""Who is in which window, in the oracle, and what limits know of other days: held against what was worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.compare import parse_results
from tests.oracle.naive import COLUMNS, Project
from tests.oracle.suppliers import Suppliers, rule_of
from tests.oracle.windows import assigned_rows, reported_windows


def may(day: int) -> date:
    return date(2024, 5, day)


def test_a_window_that_rolls_ends_with_the_day() -> None:
    for days, start in ((1, may(9)), (7, may(3)), (9, may(1))):
        assert reported_windows({"kind": "rolling", "days": days}, may(9), 0) == [(start, may(9))]


HEADER = "supplier_id,window_start,window_end,n\n"
GOOD = "ann,2024-05-01,2024-05-03,2\nann,2024-05-02,2024-05-09,\nbob,2024-05-02,2024-05-02,1..3\n"


@pytest.mark.parametrize(
    ("more", "rows"),
    [
        ("", 3),
        ("ann,2024-05-01,2024-05-03,2\n", 3),
        ("ann,2024-05-01,2024-05-03,3\n", 0),
        ("bob,2024-05-04,2024-05-03,\n", 0),
        ("bob,,2024-05-03,\n", 0),
    ],
)
def test_files_of_windows(tmp_path: Path, more: str, rows: int) -> None:
    (tmp_path / "a.csv").write_text(HEADER + GOOD + more, "utf-8")
    found = assigned_rows(tmp_path / "a.csv")
    assert len(found) == rows
    assert [row.targets["n"] for row in found] == (["2", "", "1..3"] if rows else [])


METRICS = """
project = { name = "x", timezone = "UTC" }
suppliers = { file = "suppliers.csv", key = "id", columns = { city = "string", tier = "integer", joined = "date" } }
[sources.trips]
files = ["trips.csv"]
key = "id"
supplier = "driver"
time = "at"
columns = { id = { type = "string" }, driver = { type = "string" }, at = { type = "date" } }
[metrics.trips]
source = "trips"
method = "single_value"
value = 1
data_type = "integer"
default_value = 0
"""
# ann, bob and dan (who is in no suppliers file) have trips; cid has none
TRIPS = """id,driver,at
1,ann,2024-05-01
2,ann,2024-05-02
3,bob,2024-05-02
4,dan,2024-05-03
5,ann,2024-05-06
"""
ROSTER = """id,city,tier,joined
ann,SGN,2,2024-05-01
bob,HAN,,2024-05-03
cid,SGN,3,2024-05-02
eve,SGN,1,
"""
RULE = '[[missions.m.conditions]]\nname = "n"\nformula = "trips"\ntype = "GTE"\n'


def market(folder: Path, mission: str, condition: str = "val = 2", *, assigned: str = "", **options: Any) -> Project:
    files = {"metrics.toml": METRICS, "trips.csv": TRIPS, "suppliers.csv": ROSTER, "a.csv": HEADER + assigned}
    files["missions.toml"] = f"[missions.m]\n{mission}\n{RULE}{condition}\n"
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return Project(folder, **options)


def told(rows: Sequence[dict[str, Any]], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in columns) for row in rows]


def names(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [row["supplier_id"] for row in rows]


def test_everybody_who_matches_or_everybody_with_orders(tmp_path: Path) -> None:
    week = 'window = { kind = "week" }'
    assert names(market(tmp_path, week).results(may(2))) == ["ann", "bob"]
    assert names(market(tmp_path, f"{week}\nsuppliers = \"city = 'SGN'\"").results(may(2))) == ["ann", "cid", "eve"]
    assert names(market(tmp_path, f'{week}\nsuppliers = "tier < 9"').results(may(2))) == ["ann", "cid", "eve"]


def test_windows_since_a_date_of_the_supplier(tmp_path: Path) -> None:
    """dan is not known, eve has no date, cid no orders, and bob's trip was on the day before his window."""
    window = 'window = { kind = "since", field = "joined", days = 3 }\ngrace_days = 1'
    small, columns = market(tmp_path, window), ("supplier_id", "window_start", "window_end", "value", "mission_status")
    assert told(small.results(may(2)), *columns) == [("ann", may(1), may(3), 2, "on_track")]
    assert told(small.results(may(4)), *columns) == [("ann", may(1), may(3), 2, "completed")]
    assert small.results(may(5)) == []
    ruled = market(tmp_path, window + '\nsuppliers = "TRUE"')
    assert told(ruled.results(may(4)), *columns) == [
        ("ann", may(1), may(3), 2, "completed"),
        ("bob", may(3), may(5), 0, "active"),
        ("cid", may(2), may(4), 0, "closing"),
    ]


def test_assigned_windows_stand_without_orders_and_may_overlap(tmp_path: Path) -> None:
    window = 'window = { kind = "assigned", file = "a.csv" }'
    rows = GOOD.replace("1..3", "1") + "zoe,2024-05-01,2024-05-04,0.5\n"
    columns = "supplier_id", "window_start", "value", "val", "target_from", "status"
    assert told(market(tmp_path, window, assigned=rows).results(may(2)), *columns) == [
        ("ann", may(1), 2, 2, "supplier", "met"),
        ("ann", may(2), 1, 2, "default", "unmet"),
        ("bob", may(2), 1, 1, "supplier", "met"),
        ("zoe", may(1), 0, 0.5, "supplier", "unmet"),
    ]
    ruled = market(tmp_path, window + '\nsuppliers = "tier > 0"', assigned=rows)
    assert names(ruled.results(may(2))) == ["ann", "ann"]


def test_a_rolling_window_is_never_decided(tmp_path: Path) -> None:
    small = market(tmp_path, 'window = { kind = "rolling", days = 2 }')
    columns = "supplier_id", "window_start", "mission_status"
    assert told(small.results(may(2)), *columns) == [("ann", may(1), "on_track"), ("bob", may(1), "active")]
    assert told(small.results(may(3)), *columns) == [(name, may(2), "active") for name in ("ann", "bob", "dan")]
    assert small.results(may(5)) == []


def test_who_left_the_file_keeps_the_windows_that_began_before(tmp_path: Path) -> None:
    """cid leaves with the file that a run as of 3 May loads; ann changes her city with it."""
    later = "\n".join(ROSTER.replace("ann,SGN", "ann,HAN").splitlines()[:3])
    window = 'window = { kind = "day" }\ngrace_days = 2\nsuppliers = "city = \'SGN\'"'
    small = market(tmp_path, window, rosters=[(may(1), ROSTER), (may(3), later)])
    days = [date(2024, 4, 30), may(1), may(2)]
    everybody = [(name, day) for name in ("ann", "cid", "eve") for day in days]
    assert told(small.results(may(2)), "supplier_id", "window_start") == everybody
    assert told(small.results(may(4)), "supplier_id", "window_start") == [("cid", may(2)), ("eve", may(2))]
    assert small.results(may(5)) == []
    known = Suppliers(tmp_path, {"file": "f", "key": "id", "columns": {"city": "string"}}, [(may(1), ROSTER), (may(3), later)])
    assert known.row("cid", may(2), may(2)) == known.row("cid", may(9), may(2)) == {"city": "SGN"}
    assert known.row("cid", may(9), may(3)) is None
    assert not known.match(rule_of("TRUE"), "dan", may(9), may(1))


def test_limits_know_the_decisions_of_days_with_results(tmp_path: Path) -> None:
    mission = 'window = { kind = "day" }\nreward = 4\nlimits = { per_supplier = 6, budget = 9 }'
    small, columns = market(tmp_path, mission, "val = 1"), ("supplier_id", "earned", "reward")
    every = [may(n) for n in range(1, 7)]
    assert told(small.results(may(2), every), *columns) == [("ann", 4, 2), ("bob", 4, 3)]
    assert told(small.results(may(3), every), *columns) == [("dan", 4, 0)]
    assert told(small.results(may(3), [may(1)]), *columns) == [("dan", 4, 4)]
    assert told(small.results(may(6), every), *columns) == [("ann", 4, 0)]
    assert told(small.results(may(6)), *columns) == [("ann", 4, 4)]
    unpaid = market(tmp_path, 'window = { kind = "day" }', "val = 2").results(may(2))
    assert told(unpaid, *columns) == [("ann", None, None), ("bob", None, None)]


def test_every_column_comes_back_from_csv() -> None:
    cells = "2024-05-01,m,ann,2024-05-01,2024-05-02,completed,c,1.5,BETWEEN,1.0..2.5,met,,goal,segment,12.5,3"
    [row] = parse_results(",".join(COLUMNS) + "\n" + cells + "\n")
    assert list(row.values())[7:] == [1.5, "BETWEEN", (1.0, 2.5), "met", None, "goal", "segment", 12.5, 3.0]
