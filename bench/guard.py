"""The guard: a small contest with the script by hand in DuckDB, that fails when a ratio grows beyond its bound.

usage: guard.py [--rounds N]     (make guard, in CI)

Ratios are taken pair by pair within one run, as medians over the rounds, never times on the clock. A ratio counts as broken
when that of wall time and that of processor time are both above the bound: the one alone is easily stretched by other work on
the machine. What a process costs before it does anything is part of it, which is why the bounds of days are loose.
"""

from __future__ import annotations

import argparse
import sys

from contest import contest, planned, print_table, ratio_of
from contestants import CONTESTANTS
from costs import Failed, hold

BOUNDS = {"backfill": 2.9, "day": 4.4, "late": 5.6, "changed": 4.5}
SCALE, DAYS = 0.1, 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    plan = planned(SCALE, DAYS, 1, parser.parse_args().rounds)
    ours, by_hand = (next(c for c in CONTESTANTS if c.name == name) for name in ("missionctl", "by-hand-duckdb"))
    try:
        figures = contest(plan, [ours, by_hand])
    except Failed as failure:
        sys.exit(str(failure))
    print_table(plan, figures)
    if figures.absent:
        sys.exit(1)
    held = []
    for step, bound in BOUNDS.items():
        costs = [figures.costs[name][step] for name in (ours.name, by_hand.name)]
        held.append((f"{step}, missionctl / by hand", min(ratio_of(*costs), ratio_of(*costs, part="cpu")), bound))
    sys.exit(0 if hold(held) else 1)


if __name__ == "__main__":
    main()
