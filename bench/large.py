"""One day of one source that is far larger than memory: what `missionctl run` takes of it from CSV to results.

usage: large.py [--orders N] [--suppliers N] [--folder DIR]     (make bench)

The day's 15,000,000 orders of 200,000 suppliers are one file of 1.7 GB; there are few offers. Exits 1 when the process takes
more memory than it may.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from contest import CACHE, deliver, planned, prepare
from contestants import CONTESTANTS
from costs import heading, hold, measure, row
from market.exports import Market, write_exports
from peers.asked import PEAK

MOST_MB = 3_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=15_000_000)
    parser.add_argument("--suppliers", type=int, default=200_000)
    parser.add_argument("--folder", type=Path, default=CACHE, help="where there is room for some gigabytes")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="large-", dir=asked.folder) as name:
        held = run_day(Market(1, asked.orders, asked.suppliers), Path(name))
    sys.exit(0 if held else 1)


def run_day(market: Market, folder: Path) -> bool:
    """Make the day's files, run it, and print what it cost; whether the bound holds."""
    files, work = folder / "files", folder / "work"
    write_exports(market, files, ["orders"])
    write_exports(Market(1, market.orders // 100, market.suppliers), files, ["offers"])
    prepare(planned(1, 1, 0), files, work)
    deliver(market, files, work, 0, 0)
    day = market.day(0)
    cost = measure(*CONTESTANTS[0].command(work, "day", day, day, PEAK))
    size = (files / f"orders/{day}.csv").stat().st_size / 1e6
    print(f"{market.orders:,} orders of {market.suppliers:,} suppliers, {size:,.0f} MB as CSV")
    heading(1)
    row("missionctl run, one day", [cost])
    return hold([("peak, MB", cost.peak_mb, MOST_MB)])


if __name__ == "__main__":
    main()
