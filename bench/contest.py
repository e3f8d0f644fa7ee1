"""The contest: missionctl, scripts by hand, the old way and the tools one would reach for, on one simulated marketplace.

usage: contest.py [--scale S] [--days N] [--repeats N] [--rounds N] [--only NAME …]     (make bench)

Everything from CSV exports to readable results: a first backfill, normal days, days with 2,000 late changes over the twenty
days before, and days on which a metric has changed. Every contestant takes each step in turn, as a process of its own, and
must give the results that missionctl gives before any figure is printed. Wall time, processor time and peak memory are what
the operating system accounts for the process and those it waited for.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import median

import polars as pl
from contestants import CONTESTANTS, Contestant
from costs import Cost, Failed, cost_of
from market.compare import difference
from market.exports import Market, write_exports
from market.missions import missions, write_project
from peers.asked import CHANGED_PEAK, PEAK

HERE = Path(__file__).resolve().parent
CACHE = HERE / ".cache"
LOOP_ROWS = 2_000
STEPS = {
    "backfill": "first backfill",
    "day": "a normal day",
    "late": "a day with 2,000 late changes over 20 days",
    "changed": "a day with one changed metric",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated, and which missions: `lengths` of the shortest and longest window. `only_days`: no odd days."""

    market: Market
    repeats: int
    rounds: int = 1
    mission_count: int = 20
    lengths: tuple[int, int] = (7, 60)
    only_days: bool = False

    @property
    def last_day(self) -> date:
        return self.market.day(self.market.days + self.market.extra_days - 1)

    def steps(self) -> list[tuple[str, int, int]]:
        """Step, number of its first day, number of its last."""
        done, found = self.market.days, [("backfill", 0, self.market.days - 1)]
        for name in ("day",) if self.only_days else ("day", "late", "changed"):
            found += [(name, done + n, done + n) for n in range(self.repeats)]
            done += self.repeats
        return found


def planned(scale: float, days: int, repeats: int, rounds: int = 1) -> Plan:
    """`scale` 1: 150,000 orders a day of 20,000 suppliers."""
    late = tuple(days + repeats + n for n in range(repeats))
    market = Market(days, round(150_000 * scale), max(10, round(20_000 * scale)), 3 * repeats, late)
    return Plan(market, repeats, rounds)


@dataclass(slots=True)
class Figures:
    """What was measured: contestant → step → costs; and why some contestants are not in it."""

    costs: dict[str, dict[str, list[Cost]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    absent: dict[str, str] = field(default_factory=dict)
    loop: Cost | None = None
    rows: int = 0


def exports(market: Market) -> Path:
    """The folder of export files, made once."""
    folder = CACHE / "markets" / market.name()
    if not folder.is_dir():
        making = folder.with_name(folder.name + ".making")
        shutil.rmtree(making, ignore_errors=True)
        write_exports(market, making)
        making.rename(folder)
    return folder


def prepare(plan: Plan, files: Path, work: Path) -> None:
    """A contestant's folder: a project, no exports in it but the suppliers, and what the peers are told of the missions."""
    write_project(work, missions(plan.mission_count, plan.last_day, *plan.lengths))
    shortest, longest = plan.lengths
    said = {"missions": plan.mission_count, "last_day": str(plan.last_day), "shortest": shortest, "longest": longest}
    (work / "market.json").write_text(json.dumps(said))
    for source in ("offers", "orders"):
        (work / "data/exports" / source).mkdir(parents=True)
    (work / "exports").symlink_to(work / "data/exports")
    (work / "exports/suppliers.csv").symlink_to(files / "suppliers.csv")


def deliver(market: Market, files: Path, work: Path, first: int, last: int) -> None:
    """The export files of the days with these numbers appear."""
    for number in range(first, last + 1):
        for source in ("offers", "orders"):
            name = f"{source}/{market.day(number)}.csv"
            (work / "exports" / name).symlink_to(files / name)


class Contest:
    """Every step by every contestant in turn; the first one's results are what the others' are held against."""

    def __init__(self, plan: Plan, chosen: list[Contestant], figures: Figures, folder: Path) -> None:
        self.plan, self.folder, self.files = plan, folder, exports(plan.market)
        self.figures, self.peak = figures, PEAK
        self.running = [contestant for contestant in chosen if contestant.name not in figures.absent]
        for contestant in self.running:
            prepare(plan, self.files, folder / contestant.name)

    def take(self, step: str, first: int, last: int) -> None:
        """One step, of the days with the numbers from `first` to `last`. Raises Failed when the first contestant fails."""
        if step == "changed":
            self.peak = CHANGED_PEAK if self.peak == PEAK else PEAK
        as_of = [self.plan.market.day(number) for number in range(first, last + 1)]
        expected: dict[date, pl.DataFrame] = {}
        for contestant in [runs for runs in self.running if step in runs.steps]:
            work = self.folder / contestant.name
            deliver(self.plan.market, self.files, work, first, last)
            try:
                cost = cost_of(*contestant.command(work, step, as_of[0], as_of[-1], self.peak))
                compare(contestant, work, step, as_of, expected)
            except Failed as failure:
                if contestant is self.running[0]:
                    raise
                self.figures.absent[contestant.name] = str(failure)
                self.figures.costs.pop(contestant.name, None)
                self.running.remove(contestant)
                continue
            self.figures.costs[contestant.name][step].append(cost)
            tell(f"{step} {as_of[-1]} {contestant.name}: {cost.wall:.2f} s, {cost.cpu:.2f} cpu s, {cost.peak_mb:.0f} MB")
        self.figures.rows = expected[as_of[-1]].height

    def loop(self) -> None:
        """The loop over a few of the newest day's orders, where the others run, too."""
        if len(self.running) < len(CONTESTANTS) // 2:
            return
        work = self.folder / self.running[0].name
        self.figures.loop = cost_of(sys.executable, HERE / "peers/per_order.py", work, str(LOOP_ROWS))
        tell(f"{LOOP_ROWS} orders one by one: {self.figures.loop.wall:.2f} s")


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def contest(plan: Plan, chosen: list[Contestant]) -> Figures:
    """The plan's rounds, each from the beginning. Raises Failed when the first contestant fails."""
    CACHE.mkdir(exist_ok=True)
    figures = Figures()
    for contestant in chosen:
        why = contestant.missing()
        if why is not None:
            figures.absent[contestant.name] = why
    for _ in range(plan.rounds):
        with tempfile.TemporaryDirectory(prefix="contest-", dir=CACHE) as name:
            Path(name).chmod(0o755)  # PostgreSQL runs as somebody else
            taken = Contest(plan, chosen, figures, Path(name))
            for step in plan.steps():
                taken.take(*step)
            taken.loop()
    return figures


def compare(contestant: Contestant, work: Path, step: str, as_of: list[date], expected: dict[date, pl.DataFrame]) -> None:
    """Raises Failed where the results differ from the first contestant's. Of a backfill, first, middle and last day."""
    days = as_of[-1:] if contestant.only_last else sorted({as_of[0], as_of[len(as_of) // 2], as_of[-1]})
    for day in days:
        rows = contestant.results(work, day)
        apart = difference(expected.setdefault(day, rows), rows)
        if apart is not None:
            raise Failed(f"other results as of {day} ({step}): {apart}")


# ---------------------------------------------------------------- the table


def print_table(plan: Plan, figures: Figures) -> None:
    market = plan.market
    print(f"{machine()}\n")
    print(
        f"{market.orders:,} orders a day of {market.suppliers:,} suppliers, {market.days} days, 10 metrics over 2 sources,"
        f" {plan.mission_count} missions in windows of {plan.lengths[0]} to {plan.lengths[1]} days;"
        f" {figures.rows:,} rows as of the last day\n"
    )
    by_hand = figures.costs.get("by-hand-duckdb", {})
    for step, title in STEPS.items():
        print(f"{title:<44} {'wall s':>8} {'from–to':>15} {'cpu s':>8} {'peak MB':>8} {'/ by hand':>10} {'of cpu':>7}")
        for contestant in CONTESTANTS:
            costs = figures.costs.get(contestant.name, {}).get(step)
            if costs:
                print(line(f"  {contestant.title_of(step)}", costs, by_hand.get(step)))
        if figures.loop is not None and step in ("backfill", "day"):
            print(line("  order by order, its metrics (~)", [extrapolated(plan, figures.loop, step)], by_hand.get(step)))
        print()
    if figures.loop is not None:
        print(f"~: extrapolated from {LOOP_ROWS:,} orders of one day, the six metrics of orders alone\n")
    for name, why in figures.absent.items():
        print(f"{name}: not measured: {why}")


def extrapolated(plan: Plan, loop: Cost, step: str) -> Cost:
    """One order in ten is exported twice."""
    times = 1.1 * plan.market.orders * (plan.market.days if step == "backfill" else 1) / LOOP_ROWS
    return Cost(loop.wall * times, loop.cpu * times, loop.peak_mb)


def line(title: str, costs: list[Cost], by_hand: list[Cost] | None) -> str:
    wall, cpu, peak = (median(getattr(cost, part) for cost in costs) for part in ("wall", "cpu", "peak_mb"))
    spread = f"{min(c.wall for c in costs):.2f}–{max(c.wall for c in costs):.2f}"
    ratios = f"{ratio_of(costs, by_hand):>10.2f} {ratio_of(costs, by_hand, 'cpu'):>7.2f}" if by_hand else ""
    return f"{title:<44} {wall:>8.2f} {spread:>15} {cpu:>8.2f} {peak:>8.0f} {ratios}".rstrip()


def ratio_of(costs: list[Cost], others: list[Cost], part: str = "wall") -> float:
    """The median of ratios pair by pair."""
    return median(getattr(a, part) / getattr(b, part) for a, b in zip(costs, others, strict=False))


def machine() -> str:
    """Machine and versions, of the contestants' own environments too."""
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("missionctl", "duckdb", "polars")]
    versions += [said for contestant in CONTESTANTS if (said := contestant.version()) is not None]
    return f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}; {', '.join(versions)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="of 150,000 orders a day and 20,000 suppliers")
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--repeats", type=int, default=3, help="normal days, days with late changes, and with a changed metric")
    parser.add_argument("--rounds", type=int, default=1, help="everything, from the first backfill on")
    parser.add_argument("--only", nargs="*", default=[], help="names of contestants")
    given = parser.parse_args()
    chosen = [contestant for contestant in CONTESTANTS if not given.only or contestant.name in given.only]
    plan = planned(given.scale, given.days, given.repeats, given.rounds)
    try:
        figures = contest(plan, chosen)
    except Failed as failure:
        sys.exit(str(failure))
    print_table(plan, figures)


if __name__ == "__main__":
    main()
