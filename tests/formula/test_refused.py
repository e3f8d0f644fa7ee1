"""Texts that are no expressions: each is told with its place, what is wrong and how to mend it, and reaches no engine."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from mission_cli.formula.check import Scope, compile_text
from mission_cli.formula.errors import FormulaErrors
from mission_cli.formula.functions import FUNCTIONS
from mission_cli.model.expression import Type
from tests.support import missionctl

DATES = "write DATE '2026-10-31' or TIMESTAMP '2026-10-31 17:00'"
COMMENT = 'comments are not part of the language: write it in the "description", or after # outside of the quotes'
OVER_DAYS = 'what happens over orders and days is told by the metric\'s "day" and "over_days"'
COLUMNS = "columns here: born, city, fare, final_at, qty, score, vip"
TEXTS = "text stands in single quotes: 'SGN'"
QUOTES = "numbers stand without quotes, text in single quotes"
SPLIT = "split it into several metrics"
PARAMETER = "parameters are not part of the language: write the value itself"
PARTS = "year(…), month(…), day(…), weekday(…) and hour(…) make numbers of it"
STRINGS = "text is a column of type string, or stands in single quotes: 'SGN'"
NUMBERS = "numbers stand without quotes; a column's type is told in its source"
TOGETHER = "before and after the point together"
WRITTEN = "numbers are written 1000, 0.5 or 1e3"
CONDITION = "write a condition, such as qty > 0"
FUNCTIONS_ARE = f"functions: {', '.join(FUNCTIONS)}"
SCALAR = "{} is not part of the language: scalar expressions only"
ASCII = "the character is {}: names and signs are of plain ASCII, other letters stand in quotes"

Told = list[tuple[int, str, str]]  # column from 1, message, hint

# what is wanted there, the text, and what is told of it
ORDERS: list[tuple[str, str, Told]] = [
    ("number", "SELECT 1", [(8, "'1' is not expected here", SCALAR.format("SELECT"))]),
    ("number", "fare; DROP TABLE orders", [(5, "';' is not expected here", "one expression only, without ;")]),
    ("number", "a;b", [(2, "';' is not expected here", "one expression only, without ;")]),
    ("number", "fare;", [(5, "';' is not expected here", "one expression only, without ;")]),
    ("number", "DELETE FROM orders", [(8, "'FROM' is not expected here", SCALAR.format("DELETE"))]),
    ("number", "COPY orders TO 'out.csv'", [(6, "'orders' is not expected here", SCALAR.format("COPY"))]),
    ("number", "ATTACH 'x.db'", [(8, "\"'x.db'\" is not expected here", SCALAR.format("ATTACH"))]),
    ("number", "PRAGMA version", [(8, "'version' is not expected here", SCALAR.format("PRAGMA"))]),
    ("number", "SET threads = 1", [(5, "'threads' is not expected here", SCALAR.format("SET"))]),
    ("number", "(SELECT max(fare) FROM orders)", [(9, "'max' is not expected here", SCALAR.format("SELECT"))]),
    ("boolean", "city IN (SELECT city FROM suppliers)", [(17, "'city' is not expected here", SCALAR.format("SELECT"))]),
    ("boolean", "EXISTS (SELECT 1)", [(16, "'1' is not expected here", SCALAR.format("EXISTS"))]),
    ("number", "fare FROM orders", [(6, "'FROM' is not expected here", SCALAR.format("FROM"))]),
    ("boolean", "vip UNION SELECT TRUE", [(5, "'UNION' is not expected here", SCALAR.format("UNION"))]),
    ("number", "read_text('/etc/passwd')", [(1, 'unknown function "read_text"', FUNCTIONS_ARE)]),
    ("number", "read_csv('x.csv')", [(1, 'unknown function "read_csv"', FUNCTIONS_ARE)]),
    ("number", "getenv('HOME')", [(1, 'unknown function "getenv"', FUNCTIONS_ARE)]),
    ("number", "random()", [(1, 'unknown function "random"', FUNCTIONS_ARE)]),
    ("number", "now()", [(1, 'unknown function "now"', FUNCTIONS_ARE)]),
    ("number", "current_date", [(1, 'unknown column "current_date"', COLUMNS)]),
    ("number", "sum(fare)", [(1, 'unknown function "sum"', OVER_DAYS)]),
    ("number", "count(*)", [(7, "'*' is not expected here", "a value is missing before *")]),
    ("number", "sum(fare) OVER ()", [(11, "'OVER' is not expected here", SCALAR.format("OVER"))]),
    ("number", "row_number() OVER (ORDER BY fare)", [(14, "'OVER' is not expected here", SCALAR.format("OVER"))]),
    ("number", "fare FILTER (WHERE vip)", [(6, "'FILTER' is not expected here", SCALAR.format("FILTER"))]),
    ("number", "vip ? fare : 0", [(5, "'?' is not expected here", "write CASE WHEN … THEN … ELSE … END, or if(…, …, …)")]),
    ("number", "fare::integer", [(5, "':' is not expected here", "casts are not part of the language")]),
    ("number", "CAST(fare AS integer)", [(11, "'AS' is not expected here", SCALAR.format("CAST"))]),
    ("number", "TRY_CAST(fare AS integer)", [(15, "'AS' is not expected here", SCALAR.format("TRY_CAST"))]),
    ("boolean", "final_at > born + INTERVAL 1 DAY", [(28, "'1' is not expected here", SCALAR.format("INTERVAL"))]),
    ("boolean", "qty == 1", [(6, "'=' is not expected here", "equality is a single =")]),
    ("boolean", "qty => 1", [(6, "'>' is not expected here", "at least is written >=")]),
    ("boolean", "qty =< 1", [(6, "'<' is not expected here", "at most is written <=")]),
    ("boolean", "qty = = 1", [(7, "'=' is not expected here", "equality is a single =")]),
    ("boolean", "vip && vip", [(5, "'&' is not expected here", "write AND")]),
    ("boolean", "vip || vip", [(5, "'|' is not expected here", "write OR; texts cannot be joined")]),
    ("boolean", "city || 'x' = 'y'", [(6, "'|' is not expected here", "write OR; texts cannot be joined")]),
    ("boolean", "!vip", [(1, "'!' is not expected here", "write NOT, or <> for not equal")]),
    ("boolean", "vip & vip", [(5, "'&' is not expected here", "write AND")]),
    ("number", "qty ^ 2", [(5, "'^' is not expected here", "write … * …")]),
    ("number", "qty ** 2", [(6, "'*' is not expected here", "write … * …")]),
    ("number", "qty // 2", [(6, "'/' is not expected here", "floor(… / …) is the whole part of a quotient")]),
    ("number", "~qty", [(1, "'~' is not expected here", "write LIKE, with % and _ in the pattern")]),
    ("boolean", "city ~ 'S.*'", [(6, "'~' is not expected here", "write LIKE, with % and _ in the pattern")]),
    ("boolean", "city ILIKE 's%'", [(6, "'ILIKE' is not expected here", "write lower(…) LIKE …")]),
    ("boolean", "qty is 1", [(8, "'1' is not expected here", "IS NULL and IS NOT NULL are all there is; else write =")]),
    ("boolean", "vip IS TRUE", [(8, "'TRUE' is not expected here", "IS NULL and IS NOT NULL are all there is; else write =")]),
    ("boolean", "qty IS DISTINCT FROM 1", [(8, "'DISTINCT' is not expected here", SCALAR.format("FROM"))]),
    ("number", "fare if vip else 0", [(6, "'if' is not expected here", "written if(…, …, …), or CASE WHEN … THEN … ELSE … END")]),
    ("number", "x -> x + 1", [(4, "'>' is not expected here", "functions of one's own are not part of the language")]),
    ("number", "lambda x: x + 1", [(8, "'x' is not expected here", "functions of one's own are not part of the language")]),
    ("boolean", "city IN ['SGN']", [(9, "'[' is not expected here", "a list stands in parentheses: IN ('a', 'b')")]),
    ("number", "[1, 2]", [(1, "'[' is not expected here", "a list stands in parentheses: IN ('a', 'b')")]),
    ("number", "{'a': 1}", [(1, "'{' is not expected here", "structures are not part of the language")]),
    ("number", "{}", [(1, "'{' is not expected here", "structures are not part of the language")]),
    ("number", "fare[1]", [(5, "'[' is not expected here", "a list stands in parentheses: IN ('a', 'b')")]),
    ("number", "*", [(1, "'*' is not expected here", "a value is missing before *")]),
    ("number", "orders.fare", [(7, "'.' is not expected here", "names have no table before them")]),
    ("number", "orders.*", [(7, "'.' is not expected here", "names have no table before them")]),
    ("number", "fare -- the fare", [(13, "'fare' is not expected here", COMMENT)]),
    ("number", "fare /* the fare */", [(7, "'*' is not expected here", COMMENT)]),
    ("number", "fare # the fare", [(6, "'#' is not expected here", COMMENT)]),
    ("number", "fare // the fare", [(7, "'/' is not expected here", "floor(… / …) is the whole part of a quotient")]),
    ("number", "?", [(1, "'?' is not expected here", "write CASE WHEN … THEN … ELSE … END, or if(…, …, …)")]),
    ("number", "$1", [(1, "'$' is not expected here", PARAMETER)]),
    ("number", ":x", [(1, "':' is not expected here", PARAMETER)]),
    ("number", "@x", [(1, "'@' is not expected here", PARAMETER)]),
    ("number", "%(x)s", [(1, "'%' is not expected here", "a value is missing before %")]),
    ("number", "fare AS total", [(6, "'AS' is not expected here", "nothing is renamed here")]),
    ("number", "fare, qty", [(5, "',' is not expected here", "one expression only; numbers have no comma")]),
    ("number", "fare := 1", [(6, "':' is not expected here", "nothing is assigned here: equality is a single =")]),
    ("boolean", "E'x' = city", [(2, "\"'x'\" is not expected here", "an operator is missing before 'x'")]),
    ("number", "`fare`", [(1, "'`' is not expected here", "names stand without quotes")]),
    ("boolean", "city = 'SGN", [(8, '"\'" is not expected here', "the text is not closed with a second '")]),
    ("boolean", 'city = "SGN"', [(8, "'\"' is not expected here", TEXTS)]),
    ("number", '"fare"', [(1, "'\"' is not expected here", TEXTS)]),
    ("boolean", "city = ’SGN’", [(8, "'’' is not expected here", ASCII.format("U+2019"))]),
    ("boolean", "city = 'it's'", [(12, "'s' is not expected here", "a quote inside of text is written twice: 'it''s'")]),
    ("number", "fear", [(1, 'unknown column "fear"', 'did you mean "fare"?')]),
    ("number", "colour", [(1, 'unknown column "colour"', COLUMNS)]),
    (
        "number",
        "faer + qtty",
        [(1, 'unknown column "faer"', 'did you mean "fare"?'), (8, 'unknown column "qtty"', 'did you mean "qty"?')],
    ),
    ("number", "select", [(1, 'unknown column "select"', COLUMNS)]),
    ("number", "when", [(1, 'unknown column "when"', COLUMNS)]),
    ("number", "end", [(1, 'unknown column "end"', COLUMNS)]),
    ("number", "fаre", [(2, "'а' is not expected here", ASCII.format("U+0430"))]),
    ("number", "ｆare", [(1, "'ｆ' is not expected here", ASCII.format("U+FF46"))]),
    ("number", "fare − 1", [(6, "'−' is not expected here", ASCII.format("U+2212"))]),
    ("number", "fare × 2", [(6, "'×' is not expected here", ASCII.format("U+00D7"))]),
    ("number", "fare\xa0+ 1", [(5, "'\\xa0' is not expected here", ASCII.format("U+00A0"))]),
    ("number", "fare\x00", [(5, "'\\x00' is not expected here", ASCII.format("U+0000"))]),
    ("number", "fare + 🚕", [(8, "'🚕' is not expected here", ASCII.format("U+1F695"))]),
    ("number", "_", [(1, 'unknown column "_"', COLUMNS)]),
    ("number", "rnd(fare)", [(1, 'unknown function "rnd"', 'did you mean "round"?')]),
    ("number", "nope(fare)", [(1, 'unknown function "nope"', FUNCTIONS_ARE)]),
    ("number", "round(fare, 2)", [(1, "round takes 1 argument, not 2", "written like round(fare)")]),
    ("number", "abs()", [(1, "abs takes 1 argument, not 0", "written like abs(arr_delay)")]),
    ("number", "coalesce(fare)", [(1, "coalesce takes at least 2 arguments, not 1", "written like coalesce(discount, 0)")]),
    ("number", "if(vip, 1)", [(1, "if takes 3 arguments, not 2", "written like if(fare > 0, 1, 0)")]),
    ("number", "if(vip, 1, 2, 3)", [(1, "if takes 3 arguments, not 4", "written like if(fare > 0, 1, 0)")]),
    ("boolean", "starts_with(city)", [(1, "starts_with takes 2 arguments, not 1", "written like starts_with(id, 'VIP')")]),
    ("number", "abs fare", [(5, "'fare' is not expected here", "an operator is missing before fare")]),
    ("number", "abs(fare", [(9, "the expression ends too early", "a ) is missing")]),
    ("number", "abs(,)", [(5, "',' is not expected here", "a value is missing before ,")]),
    ("number", "coalesce(fare,)", [(15, "')' is not expected here", "a value is missing before )")]),
    ("number", "fare(1)", [(1, 'unknown function "fare"', FUNCTIONS_ARE)]),
    ("number", '"SGN" + 1', [(1, "'\"' is not expected here", TEXTS)]),
    ("boolean", "fare > 'abc'", [(8, "> cannot hold a decimal against a text", QUOTES)]),
    ("number", "'a' + 1", [(1, "+ takes a number, not a text", NUMBERS)]),
    ("number", "- city", [(3, "- takes a number, not a text", NUMBERS)]),
    ("number", "vip + 1", [(1, "+ takes a number, not a boolean", "if(…, 1, 0) makes a number of it")]),
    ("number", "if(1, 2, 3)", [(4, "IF takes a boolean, not an integer", CONDITION)]),
    ("boolean", "born = '2026-10-31'", [(8, "= cannot hold a date against a text", DATES)]),
    ("boolean", "born > 20261031", [(8, "> cannot hold a date against an integer", DATES)]),
    ("boolean", "final_at > '2026-10-31 17:00'", [(12, "> cannot hold a timestamp against a text", DATES)]),
    ("boolean", "qty LIKE '4%'", [(1, "LIKE takes a text, not an integer", STRINGS)]),
    ("boolean", "NOT qty", [(5, "NOT takes a boolean, not an integer", CONDITION)]),
    ("boolean", "qty AND vip", [(1, "AND takes a boolean, not an integer", CONDITION)]),
    (
        "boolean",
        "vip = 1",
        [(7, "= cannot hold a boolean against an integer", "a boolean is a condition by itself, or stands beside TRUE or FALSE")],
    ),
    (
        "boolean",
        "vip = 'true'",
        [(7, "= cannot hold a boolean against a text", "a boolean is a condition by itself, or stands beside TRUE or FALSE")],
    ),
    ("number", "CASE WHEN qty THEN 1 END", [(11, "CASE takes a boolean after WHEN, not an integer", CONDITION)]),
    ("number", "CASE WHEN vip THEN 1 ELSE 'no' END", [(27, "CASE cannot hold an integer against a text", QUOTES)]),
    ("boolean", "city IN ('SGN', 1)", [(17, "IN cannot hold a text against an integer", QUOTES)]),
    ("boolean", "qty BETWEEN 1 AND 'b'", [(19, "BETWEEN cannot hold an integer against a text", QUOTES)]),
    ("number", "city", [(1, "gives a text, not a number", NUMBERS)]),
    ("number", "vip", [(1, "gives a boolean, not a number", "if(…, 1, 0) makes a number of it")]),
    ("boolean", "fare", [(1, "gives a number, not a boolean", CONDITION)]),
    ("number", "born", [(1, "gives a time, not a number", PARTS)]),
    ("number", "hour(born)", [(6, "HOUR takes a timestamp, not a date", "a date has no hours and minutes")]),
    ("number", "year(city)", [(6, "YEAR takes a time, not a text", DATES)]),
    ("number", "length(qty)", [(8, "LENGTH takes a text, not an integer", STRINGS)]),
    ("number", "final_at - born", [(1, "- takes a number, not a timestamp", PARTS), (12, "- takes a number, not a date", PARTS)]),
    ("number", "qty % 'a'", [(7, "% takes a number, not a text", NUMBERS)]),
    ("boolean", "DATE '2026-02-30' = born", [(6, "'2026-02-30' is not a date", "written like DATE '2026-10-31'")]),
    ("boolean", "DATE '31.10.2026' = born", [(6, "'31.10.2026' is not a date", "written like DATE '2026-10-31'")]),
    ("boolean", "DATE 2026 = born", [(6, "'2026' is not expected here", DATES)]),
    ("boolean", "TIMESTAMP 'soon' < final_at", [(11, "'soon' is not a timestamp", "written like TIMESTAMP '2026-10-31 17:00'")]),
    ("boolean", 'DATE "2026-10-31" = born', [(6, "'\"' is not expected here", TEXTS)]),
    ("number", "", [(1, "the expression is empty", "write a name or a constant at least")]),
    ("number", "  ", [(1, "the expression is empty", "write a name or a constant at least")]),
    ("number", "fare +", [(7, "the expression ends too early", "a value is missing at the end")]),
    ("number", "+", [(2, "the expression ends too early", "a value is missing at the end")]),
    ("number", "(fare", [(6, "the expression ends too early", "a ) is missing")]),
    ("number", "fare)", [(5, "')' is not expected here", "it closes nothing: a ( is missing before")]),
    ("number", "()", [(2, "')' is not expected here", "a value is missing before )")]),
    ("boolean", "qty IN ()", [(9, "')' is not expected here", "written IN (1, 2) or IN ('a', 'b'), with at least one value")]),
    ("boolean", "qty IN 1", [(8, "'1' is not expected here", "written IN (1, 2) or IN ('a', 'b'), with at least one value")]),
    ("boolean", "qty IN (1", [(10, "the expression ends too early", "a ) is missing")]),
    ("boolean", "qty BETWEEN 1", [(14, "the expression ends too early", "written BETWEEN … AND …")]),
    ("boolean", "qty BETWEEN 1, 2", [(14, "',' is not expected here", "written BETWEEN … AND …")]),
    ("boolean", "qty NOT 1", [(9, "'1' is not expected here", "after a value it is NOT IN, NOT BETWEEN or NOT LIKE")]),
    ("number", "CASE WHEN vip THEN 1", [(21, "the expression ends too early", "CASE ends with END")]),
    ("number", "CASE vip WHEN TRUE THEN 1 END", [(6, "'vip' is not expected here", "each branch is WHEN … THEN …")]),
    ("number", "CASE END", [(6, "'END' is not expected here", "each branch is WHEN … THEN …")]),
    ("number", "CASE WHEN vip END", [(15, "'END' is not expected here", "each branch is WHEN … THEN …")]),
    ("number", "fare qty", [(6, "'qty' is not expected here", "an operator is missing before qty")]),
    ("number", "fare * * qty", [(8, "'*' is not expected here", "a value is missing before *")]),
    ("boolean", "1 < qty < 3", [(9, "'<' is not expected here", "comparisons are joined with AND: 1 < qty AND qty < 3")]),
    ("boolean", "vip AND", [(8, "the expression ends too early", "a value is missing at the end")]),
    ("boolean", "AND vip", [(5, "'vip' is not expected here", "a value is missing before AND")]),
    ("boolean", "vip OR OR vip", [(11, "'vip' is not expected here", "a value is missing before OR")]),
    ("number", "1e", [(1, "'1e' is neither a number nor a name", WRITTEN)]),
    ("number", "1.2.3", [(1, "'1.2.3' is neither a number nor a name", WRITTEN)]),
    ("number", "0x10", [(1, "'0x10' is neither a number nor a name", WRITTEN)]),
    ("number", "1_000", [(1, "'1_000' is neither a number nor a name", WRITTEN)]),
    ("number", "12abc", [(1, "'12abc' is neither a number nor a name", WRITTEN)]),
    ("number", "1,000", [(2, "',' is not expected here", "one expression only; numbers have no comma")]),
    ("number", "1" * 39, [(1, "a number of more than 38 digits", TOGETHER)]),
    ("number", "1e38", [(1, "a number of more than 38 digits", TOGETHER)]),
    ("number", "1e999999999", [(1, "a number of more than 38 digits", TOGETHER)]),
    ("number", "0." + "0" * 40 + "1", [(1, "a number of more than 38 digits", TOGETHER)]),
    ("number", "1e-38", [(1, "a number of more than 38 digits", TOGETHER)]),
    (
        "number",
        "fare * 0.0000000000000000001 * 0.0000000000000000001",
        [(30, "the product has 40 decimal places, more than 38", "round(…) a factor, or divide: the quotient is a double")],
    ),
    ("number", "(" * 100_000 + "1" + ")" * 100_000, [(4001, "longer than 4000 characters", SPLIT)]),
    ("number", "(" * 51 + "1" + ")" * 51, [(51, "more than 50 brackets inside each other", SPLIT)]),
    ("number", "1" + "+1" * 2000, [(4001, "longer than 4000 characters", SPLIT)]),
    ("boolean", "city = '" + "x" * 5000 + "'", [(4001, "longer than 4000 characters", SPLIT)]),
    ("number", "-" * 101 + "1", [(1, "more than 100 operations inside each other", SPLIT)]),
    ("boolean", "NOT " * 101 + "vip", [(1, "more than 100 operations inside each other", SPLIT)]),
]
# in a formula over metrics
TOTALS: list[tuple[str, Told]] = [
    ("trips; DROP TABLE totals", [(6, "';' is not expected here", "one expression only, without ;")]),
    ("(SELECT sum(trips) FROM daily)", [(9, "'sum' is not expected here", SCALAR.format("SELECT"))]),
    ("sum(trips) / 7", [(1, 'unknown function "sum"', OVER_DAYS)]),
    ("avg(fares)", [(1, 'unknown function "avg"', OVER_DAYS)]),
    ("trips OVER ()", [(7, "'OVER' is not expected here", SCALAR.format("OVER"))]),
    ("read_text('/etc/passwd')", [(1, 'unknown function "read_text"', FUNCTIONS_ARE)]),
    ("fare / trips", [(1, 'unknown metric "fare"', 'did you mean "fares"?')]),
    ("tirps * 2", [(1, 'unknown metric "tirps"', 'did you mean "trips"?')]),
    ("fares / 'trips'", [(9, "/ takes a number, not a text", NUMBERS)]),
    ("fares > 100", [(1, "gives a boolean, not a number", "if(…, 1, 0) makes a number of it")]),
    ('"fares" / trips', [(1, "'\"' is not expected here", TEXTS)]),
    ("fares / trips AS rate", [(15, "'AS' is not expected here", "nothing is renamed here")]),
    ("fares::double", [(6, "':' is not expected here", "casts are not part of the language")]),
    ("totals.fares", [(7, "'.' is not expected here", "names have no table before them")]),
    ("$1 + trips", [(1, "'$' is not expected here", PARAMETER)]),
    ("fares /", [(8, "the expression ends too early", "a value is missing at the end")]),
]

COLUMN_TYPES = {
    "fare": "decimal(18,2)",
    "qty": "integer",
    "score": "double",
    "city": "string",
    "vip": "boolean",
    "born": "date",
    "final_at": "timestamp",
}
TYPES = [Type.DECIMAL, Type.INTEGER, Type.DOUBLE, Type.TEXT, Type.BOOLEAN, Type.DATE, Type.TIMESTAMP]
SCOPE = Scope(dict(zip(COLUMN_TYPES, TYPES, strict=True)), "column", {"fare": 2})
PROJECT = """\
[project]
name = "shop"
timezone = "Asia/Ho_Chi_Minh"

[sources.orders]
files = ["*.csv"]
key = "city"
supplier = "city"
time = "final_at"
final = "vip"

[sources.orders.columns]
%s

[metrics.trips]
source = "orders"
method = "expression"
data_type = "double"
expression = %s
where = %s

[metrics.fares]
source = "orders"
method = "single_value"
value = 1
data_type = "double"

[metrics.rate]
method = "formula"
formula = %s
"""
MISSION = """\
[missions.day]
title = "A trip a day"
window = { kind = "day" }

[[missions.day.conditions]]
name = "rate"
formula = "trips"
type = "GT"
val = 0
"""


def short(text: object) -> str:
    return ascii(text)[1:40] if isinstance(text, str) else ""


def quoted(text: str) -> str:
    """As TOML, without any escape where that can be: columns are those of the file."""
    return json.dumps(text) if "'" in text or not text.isprintable() else f"'{text}'"


@pytest.mark.parametrize(("want", "text", "told"), ORDERS, ids=short)
def test_refused_with_place_message_and_hint(want: str, text: str, told: Told) -> None:
    with pytest.raises(FormulaErrors) as caught:
        compile_text(text, SCOPE, want)
    assert [(error.at + 1, error.message, error.hint) for error in caught.value.errors] == told
    assert all(hint for _, _, hint in told)


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever could run a text, or a part of it, fails."""

    def reached(*_args: Any, **_kwargs: Any) -> None:
        raise AssertionError("a text has reached what executes it")

    for owner, names in [(duckdb, ("connect", "sql", "execute", "query", "from_query", "read_csv")), (pl, ("sql",))]:
        for name in names:
            monkeypatch.setattr(owner, name, reached)
    monkeypatch.setattr(pl.SQLContext, "execute", reached)
    monkeypatch.setattr(subprocess.Popen, "__init__", reached)
    monkeypatch.setattr(os, "system", reached)


def checked(folder: Path, key: str, text: str, told: Told) -> None:
    """`missionctl check` on a project with the text at the key tells just this, with exit code 2."""
    texts = {"expression": "1", "where": "TRUE", "formula": "trips"} | {key: text}
    columns = "\n".join(f'{name} = {{ type = "{kind}" }}' for name, kind in COLUMN_TYPES.items())
    written = PROJECT % (columns, *(quoted(texts[name]) for name in ("expression", "where", "formula")))
    (folder / "metrics.toml").write_text(written, "utf-8")
    (folder / "missions.toml").write_text(MISSION, "utf-8")
    (folder / "orders.csv").touch()
    line = next(n for n, found in enumerate(written.splitlines(), 1) if found == f"{key} = {quoted(text)}")
    ran = missionctl(folder, "check")
    metric = "rate" if key == "formula" else "trips"
    begin = len(f"{key} = '")
    lines = [
        f"metrics.toml:{line}:{begin + at}: metrics.{metric}.{key}: column {at}: {message} ({hint})" for at, message, hint in told
    ]
    said = f"missionctl: {len(lines)} problem{'s' if len(lines) > 1 else ''}\n"
    assert (ran.code, ran.out.splitlines(), ran.err) == (2, lines, said)


@pytest.mark.usefixtures("no_engine")
@pytest.mark.parametrize(("want", "text", "told"), ORDERS, ids=short)
def test_check_tells_it_and_no_engine_is_reached(tmp_path: Path, want: str, text: str, told: Told) -> None:
    checked(tmp_path, "expression" if want == "number" else "where", text, told)


@pytest.mark.usefixtures("no_engine")
@pytest.mark.parametrize(("text", "told"), TOTALS, ids=short)
def test_check_tells_it_of_a_formula(tmp_path: Path, text: str, told: Told) -> None:
    checked(tmp_path, "formula", text, told)


def test_the_project_is_right_without_them(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"\(0, .*, ''\) == \(2, "):
        checked(tmp_path, "formula", "trips + 0", [])
