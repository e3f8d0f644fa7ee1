"""Random missions: every kind of window, role, target, tier, reward and limit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.oracle.exports import DAY, Dice, Setting, rolls, table
from tests.oracle.random_metrics import TEMPLATES, Pool, formula_of
from tests.oracle.random_suppliers import POPULATIONS, SUPPLIER_RULES, WINDOWS, assigned_csv

TARGETS = [1, 0, 1, 0, 1, 2, 3, -1, 10, 0.5, 0.3, 0.7, 0.3, 1.5, 100, 1e3, 0.8, 0.1]
WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
MISSION_IDS = ["b_week", "A", "m2", "m10"]
CALENDAR = ["day", "week", "fixed", "month", "rolling"]
REQUIRES = ["{0}", "{0} AND {1}", "{0} OR {1}", "{0} AND ({1} OR {2})", "NOT {0} OR {1}", "({0} OR {1}) AND NOT {2}"]
AMOUNTS = [50, 12.5, 100, 0.125, 1]
REWARDS = ["{0}", "{0} * 0.5 + 1", "{0} - {1}", "CASE WHEN {0} > 1 THEN 10.25 ELSE 2 END", "least({0}, 5)", "-{0} + 3"]
LIMITS = [60, 12.5, 1, 100, 0.5, 175]

MISSIONS = st.lists(st.tuples(rolls(23), st.lists(rolls(40), min_size=1, max_size=4), WINDOWS), min_size=1, max_size=4)


class World(NamedTuple):
    """What missions are drawn from."""

    setting: Setting
    pool: Pool
    suppliers: bool


def window_of(name: str, world: World, dice: Dice) -> dict[str, Any]:
    kinds = [*CALENDAR, "assigned", *(["since"] * world.suppliers)]
    kind, start, days = dice.pick(*kinds), world.setting.day(dice), dice.pick(*range(49))
    options: dict[str, dict[str, Any]] = {
        "fixed": {"start": start, "end": start + days % 7 * DAY},
        "week": {"start": WEEKDAYS[days % 7]},
        "rolling": {"days": (1, 2, 7, 30, 3)[days % 5]},
        "since": {"field": "joined", "days": (1, 2, 3, 5, 14, 60)[days % 6]},
        "assigned": {"file": assigned_name(name)},
    }
    return {"kind": kind, **options.get(kind, {})}


def assigned_name(mission: str) -> str:
    return f"data/exports/assigned/{mission}.csv"


def reward_of(world: World, dice: Dice, *usual: None) -> Any:
    """A number or a formula; as often as not nothing, where nothing may be."""
    number, formula = dice.pick(*AMOUNTS), formula_of(world.pool.exact or ["0"], dice, REWARDS)
    return dice.pick(*usual, number, formula if world.pool.exact else number)


def number_target(kind: str, dice: Dice) -> Any:
    low, width = dice.pick(*TARGETS), dice.pick(1, 0, 3, 20)
    return [low, low + width] if kind == "BETWEEN" else low


def tiers_of(kind: str, world: World, dice: Dice, *, rewards: bool) -> list[dict[str, Any]]:
    """From easy to hard."""
    first, step = dice.pick(0, 1, 0.5, 2), dice.pick(1, 0.5, 3) * (-1 if kind in ("LT", "LTE") else 1)
    names = dice.pick(["silver", "gold"], ["bronze", "silver", "gold"])
    found = [{"name": name, "val": first + n * step} for n, name in enumerate(names)]
    return [tier | {"reward": reward_of(world, dice, None, None) if rewards else None} for tier in found]


def condition(n: int, world: World, dice: Dice, *, rewards: bool) -> dict[str, Any]:
    """The first one is a goal, so that there is something to require."""
    formula = formula_of(world.pool.names, dice, ["{0}"] * 12 + TEMPLATES)
    kind = dice.pick("GTE", "GTE", "GT", "LT", "LTE", "EQ", "NE", "BETWEEN")
    how, plain = dice.pick("val", "val", "segments", "tiers"), number_target(kind, dice)
    entries: dict[str, Any] = {"name": f"c{n}", "formula": formula, "type": kind, "val": plain}
    if how == "segments" and world.suppliers:
        rules = [dice.pick(*SUPPLIER_RULES) for _ in range(dice.pick(1, 2))]
        default = dice.pick({"val": plain}, plain)
        entries["val"] = [*({"where": rule, "val": number_target(kind, dice)} for rule in rules), default]
    elif how == "tiers" and kind in ("GTE", "GT", "LT", "LTE"):
        del entries["val"]
        entries["tiers"] = tiers_of(kind, world, dice, rewards=rewards)
    metric, least, below = dice.pick(*world.pool.names), dice.pick(1, 2, 0, 0.5), dice.pick(None, "unmet", "met")
    volume = {"metric": metric, "val": least, "below": below}
    role = dice.pick(None, "goal", "goal", "gate", "guard") if n else None
    return {
        **entries,
        "role": role,
        "min_volume": dice.pick(None, None, None, volume),
        "no_data": dice.pick(None, "unmet", "met"),
    }


def require_of(goals: Sequence[str], dice: Dice) -> str | None:
    chosen = [dice.pick(*goals) for _ in range(3)]
    expression = dice.pick(*REQUIRES).format(*(dice.rarely(chosen, [name.upper() for name in chosen])))
    return dice.pick(None, None, "all", "any", expression, expression)


def limits_of(dice: Dice) -> dict[str, Any] | None:
    supplier, budget = dice.pick(*LIMITS), dice.pick(*LIMITS)
    both = {"per_supplier": supplier, "budget": budget}
    return dice.pick(None, both, {"per_supplier": supplier}, {"budget": budget})


def mission(name: str, world: World, head: bytes, rules: Sequence[bytes], rows: Sequence[bytes]) -> tuple[str, dict[str, str]]:
    """Its text, and the file of its windows if it has one."""
    dice = Dice(head)
    window, grace = window_of(name, world, dice), dice.pick(None, 0, 1, 2, 3)
    population, reward, limits = dice.pick(None, *POPULATIONS), reward_of(world, dice, None), limits_of(dice)
    rolls_on = window["kind"] == "rolling"
    conditions = [condition(n, world, Dice(drawn), rewards=not rolls_on) for n, drawn in enumerate(rules)]
    rewards = [reward, *(tier["reward"] for c in conditions for tier in c.get("tiers", []))]
    entries = {
        "title": name,
        "window": window,
        "suppliers": population if world.suppliers else None,
        "grace_days": None if rolls_on else grace,
        "require": require_of([c["name"] for c in conditions if c["role"] in (None, "goal")], dice),
        "reward": None if rolls_on else reward,
        "limits": limits if not rolls_on and any(r is not None for r in rewards) else None,
    }
    text = table(f"[missions.{name}]", entries)
    text += "".join(table(f"[[missions.{name}.conditions]]", c) for c in conditions)
    if window["kind"] != "assigned":
        return text, {}
    targets = {c["name"]: own_targets(c["type"]) for c in conditions if "val" in c}
    return text, {assigned_name(name): assigned_csv(world.setting, rows, targets)}


def own_targets(kind: str) -> list[str]:
    return ["1..2", "0.5..20", "3..3"] if kind == "BETWEEN" else ["1", "0.5", "2", "10", "-1"]


def as_of_day(setting: Setting, dice: Dice) -> date:
    """A day with orders or a little later; or about the month's end, up to the last of its grace."""
    day, later = setting.day(dice), dice.pick(*range(12))
    if later < 8:
        return day + later // 2 * DAY
    next_month = (day.replace(day=1) + 31 * DAY).replace(day=1)
    return next_month + (later - 9) * DAY
