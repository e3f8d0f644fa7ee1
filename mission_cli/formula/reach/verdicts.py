"""What a condition, and a mission of several, can still come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mission_cli.formula.reach.evaluate import Evaluator
from mission_cli.formula.reach.futures import Futures
from mission_cli.formula.reach.ranges import Range, Truth, all_hold, as_truth, compared, one_holds
from mission_cli.model.missions import Condition, Mission, Operator, Role, Target


class Outlook(StrEnum):
    """REACHED: it holds at the end whatever comes; IMPOSSIBLE: it does not, whatever comes."""

    REACHED = "reached"
    OPEN = "open"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class Bounds:
    """A target as the engine compares with it; `high` only with BETWEEN."""

    low: float
    high: float | None = None

    @classmethod
    def of(cls, target: Target) -> Bounds:
        return cls(float(target.low), float(target.high) if target.high is not None else None)


def held(operator: Operator, value: Range, bounds: Bounds) -> Truth:
    """Whether a value that may be anything in the range lies on the right side of the target."""
    low = Range(bounds.low, bounds.low)
    if operator is Operator.BETWEEN:
        high = bounds.low if bounds.high is None else bounds.high
        return all_hold([compared(">=", value, low), compared("<=", value, Range(high, high))])
    return compared(operator.sign, value, low)


def value_of(futures: Futures, condition: Condition) -> Range:
    """The possible values of the condition's formula."""
    return futures.evaluator(condition.formula.names).number(condition.formula.tree)


def counts(condition: Condition, bounds: Bounds, futures: Futures) -> Truth:
    """Whether the condition can count as met at the end of the window, and whether it can count as unmet."""
    value = value_of(futures, condition)
    met = held(condition.operator, value, bounds)
    met = Truth(met.yes, met.no)
    if condition.min_volume is not None:
        volume = condition.min_volume
        enough = compared(">=", futures.of(volume.metric), Range(float(volume.least), float(volume.least)))
        found = [met] if enough.yes else []
        found += [_always(volume.below_counts_met)] if (enough.no or enough.unknown) and not value.is_empty else []
        met = Truth(any(t.yes for t in found), any(t.no for t in found))
    if value.missing:
        missing = _always(condition.no_data_counts_met)
        met = missing if value.is_empty else Truth(met.yes or missing.yes, met.no or missing.no)
    return met


def _always(held: bool) -> Truth:  # noqa: FBT001
    return Truth(held, not held)


def outlook_of(counted: Truth) -> Outlook:
    """The outlook of what may count as met, as unmet, or both."""
    if not counted.yes:
        return Outlook.IMPOSSIBLE
    return Outlook.OPEN if counted.no or counted.unknown else Outlook.REACHED


def required(mission: Mission, counted: Sequence[Truth]) -> Truth:
    """Whether a mission can be completed, and whether it can fail. `counted`: of its conditions, in their order."""
    pairs = list(zip(mission.conditions, counted, strict=True))
    goals = {condition.name: truth for condition, truth in pairs if condition.role is Role.GOAL}
    others = [truth for condition, truth in pairs if condition.role is not Role.GOAL]
    return all_hold([_goals(mission, goals), *others])


def _goals(mission: Mission, goals: Mapping[str, Truth]) -> Truth:
    if mission.require.expression is not None:
        return as_truth(Evaluator(goals).visit(mission.require.expression.tree))
    return one_holds(list(goals.values())) if mission.require.any else all_hold(list(goals.values()))
