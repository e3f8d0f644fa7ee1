"""The roll: partitions into the results of one day, beside the best query for it that we could write by hand.

usage: roll.py [--repeats N] [--suppliers N]     (make bench)

20 missions in windows of 7 to 60 days over 10 metrics of 6,600 suppliers in two sources, as of one day. Both ways read the
same Parquet files, in one process each with an engine of its own, and end in the same rows in memory, which is checked.
Exits 1 when a ratio of processor time (which other work on the machine does not stretch) is above its bound.
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

from mission_cli.config.load import load_project
from mission_cli.model.calendar import days
from mission_cli.model.project import Project
from mission_cli.stages.results import NO_AWARDS, EvaluationTask, Judge, compute_results
from mission_cli.store.database import kernel_engine
from mission_cli.windows.table import Rosters, RosterVersion, make_windows
from mission_cli.windows.totals import Roll

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
        f"""SELECT printf('D%05d', n) AS supplier_id, ['SGN', 'HAN', 'DAD'][1 + (n % 3)] AS city, 1 + n % 4 AS tier,
            NULL::DATE AS _left FROM range({suppliers}) AS r(n)"""
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


def task(project: Project, data: Path, partitions: Partitions, suppliers: Path) -> EvaluationTask:
    rosters = Rosters((RosterVersion(1, suppliers, (AS_OF,)),))
    return EvaluationTask(project, data, ((AS_OF,),), partitions, rosters, NO_AWARDS)


def rolled(asked: EvaluationTask) -> None:
    """The totals of every window, in an engine of its own."""
    engine = kernel_engine(asked.project.timezone)
    make_windows(engine, asked.project, asked.as_of_days, asked.rosters)
    Roll(engine, asked.project, asked.partitions).make_totals()


def judged(asked: EvaluationTask) -> pl.DataFrame:
    return pl.concat([rows for _, rows in Judge(asked).results(asked.as_of_days)])


# ---------------------------------------------------------------- by hand


def needed_days(made: Sequence[Mission], source: str) -> list[date]:
    return sorted({day for first, last in spans(made, source, AS_OF) for day in days(first, last)})


def rolled_by_hand(made: Sequence[Mission], partitions: Partitions) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for source in SOURCES:
        wanted = [str(partitions[source][day]) for day in needed_days(made, source)]
        daily = f"read_parquet({wanted}, hive_partitioning = true, hive_types_autocast = false)"
        connection.execute(f"CREATE TABLE {source} AS {roll_sql(made, source, [AS_OF], daily)}").fetchall()
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
    needed = {source: needed_days(made, source) for source in SOURCES}
    partitions = {s: write_partitions(folder / "data", suppliers, s, found) for s, found in needed.items()}
    people = write_suppliers(folder / "data", suppliers)
    asked = task(project, folder / "data", partitions, people)
    ours = judged(asked)
    apart = difference(ours, judged_by_hand(made, partitions, people))
    if apart is not None:
        sys.exit(f"missionctl and the query by hand give other results: {apart}")
    contestants: dict[str, Callable[[], object]] = {
        "missionctl, roll": lambda: rolled(asked),
        "by hand, roll": lambda: rolled_by_hand(made, partitions),
        "missionctl, roll and judge": lambda: judged(asked),
        "by hand, roll and judge": lambda: judged_by_hand(made, partitions, people),
        "missionctl, published": lambda: compute_results(asked),
    }
    times: dict[str, list[tuple[float, float]]] = {said: [] for said in contestants}
    for number in range(repeats + 1):
        for said, run in contestants.items():
            if number:
                times[said].append(timed(run))
            else:
                run()
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, {repeats} repeats")
    windows, files = sum(len(mission.windows(AS_OF)) for mission in made), sum(map(len, partitions.values()))
    print(f"{len(made)} missions, {windows} windows, {suppliers:,} suppliers, {files} partitions, {ours.height:,} rows\n")
    print(f"{'':<30} {'wall ms':>8} {'from–to':>13} {'cpu ms':>8}")
    for said, found in times.items():
        walls = [wall for wall, _ in found]
        print(f"{said:<30} {median(walls):>8.0f} {f'{min(walls):.0f}–{max(walls):.0f}':>13} {median(c for _, c in found):>8.0f}")
    print()
    pairs = [("roll", "roll / by hand"), ("roll and judge", "roll and judge / by hand")]
    bounds = []
    for what, said in pairs:
        both = list(zip(times[f"missionctl, {what}"], times[f"by hand, {what}"], strict=True))
        print(f"{said:<36} {median(a[0] / b[0] for a, b in both):>6.2f} by the clock")
        bounds.append((said, median(a[1] / b[1] for a, b in both), 2.0))
    return hold(bounds)


if __name__ == "__main__":
    main()
