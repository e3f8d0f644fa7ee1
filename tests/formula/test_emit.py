"""What the engine made of some texts that it once made something else of: each stands for a rule of the emitter."""

from __future__ import annotations

import time
from collections.abc import Iterator

import duckdb
import pytest

from mission_cli.formula.check import Scope, compile_text
from mission_cli.formula.emit import over_orders, over_totals
from mission_cli.model.expression import Type
from mission_cli.store.database import configure

ORDERS = Scope(
    {
        "fare": Type.DECIMAL,
        "whole": Type.DECIMAL,
        "biggest": Type.DECIMAL,
        "qty": Type.INTEGER,
        "score": Type.DOUBLE,
        "city": Type.TEXT,
        "vip": Type.BOOLEAN,
        "final_at": Type.TIMESTAMP,
    },
    "column",
    {"fare": 2, "whole": 0, "biggest": 0},
)
TOTALS = Scope({"huge": Type.DOUBLE, "one": Type.DOUBLE}, "metric")


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        configure(connection, "Asia/Ho_Chi_Minh")
        connection.execute(
            "CREATE TABLE orders AS SELECT 9999999999999999.99::DECIMAL(18,2) AS fare, NULL::DECIMAL(38,0) AS whole,"
            " 1e37::DECIMAL(38,0) * 9 AS biggest,"
            " 9007199254740993 AS qty, 1e200 AS score, 'SGN' AS city, true AS vip, TIMESTAMPTZ '2026-10-31 17:00+07' AS final_at"
        )
        connection.execute("CREATE TABLE totals AS SELECT 1e200 AS huge, 1.0::DOUBLE AS one")
        yield connection


@pytest.mark.parametrize(
    ("text", "want", "value"),
    [
        # an operation without a value is NULL by itself, not the whole expression
        ("coalesce(qty * qty, 7)", "number", "7"),
        ("qty * qty > 0 OR vip", "boolean", "True"),
        ("qty * qty IS NULL", "boolean", "True"),
        # neither infinity nor NaN is held against anything
        ("score * score > 5", "boolean", "None"),
        ("5 / (score * score)", "number", "None"),
        ("coalesce(score * score, 1)", "number", "1.0"),
        ("least(score * score, 3)", "number", "3.0"),
        ("5 % (score * score)", "number", "None"),
        # decimal places are not dropped for want of digits
        ("coalesce(whole, 0.4)", "number", "0.4"),
        ("CASE WHEN vip THEN 0.4 ELSE whole END", "number", "0.4"),
        ("greatest(whole, -0.4)", "number", "-0.4"),
        ("0.4 BETWEEN coalesce(whole, 0) AND 0.3", "boolean", "False"),
        ("fare > 1234567890123456789.5", "boolean", "False"),
        ("1234567890123456789.5 - 1234567890123456789.25", "number", "0.25"),
        # decimals have 38 digits, also those of 18
        ("fare + fare", "number", "19999999999999999.98"),
        ("fare * 1.5", "number", "14999999999999999.985"),
        ("fare % 0.0000000000000000031", "number", "1.8E-18"),
        # integers have 64 bits, also small constants; those that are round stay as they are
        ("2000000000 * 2", "number", "4000000000"),
        ("floor(qty) - 9007199254740992", "number", "1"),
        ("ceil(qty) - 9007199254740992", "number", "1"),
        # what overflows twice does so inside of its TRY
        ("qty * qty * 2 + qty * qty * 3", "number", "None"),
        ("greatest(biggest, 0.5) = least(biggest, 0.5)", "boolean", "None"),
        # what is equal to nothing has the type that its arguments have together
        ("nullif(biggest, 0.5e0) + 0.5 IS NULL", "boolean", "True"),
        ("nullif(biggest, score) + 0.5 IS NULL", "boolean", "False"),
        # NULL alone has no type, and yet a function is found
        ("year(NULL)", "number", "None"),
        ("hour(NULL)", "number", "None"),
        ("contains(city, NULL)", "boolean", "None"),
        ("year(nullif(NULL, DATE '2026-10-31'))", "number", "None"),
        ("hour(nullif(DATE '2026-10-31', final_at))", "number", "0"),
        ("length(lower(NULL))", "number", "None"),
        ("year(coalesce(NULL, NULL))", "number", "None"),
    ],
)
def test_over_orders(engine: duckdb.DuckDBPyConnection, text: str, want: str, value: str) -> None:
    sql = over_orders(compile_text(text, ORDERS, want).tree)
    (found,) = engine.execute(f"SELECT {sql} FROM orders").fetchone() or ()
    assert str(found) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("huge * huge", None),
        ("1 / (huge * huge)", None),
        ("if(huge * huge > 1, 1, 2)", 2.0),
        ("coalesce(huge * huge, 3)", 3.0),
        ("greatest(huge * huge - huge * huge, 1)", 1.0),
        ("round(huge) / huge", 1.0),  # a double stays one, however big
        ("ceil(9e18) + ceil(9e18)", 1.8e19),
    ],
)
def test_over_totals(engine: duckdb.DuckDBPyConnection, text: str, value: float | None) -> None:
    sql = over_totals(compile_text(text, TOTALS, "number").tree)
    assert engine.execute(f"SELECT {sql} FROM totals").fetchone() == (value,)


@pytest.mark.parametrize("around", ["1 / (1 + {})", "nullif({}, 0)", "sqrt({} * 1)", "coalesce({} * 2, 1)", "({} * 2) % 5"])
def test_what_is_nested_is_written_once(engine: duckdb.DuckDBPyConnection, around: str) -> None:
    """As many brackets as are allowed: were one argument written twice, this would take longer than anybody waits."""
    text = "one"
    for _ in range(45):
        text = around.format(text)
    began = time.perf_counter()
    sql = over_totals(compile_text(text, TOTALS, "number").tree)
    assert engine.execute(f"SELECT {sql} FROM totals").fetchone() is not None
    assert len(sql) < 10_000
    assert time.perf_counter() - began < 5
