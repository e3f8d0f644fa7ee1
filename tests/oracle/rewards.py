"""What a completed mission earns, and what is left of it after the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from tests.oracle.cells import rounded
from tests.oracle.language import Expression
from tests.oracle.missions import Mission, Reward, Verdict


class Decision(NamedTuple):
    """A completed mission; sorts as the limits look at them."""

    day: date
    supplier: str
    start: date
    end: date
    earned: Fraction


def earned(mission: Mission, verdicts: Iterable[Verdict], formula: Callable[[Expression], float | None]) -> Fraction:
    """The mission's and those of the tiers that were reached, together never below 0, to 9 places."""
    rewards = [mission.reward, *(verdict.tier.reward for verdict in verdicts if verdict.tier)]
    return rounded(max(sum((amount(reward, formula) for reward in rewards), Fraction(0)), Fraction(0)), "decimal")


def amount(reward: Reward, formula: Callable[[Expression], float | None]) -> Fraction:
    """A formula without data counts 0."""
    return Fraction(formula(reward) or 0) if isinstance(reward, Expression) else reward or Fraction(0)


def paid(decisions: Iterable[Decision], limits: Mapping[str, int | Decimal]) -> dict[tuple[str, date, date], Fraction]:
    """By supplier and window: each decision in its turn gets what the supplier and the mission have left."""
    found: dict[tuple[str, date, date], Fraction] = {}
    so_far: dict[str, Fraction] = {}
    for decision in sorted(decisions):
        left, supplier = [decision.earned], decision.supplier
        if "per_supplier" in limits:
            left.append(Fraction(limits["per_supplier"]) - so_far.get(supplier, 0))
        if "budget" in limits:
            left.append(Fraction(limits["budget"]) - sum(so_far.values()))
        reward = max(min(left), Fraction(0))
        found[supplier, decision.start, decision.end] = reward
        so_far[supplier] = so_far.get(supplier, Fraction(0)) + reward
    return found
