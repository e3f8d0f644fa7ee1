"""Formulas over window totals: the SQL that the program uses, beside compiled Python over one row after the other.

usage: formulas.py [--repeats N]     (make bench)

65 formula metrics in five levels (ratios, differences, CASE, coalesce, if, least, round) over 12 daily metrics, for 5,000,
20,000 and 80,000 suppliers. Within one process: the totals are a table in memory, every value becomes a column of a new one;
medians after a warm-up. Both ways give the same values. The engine's time is all of it: reading the SQL, planning, computing.
Exits 1 when a bound does not hold; bounds are held against processor time (of all threads, so no less than the clock's on an
idle machine), which other work on the machine does not stretch.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median

import duckdb
from costs import hold

from mission_cli.formula.check import Scope, compile_text
from mission_cli.formula.emit import identifier
from mission_cli.formula.totals_sql import formula_levels, value_layers
from mission_cli.model.columns import DataType
from mission_cli.model.expression import Type
from mission_cli.model.metrics import DailyMetric, FormulaMetric, Method, MetricId
from mission_cli.model.project import Project, SourceId
from mission_cli.store.database import configure

DAILY = [f"d{number}" for number in range(12)]
SHAPES = [  # a formula over three metrics, and the same in Python
    ("{a} / {b}", "div({a}, {b})"),
    ("{a} - coalesce({b}, 0)", "sub({a}, 0.0 if {b} is None else {b})"),
    ("CASE WHEN {a} > 100 THEN {b} * 1.5 ELSE {c} END", "mul({b}, 1.5) if gt({a}, 100.0) else {c}"),
    ("if({a} >= 0.7 AND {b} > 10, {c}, {a} / 2)", "{c} if ge({a}, 0.7) and gt({b}, 10.0) else div({a}, 2.0)"),
    ("({a} + {b}) / ({a} - {c})", "div(add({a}, {b}), sub({a}, {c}))"),
    ("least({a}, {b}, 1000) + {c}", "add(min(x for x in ({a}, {b}, 1000.0) if x is not None), {c})"),
    ("coalesce({a} / {b}, {c} / 3)", "div({c}, 3.0) if div({a}, {b}) is None else div({a}, {b})"),
]
COUNT, PER_LEVEL = 65, 13
SIZES = (5_000, 20_000, 80_000)
Row = dict[str, float | None]
Compiled = list[tuple[str, Callable[[Row], float | None]]]


def strict(function: Callable[[float, float], float]) -> Callable[[float | None, float | None], float | None]:
    return lambda a, b: None if a is None or b is None else function(a, b)


SIGNS = {
    "add": strict(lambda a, b: a + b),
    "sub": strict(lambda a, b: a - b),
    "mul": strict(lambda a, b: a * b),
    "div": lambda a, b: None if a is None or not b else a / b,
    "gt": lambda a, b: a is not None and a > b,
    "ge": lambda a, b: a is not None and a >= b,
}


def made() -> tuple[Project, Compiled]:
    """A project of daily and formula metrics, each formula over the level before and its own neighbours, and it in Python."""
    chance = Random(1)
    number = DataType(Type.DOUBLE)
    daily = [DailyMetric(MetricId(n), "", SourceId("s"), Method.EXPRESSION, number, None) for n in DAILY]
    formulas: list[FormulaMetric] = []
    compiled: Compiled = []
    below = DAILY
    scope = Scope(dict.fromkeys([*DAILY, *(f"f{n}" for n in range(COUNT))], Type.DOUBLE), "metric")
    for n in range(COUNT):
        if n and n % PER_LEVEL == 0:
            below = [f"f{before}" for before in range(n - PER_LEVEL, n)]
        text, python = SHAPES[n % len(SHAPES)]
        names = dict(zip("abc", [*chance.sample(below, 2), chance.choice(DAILY)], strict=True))
        formulas.append(FormulaMetric(MetricId(f"f{n}"), "", compile_text(text.format(**names), scope, "number"), None))
        code = python.format(**{letter: f"row[{name!r}]" for letter, name in names.items()})
        compiled.append((f"f{n}", eval(f"lambda row: {code}", dict(SIGNS))))
    return Project(Path(), "bench", "UTC", 0, (), (*daily, *formulas), None, ()), compiled


def engine_sql(project: Project) -> str:
    """A statement that makes a table of every metric's value, as results and explanations make them."""
    used = {metric.id for metric in project.metrics}
    layers = ",\n".join(value_layers(project, used, "SELECT * FROM totals"))
    names = ", ".join(identifier(f"f{n}") for n in range(COUNT))
    return f"CREATE OR REPLACE TEMP TABLE results AS WITH {layers} SELECT supplier_id, {names} FROM valued"


def by_python(compiled: Compiled, rows: list[Row]) -> list[Row]:
    found = []
    for totals in rows:
        row = dict(totals)
        for name, value in compiled:
            row[name] = value(row)
        found.append(row)
    return found


def fill(connection: duckdb.DuckDBPyConnection, suppliers: int) -> list[Row]:
    """The table `totals` of random small numbers, some of them NULL or 0, and the same rows for Python."""
    connection.execute("SELECT setseed(0.5)")
    columns = ", ".join(f"CASE WHEN random() > 0.05 THEN floor(random() * 250) END AS {name}" for name in DAILY)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE totals AS SELECT n AS supplier_id, {columns} FROM range({suppliers}) AS r(n)"
    )
    found = connection.execute(f"SELECT {', '.join(DAILY)} FROM totals ORDER BY supplier_id").fetchall()
    return [dict(zip(DAILY, values, strict=True)) for values in found]


def timed(run: Callable[[], object], repeats: int) -> tuple[list[float], float]:
    """Milliseconds on the clock of each run, without the first; and the median of those of processors."""
    walls, cpus = [], []
    for _ in range(repeats + 1):
        began, cpu = time.perf_counter(), time.process_time()
        run()
        walls.append((time.perf_counter() - began) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    return walls[1:], median(cpus[1:])


def same(connection: duckdb.DuckDBPyConnection, rows: list[Row]) -> bool:
    """Whether both ways have given the same values."""
    names = [f"f{n}" for n in range(COUNT)]
    found = connection.execute(f"SELECT {', '.join(names)} FROM results ORDER BY supplier_id").fetchall()
    return all(values == tuple(row[name] for name in names) for values, row in zip(found, rows, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    project, compiled = made()
    levels = len(formula_levels(project, {metric.id for metric in project.metrics}))
    sql = engine_sql(project)
    connection = duckdb.connect()
    configure(connection, "UTC")
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, {repeats} repeats")
    print(f"{COUNT} formulas in {levels} layers, {len(sql):,} characters of SQL\n")
    print(
        f"{'suppliers':>9} {'evaluations':>12} {'wall ms':>8} {'from–to':>15} {'cpu ms':>8} {'ns each':>8} {'Python cpu ms':>14}"
    )
    engine: dict[int, float] = {}
    for size in (0, *SIZES):
        rows = fill(connection, size)
        walls, engine[size] = timed(lambda: connection.execute(sql), repeats)
        began = time.process_time()
        expected = by_python(compiled, rows)
        python = (time.process_time() - began) * 1000
        if not same(connection, expected):
            sys.exit(f"{size} suppliers: the engine and Python differ")
        spread = f"{min(walls):.1f}–{max(walls):.1f}"
        each = engine[size] * 1e6 / (size * COUNT) if size else 0
        print(
            f"{size:>9,} {size * COUNT:>12,} {median(walls):>8.1f} {spread:>15} {engine[size]:>8.1f} {each:>8.0f} {python:>14.0f}"
        )
    growth = (engine[SIZES[-1]] / SIZES[-1]) / (engine[SIZES[0]] / SIZES[0])
    bounds = [("5,000 suppliers, milliseconds", engine[SIZES[0]], 50.0), ("per supplier, 80,000 / 5,000", growth, 1.5)]
    sys.exit(0 if hold(bounds) else 1)


if __name__ == "__main__":
    main()
