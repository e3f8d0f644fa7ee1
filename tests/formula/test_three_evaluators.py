"""Random expressions over random rows: DuckDB with the emitted text, Polars and Python give the same.

An ordinary run makes some 5,000 evaluations; a long one, of 100,000 and more, is

    MISSIONCTL_EXAMPLES=1300 pytest -n0 -s tests/formula/test_three_evaluators.py

It prints how many there were, and how many were let pass: where a decimal becomes a double the engine's way may end at a
neighbour of the nearest one, and what hangs on that bit (an equality, a remainder, a difference of nearly equal numbers) may
differ. Such a row is only looked at when it does differ.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import polars as pl
import pytest

from mission_cli.formula.check import compile_text
from mission_cli.formula.emit import over_orders, over_totals
from mission_cli.formula.errors import FormulaErrors
from mission_cli.formula.functions import FUNCTIONS, OPERATORS
from mission_cli.formula.totals_sql import value_layers
from mission_cli.model.columns import DataType
from mission_cli.model.expression import Call, Expression, Literal, Type, walk
from mission_cli.model.metrics import DailyMetric, Method, MetricId
from mission_cli.model.project import Project, SourceId
from mission_cli.store.database import configure
from tests.formula.expressions import ORDERS, SQL_TYPES, TOTALS, TYPES, ZONE, Writer, rows
from tests.formula.polars_emitter import DTYPES, Emitter
from tests.formula.python_evaluator import Evaluator, kind_of

EXAMPLES = int(os.environ.get("MISSIONCTL_EXAMPLES", "60"))
ROWS = 42
DEPTH = 6
PORTION = 20  # expressions over one table of rows
SQL = {Type.INTEGER: "BIGINT", Type.DOUBLE: "DOUBLE", Type.TEXT: "VARCHAR", Type.BOOLEAN: "BOOLEAN", Type.DATE: "DATE"}


def written(writer: Writer, *, totals: bool) -> Expression:
    """A random expression; what has too many decimal places for its type is refused, and another one is written."""
    while True:
        family = writer.chance.choice(["number", "boolean"])
        try:
            return compile_text(writer.text(family, writer.chance.randint(2, DEPTH)), TOTALS if totals else ORDERS, family)
        except FormulaErrors as refused:
            if "decimal places" not in str(refused) and "longer than" not in str(refused):
                raise


def table(connection: duckdb.DuckDBPyConnection, data: list[dict[str, Any]], *, totals: bool) -> pl.DataFrame:
    """The rows as a table of the engine, and as what the Polars emitter takes."""
    kinds = TOTALS.types if totals else TYPES
    columns = {name: SQL_TYPES.get(name) or SQL.get(kind, "TIMESTAMPTZ") for name, kind in kinds.items()}
    connection.execute(f"CREATE OR REPLACE TABLE t (n INTEGER, {', '.join(f'{n} {kind}' for n, kind in columns.items())})")
    marks = ", ".join("?" * (len(columns) + 1))
    connection.executemany(f"INSERT INTO t VALUES ({marks})", [[n, *row.values()] for n, row in enumerate(data)])
    series = []
    for name, kind in kinds.items():
        values = [row[name] for row in data]
        if kind is Type.DECIMAL:
            values = [v if v is None else int(Fraction(v) * 10 ** ORDERS.places[name]) for v in values]
        if kind is Type.TIMESTAMP:
            series.append(pl.Series(name, values, pl.Datetime("us", "UTC")).dt.convert_time_zone(ZONE))
        else:
            series.append(pl.Series(name, values, DTYPES[kind]))
    return pl.DataFrame(series)


def comparable(value: Any, kind: Type, places: int) -> Any:
    """What an evaluator gives, as one Python value: Fraction, float, bool."""
    if value is None:
        return None
    if kind is Type.DOUBLE:
        return float(value)
    if kind is Type.BOOLEAN:
        return bool(value)
    return Fraction(value) / 10**places


def alike(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-12, abs_tol=0) or a == b
    return bool(a == b) and (a is None) == (b is None)


class Tally:
    def __init__(self) -> None:
        self.evaluations = self.passed = 0
        self.seen: Counter[str] = Counter()
        self.differ: list[str] = []


def query(expression: Expression, *, totals: bool) -> str:
    """Its values, row by row; over totals as the program makes them, where the first layer sees to NaN and infinity."""
    if not totals:
        return f"SELECT {over_orders(expression.tree)} FROM t ORDER BY n"
    source, double = SourceId("s"), DataType(Type.DOUBLE)
    metrics = tuple(DailyMetric(MetricId(name), "", source, Method.EXPRESSION, double, None) for name in TOTALS.types)
    project = Project(Path(), "", ZONE, 0, (), metrics, None, ())
    layers = ", ".join(value_layers(project, set(TOTALS.types), "SELECT * FROM t"))
    return f"WITH {layers} SELECT {over_totals(expression.tree)} FROM valued ORDER BY n"


def judge(connection: duckdb.DuckDBPyConnection, emitter: Emitter, expression: Expression, data: list[Any], tally: Tally) -> None:
    totals, tree = emitter.totals, expression.tree
    kind = kind_of(tree, totals=totals)
    engine = [value for (value,) in connection.execute(query(expression, totals=totals)).fetchall()]
    frames = emitter.column(tree).to_list()
    for n, row in enumerate(data):
        python = Evaluator(ZONE, totals=totals)
        local = {k: v.astimezone(python.zone) if isinstance(v, datetime) else v for k, v in row.items()}
        value = comparable(python.value(tree, local), kind.type, 0)
        one = comparable(engine[n] if not isinstance(engine[n], Decimal) else Fraction(engine[n]), kind.type, 0)
        two = comparable(frames[n], kind.type, kind.places)
        tally.evaluations += 1
        if not (alike(value, one) and alike(value, two)):
            if python.doubtful:
                tally.passed += 1
            else:
                used = {name: row[name] for name in expression.names}
                tally.differ.append(f"{expression.text}\n  of {used}: engine {one!r}, Polars {two!r}, Python {value!r}")
    for node in walk(tree):
        tally.seen[node.op if isinstance(node, Call) else node.type if isinstance(node, Literal) else "name"] += 1


@pytest.mark.parametrize("totals", [False, True], ids=["orders", "totals"])
def test_all_evaluators_agree(totals: bool) -> None:
    tally = Tally()
    with duckdb.connect() as connection:
        configure(connection, ZONE)
        connection.execute("SET threads = 1")
        for start in range(0, EXAMPLES, PORTION):
            chance = Random(f"{totals} {start}")
            data = rows(chance, ROWS, totals=totals)
            emitter = Emitter(table(connection, data, totals=totals), ZONE, totals=totals)
            for _ in range(min(PORTION, EXAMPLES - start)):
                judge(connection, emitter, written(Writer(chance, totals=totals), totals=totals), data, tally)
    print(f"\n{tally.evaluations:,} evaluations of {EXAMPLES} expressions, {tally.passed} let pass, {len(tally.differ)} differ")
    assert tally.differ == [], "\n".join(tally.differ[:20])
    if EXAMPLES >= 500:
        every = {*OPERATORS, *(f"{name}()" for name in FUNCTIONS), "name", *Type} - {Type.DOUBLE}
        assert every <= set(tally.seen), every - set(tally.seen)
