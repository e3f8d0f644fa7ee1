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
OF_FARES = 'where = "status = \'DONE\'"\ndata_type = "decimal(18,2)"'
BY_EXPRESSION = 'method = "expression"\nexpression = "fare"\nwhere = "status = \'DONE\'"\n'
WEEKLY = 'window = { kind = "week", start = "MON" }\ngrace_days = 2'

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
        'missions.toml:9:8: missions.week.conditions[0].type: ">=" is not known here (one of: GT, GTE, LT, LTE, EQ, NE, BETWEEN)',
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
    # every kind of mission
    "a sum of numbers of different values": Mistake(
        METRIC,
        OF_FARES,
        OF_FARES + '\nday = "distinct"\nover_days = "sum"',
        "metrics.toml:38:13: metrics.fares.over_days: numbers of different values do not add up: one that comes"
        ' on several days would count for each (over_days = "distinct" counts each value of the window once)',
    ),
    "a sum of means": Mistake(
        METRIC,
        OF_FARES,
        OF_FARES + '\nday = "avg"\nover_days = "sum"',
        'metrics.toml:38:13: metrics.fares.over_days: means of days do not add up (over_days = "avg" is the mean'
        " over all orders of the window)",
    ),
    "different values that a sum forgot": Mistake(
        METRIC,
        OF_FARES,
        OF_FARES + '\nover_days = "distinct"',
        "metrics.toml:37:13: metrics.fares.over_days: a day's number no longer tells its different values (write"
        ' day = "distinct" with it, or another word)',
    ),
    "days without days_where": Mistake(
        METRIC,
        OF_FARES,
        OF_FARES + '\nover_days = "days"',
        'metrics.toml:37:13: metrics.fares.over_days: "days" needs a "days_where" (such as days_where = "value >= 0.9")',
    ),
    "days_where with a sum": Mistake(
        METRIC,
        OF_FARES,
        OF_FARES + '\ndays_where = "value > 1"',
        'metrics.toml:37:14: metrics.fares.days_where: goes with over_days = "days" or "streak", not "sum" (remove it)',
    ),
    "days_where over a column": Mistake(
        METRIC,
        OF_FARES,
        OF_FARES + '\nover_days="days"\ndays_where = "fare > 1"',
        'metrics.toml:38:15: metrics.fares.days_where: column 1: unknown name "fare" (names here: value)',
    ),
    "days_where without a text": Mistake(
        METRIC,
        OF_FARES,
        OF_FARES + '\nover_days="days"\ndays_where = ""',
        "metrics.toml:38:15: metrics.fares.days_where: column 1: the expression is empty (write a name or a constant at least)",
    ),
    "days_where against a text": Mistake(
        METRIC,
        OF_FARES,
        OF_FARES + '\nover_days="days"\ndays_where = "value = \'a\'"',
        "metrics.toml:38:23: metrics.fares.days_where: column 9: = cannot hold a double against a text (numbers"
        " stand without quotes, text in single quotes)",
    ),
    "a word of days within a day": Mistake(
        METRIC,
        OF_FARES,
        OF_FARES + '\nday = "streak"',
        'metrics.toml:37:7: metrics.fares.day: "streak" is not known here (one of: sum, count, min, max, avg,'
        " first, last, distinct)",
    ),
    "a word of days misspelled": Mistake(
        METRIC,
        OF_FARES,
        OF_FARES + '\nover_days = "average"',
        'metrics.toml:37:13: metrics.fares.over_days: "average" is not known here (did you mean "avg"?)',
    ),
    "day with SQL": Mistake(
        METRIC,
        BY_EXPRESSION,
        'method = "sql"\nfile = "metrics.toml"\nday = "max"\n',
        "metrics.toml:35:7: metrics.fares.day: goes with values of orders, but here the number of a day is given"
        " (remove it; what becomes of several days is told by over_days)",
    ),
    "where with a card": Mistake(
        METRIC,
        'method = "expression"\nexpression = "fare"\n',
        'method = "metabase"\nmetabase_card_id = 3\n',
        "metrics.toml:35:9: metrics.fares.where: goes with values of orders, but here the number of a day is"
        " given (remove it, and select the orders where the number comes from)",
    ),
    "different values of a card": Mistake(
        METRIC,
        BY_EXPRESSION,
        'method = "metabase"\nmetabase_card_id = 3\nover_days = "distinct"\n',
        "metrics.toml:35:13: metrics.fares.over_days: a day's number no longer tells its different values (choose another word)",
    ),
    "day with a formula": Mistake(
        METRIC,
        'formula = "fares / trips"',
        'formula = "fares / trips"\nday = "max"',
        "metrics.toml:41:7: metrics.mean_fare.day: goes with values of orders, and a formula has none: it is over"
        ' other metrics (remove it; grain = "day" evaluates the formula on each day)',
    ),
    "different values of a formula of days": Mistake(
        METRIC,
        'formula = "fares / trips"',
        'formula = "fares / trips"\ngrain = "day"\nover_days = "distinct"',
        "metrics.toml:42:13: metrics.mean_fare.over_days: a day's number no longer tells its different values"
        " (choose another word)",
    ),
    "the lowest of texts": Mistake(
        METRIC,
        'expression = "fare"',
        'expression = "status"\nday = "min"',
        "metrics.toml:34:15: metrics.fares.expression: column 1: gives a text, not a number (numbers stand"
        " without quotes; a column's type is told in its source)",
    ),
    "rolling without days": Mistake(
        MISSION,
        WEEKLY,
        'window = { kind = "rolling" }',
        'missions.toml:3:1: missions.week.window: "days" is missing (missions.week.window.days = …)',
    ),
    "more days than a window may have": Mistake(
        MISSION,
        WEEKLY,
        'window = { kind = "rolling", days = 3661 }',
        "missions.toml:3:37: missions.week.window.days: 3661 days are no window (at least 1, a single day, and at most 3660)",
    ),
    "a fraction of days in a window": Mistake(
        MISSION,
        WEEKLY,
        'window = { kind = "rolling", days = 7.5 }',
        "missions.toml:3:37: missions.week.window.days: must be whole days, not 7.5 (such as 28)",
    ),
    "grace of a rolling window": Mistake(
        MISSION,
        WEEKLY,
        'window = { kind = "rolling", days = 7 }\ngrace_days = 2',
        "missions.toml:4:14: missions.week.grace_days: a rolling window is never decided, so there is nothing to"
        " wait for (remove it)",
    ),
    "reward of a rolling window": Mistake(
        MISSION,
        WEEKLY,
        'window = { kind = "rolling", days = 7 }\nreward = 5',
        "missions.toml:4:10: missions.week.reward: a rolling window is never decided, so nothing is ever paid"
        " (remove it, or choose another kind of window)",
    ),
    "limits of a rolling window": Mistake(
        MISSION,
        WEEKLY,
        'window = { kind = "rolling", days = 7 }\nlimits = { budget = 5 }',
        "missions.toml:4:10: missions.week.limits: a rolling window is never decided, so nothing is ever paid (remove it)",
    ),
    "no days since a date": Mistake(
        MISSION,
        WEEKLY,
        'window = { kind = "since", field = "city", days = 0 }',
        "missions.toml:3:51: missions.week.window.days: 0 days are no window (at least 1, a single day, and at most 3660)",
    ),
    "since a text": Mistake(
        MISSION,
        WEEKLY,
        'window = { kind = "since", field = "city", days = 3 }',
        'missions.toml:3:36: missions.week.window.field: "city" is no date ([suppliers] in metrics.toml has no'
        ' date; add it to its columns: onboarded_on = "date")',
    ),
    "since nothing known": Mistake(
        MISSION,
        WEEKLY,
        'window = { kind = "since", field = "joined_on", days = 3 }',
        'missions.toml:3:36: missions.week.window.field: unknown supplier attribute "joined_on" ([suppliers] in'
        ' metrics.toml has no date; add it to its columns: onboarded_on = "date")',
    ),
    "since with a weekday": Mistake(
        MISSION,
        WEEKLY,
        'window = { kind = "since", field = "city", days = 3, start = "MON" }',
        'missions.toml:3:54: missions.week.window.start: unknown key "start" (known here: kind, field, days)',
    ),
    "assigned windows in a workbook": Mistake(
        MISSION,
        WEEKLY,
        'window = { kind = "assigned", file = "data/exports/windows.xlsx" }',
        'missions.toml:3:38: missions.week.window.file: "data/exports/windows.xlsx" does not end in one of .csv'
        ' .csv.gz .csv.zst .parquet .jsonl .jsonl.gz (such as "data/exports/windows.csv")',
    ),
    "assigned windows that are not there": Mistake(
        MISSION,
        WEEKLY,
        'window = { kind = "assigned", file = "data/exports/windows.csv" }',
        'missions.toml:3:38: missions.week.window.file: no file "data/exports/windows.csv" (correct the name, or'
        " put the file there)",
    ),
    "assigned windows as a pattern": Mistake(
        MISSION,
        WEEKLY,
        'window = { kind = "assigned", file = "data/exports/w*.csv" }',
        'missions.toml:3:38: missions.week.window.file: "data/exports/w*.csv" is a pattern (name the one file'
        " that is replaced when something changes)",
    ),
    "val and tiers": Mistake(
        MISSION,
        'name = "trips"\nformula = "trips"\ntype = "GTE"\nval = 2\n',
        'name = "trips"\nformula = "trips"\ntype = "GTE"\nval = 2\ntiers = [{ name = "a", val = 1 }]\n',
        "missions.toml:10:7: missions.week.conditions[0].val: goes without tiers, which have a val each (remove one of the two)",
    ),
    "neither val nor tiers": Mistake(
        MISSION,
        "val = 2\n",
        "",
        'missions.toml:6:3: missions.week.conditions[0]: "val" is missing (val = …, or tiers = [{ name = …, val = … }, …])',
    ),
    "tiers without a tier": Mistake(
        MISSION,
        "val = 2\n",
        "tiers = []\n",
        "missions.toml:10:9: missions.week.conditions[0].tiers: must not be empty",
    ),
    "tiers that are no list": Mistake(
        MISSION,
        "val = 2\n",
        "tiers = { name = 'a', val = 1 }\n",
        "missions.toml:10:9: missions.week.conditions[0].tiers: must be a list, not a table",
    ),
    "tiers from the hardest": Mistake(
        MISSION,
        "val = 2\n",
        'tiers = [{ name = "a", val = 3 }, { name = "b", val = 2 }]\n',
        "missions.toml:10:55: missions.week.conditions[0].tiers[1].val: 2 is not harder to reach than 3 before it"
        " (tiers go from the easiest to the hardest)",
    ),
    "a tier that is not harder": Mistake(
        MISSION,
        "val = 2\n",
        'tiers = [{ name = "a", val = 3 }, { name = "b", val = 3 }]\n',
        "missions.toml:10:55: missions.week.conditions[0].tiers[1].val: 3 is not harder to reach than 3 before it"
        " (tiers go from the easiest to the hardest)",
    ),
    "tiers that sink, from the hardest": Mistake(
        MISSION,
        'type = "GTE"\nval = 2\n',
        'type = "LT"\ntiers = [{ name = "a", val = 2 }, { name = "b", val = 3 }]\n',
        "missions.toml:10:55: missions.week.conditions[0].tiers[1].val: 3 is not harder to reach than 2 before it"
        " (tiers go from the easiest to the hardest)",
    ),
    "tiers of EQ": Mistake(
        MISSION,
        'type = "GTE"\nval = 2\n',
        'type = "EQ"\ntiers = [{ name = "a", val = 2 }]\n',
        "missions.toml:10:9: missions.week.conditions[0].tiers: do not go with EQ (they are steps of GT, GTE, LT or LTE)",
    ),
    "a tier's name twice": Mistake(
        MISSION,
        "val = 2\n",
        'tiers = [{ name = "a", val = 3 }, { name = "A", val = 4 }]\n',
        'missions.toml:10:44: missions.week.conditions[0].tiers[1].name: "A" is already the name of a tier (choose another name)',
    ),
    "a tier without a name": Mistake(
        MISSION,
        "val = 2\n",
        "tiers = [{ val = 3 }]\n",
        'missions.toml:10:10: missions.week.conditions[0].tiers[0]: "name" is missing'
        " (missions.week.conditions[0].tiers[0].name = …)",
    ),
    "a tier that costs": Mistake(
        MISSION,
        "val = 2\n",
        'tiers = [{ name = "a", val = 3, reward = -5 }]\n',
        "missions.toml:10:42: missions.week.conditions[0].tiers[0].reward: -5 is less than nothing",
    ),
    "a tier's reward over an unknown metric": Mistake(
        MISSION,
        "val = 2\n",
        'tiers = [{ name = "a", val = 3, reward = "2 * farse" }]\n',
        'missions.toml:10:47: missions.week.conditions[0].tiers[0].reward: column 5: unknown metric "farse" (did'
        ' you mean "fares"?)',
    ),
    "one number for BETWEEN": Mistake(
        MISSION,
        'type = "GTE"\nval = 2\n',
        'type = "BETWEEN"\nval = 2\n',
        "missions.toml:10:7: missions.week.conditions[0].val: must be two numbers, not a number (val = [low,"
        " high], both inclusive)",
    ),
    "three numbers for BETWEEN": Mistake(
        MISSION,
        'type = "GTE"\nval = 2\n',
        'type = "BETWEEN"\nval = [2, 3, 4]\n',
        "missions.toml:10:7: missions.week.conditions[0].val: must be two numbers, not a list of 3 (val = [low,"
        " high], both inclusive)",
    ),
    "bounds in the wrong order": Mistake(
        MISSION,
        'type = "GTE"\nval = 2\n',
        'type = "BETWEEN"\nval = [3, 2]\n',
        "missions.toml:10:11: missions.week.conditions[0].val[1]: 2 is less than the lower bound, 3 (val = [low,"
        " high], both inclusive)",
    ),
    "a bound in quotes": Mistake(
        MISSION,
        'type = "GTE"\nval = 2\n',
        'type = "BETWEEN"\nval = ["1", 2]\n',
        "missions.toml:10:8: missions.week.conditions[0].val[0]: must be a number, not text (without quotes)",
    ),
    "two numbers without BETWEEN": Mistake(
        MISSION,
        "val = 2\n",
        "val = [1, 2]\n",
        'missions.toml:10:7: missions.week.conditions[0].val: must be a number, not a list (two bounds go with type = "BETWEEN")',
    ),
    "a target that is a table": Mistake(
        MISSION,
        "val = 2\n",
        "val = { val = 2 }\n",
        "missions.toml:10:7: missions.week.conditions[0].val: must be a number, not a table",
    ),
    "segments without a default": Mistake(
        MISSION,
        "val = 2\n",
        'val = [{ where = "tier >= 3", val = 1 }]\n',
        "missions.toml:10:8: missions.week.conditions[0].val[0]: nothing is said of suppliers to whom no where"
        " applies (end the list with { val = … }, which counts for all others)",
    ),
    "a second default": Mistake(
        MISSION,
        "val = 2\n",
        'val = [{ where = "tier >= 3", val = 1 }, { val = 1 }, { val = 2 }]\n',
        "missions.toml:10:42: missions.week.conditions[0].val[1]: only the last target goes without a where (put it at the end)",
    ),
    "a segment over an unknown attribute": Mistake(
        MISSION,
        "val = 2\n",
        'val = [{ where = "rank >= 3", val = 1 }, { val = 1 }]\n',
        "missions.toml:10:19: missions.week.conditions[0].val[0].where: column 1: unknown supplier attribute"
        ' "rank" (supplier attributes here: city, phone, supplier_id, tier)',
    ),
    "a segment without a target": Mistake(
        MISSION,
        "val = 2\n",
        'val = [{ where = "tier >= 3" }, { val = 1 }]\n',
        'missions.toml:10:8: missions.week.conditions[0].val[0]: "val" is missing (missions.week.conditions[0].val[0].val = …)',
    ),
    "a segment's key misspelled": Mistake(
        MISSION,
        "val = 2\n",
        'val = [{ when = "tier >= 3", val = 1 }, { val = 1 }]\n',
        'missions.toml:10:10: missions.week.conditions[0].val[0].when: unknown key "when" (did you mean "where"?)',
    ),
    "bounds of a segment without BETWEEN": Mistake(
        MISSION,
        "val = 2\n",
        'val = [{ where = "tier >= 3", val = [1, 2] }, { val = 1 }]\n',
        "missions.toml:10:37: missions.week.conditions[0].val[0].val: must be a number, not a list (two bounds go"
        ' with type = "BETWEEN")',
    ),
    "a segment that is no condition": Mistake(
        MISSION,
        "val = 2\n",
        'val = [{ where = "tier", val = 1 }, { val = 1 }]\n',
        "missions.toml:10:19: missions.week.conditions[0].val[0].where: column 1: gives a number, not a boolean"
        " (write a condition, such as qty > 0)",
    ),
    "a volume of an unknown metric": Mistake(
        MISSION,
        "val = 2\n",
        'val = 2\nmin_volume = { metric = "tripz", val = 3 }\n',
        'missions.toml:11:25: missions.week.conditions[0].min_volume.metric: unknown metric "tripz" (did you mean "trips"?)',
    ),
    "a volume that is to be skipped": Mistake(
        MISSION,
        "val = 2\n",
        'val = 2\nmin_volume = { metric = "trips", val = 3, below = "skip" }\n',
        'missions.toml:11:51: missions.week.conditions[0].min_volume.below: "skip" is not known here (one of: unmet, met)',
    ),
    "a volume without a number": Mistake(
        MISSION,
        "val = 2\n",
        'val = 2\nmin_volume = { metric = "trips" }\n',
        'missions.toml:11:1: missions.week.conditions[0].min_volume: "val" is missing'
        " (missions.week.conditions[0].min_volume.val = …)",
    ),
    "a volume that is only a number": Mistake(
        MISSION,
        "val = 2\n",
        "val = 2\nmin_volume = 20\n",
        "missions.toml:11:14: missions.week.conditions[0].min_volume: must be a table, not a number",
    ),
    "a role misspelled": Mistake(
        MISSION,
        "val = 2\n",
        'val = 2\nrole = "gaol"\n',
        'missions.toml:11:8: missions.week.conditions[0].role: "gaol" is not known here (did you mean "goal"?)',
    ),
    "no data ignored": Mistake(
        MISSION,
        "val = 2\n",
        'val = 2\nno_data = "ignore"\n',
        'missions.toml:11:11: missions.week.conditions[0].no_data: "ignore" is not known here (one of: unmet, met)',
    ),
    "an unknown condition in require": Mistake(
        MISSION,
        "grace_days = 2",
        'grace_days = 2\nrequire = "trips AND maen"',
        'missions.toml:5:22: missions.week.require: column 11: unknown condition "maen" (did you mean "mean"?)',
    ),
    "a gate in require": Mistake(
        MISSION,
        "grace_days = 2\n\n[[missions.week.conditions]]\n",
        'grace_days = 2\nrequire = "trips AND mean"\n\n[[missions.week.conditions]]\nrole = "gate"\n',
        'missions.toml:5:12: missions.week.require: "trips" is a gate, not a goal (leave it out: gates and guards'
        " must always hold)",
    ),
    "a metric in require": Mistake(
        MISSION,
        "grace_days = 2",
        'grace_days = 2\nrequire = "trips AND fares"',
        'missions.toml:5:22: missions.week.require: column 11: unknown condition "fares" (conditions here: mean, trips)',
    ),
    "a number for require": Mistake(
        MISSION,
        "grace_days = 2",
        'grace_days = 2\nrequire = "1"',
        "missions.toml:5:12: missions.week.require: column 1: gives a number, not a boolean (write a condition, such as qty > 0)",
    ),
    "ALL in capitals": Mistake(
        MISSION,
        "grace_days = 2",
        'grace_days = 2\nrequire = "ALL"',
        'missions.toml:5:11: missions.week.require: "ALL" is not known here (did you mean "all"?)',
    ),
    "limits without a reward": Mistake(
        MISSION,
        "grace_days = 2",
        "grace_days = 2\nlimits = { budget = 5 }",
        "missions.toml:5:10: missions.week.limits: limits a reward, but there is none (add reward = …, or remove it)",
    ),
    "limits that limit nothing": Mistake(
        MISSION,
        "grace_days = 2",
        "grace_days = 2\nreward = 1\nlimits = { }",
        "missions.toml:6:10: missions.week.limits: limits nothing (per_supplier = …, budget = …, or both)",
    ),
    "a budget below zero": Mistake(
        MISSION,
        "grace_days = 2",
        "grace_days = 2\nreward = 1\nlimits = { budget = -5 }",
        "missions.toml:6:21: missions.week.limits.budget: -5 is less than nothing",
    ),
    "a limit that is not known": Mistake(
        MISSION,
        "grace_days = 2",
        "grace_days = 2\nreward = 1\nlimits = { total = 5 }",
        'missions.toml:6:12: missions.week.limits.total: unknown key "total" (known here: per_supplier, budget)',
    ),
    "a reward below zero": Mistake(
        MISSION,
        "grace_days = 2",
        "grace_days = 2\nreward = -1",
        "missions.toml:5:10: missions.week.reward: -1 is less than nothing",
    ),
    "a reward beyond all money": Mistake(
        MISSION,
        "grace_days = 2",
        "grace_days = 2\nreward = 1e40",
        "missions.toml:5:10: missions.week.reward: 1E+40 is more than can be paid (less than a 1 with 18 zeros)",
    ),
    "a reward too fine": Mistake(
        MISSION,
        "grace_days = 2",
        "grace_days = 2\nreward = 0.1234567891",
        "missions.toml:5:10: missions.week.reward: 0.1234567891 has more than 9 decimal places",
    ),
    "a budget beyond all money": Mistake(
        MISSION,
        "grace_days = 2",
        "grace_days = 2\nreward = 1\nlimits = { budget = 1e18 }",
        "missions.toml:6:21: missions.week.limits.budget: 1E+18 is more than can be paid (less than a 1 with 18 zeros)",
    ),
    "a name of two lines": Mistake(
        MISSION,
        'name = "mean"',
        'name = "the\\nmean"',
        "missions.toml:13:8: missions.week.conditions[1].name: must be one line of text",
    ),
    "a name with blanks around it": Mistake(
        MISSION,
        'name = "mean"',
        'name = " mean"',
        "missions.toml:13:8: missions.week.conditions[1].name: must not begin or end with a blank",
    ),
    "a reward over a column": Mistake(
        MISSION,
        "grace_days = 2",
        'grace_days = 2\nreward = "5 * fare"',
        'missions.toml:5:15: missions.week.reward: column 5: unknown metric "fare" (did you mean "fares"?)',
    ),
    "a reward that is a condition": Mistake(
        MISSION,
        "grace_days = 2",
        'grace_days = 2\nreward = "fares > 5"',
        "missions.toml:5:11: missions.week.reward: column 1: gives a boolean, not a number (if(…, 1, 0) makes a number of it)",
    ),
    "a reward that is neither": Mistake(
        MISSION,
        "grace_days = 2",
        "grace_days = 2\nreward = true",
        "missions.toml:5:10: missions.week.reward: must be a number or a formula, not true or false",
    ),
    "a reward over an attribute": Mistake(
        MISSION,
        "grace_days = 2",
        'grace_days = 2\nreward = "tier * 5"',
        'missions.toml:5:11: missions.week.reward: column 1: unknown metric "tier" (metrics here: fares, mean_fare, trips)',
    ),
    "suppliers in a text file": Mistake(
        METRIC,
        "suppliers.csv",
        "suppliers.txt",
        'metrics.toml:43:8: suppliers.file: "data/exports/suppliers.txt" does not end in one of .csv .csv.gz'
        ' .csv.zst .parquet .jsonl .jsonl.gz (such as "data/exports/suppliers.csv")',
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


# ---------------------------------------------------------------- two mistakes in two places

TIERED = 'tiers = [{ name = "a", val = 1, reward = 3 }]\n'


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {WEEKLY: 'window = { kind = "rolling", days = 7 }', "val = 2\n": TIERED},
            (
                "missions.toml:9:9: missions.week.conditions[0].tiers: a rolling window is never decided, so nothing is ever paid"
                " (remove the rewards)"
            ),
        ),
        (
            {
                "grace_days = 2": 'grace_days = 2\nrequire = "any"',
                'name = "trips"': 'name = "trips"\nrole = "gate"',
                'name = "mean"': 'name = "mean"\nrole = "guard"',
            },
            (
                "missions.toml:5:11: missions.week.require: none of the conditions is a goal"
                " (remove it: gates and guards must always hold)"
            ),
        ),
        (
            {WEEKLY: 'window = { kind = "assigned", file = "metrics.csv" }', 'name = "trips"': 'name = "Window_Start"'},
            (
                'missions.toml:6:8: missions.week.conditions[0].name: "Window_Start" is a column of every file of assigned'
                " windows (choose another name)"
            ),
        ),
        (
            {"grace_days = 2": 'grace_days = 2\nrequire = "two trips OR mean"', 'name = "trips"': 'name = "two trips"'},
            (
                'missions.toml:5:12: missions.week.require: the name "two trips" cannot stand in an expression'
                " (letters, digits and _ make a name that can: rename the condition)"
            ),
        ),
    ],
    ids=[
        "rewards of tiers of a rolling window",
        "any of no goals",
        "a condition like a column of windows",
        "a name with blanks in require",
    ],
)
def test_mistakes_of_two_places(changes: dict[str, str], says: str, tmp_path: Path) -> None:
    missions = MISSIONS
    for old, new in changes.items():
        missions = replaced(missions, old, new)
    ran = missionctl(write_shop(tmp_path, missions=missions), "check")
    assert (ran.code, ran.out) == (2, f"{says}\n")


# ---------------------------------------------------------------- files of windows and of suppliers

ASSIGNED = replaced(
    replaced(MISSIONS, WEEKLY, 'window = { kind = "assigned", file = "data/exports/windows.csv" }'),
    'type = "GT"\nval = 10.5\n',
    """type = "BETWEEN"
val = [1, 20]

[[missions.week.conditions]]
name = "level"
formula = "trips"
type = "GTE"
tiers = [{ name = "a", val = 1 }]
""",
)
SPAN = "supplier_id,window_start,window_end"
FULL = f"{SPAN},trips,mean\n"
WINDOWS = {
    "nothing": ("", "is empty: not even a header"),
    "a column is missing": (
        "supplier_id,window_start\nann,2024-05-06\n",
        'its header has no column window_end; it has supplier_id, window_start (did "window_end" become "window_start"?)',
    ),
    "a date of another kind": (
        f"{SPAN}\nann,2024-05-06,2024-05-07\nbob,06/05/2024,2024-05-07\n",
        (
            "1 of 2 records rejected, where none may be; the first in line 3:"
            ' window_start "06/05/2024" is not a date like 2026-10-31'
        ),
    ),
    "an empty cell": (
        f"{SPAN}\nann,2024-05-06,\n",
        "1 of 1 records rejected, where none may be; the first in line 2: window_end is required and empty",
    ),
    "a window that ends before it starts": (
        f"{SPAN}\nann,2024-05-06,2024-05-05\n",
        "line 2, supplier ann: window_end 2024-05-05 lies before window_start, 2024-05-06",
    ),
    "a window of twenty years": (
        f"{SPAN}\nann,2024-05-06,2044-05-05\n",
        "line 2, supplier ann: a window of 7305 days; 3660 are the most",
    ),
    "a target that is no number": (
        f"{FULL}ann,2024-05-06,2024-05-07,70%,\n",
        'line 2, supplier ann: trips: "70%" is not a number',
    ),
    "a target with a sign between its digits": (
        f"{FULL}ann,2024-05-06,2024-05-07,1_000,\n",
        'line 2, supplier ann: trips: "1_000" is not a number',
    ),
    "one bound for BETWEEN": (
        f"{FULL}ann,2024-05-06,2024-05-07,,5\n",
        'line 2, supplier ann: mean: "5" is not low..high, as in 5..30',
    ),
    "bounds in the wrong order": (
        f"{FULL}ann,2024-05-06,2024-05-07,,5..1\n",
        'line 2, supplier ann: mean: "5..1" is not low..high, as in 5..30',
    ),
    "a target twice": (
        f"{SPAN},trips,Trips\nann,2024-05-06,2024-05-07,1,2\n",
        "its header names one target more than once: trips, Trips",
    ),
    "a column twice": (
        f"{SPAN},trips,trips\nann,2024-05-06,2024-05-07,1,2\n",
        "its header names trips more than once",
    ),
    "a target for tiers": (
        f"{SPAN},level\nann,2024-05-06,2024-05-07,1\n",
        "the column level cannot replace the tiers of that condition; leave it out",
    ),
    "a window twice with other targets": (
        f"{FULL}ann,2024-05-06,2024-05-07,1,\nann,2024-05-06,2024-05-07,,\n",
        "line 2, supplier ann: the window 2024-05-06 to 2024-05-07 is there again with other targets",
    ),
}


@pytest.mark.parametrize(("text", "says"), WINDOWS.values(), ids=list(WINDOWS))
def test_mistakes_in_a_file_of_windows(text: str, says: str, tmp_path: Path) -> None:
    """Without a good file there are no results; with one from before, it stays in effect and the run ends with 1."""
    root = write_shop(tmp_path, missions=ASSIGNED)
    windows = root / "data/exports/windows.csv"
    windows.write_text(text)
    ran = missionctl(root, "run", "--date", "2024-05-06")
    assert ran.code == 2
    assert f"data/exports/windows.csv: refused: {says}; without it missions.week has no windows\n" in ran.err
    windows.write_text(f"{SPAN}\nann,2024-05-06,2024-05-07\n")
    assert missionctl(root, "run", "--date", "2024-05-06").code == 0
    before = missionctl(root, "results", "--mission", "week").out
    windows.write_text(text)
    ran = missionctl(root, "run", "--date", "2024-05-06")
    assert (ran.code, f"data/exports/windows.csv: refused: {says}\n" in ran.err) == (1, True), ran
    assert missionctl(root, "results", "--mission", "week").out == before


def test_a_column_of_windows_that_may_have_been_meant_as_a_target(tmp_path: Path) -> None:
    root = write_shop(tmp_path, missions=ASSIGNED)
    (root / "data/exports/windows.csv").write_text(f"{SPAN},tripz,remark\nann,2024-05-06,2024-05-07,1,\n")
    ran = missionctl(root, "run", "--date", "2024-05-06")
    said = 'windows.csv: column "tripz" is not the name of a condition, so it says nothing (did you mean "trips"?)'
    assert (ran.code, said in ran.err, "remark" in ran.err) == (0, True, False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty: not even a header"),
        ("supplier_id,phone,city\nann,1,SGN\n", "its header has no column tier; it has supplier_id, phone, city"),
        (
            "supplier_id,phone,city,tier\nann,1,SGN,high\n,2,SGN,1\n",
            '2 of 2 records rejected, where 1 in 100 may be; the first in line 2: tier "high" is not an integer',
        ),
    ],
    ids=["nothing", "a column is missing", "bad rows"],
)
def test_mistakes_in_the_file_of_suppliers(text: str, says: str, tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    suppliers = root / "data/exports/suppliers.csv"
    good = suppliers.read_text()
    suppliers.write_text(text)
    ran = missionctl(root, "run", "--date", "2024-05-07")
    wanted = f"data/exports/suppliers.csv: refused: {says}; without it no mission can select suppliers\n"
    assert (ran.code, wanted in ran.err) == (2, True), ran
    suppliers.write_text(good)
    assert missionctl(root, "run", "--date", "2024-05-07").code == 0
    before = missionctl(root, "results").out
    suppliers.write_text(text)
    ran = missionctl(root, "run", "--date", "2024-05-07")
    assert (ran.code, f"data/exports/suppliers.csv: refused: {says}\n" in ran.err) == (1, True), ran
    assert missionctl(root, "results").out == before


def test_targets_far_down_in_a_long_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are looked for in every record, also where the file is read in pieces that end within one."""
    root = write_shop(tmp_path, missions=ASSIGNED.replace("windows.csv", "windows.jsonl"))
    rows = [{"supplier_id": f"s{n:03}", "window_start": "2024-05-06", "window_end": "2024-05-07"} for n in range(50)]
    lines = "".join(json.dumps(row | ({"trips": 7} if row["supplier_id"] == "s049" else {})) + "\n" for row in rows)
    (root / "data/exports/windows.jsonl").write_text(lines)
    monkeypatch.setattr("mission_cli.staging.readers.archives.PORTION_BYTES", 1000)
    assert missionctl(root, "run", "--date", "2024-05-06").code == 0
    found = missionctl(root, "results", "--mission", "week", "--supplier", "s049", "--format", "csv").out
    assert found.splitlines()[1].split(",")[9:14] == ["7", "unmet", "", "goal", "supplier"]


def test_a_file_of_suppliers_that_is_refused_once_its_columns_changed(tmp_path: Path) -> None:
    """What was taken in before has other columns, so that missions could not ask it."""
    metrics = replaced(METRICS, "[project]\n", '[project]\nrules = "restate"\n')
    root = write_shop(tmp_path, metrics)
    assert missionctl(root, "run", "--date", "2024-05-07").code == 0
    since = replaced(MISSIONS, WEEKLY, 'window = { kind = "since", field = "city", days = 3 }')
    write_shop(root, replaced(metrics, 'city = "string"', 'city = "date"'), replaced(since, "city = 'SGN' AND ", ""))
    ran = missionctl(root, "run", "--date", "2024-05-07")
    reason = '3 of 3 records rejected, where 1 in 100 may be; the first in line 2: city "SGN" is not a date like 2026-10-31'
    said = f"missionctl: data/exports/suppliers.csv: refused: {reason}; without it no mission can select suppliers"
    assert (ran.code, ran.err.splitlines()[-1]) == (2, said)
    write_shop(
        root,
        replaced(metrics, 'city = "string"', 'visit = "date"'),
        replaced(since, "city", "visit").replace("city = 'SGN' AND ", ""),
    )
    ran = missionctl(root, "explain", "supplier", "cid", "--mission", "week")
    assert (ran.code, "no result: no window: its visit is not known" in ran.out) == (0, True), ran


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
