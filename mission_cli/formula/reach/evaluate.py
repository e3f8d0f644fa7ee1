"""Which values an expression can have, where its names can have these."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from mission_cli.formula.functions import FUNCTIONS, OPERATORS
from mission_cli.formula.reach.ranges import (
    ANY_TRUTH,
    ANYTHING,
    INFINITE,
    NOTHING,
    Possible,
    Range,
    Truth,
    absolute,
    added,
    all_hold,
    arithmetic,
    as_range,
    as_truth,
    compared,
    divided,
    first_there,
    greatest,
    half_away,
    joined,
    least,
    may_be_missing,
    multiplied,
    negated,
    one_holds,
    opposite,
    point,
    remainder,
    root,
    stepped,
    subtracted,
)
from mission_cli.model.expression import Call, Literal, Name, Node, Type

_KNOWN = {
    "hour()": (0.0, 23.0),
    "minute()": (0.0, 59.0),
    "weekday()": (1.0, 7.0),
    "month()": (1.0, 12.0),
    "day()": (1.0, 31.0),
    "length()": (0.0, INFINITE),
}
_ONE: dict[str, Callable[[Range], Range]] = {
    "negative": negated,
    "abs()": absolute,
    "sqrt()": root,
    "ceil()": lambda a: stepped(a, math.ceil),
    "floor()": lambda a: stepped(a, math.floor),
    "round()": lambda a: stepped(a, half_away),
}
_TWO: dict[str, Callable[[Range, Range], Range]] = {
    "+": lambda a, b: arithmetic((a, b), added),
    "-": lambda a, b: arithmetic((a, b), subtracted),
    "*": lambda a, b: arithmetic((a, b), multiplied),
    "/": divided,
    "%": remainder,
}
_COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
Quotients = Callable[[Call], Range]


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Evaluates trees. `quotients`: bounds of a division that are known from what is divided, to narrow its result."""

    names: Mapping[str, Possible]
    quotients: Quotients | None = None

    def number(self, tree: Node) -> Range:
        """The numbers that the expression can give."""
        return as_range(self.visit(tree))

    def visit(self, node: Node) -> Possible:
        """The values of a node."""
        match node:
            case Literal():
                return _constant(node)
            case Name(name=name):
                return self.names.get(name, ANYTHING)
            case Call(op=op, args=args):
                found = _call(op, [self.visit(arg) for arg in args])
                if op == "/" and self.quotients is not None and isinstance(found, Range):
                    known = self.quotients(node)
                    return replace(found, low=max(found.low, known.low), high=min(found.high, known.high))
                return found


def _constant(node: Literal) -> Possible:
    value = node.value
    if isinstance(value, bool):
        return Truth(value, not value)
    if isinstance(value, int | Decimal):
        return point(float(value))
    return NOTHING if value is None else replace(ANYTHING, missing=False)


def _call(op: str, args: Sequence[Possible]) -> Possible:
    if op in ("case", "if()"):
        return _chosen(args)
    if op in ("and", "or"):
        return (all_hold if op == "and" else one_holds)([as_truth(arg) for arg in args])
    if op == "not":
        return opposite(as_truth(args[0]))
    if op == "coalesce()":
        return first_there(args)
    if op == "is_null":
        missing = may_be_missing(args[0])
        there = not args[0].is_empty if isinstance(args[0], Range) else args[0].yes or args[0].no
        return Truth(missing, there)
    if all(isinstance(arg, Range) for arg in args):
        return _of_numbers(op, [as_range(arg) for arg in args])
    return _whatever(op)


def _of_numbers(op: str, args: Sequence[Range]) -> Possible:
    if op in _ONE:
        return _ONE[op](args[0])
    if op in _TWO:
        return _TWO[op](args[0], args[1])
    if op in _COMPARISONS:
        return compared(op, args[0], args[1])
    match op:
        case "in":
            return one_holds([compared("=", args[0], other) for other in args[1:]])
        case "between":
            return all_hold([compared(">=", args[0], args[1]), compared("<=", args[0], args[2])])
        case "least()":
            return least(args)
        case "greatest()":
            return greatest(args)
        case "nullif()":
            return replace(args[0], missing=args[0].missing or compared("=", args[0], args[1]).yes)
        case _:
            return _whatever(op)


def _chosen(args: Sequence[Possible]) -> Possible:
    """CASE: conditions and values in turn, then the value of ELSE."""
    found: list[Possible] = []
    for when, then in zip(args[:-1:2], args[1::2], strict=False):
        truth = as_truth(when)
        found += [then] if truth.yes else []
        if not (truth.no or truth.unknown):
            return _all_of(found)
    return _all_of([*found, args[-1]])


def _all_of(found: Sequence[Possible]) -> Possible:
    whole = found[0]
    for other in found[1:]:
        whole = joined(whole, other)
    return whole


def _whatever(op: str) -> Possible:
    function = FUNCTIONS.get(op[:-2]) if op.endswith("()") else OPERATORS.get(op)
    if function is not None and function.gives is Type.BOOLEAN:
        return ANY_TRUTH
    low, high = _KNOWN.get(op, (-INFINITE, INFINITE))
    return Range(low, high, missing=True)
