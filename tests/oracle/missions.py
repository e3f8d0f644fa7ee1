"""Conditions and missions: from values to statuses, tiers and decisions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from tests.oracle.language import Expression, OutOfScope, Row, only
from tests.oracle.suppliers import rule_of
from tests.oracle.windows import DAY, Period, check

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "GT": operator.gt,
    "GTE": operator.ge,
    "LT": operator.lt,
    "LTE": operator.le,
    "EQ": operator.eq,
    "NE": operator.ne,
    "BETWEEN": lambda value, ends: ends[0] <= value <= ends[1],
}
Target = float | tuple[float, float]
Reward = Expression | Fraction | None


def target_of(val: Any) -> Target:
    """A number, or the two of BETWEEN: from TOML, or from a cell (`low..high`)."""
    if isinstance(val, str):
        val = val.split("..") if ".." in val else val
    return (float(val[0]), float(val[1])) if isinstance(val, list) else float(val)


def reward_of(table: Mapping[str, Any]) -> Reward:
    reward = table.get("reward")
    if isinstance(reward, str):
        return Expression(reward, float)
    return None if reward is None else Fraction(reward)


class Tier(NamedTuple):
    name: str
    val: float
    reward: Reward


class Verdict(NamedTuple):
    """How a condition stands; `counts` is whether it counts as met."""

    status: str
    counts: bool
    val: Target
    target_from: str
    tier: Tier | None


class Condition:
    def __init__(self, table: dict[str, Any], where: str) -> None:
        only(table, "name formula type val tiers role min_volume no_data", where)
        self.name: str = table["name"]
        self.type: str = table["type"]
        self.role: str = table.get("role", "goal")
        self.formula = Expression(table["formula"], float)
        self.no_data: str = table.get("no_data", "unmet")
        self.volume: dict[str, Any] | None = table.get("min_volume")
        self.tiers = [Tier(tier["name"], float(tier["val"]), reward_of(tier)) for tier in table.get("tiers", [])]
        self.segments: list[tuple[Expression, Target]] = []
        if not self.tiers:
            self.default = self.read_targets(table["val"])
        if self.type not in OPERATORS or self.role not in ("goal", "gate", "guard"):
            raise OutOfScope(f"{where}: {self.type} {self.role}")
        if self.tiers and ("val" in table or self.type not in ("GT", "GTE", "LT", "LTE")):
            raise OutOfScope(f"{where}: tiers")

    def read_targets(self, val: Any) -> Target:
        """`val` as it is, or segments and the default after them."""
        if not isinstance(val, list) or not isinstance(val[0], dict):
            return target_of(val)
        self.segments = [(rule_of(entry["where"]), target_of(entry["val"])) for entry in val[:-1]]
        return target_of(val[-1]["val"] if isinstance(val[-1], dict) else val[-1])

    def target(self, own: str, attributes: Row) -> tuple[Target, str]:
        """The supplier's own before that of the first segment that matches, before the default."""
        if own:
            return target_of(own), "supplier"
        for where, target in self.segments:
            if where(attributes) is True:
                return target, "segment"
        return self.default, "default"

    def names(self) -> set[str]:
        """All metrics, in lower case."""
        rewards = {name for tier in self.tiers if isinstance(tier.reward, Expression) for name in tier.reward.names}
        return self.formula.names | rewards | ({self.volume["metric"].lower()} if self.volume else set())

    def judge(self, value: float | None, volume: float | None, own: str, attributes: Row) -> Verdict:
        """`volume` is what the metric of min_volume comes to. A tier is reached only by a value that was looked at."""
        target, target_from = (self.tiers[0].val, "default") if self.tiers else self.target(own, attributes)
        if self.tiers and own:
            raise OutOfScope(f"a supplier's own target of {self.name}, which has tiers")
        if value is None:
            return Verdict("no_data", self.no_data == "met", target, target_from, None)
        if self.volume and (volume is None or volume < float(self.volume["val"])):
            return Verdict("low_volume", self.volume.get("below", "unmet") == "met", target, target_from, None)
        holds = OPERATORS[self.type]
        if self.tiers:
            reached = [tier for tier in self.tiers if holds(value, tier.val)]
            if reached:
                return Verdict("met", True, reached[-1].val, target_from, reached[-1])  # they go from easy to hard
            return Verdict("unmet", False, target, target_from, None)
        met = holds(value, target)
        return Verdict("met" if met else "unmet", met, target, target_from, None)


class Mission:
    def __init__(self, name: str, table: dict[str, Any]) -> None:
        only(table, "title window suppliers require grace_days reward limits conditions", f"missions.{name}")
        self.name, self.window, self.grace = name, table["window"], table.get("grace_days", 0)
        check(self.window, f"missions.{name}")
        self.conditions = [Condition(condition, f"missions.{name}") for condition in table["conditions"]]
        self.suppliers = rule_of(table["suppliers"]) if "suppliers" in table else None
        self.require: str = table.get("require", "all")
        self.reward = reward_of(table)
        self.limits: dict[str, int | Decimal] = table.get("limits", {})
        only(self.limits, "per_supplier budget", f"missions.{name}.limits")
        self.rolls = self.window["kind"] == "rolling"
        if self.rolls and (self.grace or self.rewards or self.limits):
            raise OutOfScope(f"missions.{name}: never decided")

    @property
    def rewards(self) -> bool:
        """Whether there is a reward anywhere."""
        return any(r is not None for r in [self.reward, *(t.reward for c in self.conditions for t in c.tiers)])

    def names(self) -> set[str]:
        """All metrics that are named anywhere, in lower case."""
        reward = self.reward.names if isinstance(self.reward, Expression) else set()
        return set.union(reward, *(condition.names() for condition in self.conditions))

    def goals_ok(self, verdicts: Iterable[Verdict]) -> bool:
        goals = {c.name.lower(): v.counts for c, v in zip(self.conditions, verdicts, strict=True) if c.role == "goal"}
        if self.require in ("all", "any"):
            return all(goals.values()) if self.require == "all" else any(goals.values())
        return Expression(self.require, Fraction)(goals) is True

    def status(self, period: Period, as_of: date, verdicts: list[Verdict]) -> str:
        pairs = list(zip(self.conditions, verdicts, strict=True))
        goals = self.goals_ok(verdicts)
        gates = all(verdict.counts for condition, verdict in pairs if condition.role == "gate")
        guards = all(verdict.counts for condition, verdict in pairs if condition.role == "guard")
        broken = any(verdict.status == "unmet" for condition, verdict in pairs if condition.role == "guard")
        ok = goals and gates and guards
        if self.rolls:
            return "on_track" if ok else "active"
        if broken:
            return "voided"
        if as_of < period[1]:
            return "on_track" if ok else "active"
        if as_of < period[1] + self.grace * DAY:
            return "closing"
        if ok:
            return "completed"
        return "voided" if goals and guards else "failed"
