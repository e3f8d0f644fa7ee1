"""Mistakes in the two files: each gives one clear line, exit 2 from `check` and from `run`, and changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.shop import METRICS, MISSIONS, replaced, snapshot, write_shop
from tests.support import missionctl


class Mistake(NamedTuple):
    """One place of one of the shop's files changed, and the line that tells of it."""

    file: str
    old: str
    new: str
    says: str


METRIC, MISSION = "metrics.toml", "missions.toml"
FARES = METRICS[METRICS.index("[metrics.fares]") : METRICS.index("[metrics.mean_fare]")]
CYCLE = '[metrics.a]\nmethod = "formula"\nformula = "b + 1"\n\n[metrics.b]\nmethod = "formula"\nformula = "2 * A"\n\n[suppliers]'

# the twelve kinds that every version must tell
MISTAKES = {
    "unknown key": Mistake(
        METRIC,
        "default_value = 0",
        "defualt_value = 0",
        'metrics.toml:29:1: metrics.trips.defualt_value: unknown key "defualt_value" (did you mean "default_value"?)',
    ),
    "wrong type": Mistake(
        MISSION,
        "val = 2",
        'val = "2"',
        "missions.toml:10:7: missions.week.conditions[0].val: must be a number, not text (without quotes)",
    ),
    "unknown metric": Mistake(
        MISSION,
        'formula = "mean_fare"',
        'formula = "trips + mean_fair"',
        "missions.toml:14:20: missions.week.conditions[1].formula: column 9:"
        ' unknown metric "mean_fair" (did you mean "mean_fare"?)',
    ),
    "unknown source": Mistake(
        METRIC,
        'source = "orders"',
        'source = "order"',
        'metrics.toml:24:10: metrics.trips.source: unknown source "order" (did you mean "orders"?)',
    ),
    "cyclic formula": Mistake(
        METRIC,
        "[suppliers]",
        CYCLE,
        "metrics.toml:44:11: metrics.a.formula: needs itself: a → b → a (one of them must be measured, not derived)",
    ),
    "bad expression": Mistake(
        METRIC,
        "where = \"status = 'DONE'\"",
        "where = \"status == 'DONE'\"",
        "metrics.toml:27:18: metrics.trips.where: column 9: '=' is not expected here (equality is a single =)",
    ),
    "bad date": Mistake(
        MISSION,
        "start = 2024-05-06",
        'start = "2024-05-06"',
        "missions.toml:19:36: missions.sprint.window.start: must be a date, not text (written like 2026-10-31, without quotes)",
    ),
    "missing file pattern": Mistake(
        METRIC,
        'files = ["data/exports/orders/*.csv"]\n',
        "",
        'metrics.toml:6:2: sources.orders: "files" is missing (sources.orders.files = …)',
    ),
    "file pattern that matches no file": Mistake(
        METRIC,
        "data/exports/orders/*.csv",
        "data/exports/order/*.csv",
        'metrics.toml:7:9: sources.orders.files: no file matches "data/exports/order/*.csv"'
        " (correct the pattern, or put the first export there)",
    ),
    "duplicate condition name": Mistake(
        MISSION,
        'name = "mean"',
        'name = "Trips"',
        'missions.toml:13:8: missions.week.conditions[1].name: "Trips" is already the name of condition 1 (choose another name)',
    ),
    "invalid time zone": Mistake(
        METRIC,
        "Asia/Ho_Chi_Minh",
        "Asia/Ho_Chi_Min",
        'metrics.toml:3:12: project.timezone: unknown time zone "Asia/Ho_Chi_Min" (did you mean "Asia/Ho_Chi_Minh"?)',
    ),
    "operator typo": Mistake(
        MISSION,
        'type = "GTE"',
        'type = "GE"',
        'missions.toml:9:8: missions.week.conditions[0].type: "GE" is not known here (did you mean "GTE"?)',
    ),
    "window without end": Mistake(
        MISSION,
        ", end = 2024-05-07",
        "",
        'missions.toml:19:1: missions.sprint.window: "end" is missing (missions.sprint.window.end = …)',
    ),
    # more of the same kinds
    "unknown key in a mission": Mistake(
        MISSION,
        "grace_days = 2",
        "grace = 2",
        'missions.toml:4:1: missions.week.grace: unknown key "grace" (did you mean "grace_days"?)',
    ),
    "unknown key in a condition": Mistake(
        MISSION,
        "val = 2\n",
        "val = 2\nvalue = 3\n",
        'missions.toml:11:1: missions.week.conditions[0].value: unknown key "value" (did you mean "val"?)',
    ),
    "unknown key in a column": Mistake(
        METRIC,
        "min = 0",
        "minimum = 0",
        'metrics.toml:21:34: sources.orders.columns.fare.minimum: unknown key "minimum" (did you mean "min"?)',
    ),
    "unknown table": Mistake(
        METRIC,
        "[suppliers]",
        "[metric.extra]\nvalue = 1\n\n[suppliers]",
        'metrics.toml:42:2: metric: unknown table "metric" (did you mean "metrics"?)',
    ),
    "number for text": Mistake(METRIC, 'name = "shop"', "name = 7", "metrics.toml:2:8: project.name: must be text, not a number"),
    "text for a table": Mistake(
        METRIC,
        'fare = { type = "decimal(18,2)", min = 0 }',
        'fare = "decimal(18,2)"',
        "metrics.toml:21:8: sources.orders.columns.fare: must be a table, not text",
    ),
    "text for true or false": Mistake(
        METRIC,
        "required = true",
        'required = "yes"',
        "metrics.toml:16:42: sources.orders.columns.order_id.required: must be true or false, not text",
    ),
    "fraction of days": Mistake(
        MISSION,
        "grace_days = 2",
        "grace_days = 2.5",
        "missions.toml:4:14: missions.week.grace_days: must be an integer, not a number",
    ),
    "days below zero": Mistake(
        MISSION,
        "grace_days = 2",
        "grace_days = -1",
        "missions.toml:4:14: missions.week.grace_days: must be greater than or equal to 0",
    ),
    "unknown metric in a formula": Mistake(
        METRIC,
        'formula = "fares / trips"',
        'formula = "fares / journeys"',
        'metrics.toml:40:20: metrics.mean_fare.formula: column 9: unknown metric "journeys"'
        " (metrics here: fares, mean_fare, trips)",
    ),
    "formula of itself": Mistake(
        METRIC,
        'formula = "fares / trips"',
        'formula = "mean_fare / trips"',
        "metrics.toml:40:11: metrics.mean_fare.formula: needs itself: mean_fare → mean_fare"
        " (one of them must be measured, not derived)",
    ),
    "expression without its end": Mistake(
        MISSION,
        'formula = "mean_fare"',
        'formula = "(mean_fare"',
        "missions.toml:14:22: missions.week.conditions[1].formula: column 11: the expression ends too early (a ) is missing)",
    ),
    "expression of text": Mistake(
        METRIC,
        'expression = "fare"',
        'expression = "status"',
        "metrics.toml:34:15: metrics.fares.expression: column 1: gives a text, not a number"
        " (numbers stand without quotes; a column's type is told in its source)",
    ),
    "expression with an aggregate": Mistake(
        METRIC,
        'expression = "fare"',
        'expression = "sum(fare)"',
        'metrics.toml:34:15: metrics.fares.expression: column 1: unknown function "sum"'
        ' (what happens over orders and days is told by the metric\'s "day" and "over_days")',
    ),
    "expression that reaches for files": Mistake(
        MISSION,
        'formula = "mean_fare"',
        "formula = \"(SELECT 1 FROM '/etc/passwd')\"",
        "missions.toml:14:20: missions.week.conditions[1].formula: column 9: '1' is not expected here"
        " (SELECT is not part of the language: scalar expressions only)",
    ),
    "unknown supplier attribute": Mistake(
        MISSION,
        "tier >= 2",
        "rank >= 2",
        'missions.toml:20:31: missions.sprint.suppliers: column 18: unknown supplier attribute "rank"'
        " (supplier attributes here: city, phone, supplier_id, tier)",
    ),
    "no such day": Mistake(
        MISSION, "start = 2024-05-06", "start = 2024-02-30", "missions.toml:19:36: is not TOML: invalid date or datetime"
    ),
    "end before the start": Mistake(
        MISSION,
        "end = 2024-05-07",
        "end = 2024-05-01",
        "missions.toml:19:54: missions.sprint.window.end: 2024-05-01 lies before the start, 2024-05-06"
        " (the end is the last day, inclusive)",
    ),
    "metric names that differ in case": Mistake(
        METRIC,
        "[suppliers]",
        FARES.replace("fares", "FARES") + "[suppliers]",
        'metrics.toml:42:2: metrics.FARES: "FARES" and "fares" differ only in case (choose another name)',
    ),
    "table twice": Mistake(
        METRIC,
        "[metrics.fares]",
        "[metrics.trips]",
        "metrics.toml:31:15: is not TOML: cannot declare ('metrics', 'trips') twice",
    ),
    "no TOML": Mistake(
        METRIC,
        "[metrics.fares]",
        "[metrics.fares",
        "metrics.toml:31:15: is not TOML: expected ']' at the end of a table declaration",
    ),
    "time zone of a column": Mistake(
        METRIC,
        'final_at = { type = "timestamp" }',
        'final_at = { type = "timestamp", timezone = "Mars" }',
        'metrics.toml:19:45: sources.orders.columns.final_at.timezone: unknown time zone "Mars"'
        ' (an IANA name such as "Asia/Ho_Chi_Minh")',
    ),
    "operator as a sign": Mistake(
        MISSION,
        'type = "GTE"',
        'type = ">="',
        'missions.toml:9:8: missions.week.conditions[0].type: ">=" is not known here (one of: GT, GTE, LT, LTE, EQ, NE)',
    ),
    "window of an unknown kind": Mistake(
        MISSION,
        'kind = "week"',
        'kind = "weekly"',
        'missions.toml:3:19: missions.week.window.kind: "weekly" is not known here (did you mean "week"?)',
    ),
    "weekday": Mistake(
        MISSION,
        'start = "MON"',
        'start = "MONDAY"',
        'missions.toml:3:35: missions.week.window.start: "MONDAY" is not known here (did you mean "MON"?)',
    ),
    "mission without conditions": Mistake(
        MISSION,
        MISSIONS[MISSIONS.index("[[missions.sprint") :],
        "",
        'missions.toml:18:2: missions.sprint: "conditions" is missing (missions.sprint.conditions = …)',
    ),
    "start of the day": Mistake(
        METRIC,
        '"05:00"',
        '"5:00"',
        'metrics.toml:4:13: project.day_start: "5:00" is not a time of day (written like "05:00")',
    ),
    "key that is no column": Mistake(
        METRIC,
        'key = "order_id"',
        'key = "id"',
        'metrics.toml:8:7: sources.orders.key: "id" is not one of the columns'
        " (columns: order_id, supplier_id, status, final_at, updated_at, fare)",
    ),
    "time that is no time": Mistake(
        METRIC,
        'time = "final_at"',
        'time = "status"',
        'metrics.toml:10:8: sources.orders.time: column "status" is a text (must be a timestamp or date)',
    ),
    "type of a column": Mistake(
        METRIC,
        'type = "decimal(18,2)"',
        'type = "money"',
        'metrics.toml:21:17: sources.orders.columns.fare.type: "money" is not a type'
        " (types: string, integer, decimal(p,s), double, boolean, date, timestamp)",
    ),
    "type of a metric": Mistake(
        METRIC,
        'data_type = "integer"',
        'data_type = "int"',
        'metrics.toml:28:13: metrics.trips.data_type: "int" is not a type of metrics'
        " (types: integer, decimal, decimal(p,s), double)",
    ),
    "value that the type cannot hold": Mistake(
        METRIC,
        "value = 1",
        "value = 0.5",
        'metrics.toml:26:9: metrics.trips.value: 0.5 does not fit integer (data_type = "decimal" has 9 places)',
    ),
    "decimals in an integer metric": Mistake(
        METRIC,
        'data_type = "decimal(18,2)"',
        'data_type = "integer"',
        "metrics.toml:34:14: metrics.fares.expression: gives a decimal, but data_type is integer"
        ' (use round(…), floor(…) or ceil(…), or data_type = "decimal")',
    ),
    "method": Mistake(
        METRIC,
        'method = "single_value"',
        'method = "single-value"',
        'metrics.toml:25:10: metrics.trips.method: "single-value" is not known here (did you mean "single_value"?)',
    ),
    "values of days without over_days": Mistake(
        METRIC,
        'formula = "fares / trips"',
        'formula = "fares / trips"\ngrain = "day"',
        'metrics.toml:41:9: metrics.mean_fare.grain: values of days need an "over_days"'
        " (one of: sum, count, min, max, avg, first, last, days, streak)",
    ),
    "over_days of a window": Mistake(
        METRIC,
        'formula = "fares / trips"',
        'formula = "fares / trips"\nover_days = "days"',
        'metrics.toml:41:13: metrics.mean_fare.over_days: goes with values of days (add grain = "day", or remove it)',
    ),
    "days without a condition": Mistake(
        METRIC,
        'formula = "fares / trips"',
        'formula = "fares / trips"\ngrain = "day"\nover_days = "days"',
        'metrics.toml:42:13: metrics.mean_fare.over_days: "days" needs a "days_where" (such as days_where = "value >= 0.9")',
    ),
    "a condition that nothing asks for": Mistake(
        METRIC,
        'formula = "fares / trips"',
        'formula = "fares / trips"\ngrain = "day"\nover_days = "sum"\ndays_where = "value > 1"',
        'metrics.toml:43:14: metrics.mean_fare.days_where: goes with over_days = "days" or "streak", not "sum" (remove it)',
    ),
    "a condition over something else": Mistake(
        METRIC,
        'formula = "fares / trips"',
        'formula = "fares / trips"\ngrain = "day"\nover_days = "days"\ndays_where = "fares > 1"',
        'metrics.toml:43:15: metrics.mean_fare.days_where: column 1: unknown name "fares" (names here: value)',
    ),
    "a condition that is none": Mistake(
        METRIC,
        'formula = "fares / trips"',
        'formula = "fares / trips"\ngrain = "day"\nover_days = "streak"\ndays_where = "value"',
        "metrics.toml:43:15: metrics.mean_fare.days_where: column 1: gives a number, not a boolean"
        " (write a condition, such as qty > 0)",
    ),
    "another grain": Mistake(
        METRIC,
        'formula = "fares / trips"',
        'formula = "fares / trips"\ngrain = "week"',
        'metrics.toml:41:9: metrics.mean_fare.grain: "week" is not known here (one of: day)',
    ),
    "a card that is no number": Mistake(
        METRIC,
        'method = "single_value"\nvalue = 1\nwhere = "status = \'DONE\'"',
        'method = "metabase"\nmetabase_card_id = 0',
        "metrics.toml:26:20: metrics.trips.metabase_card_id: must be the number of a question"
        " (such as 42, the one in its address)",
    ),
    "a quote that is the delimiter": Mistake(
        METRIC,
        "max_rejects = 0.5",
        'csv = { quote = "," }',
        "metrics.toml:13:17: sources.orders.csv.quote: must be a single character, not the delimiter"
        ' (or "" when nothing is quoted)',
    ),
    "an encoding that is not known": Mistake(
        METRIC,
        "max_rejects = 0.5",
        'csv = { encoding = "cp1252" }',
        'metrics.toml:13:20: sources.orders.csv.encoding: "cp1252" is not known here (one of: utf-8, latin-1, utf-16)',
    ),
    "csv options without a csv file": Mistake(
        METRIC,
        'files = ["data/exports/orders/*.csv"]',
        'files = ["data/exports/orders/*.parquet"]\ncsv = { delimiter = ";" }',
        "metrics.toml:8:7: sources.orders.csv: is about CSV files, but no pattern of files names any (remove it)",
    ),
    "a kind of file that is not known": Mistake(
        METRIC,
        'files = ["data/exports/orders/*.csv"]',
        'files = ["data/exports/orders/*.xlsx"]',
        "metrics.toml:7:9: sources.orders.files: "
        '"data/exports/orders/*.xlsx" does not end in one of .csv .csv.gz .csv.zst .parquet .jsonl .jsonl.gz'
        ' (such as "data/exports/orders/*.csv")',
    ),
    "share above one": Mistake(
        METRIC,
        "max_rejects = 0.5",
        "max_rejects = 5",
        "metrics.toml:13:15: sources.orders.max_rejects: must lie between 0 and 1 (0.01 is one record in a hundred)",
    ),
    "SQL file that is not there": Mistake(
        METRIC,
        'method = "expression"\nexpression = "fare"\nwhere = "status = \'DONE\'"',
        'method = "sql"\nfile = "sql/fares.sql"',
        'metrics.toml:34:8: metrics.fares.file: "sql/fares.sql" is not found'
        " (a path below the project directory, such as sql/peak_trips.sql)",
    ),
    "SQL file that is a folder": Mistake(
        METRIC,
        'method = "expression"\nexpression = "fare"\nwhere = "status = \'DONE\'"',
        'method = "sql"\nfile = "data"',
        'metrics.toml:34:8: metrics.fares.file: "data" cannot be read as UTF-8 text'
        " (a path below the project directory, such as sql/peak_trips.sql)",
    ),
    "suppliers' file that is not there": Mistake(
        METRIC,
        "suppliers.csv",
        "supplier.csv",
        'metrics.toml:43:8: suppliers.file: no file "data/exports/supplier.csv" (correct the name, or put the export there)',
    ),
    "attributes without [suppliers]": Mistake(
        METRIC,
        METRICS[METRICS.index("[suppliers]") :],
        "",
        "missions.toml:20:13: missions.sprint.suppliers: needs attributes of suppliers, but metrics.toml has no [suppliers]"
        " (add [suppliers] with file, key and columns to metrics.toml)",
    ),
    "required key misspelled": Mistake(
        MISSION,
        "val = 2\n",
        "vall = 2\n",
        'missions.toml:10:1: missions.week.conditions[0].vall: unknown key "vall" (did you mean "val"?)',
    ),
    "target that is no number": Mistake(
        MISSION, "val = 2\n", "val = nan\n", "missions.toml:10:7: missions.week.conditions[0].val: must be a finite number"
    ),
    "target beyond every double": Mistake(
        MISSION, "val = 2\n", "val = 1e400\n", "missions.toml:10:7: missions.week.conditions[0].val: must be a finite number"
    ),
}


def mistaken(root: Path, mistake: Mistake) -> Path:
    metrics, missions = METRICS, MISSIONS
    if mistake.file == METRIC:
        metrics = replaced(metrics, mistake.old, mistake.new)
    else:
        missions = replaced(missions, mistake.old, mistake.new)
    return write_shop(root, metrics, missions)


def test_the_shop_itself_is_right(tmp_path: Path) -> None:
    ran = missionctl(write_shop(tmp_path), "check")
    assert (ran.code, ran.out, ran.err) == (0, "shop: no problems in 1 source, 3 metrics, 2 missions\n", "")


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=list(MISTAKES))
def test_check_tells_it_in_one_line(mistake: Mistake, tmp_path: Path) -> None:
    ran = missionctl(mistaken(tmp_path, mistake), "check")
    assert ran.out == f"{mistake.says}\n"
    assert (ran.code, ran.err) == (2, "missionctl: 1 problem\n")


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=list(MISTAKES))
def test_run_refuses_and_changes_nothing(mistake: Mistake, tmp_path: Path) -> None:
    root = mistaken(tmp_path, mistake)
    before = snapshot(root)
    ran = missionctl(root, "run", "--date", "2024-05-07")
    assert ran.err == f"missionctl: {mistake.says}\n"
    assert (ran.code, ran.out) == (2, "")
    assert snapshot(root) == before


def test_a_project_that_ran_keeps_what_it_has(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    assert missionctl(root, "run", "--date", "2024-05-07").code == 0
    results = missionctl(root, "results").out
    for name in ("unknown metric", "operator typo", "invalid time zone", "bad expression"):
        mistaken(root, MISTAKES[name])
        before = snapshot(root)
        assert missionctl(root, "run", "--date", "2024-05-07").code == 2
        assert missionctl(root, "backfill", "--from", "2024-05-06", "--to", "2024-05-07").code == 2
        assert missionctl(root, "explain", "supplier", "ann").code == 2
        assert missionctl(root, "results").out == results
        assert snapshot(root) == before


# ---------------------------------------------------------------- all of them at once

TOGETHER = ("unknown key", "invalid time zone", "cyclic formula", "missing file pattern", "window of an unknown kind")
TOGETHER_MISSIONS = ("unknown metric", "operator typo", "unknown key in a mission", "bad date", "unknown supplier attribute")


def many_mistakes(root: Path) -> Path:
    metrics, missions = METRICS, MISSIONS
    for name in (*TOGETHER, *TOGETHER_MISSIONS):
        file, old, new, _ = MISTAKES[name]
        metrics, missions = (replaced(metrics, old, new), missions) if file == METRIC else (metrics, replaced(missions, old, new))
    return write_shop(root, metrics, missions)


ALL = """\
metrics.toml:3:12: project.timezone: unknown time zone "Asia/Ho_Chi_Min" (did you mean "Asia/Ho_Chi_Minh"?)
metrics.toml:6:2: sources.orders: "files" is missing (sources.orders.files = …)
metrics.toml:28:1: metrics.trips.defualt_value: unknown key "defualt_value" (did you mean "default_value"?)
metrics.toml:43:11: metrics.a.formula: needs itself: a → b → a (one of them must be measured, not derived)
missions.toml:3:19: missions.week.window.kind: "weekly" is not known here (did you mean "week"?)
missions.toml:4:1: missions.week.grace: unknown key "grace" (did you mean "grace_days"?)
missions.toml:9:8: missions.week.conditions[0].type: "GE" is not known here (did you mean "GTE"?)
missions.toml:14:20: missions.week.conditions[1].formula: column 9: unknown metric "mean_fair" (did you mean "mean_fare"?)
missions.toml:19:36: missions.sprint.window.start: must be a date, not text (written like 2026-10-31, without quotes)
missions.toml:20:31: missions.sprint.suppliers: column 18: unknown supplier attribute "rank"\
 (supplier attributes here: city, phone, supplier_id, tier)
"""


def test_check_tells_all_mistakes_of_both_files_at_once(tmp_path: Path) -> None:
    ran = missionctl(many_mistakes(tmp_path), "check")
    assert ran.out == ALL
    assert (ran.code, ran.err) == (2, "missionctl: 10 problems\n")


def test_run_tells_all_mistakes_of_both_files_at_once(tmp_path: Path) -> None:
    ran = missionctl(many_mistakes(tmp_path), "run")
    assert ran.err == "".join(f"missionctl: {line}\n" for line in ALL.splitlines())
    assert (ran.code, ran.out) == (2, "")


def test_check_json_has_file_key_path_place_and_hint(tmp_path: Path) -> None:
    ran = missionctl(many_mistakes(tmp_path), "check", "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["ok"], len(told["problems"])) == (2, False, 10)
    assert told["problems"][0] == {
        "file": "metrics.toml",
        "line": 3,
        "column": 12,
        "path": "project.timezone",
        "message": 'unknown time zone "Asia/Ho_Chi_Min"',
        "hint": 'did you mean "Asia/Ho_Chi_Minh"?',
    }


def test_check_json_of_a_project_without_mistakes(tmp_path: Path) -> None:
    ran = missionctl(write_shop(tmp_path), "check", "--json")
    assert (ran.code, json.loads(ran.out)) == (0, {"ok": True, "problems": [], "warnings": []})


def test_several_mistakes_of_one_expression(tmp_path: Path) -> None:
    root = write_shop(tmp_path, replaced(METRICS, '"fares / trips"', '"fare / (trip + nope(trips))"'))
    places = [line.split(": ", 3)[2] for line in missionctl(root, "check").out.splitlines()]
    assert places == ["column 1", "column 9", "column 16"]


# ---------------------------------------------------------------- files that hold nothing


@pytest.mark.parametrize("text", ["", "# nothing\n"], ids=["no text", "a comment"])
@pytest.mark.parametrize(
    ("file", "says"), [(METRIC, "the table [project] is missing"), (MISSION, "no mission is defined")], ids=[METRIC, MISSION]
)
def test_a_file_without_content_is_a_mistake(file: str, says: str, text: str, tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    (root / file).write_text(text)
    checked = missionctl(root, "check")
    assert (checked.code, checked.out.startswith(f"{file}: {says}")) == (2, True), checked
    ran = missionctl(root, "run", "--date", "2024-05-07")
    assert (ran.code, ran.err.startswith(f"missionctl: {file}: {says}")) == (2, True), ran


@pytest.mark.parametrize("file", [METRIC, MISSION])
def test_a_missing_file_names_the_directory(file: str, tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    (root / file).unlink()
    ran = missionctl(root, "check")
    hint = 'name the project directory with --project, or begin one with "missionctl init"'
    assert (ran.code, ran.out) == (2, f"{file}: not found in {root} ({hint})\n")


# ---------------------------------------------------------------- the user's SQL

SQL = replaced(
    METRICS,
    'method = "expression"\nexpression = "fare"\nwhere = "status = \'DONE\'"\ndata_type = "decimal(18,2)"',
    'method = "sql"\nfile = "sql/fares.sql"\ndata_type = "integer"',
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SELECT supplier_id, count(*) FROM orders GROUP BY 1", "must give the columns supplier_id and value"),
        ("SELECT supplier_id, count(*) AS value FROM order GROUP BY 1", "syntax error"),
        ("SELECT supplier_id, count(*) AS value FROM offers GROUP BY 1", "Table with name offers does not exist"),
        ("SELECT supplier_id, status AS value FROM orders", "value is VARCHAR, not a number"),
        ("SELECT supplier_id, avg(fare) AS value FROM orders GROUP BY 1", "value is DOUBLE, but data_type is integer"),
        ("DELETE FROM orders", "must hold one SELECT and nothing else"),
        ("SELECT 1 AS supplier_id, 1 AS value; SELECT 2", "must hold one SELECT and nothing else"),
        ("", "must hold one SELECT and nothing else"),
        ("-- nothing", "must hold one SELECT and nothing else"),
        ("SELECT content AS supplier_id, 1 AS value FROM read_text('/etc/hostname')", "disabled"),
        ("SELECT * FROM 'metrics.toml'", "Table with name metrics.toml does not exist"),
        ("COPY orders TO 'stolen.csv'", "must hold one SELECT and nothing else"),
        ("ATTACH 'other.duckdb'", "must hold one SELECT and nothing else"),
        ("SET enable_external_access = true", "must hold one SELECT and nothing else"),
        ("INSTALL httpfs", "must hold one SELECT and nothing else"),
    ],
)
def test_mistakes_in_the_sql_of_a_metric(text: str, says: str, tmp_path: Path) -> None:
    root = write_shop(tmp_path, SQL)
    (root / "sql").mkdir()
    (root / "sql" / "fares.sql").write_text(text)
    before = snapshot(root)
    for verb in ("check", "run"):
        ran = missionctl(root, verb)
        (line,) = (ran.out if verb == "check" else ran.err.removeprefix("missionctl: ")).splitlines()
        assert line.startswith("sql/fares.sql: metrics.fares: ")
        assert says in line
        assert ran.code == 2
    assert snapshot(root) == before
