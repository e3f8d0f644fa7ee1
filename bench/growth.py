"""Growth: what missionctl and the script by hand cost as one thing grows and the others stay.

usage: growth.py [--scale S] [--repeats N] [--only NAME …]     (make bench)

Days of history 30, 90, 365; orders a day 15,000, 150,000, 1,500,000; missions 5, 20, 100; windows of 7, 30, 90 days. The base
is 15,000 orders a day of 2,000 suppliers, 30 days, 20 missions in windows of 7 to 60 days (orders: 20,000 suppliers, 10 days;
windows: 90 days, and normal days alone, since a mission in fixed windows has no results of the days before them). Processor
time, which other work on the machine does not stretch: points, fitted exponents, and a picture. Results are compared, too.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from chart import drawn, exponent
from contest import CACHE, Figures, Plan, contest, machine
from contestants import CONTESTANTS
from costs import Failed
from market.exports import Market

NAMES = ("missionctl", "by-hand-duckdb")
STEPS = {"backfill": "first backfill", "day": "a normal day"}


@dataclass(frozen=True, slots=True)
class Axis:
    """What grows, the sizes (times the scale, if they are `scaled`), their plans, and the steps whose growth means something."""

    title: str
    sizes: tuple[int, ...]
    plan: Callable[[int, float, int], Plan]
    steps: tuple[str, ...] = ("backfill", "day")
    scaled: bool = False


def _plan(
    days: int, orders: float, suppliers: float, repeats: int, missions: int = 20, lengths: tuple[int, int] = (7, 60)
) -> Plan:
    market = Market(days, round(orders), max(10, round(suppliers)), repeats)
    return Plan(market, repeats, 1, missions, lengths, only_days=True)


AXES = {
    "days": Axis("days of history", (30, 90, 365), lambda n, s, r: _plan(n, 15_000 * s, 2_000 * s, r)),
    "orders": Axis("orders a day", (15_000, 150_000, 1_500_000), lambda n, s, r: _plan(10, n * s, 20_000 * s, r), scaled=True),
    "missions": Axis("missions", (5, 20, 100), lambda n, s, r: _plan(30, 15_000 * s, 2_000 * s, r, n)),
    "windows": Axis("days of a window", (7, 30, 90), lambda n, s, r: _plan(90, 15_000 * s, 2_000 * s, r, 20, (n, n)), ("day",)),
}


def measured(axis: Axis, scale: float, repeats: int) -> dict[int, Figures]:
    """Size → figures. The exports of each size are removed when it is measured."""
    chosen = [contestant for contestant in CONTESTANTS if contestant.name in NAMES]
    found = {}
    for size in axis.sizes:
        plan = axis.plan(size, scale, repeats)
        print(f"{axis.title}: {size:,}", file=sys.stderr, flush=True)
        found[size] = contest(plan, chosen)
        if found[size].absent:
            raise Failed(str(found[size].absent))
        shutil.rmtree(CACHE / "markets" / plan.market.name(), ignore_errors=True)
    return found


def report(axis: Axis, found: Mapping[int, Figures], scale: float) -> None:
    """The points, the picture and the exponents of one axis."""
    found = {round(size * scale) if axis.scaled else size: figures for size, figures in found.items()}
    series = {}
    for name in NAMES:
        for step in axis.steps:
            points = [(size, median(cost.cpu for cost in figures.costs[name][step])) for size, figures in found.items()]
            series[f"{name}, {STEPS[step]}"] = points
    print(drawn(f"cpu s by {axis.title}", series))
    print()
    print(f"{'':<36}{''.join(f'{size:>12,}' for size in found)}   exponent")
    for name, points in series.items():
        print(f"{name:<36}{''.join(f'{seconds:>12.2f}' for _, seconds in points)}   {exponent(points):>8.2f}")
    print("\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="of the orders a day and the suppliers")
    parser.add_argument("--repeats", type=int, default=3, help="normal days")
    parser.add_argument("--only", nargs="*", choices=AXES, default=list(AXES))
    given = parser.parse_args()
    print(f"{machine()}\n\ngrowth, orders and suppliers × {given.scale:g}\n")
    try:
        for name in given.only:
            report(AXES[name], measured(AXES[name], given.scale, given.repeats), given.scale)
    except Failed as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
