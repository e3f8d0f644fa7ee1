"""The roll: partitions into the results of one day, beside the best query for it that we could write by hand.

usage: roll.py [--repeats N] [--suppliers N]     (make bench)

20 missions in windows of 7 to 60 days over 10 metrics of 6,600 suppliers in two sources, as of one day. Both ways read the
same Parquet files, in one process each with an engine of its own, and end in the same rows in memory, which is checked.
Exits 1 when a ratio is above its bound.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from statistics import median

import duckdb
import polars as pl
from costs import hold
from market.compare import difference
from market.missions import SOURCES, Mission, missions, write_project
from peers.judged import judge_sql, roll_sql, spans

from mission_cli.conditions.judge import results_sql
from mission_cli.config.load import load_project
from mission_cli.model.calendar import days
from mission_cli.model.project import Project
from mission_cli.stages.evaluate import EvaluationTask, compute_results
from mission_cli.store.database import Database, in_memory
from mission_cli.windows.ranges import needed_days, windows_as_of
from mission_cli.windows.totals import roll_totals

AS_OF = date(2026, 9, 24)
Partitions = dict[str, dict[date, Path]]


def write_partitions(data: Path, suppliers: int, source: str, needed: Sequence[date]) -> dict[date, Path]:
    """Partitions as the program writes them: sorted by supplier, two in three of whom had orders that day."""
    connection = duckdb.connect()
    connection.execute("SELECT setseed(0.5)").fetchall()
    columns = ", ".join(_column(metric) for metric in sorted(SOURCES[source]))
    written = {}
    for day in needed:
        path = data / f"metrics/source={source}/date={day}/metrics-0123456789abcdef.parquet"
        path.parent.mkdir(parents=True)
        connection.sql(
            f"SELECT printf('D%05d', n) AS supplier_id, {columns} FROM range({suppliers}) AS r(n)"
            " WHERE random() < 0.67 ORDER BY supplier_id"
        ).pl().write_parquet(path, compression="zstd")
        written[day] = path
    return written


def write_suppliers(data: Path, suppliers: int) -> Path:
    path = data / "suppliers.parquet"
    duckdb.sql(
        f"""SELECT printf('D%05d', n) AS supplier_id, ['SGN', 'HAN', 'DAD'][1 + (n % 3)] AS city, 1 + n % 4 AS tier
        FROM range({suppliers}) AS r(n)"""
    ).pl().write_parquet(path, compression="zstd")
    return path


def _column(metric: str) -> str:
    value = {
        "fares": "CAST(floor(random() * 1000) * 500 AS DECIMAL(38,2))",
        "discounts": "CAST(floor(random() * 100) * 500 AS DECIMAL(38,2))",
        "distance_km": "random() * 60",
    }.get(metric, "CAST(floor(random() * 12) AS BIGINT)")
    return f"CASE WHEN random() < 0.9 THEN {value} END AS {metric}"


# ---------------------------------------------------------------- missionctl


def rolled(project: Project, partitions: Partitions) -> Database:
    """An engine of its own, with the totals of every window. What a change of names in the program would change here."""
    engine = in_memory(project.timezone)
    roll_totals(engine, project, windows_as_of(project.missions, AS_OF), partitions)
    return engine


def judged(project: Project, partitions: Partitions, suppliers: Path) -> pl.DataFrame:
    engine = rolled(project, partitions)
    engine.execute(f"CREATE TABLE suppliers AS SELECT * FROM read_parquet('{suppliers}')")
    return engine.frame(results_sql(project))


def published(project: Project, data: Path, partitions: Partitions, suppliers: Path) -> None:
    """The whole step, with the results as a file, synced."""
    compute_results(EvaluationTask(project, data, (AS_OF,), partitions, suppliers))


# ---------------------------------------------------------------- by hand


def rolled_by_hand(made: Sequence[Mission], partitions: Partitions) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for source in SOURCES:
        wanted = {str(partitions[source][day]) for first, last in spans(made, source, AS_OF) for day in days(first, last)}
        daily = f"read_parquet({sorted(wanted)}, hive_partitioning = true, hive_types_autocast = false)"
        connection.execute(f"CREATE TABLE {source} AS {roll_sql(made, source, AS_OF, daily)}").fetchall()
    return connection


def judged_by_hand(made: Sequence[Mission], partitions: Partitions, suppliers: Path) -> pl.DataFrame:
    connection = rolled_by_hand(made, partitions)
    connection.execute(f"CREATE TABLE suppliers AS SELECT * FROM '{suppliers}'").fetchall()
    return connection.sql(judge_sql(made, AS_OF)).pl()


# ---------------------------------------------------------------- both


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds on the clock, and of processors."""
    began, cpu = time.perf_counter(), time.process_time()
    run()
    return (time.perf_counter() - began) * 1000, (time.process_time() - cpu) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=11)
    parser.add_argument("--suppliers", type=int, default=6_600)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="missionctl-bench-") as name:
        held = compare(Path(name), asked.suppliers, asked.repeats)
    sys.exit(0 if held else 1)


def compare(folder: Path, suppliers: int, repeats: int) -> bool:
    """Run both in turn, `repeats` times after a warm-up; print the table; whether every bound holds."""
    made = missions(20, AS_OF)
    write_project(folder, made)
    project = load_project(folder)
    needed = {source: sorted(found) for source, found in needed_days(project, [AS_OF]).items()}
    partitions = {s: write_partitions(folder / "data", suppliers, s, found) for s, found in needed.items()}
    people = write_suppliers(folder / "data", suppliers)
    ours = judged(project, partitions, people)
    apart = difference(ours, judged_by_hand(made, partitions, people))
    if apart is not None:
        sys.exit(f"missionctl and the query by hand give other results: {apart}")
    contestants: dict[str, Callable[[], object]] = {
        "missionctl, roll": lambda: rolled(project, partitions),
        "by hand, roll": lambda: rolled_by_hand(made, partitions),
        "missionctl, roll and judge": lambda: judged(project, partitions, people),
        "by hand, roll and judge": lambda: judged_by_hand(made, partitions, people),
        "missionctl, published": lambda: published(project, folder / "data", partitions, people),
    }
    times: dict[str, list[tuple[float, float]]] = {said: [] for said in contestants}
    for number in range(repeats + 1):
        for said, run in contestants.items():
            if number:
                times[said].append(timed(run))
            else:
                run()
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, {repeats} repeats")
    windows, files = len(windows_as_of(project.missions, AS_OF)), sum(map(len, partitions.values()))
    print(f"{len(made)} missions, {windows} windows, {suppliers:,} suppliers, {files} partitions, {ours.height:,} rows\n")
    print(f"{'':<30} {'wall ms':>8} {'from–to':>13} {'cpu ms':>8}")
    for said, found in times.items():
        walls = [wall for wall, _ in found]
        print(f"{said:<30} {median(walls):>8.0f} {f'{min(walls):.0f}–{max(walls):.0f}':>13} {median(c for _, c in found):>8.0f}")
    pairs = [("roll", "roll / by hand"), ("roll and judge", "roll and judge / by hand")]
    return hold([(said, _ratio(times[f"missionctl, {what}"], times[f"by hand, {what}"]), 2.0) for what, said in pairs])


def _ratio(ours: list[tuple[float, float]], theirs: list[tuple[float, float]]) -> float:
    return median(a[0] / b[0] for a, b in zip(ours, theirs, strict=True))


if __name__ == "__main__":
    main()
