"""Sets of possible values: of numbers a closed interval, of truths which of the three; and what operators make of them.

Every set holds at least what is possible, perhaps more. Bounds are computed with the operations that the engine uses on doubles:
rounding is monotone, so they stay bounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product

INFINITE = math.inf


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`; `missing`: perhaps there is none at all. No number is possible when `low` > `high`."""

    low: float
    high: float
    missing: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether no number is possible."""
        return self.low > self.high

    @property
    def is_point(self) -> bool:
        """Whether one number is possible and nothing else."""
        return self.low == self.high and not self.missing


@dataclass(frozen=True, slots=True)
class Truth:
    """Whether TRUE, FALSE and NULL are possible."""

    yes: bool
    no: bool
    unknown: bool = False

    @property
    def values(self) -> list[bool | None]:
        """Those that are possible."""
        flags = ((True, self.yes), (False, self.no), (None, self.unknown))
        return [value for value, possible in flags if possible]


Possible = Range | Truth

NOTHING = Range(INFINITE, -INFINITE, missing=True)
ANYTHING = Range(-INFINITE, INFINITE, missing=True)
ANY_TRUTH = Truth(yes=True, no=True, unknown=True)


def point(value: float | None) -> Range:
    """Exactly this; None: no number."""
    return NOTHING if value is None else Range(value, value)


def either(first: Range, other: Range) -> Range:
    """What is possible in one or the other."""
    return Range(min(first.low, other.low), max(first.high, other.high), first.missing or other.missing)


def with_default(found: Range, default: float | None) -> Range:
    """The default in place of a missing number."""
    if default is None or not found.missing:
        return found
    return replace(either(found, point(default)), missing=False)


def truth_of(values: Sequence[bool | None] | set[bool | None]) -> Truth:
    """The truth that has these values."""
    return Truth(True in values, False in values, None in values)


# ---------------------------------------------------------------- arithmetic


def arithmetic(args: Sequence[Range], bounds: Callable[..., tuple[float, float]], *, missing: bool = False) -> Range:
    """An operation that gives a number where all arguments are numbers, with these bounds of its results.

    Finite bounds may overflow, and then there is none; what has no bound is taken to stay clear of that.
    """
    if any(arg.is_empty for arg in args):
        return NOTHING
    low, high = bounds(*args)
    finite = not any(math.isinf(bound) for arg in args for bound in (arg.low, arg.high))
    overflows = finite and (math.isinf(low) or math.isinf(high))
    low, high = min(low, math.nextafter(INFINITE, 0)), max(high, math.nextafter(-INFINITE, 0))
    return Range(low, high, missing or overflows or any(arg.missing for arg in args))


def added(a: Range, b: Range) -> tuple[float, float]:
    """Bounds of a + b."""
    return a.low + b.low, a.high + b.high


def subtracted(a: Range, b: Range) -> tuple[float, float]:
    """Bounds of a - b."""
    return a.low - b.high, a.high - b.low


def multiplied(a: Range, b: Range) -> tuple[float, float]:
    """Bounds of a × b."""
    products = [_times(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    return min(products), max(products)


def _times(a: float, b: float) -> float:
    return a * b if a and b else 0.0  # an infinite bound stands for finite numbers without a limit


def divided(a: Range, b: Range) -> Range:
    """a / b; by zero there is none."""
    by_zero = b.low <= 0 <= b.high
    if b.low == b.high == 0 or a.is_empty:
        return NOTHING
    if b.low < 0 < b.high:
        return ANYTHING

    def bounds(a: Range, b: Range) -> tuple[float, float]:
        quotients = [_over(x, y, b) for x in (a.low, a.high) for y in (b.low, b.high)]
        return min(quotients), max(quotients)

    return arithmetic((a, b), bounds, missing=by_zero)


def _over(a: float, b: float, divisor: Range) -> float:
    if b == 0:  # the bound itself is no divisor: what comes close to it gives quotients without a limit
        return math.copysign(INFINITE, a if divisor.high > 0 else -a) if a else 0.0
    return 0.0 if math.isinf(b) else a / b


def remainder(a: Range, b: Range) -> Range:
    """a % b has the sign of a, and is no larger."""
    missing = b.low <= 0 <= b.high
    return arithmetic((a, b), lambda a, _: (min(a.low, 0.0), max(a.high, 0.0)), missing=missing)


def negated(a: Range) -> Range:
    """-a."""
    return a if a.is_empty else Range(-a.high, -a.low, a.missing)


def absolute(a: Range) -> Range:
    """|a|."""
    if a.is_empty:
        return a
    least = 0.0 if a.low <= 0 <= a.high else min(abs(a.low), abs(a.high))
    return Range(least, max(abs(a.low), abs(a.high)), a.missing)


def stepped(a: Range, step: Callable[[float], float]) -> Range:
    """A function that never falls, applied to a."""
    if a.is_empty:
        return a
    low, high = (bound if math.isinf(bound) else float(step(bound)) for bound in (a.low, a.high))
    return Range(low, high, a.missing)


def root(a: Range) -> Range:
    """The square root; of what is below 0 there is none."""
    if a.high < 0:
        return NOTHING
    return replace(stepped(replace(a, low=max(a.low, 0.0)), math.sqrt), missing=a.missing or a.low < 0)


def half_away(value: float) -> float:
    """The nearest whole number, halves away from zero."""
    whole = math.floor(abs(value))
    return math.copysign(whole + (abs(value) - whole >= 0.5), value)


# ---------------------------------------------------------------- choices


def greatest(args: Sequence[Range]) -> Range:
    """The largest that is there."""
    sure = [arg.low for arg in args if not arg.missing]
    low = max(sure) if sure else min(arg.low for arg in args)
    return Range(low, max(arg.high for arg in args), missing=not sure)


def least(args: Sequence[Range]) -> Range:
    """The smallest that is there."""
    return negated(greatest([negated(arg) for arg in args]))


def first_there(args: Sequence[Possible]) -> Possible:
    """What `coalesce` gives."""
    found: Possible | None = None
    for arg in args:
        found = arg if found is None else joined(without_missing(found), arg)
        if not may_be_missing(arg):
            break
    return found if found is not None else NOTHING


def joined(first: Possible, other: Possible) -> Possible:
    """What is possible in one or the other; an empty range, which NULL is, beside a truth is an unknown one."""
    if isinstance(first, Range) and isinstance(other, Range):
        return either(first, other)
    a, b = as_truth(first), as_truth(other)
    return Truth(a.yes or b.yes, a.no or b.no, a.unknown or b.unknown)


def may_be_missing(value: Possible) -> bool:
    """Whether NULL is possible."""
    return value.missing if isinstance(value, Range) else value.unknown


def without_missing(value: Possible) -> Possible:
    """The same, when it is known to be there."""
    return replace(value, missing=False) if isinstance(value, Range) else replace(value, unknown=False)


def as_truth(value: Possible) -> Truth:
    """A truth; of what is no number NULL."""
    if isinstance(value, Truth):
        return value
    return Truth(yes=False, no=False, unknown=True) if value.is_empty else ANY_TRUTH


def as_range(value: Possible) -> Range:
    """A range of numbers."""
    return value if isinstance(value, Range) else ANYTHING


# ---------------------------------------------------------------- truths


def compared(op: str, a: Range, b: Range) -> Truth:
    """a `op` b."""
    if op in (">", ">="):
        return compared({">": "<", ">=": "<="}[op], b, a)
    unknown = a.missing or b.missing
    if a.is_empty or b.is_empty:
        return Truth(yes=False, no=False, unknown=unknown)
    overlap, same = a.low <= b.high and b.low <= a.high, a.low == a.high == b.low == b.high
    match op:
        case "<":
            return Truth(a.low < b.high, a.high >= b.low, unknown)
        case "<=":
            return Truth(a.low <= b.high, a.high > b.low, unknown)
        case "=":
            return Truth(overlap, not same, unknown)
        case _:
            return Truth(not same, overlap, unknown)


def all_hold(args: Sequence[Truth]) -> Truth:
    """AND."""
    found: set[bool | None] = {True}
    for arg in args:
        pairs = product(found, arg.values)
        found = {False if False in (x, y) else None if None in (x, y) else True for x, y in pairs}
    return truth_of(found)


def one_holds(args: Sequence[Truth]) -> Truth:
    """OR."""
    return opposite(all_hold([opposite(arg) for arg in args]))


def opposite(a: Truth) -> Truth:
    """NOT."""
    return Truth(a.no, a.yes, a.unknown)
