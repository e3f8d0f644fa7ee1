"""Missions: a window and conditions for a population of suppliers, and what is paid for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from mission_cli.model.calendar import Window, WindowKind, WindowRule
from mission_cli.model.expression import Expression

MissionId = NewType("MissionId", str)
OF_WINDOWS = ("supplier_id", "window_start", "window_end")  # what each row of assigned windows has; no condition is called so


MOST_PAID = Decimal(10) ** 18  # rewards are less, so that sums of many have room in exact decimals
PAID_PLACES = 9


class Operator(StrEnum):
    """How a condition's value is held against its target."""

    GT = "GT"
    GTE = "GTE"
    LT = "LT"
    LTE = "LTE"
    EQ = "EQ"
    NE = "NE"
    BETWEEN = "BETWEEN"

    @property
    def sign(self) -> str:
        """The operator as SQL and people write it."""
        return {"GT": ">", "GTE": ">=", "LT": "<", "LTE": "<=", "EQ": "=", "NE": "<>", "BETWEEN": "in"}[self.value]

    @property
    def climbs(self) -> bool:
        """Whether a higher value is better."""
        return self in (Operator.GT, Operator.GTE)

    @property
    def sinks(self) -> bool:
        """Whether a lower value is better."""
        return self in (Operator.LT, Operator.LTE)


class Role(StrEnum):
    """What a condition does for its mission: a goal is to be reached as `require` says, a gate must hold when it is decided or
    the reward is void, a guard must never break."""

    GOAL = "goal"
    GATE = "gate"
    GUARD = "guard"


@dataclass(frozen=True, slots=True)
class Target:
    """What a value is held against; `high` only with BETWEEN, whose bounds are both inclusive."""

    low: Decimal
    high: Decimal | None = None

    def __str__(self) -> str:
        low = f"{self.low.normalize():f}"
        return low if self.high is None else f"{low}..{self.high.normalize():f}"


@dataclass(frozen=True, slots=True)
class Segment:
    """The target of suppliers whose attributes fulfil `where`; the first segment that does counts."""

    where: Expression
    target: Target


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of a condition with several; `reward` is paid when it is the highest that was reached."""

    name: str
    target: Decimal
    reward: Expression | None


@dataclass(frozen=True, slots=True)
class MinVolume:
    """Below `least` of `metric` in the window the condition is not judged."""

    metric: str
    least: Decimal
    below_counts_met: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """`formula` `operator` target, or the `tiers`, from the easiest to the hardest, in its place.

    The target is the supplier's own (of an assigned window), else that of the first of `segments` that fits, else `target`; with
    tiers `target` is that of the first. `no_data_counts_met` tells how a missing value counts.
    """

    name: str
    formula: Expression
    operator: Operator
    target: Target
    no_data_counts_met: bool = False
    role: Role = Role.GOAL
    segments: tuple[Segment, ...] = ()
    tiers: tuple[Tier, ...] = ()
    min_volume: MinVolume | None = None

    @property
    def target_text(self) -> str:
        """Operator and target, or all tiers, for people."""
        if self.tiers:
            return f"{self.operator.sign} " + ", ".join(f"{tier.target.normalize():f} {tier.name}" for tier in self.tiers)
        others = "".join(f", {segment.target} where {segment.where.text}" for segment in self.segments)
        return f"{self.operator.sign} {self.target}{others}"


@dataclass(frozen=True, slots=True)
class Require:
    """How goals make a mission: all of them, any of them, or as an expression over their names says."""

    any: bool = False
    expression: Expression | None = None

    @property
    def text(self) -> str:
        """As users write it."""
        return self.expression.text if self.expression is not None else "any" if self.any else "all"


@dataclass(frozen=True, slots=True)
class Limits:
    """At most so much for one supplier, and for all, over all decisions of a mission."""

    per_supplier: Decimal | None = None
    budget: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Mission:
    """A window rule and conditions for a population of suppliers; `reward` is a formula over window totals.

    Windows keep the rules that they were first published with, so a mission whose rules changed is evaluated in versions:
    `version` is the fingerprint of older rules, which count for the windows `only`; today's count for all but those `aside`, and
    those that overlap with ones that they stand `behind`. `behind_own`: nor does a supplier have a part in a window that overlaps
    with one of its own by still older rules.
    """

    id: MissionId
    title: str
    window: WindowRule
    grace_days: int
    suppliers: Expression | None
    conditions: tuple[Condition, ...]
    require: Require = Require()
    reward: Expression | None = None
    limits: Limits | None = None
    version: str = ""
    only: frozenset[Window] | None = None
    aside: frozenset[Window] = frozenset()
    behind: frozenset[Window] = frozenset()
    behind_own: bool = False

    @property
    def key(self) -> str:
        """Tells versions of a mission apart."""
        return f"{self.id}@{self.version}" if self.version else self.id

    def has(self, window: Window) -> bool:
        """Whether these rules count for a window of the mission."""
        if self.only is not None:
            return window in self.only
        return window not in self.aside and not any(window.overlaps(other) for other in self.behind)

    @property
    def decides(self) -> bool:
        """Whether its windows end; rolling ones never do."""
        return self.window.kind is not WindowKind.ROLLING

    def decides_on(self, window_end: date) -> date:
        """The as-of day on which a window with this end is decided, if any is."""
        return window_end + timedelta(days=self.grace_days)

    @property
    def pays(self) -> bool:
        """Whether there is a reward anywhere in it."""
        return self.reward is not None or any(tier.reward is not None for c in self.conditions for tier in c.tiers)

    @property
    def named_metrics(self) -> set[str]:
        """Every metric that is named anywhere in it."""
        formulas = [c.formula for c in self.conditions]
        formulas += [tier.reward for c in self.conditions for tier in c.tiers if tier.reward is not None]
        formulas += [self.reward] if self.reward is not None else []
        volumes = {c.min_volume.metric for c in self.conditions if c.min_volume is not None}
        return {name for formula in formulas for name in formula.names} | volumes

    @property
    def asks_attributes(self) -> bool:
        """Whether its results depend on attributes of suppliers."""
        return (
            self.suppliers is not None
            or self.window.kind is WindowKind.SINCE
            or any(condition.segments for condition in self.conditions)
        )
