"""What a day costs after a year: the daily run on the flights with 30 and with 364 days of history, and after late changes.

usage: daily.py [--exports DIR] [--repeats N]     (make bench)

Copies of two loaded projects take the same new files in turn: nothing; a new day; and a file with one changed order of a day
twenty days ago. Exits 1 when a daily run costs more than 1.3 times as much after a year as after a month, or the late change
more than 1.5 times as much as a run with nothing new and the computation of a day.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from costs import Cost, heading, hold, measure, row
from flights import HERE, MISSIONCTL, exports

HISTORY = (30, 364)
FIRST, NEWEST = date(2013, 1, 1), date(2013, 12, 31)
LATE = NEWEST - timedelta(days=20)


def loaded(folder: Path, files: Path, days: int) -> Path:
    """A project that has computed this many days, up to the one before the newest."""
    shutil.copytree(HERE / "flights", folder)
    (folder / "data/exports/orders").mkdir(parents=True)
    last = NEWEST - timedelta(days=1)
    first = last - timedelta(days=days - 1)
    for number in range(days):
        deliver(folder, files, first + timedelta(days=number))
    measure(MISSIONCTL, "--project", folder, "backfill", "--from", str(first), "--to", str(last))
    return folder


def deliver(folder: Path, files: Path, day: date) -> None:
    """The export of a day appears."""
    name = f"orders_{day}.csv"
    (folder / "data/exports/orders" / name).symlink_to(files / "orders" / name)


def change_one(folder: Path, files: Path) -> None:
    """A file appears in which the first final flight of the day twenty days ago is a little longer than it was."""
    with (files / f"orders/orders_{LATE}.csv").open(newline="") as lines:
        rows = csv.DictReader(lines)
        names = rows.fieldnames or ()
        changed = next(r for r in rows if r["status"] == "COMPLETED" and r["final_at"].startswith(str(LATE)))
    changed["distance"] = str(int(changed["distance"]) + 1)
    changed["updated_at"] = f"{NEWEST}T12:00:00Z"
    with (folder / "data/exports/orders/late.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, names)
        writer.writeheader()
        writer.writerow(changed)


def days_taken(original: Path, copy: Path, files: Path) -> dict[str, Cost]:
    """On a copy of the project: a run with nothing new, one with a new day, and one with the late change."""
    shutil.copytree(original, copy, symlinks=True)
    run = (MISSIONCTL, "--project", copy, "run", "--date")
    costs = {"nothing new": measure(*run, str(NEWEST - timedelta(days=1)))}
    deliver(copy, files, NEWEST)
    costs["a new day"] = measure(*run, str(NEWEST))
    change_one(copy, files)
    costs["a late change"] = measure(*run, str(NEWEST))
    shutil.rmtree(copy)
    return costs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exports", type=Path, help="a folder with orders/*.csv of the flights (default: made once)")
    parser.add_argument("--repeats", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="missionctl-bench-") as name:
        held = compare(Path(name), exports(asked.exports), asked.repeats)
    sys.exit(0 if held else 1)


def compare(folder: Path, files: Path, repeats: int) -> bool:
    """Take the days on both projects in turn, `repeats` times after a warm-up; whether every bound holds."""
    projects = {days: loaded(folder / f"after{days}", files, days) for days in HISTORY}
    found: dict[int, list[dict[str, Cost]]] = {days: [] for days in HISTORY}
    for number in range(repeats + 1):
        for days, project in projects.items():
            costs = days_taken(project, folder / "copy", files)
            if number:
                found[days].append(costs)
    heading(repeats)
    for said in ("nothing new", "a new day", "a late change"):
        for days in HISTORY:
            row(f"{said}, after {days} days", [costs[said] for costs in found[days]])
    few, many = HISTORY
    pairs = list(zip(found[few], found[many], strict=True))
    bounds = [
        (f"{said}, {many} / {few} days", median(b[said].cpu / a[said].cpu for a, b in pairs), 1.3)
        for said in ("nothing new", "a new day")
    ]
    late = median(costs["a late change"].cpu / costs["a new day"].cpu for costs in found[many])
    bounds.append(("a late change / a new day", late, 1.5))  # a new day is an empty run and the computation of a day
    return hold(bounds)


if __name__ == "__main__":
    main()
