"""One clean CSV: missionctl's load beside DuckDB's bare read_csv into a table with the same types, in turn.

usage: ingest.py [--rows N] [--repeats N]     (make bench)

Whole processes, medians after a warm-up, ratios pair by pair; exits 1 when a bound does not hold. The load is everything
that `run` does to a new file: hash, read, check each cell, account for each record, merge by key, commit; the bare read
checks nothing and knows no keys.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

from costs import Cost, heading, hold, measure, row

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="missionctl-bench-") as name:
        held = compare(Path(name), asked.rows, asked.repeats)
    sys.exit(0 if held else 1)


def compare(folder: Path, rows: int, repeats: int) -> bool:
    """Each way of each kind of file in turn, `repeats` times after a warm-up."""
    parts = HERE / "ingest_parts.py"
    measure(sys.executable, parts, "make", folder, str(rows))
    ways = {
        "bare read_csv, clean CSV": ("bare", "clean.csv"),
        "missionctl, clean CSV": ("load", "clean.csv"),
        "bare read_csv, every field quoted": ("bare", "quoted.csv"),
        "missionctl, every field quoted": ("load", "quoted.csv"),
        "missionctl, .csv.gz": ("load", "clean.csv.gz"),
        "missionctl, .csv.zst": ("load", "clean.csv.zst"),
        "missionctl, .parquet": ("load", "clean.parquet"),
        "missionctl, .jsonl": ("load", "clean.jsonl"),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for number in range(repeats + 1):
        for name, (way, file) in ways.items():
            costs[name].append(measure(sys.executable, parts, way, folder / file, folder / f"{file}-{way}-{number}.duckdb"))
    size = (folder / "clean.csv").stat().st_size / 1e6
    print(f"{rows:,} rows, {size:.0f} MB as clean CSV")
    heading(repeats)
    for name, measured in costs.items():
        del measured[0]  # the warm-up
        row(name, measured)

    def ratio(ours: str, theirs: str) -> float:
        return median(a.wall / b.wall for a, b in zip(costs[ours], costs[theirs], strict=True))

    return hold(
        [
            ("load / bare, clean CSV", ratio("missionctl, clean CSV", "bare read_csv, clean CSV"), 2.5),
            ("load / bare, quoted CSV", ratio("missionctl, every field quoted", "bare read_csv, every field quoted"), 3.5),
        ]
    )


if __name__ == "__main__":
    main()
