"""What limits leave of what was earned, where windows of a mission keep older limits."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from mission_cli.model.calendar import Window
from mission_cli.model.missions import Limits, Mission

_ORDER = ("decided_on", "supplier_id", "window_start", "window_end")


def paid_by_versions(awards: pl.DataFrame, earlier: pl.DataFrame, missions: Sequence[Mission], mission: str) -> pl.DataFrame:
    """The awards of a mission with `reward`: in their order, each what the limits of its window's rules leave of it, after all
    that the mission has paid before, by whichever rules. `earlier`: awards of other days, with what was paid."""
    done = {row[:4]: row[4] for row in earlier.filter(pl.col("mission_id") == mission).select(*_ORDER, "reward").iter_rows()}
    mine = awards.filter(pl.col("mission_id") == mission).sort(_ORDER)
    total, own = Decimal(0), dict[str, Decimal]()
    rewards: list[Decimal] = []
    for *key, earned in mine.select(*_ORDER, "earned").iter_rows():
        supplier = key[1]
        paid = done.get(tuple(key))
        if paid is None:
            paid = _left(_limits(missions, mission, Window(key[2], key[3])), earned, total, own.get(supplier, Decimal(0)))
        total += paid
        own[supplier] = own.get(supplier, Decimal(0)) + paid
        rewards.append(paid)
    return mine.with_columns(pl.Series("reward", rewards, dtype=pl.Decimal(38, 9)))


def _limits(missions: Sequence[Mission], mission: str, window: Window) -> Limits | None:
    found = next((one for one in missions if one.id == mission and one.has(window)), None)
    return found.limits if found is not None else None


def _left(limits: Limits | None, earned: Decimal, total: Decimal, own: Decimal) -> Decimal:
    """What is left of an amount when so much was paid, in all and to the supplier."""
    if limits is None:
        return earned
    bounds = [(limits.budget, total), (limits.per_supplier, own)]
    return max(Decimal(0), min([earned, *(limit - before for limit, before in bounds if limit is not None)]))
