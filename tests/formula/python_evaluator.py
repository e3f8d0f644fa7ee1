"""Checked tree → what it is of one row, in Python: what the language promises, written down a second time.

Over orders integers have 64 bits and decimals 38 digits, both exact; an operation whose value, or whose operand at the places
of the result, does not fit is NULL. Whatever involves a double, and everything over window totals, is double precision; NaN
and infinity are NULL wherever they appear. One exception is the engine's: -2^63 % -1 is NULL, not 0.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime, time
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from mission_cli.model.expression import Call, Literal, Name, Node, Type

Value = Any  # int, Fraction, float, str, bool, date, datetime in the zone, or None
BIGGEST = 2**63
COMPARE: dict[str, Callable[[Value, Value], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
PLAIN: dict[str, Callable[..., Value]] = {
    "lower()": str.lower,
    "upper()": str.upper,
    "trim()": lambda a: a.strip(" "),
    "length()": len,
    "starts_with()": str.startswith,
    "contains()": lambda a, b: b in a,
    "like": lambda a, b: bool(re.fullmatch("".join({"%": ".*", "_": "."}.get(c) or re.escape(c) for c in b), a, re.DOTALL)),
    "year()": lambda a: a.year,
    "month()": lambda a: a.month,
    "day()": lambda a: a.day,
    "hour()": lambda a: a.hour,
    "minute()": lambda a: a.minute,
    "weekday()": lambda a: a.isoweekday(),
    "date()": lambda a: a.date() if isinstance(a, datetime) else a,
}
BOOLEAN = ("like", "starts_with()", "contains()", *COMPARE, "and", "or", "not", "in", "between", "is_null")
TEXTUAL = ("lower()", "upper()", "trim()")


class Kind(NamedTuple):
    """What is known of a node before any row: its type, and the decimal places of a decimal."""

    type: Type
    places: int = 0


def kind_of(node: Node, *, totals: bool) -> Kind:
    """The static type of a node."""
    if isinstance(node, Literal):
        if node.type in (Type.INTEGER, Type.DECIMAL) and totals:
            return Kind(Type.DOUBLE)
        exponent = node.value.normalize().as_tuple().exponent if isinstance(node.value, Decimal) else 0
        assert isinstance(exponent, int)
        return Kind(node.type, max(0, -exponent))
    if isinstance(node, Name):
        return Kind(node.type, node.places)
    kinds = [kind_of(arg, totals=totals) for arg in node.args]
    if node.op in BOOLEAN:
        return Kind(Type.BOOLEAN)
    if node.op in TEXTUAL or node.op == "date()":
        return Kind(Type.DATE if node.op == "date()" else Type.TEXT)
    if node.op in ("/", "sqrt()"):
        return Kind(Type.DOUBLE)
    if node.op in ("ceil()", "floor()", "round()"):
        return Kind(Type.DOUBLE if totals and kinds[0].type is Type.DOUBLE else Type.INTEGER)
    if node.op in PLAIN:
        return Kind(Type.INTEGER)
    if node.op == "*" and common(kinds).type is Type.DECIMAL:
        return Kind(Type.DECIMAL, sum(kind.places for kind in kinds))
    return common([*kinds[1::2], kinds[-1]] if node.op in ("case", "if()") else kinds)


def common(kinds: list[Kind]) -> Kind:
    """What holds values of all these kinds."""
    for wide in (Type.DOUBLE, Type.DECIMAL, Type.INTEGER, Type.TIMESTAMP):
        if wide in [kind.type for kind in kinds]:
            return Kind(wide, max(kind.places for kind in kinds) if wide is Type.DECIMAL else 0)
    return next((kind for kind in kinds if kind.type is not Type.NULL), Kind(Type.NULL))


class Unfit(ArithmeticError):
    """A value that the common type of an operation cannot hold: the operation is NULL."""


class Evaluator:
    """The values of a tree. `doubtful` is set when something hung on the last bits of a double, see `near`."""

    def __init__(self, zone: str, *, totals: bool) -> None:
        self.zone, self.totals, self.doubtful = ZoneInfo(zone), totals, False

    def value(self, node: Node, row: Mapping[str, Value]) -> Value:
        """The value of a node in a row."""
        try:
            found = self._value(node, row)
        except Unfit:
            return None
        if isinstance(found, float) and not math.isfinite(found):
            return None
        kind = kind_of(node, totals=self.totals)
        if kind.type is Type.DOUBLE and found is not None:
            return finite(float(found))
        return found

    def _value(self, node: Node, row: Mapping[str, Value]) -> Value:
        if isinstance(node, Literal):
            return self._constant(node.value)
        if isinstance(node, Name):
            found = row[node.name]
            return Fraction(found) if isinstance(found, Decimal) else found
        if node.op in ("case", "if()"):
            return self._case(node, row)
        values = [self.value(arg, row) for arg in node.args]
        match node.op:
            case "and":
                return reduce(and3, values)
            case "or":
                return not3(reduce(and3, map(not3, values)))
            case "not":
                return not3(values[0])
            case "is_null":
                return values[0] is None
        kinds = [kind_of(arg, totals=self.totals) for arg in node.args]
        if node.op in PLAIN:
            return None if None in values else PLAIN[node.op](*values)
        if node.op in ("coalesce()", "least()", "greatest()", "nullif()", "in", "between", *COMPARE):
            return self._held(node.op, values, common(kinds))
        return None if None in values else self._calculated(node.op, values, kinds, kind_of(node, totals=self.totals))

    def _constant(self, value: Value) -> Value:
        if isinstance(value, bool) or not isinstance(value, int | Decimal | datetime):
            return value
        if isinstance(value, datetime):
            return value.replace(tzinfo=self.zone) if value.tzinfo is None else value.astimezone(self.zone)
        if self.totals:
            return float(value)
        return Fraction(value) if isinstance(value, Decimal) else value

    def _case(self, node: Call, row: Mapping[str, Value]) -> Value:
        kind = kind_of(node, totals=self.totals)
        for when, then in zip(node.args[:-1:2], node.args[1::2], strict=True):
            if self.value(when, row) is True:
                return self.fitted(self.value(then, row), kind)
        return self.fitted(self.value(node.args[-1], row), kind)

    def fitted(self, value: Value, kind: Kind) -> Value:
        """The value as one of the kind. Raises Unfit."""
        if value is None:
            return None
        match kind.type:
            case Type.DOUBLE:
                return float(value)
            case Type.DECIMAL if abs(value) * 10**kind.places >= 10**38:
                raise Unfit
            case Type.DECIMAL:
                return Fraction(value)
            case Type.TIMESTAMP if not isinstance(value, datetime):
                return datetime.combine(value, time(), self.zone)
        return value

    def _held(self, op: str, values: list[Value], kind: Kind) -> Value:
        if op == "coalesce()":
            return self.fitted(next((value for value in values if value is not None), None), kind)
        values = [self.fitted(value, kind) for value in values]
        known = [value for value in values if value is not None]
        if kind.type is Type.DOUBLE:
            self.doubtful |= any(near(a, b) for a in known for b in known if a is not b)
        match op:
            case "least()" | "greatest()":
                return (min if op == "least()" else max)(known, default=None)
            case "nullif()":
                return None if values[0] is not None and values[0] == values[1] else values[0]
            case "in":
                return not3(reduce(and3, [compare("<>", values[0], item) for item in values[1:]]))
            case "between":
                return and3(compare(">=", values[0], values[1]), compare("<=", values[0], values[2]))
        return compare(op, *values)

    def _calculated(self, op: str, values: list[Value], kinds: list[Kind], kind: Kind) -> Value:
        if op in ("ceil()", "floor()", "round()"):
            return self._rounded(op, values[0], kind)
        if op == "sqrt()":
            root = float(values[0])
            return math.sqrt(root) if root >= 0 else None
        if op == "/" or kind.type is Type.DOUBLE:
            return self._double(op, [float(value) for value in values])
        if kind.type is Type.DECIMAL:
            places = [own.places if op == "*" else kind.places for own in kinds]
            values = [self.fitted(v, Kind(Type.DECIMAL, wide)) for v, wide in zip(values, places, strict=True)]
            return self.fitted(exact(op, *values), kind)
        result = exact(op, *values)
        broken = result is not None and not -BIGGEST <= result < BIGGEST
        return None if broken or (op == "%" and values == [-BIGGEST, -1]) else result

    def _double(self, op: str, values: list[float]) -> float | None:
        if op in ("negative", "abs()"):
            return -values[0] if op == "negative" else abs(values[0])
        a, b = values
        if op in ("/", "%"):
            if op == "%" and b:
                rest = abs(math.fmod(a, b) / b)
                self.doubtful |= abs(a) / abs(b) * 1e-3 > min(rest, 1 - rest)
            return None if b == 0 else finite(a / b if op == "/" else math.fmod(a, b))
        result = {"+": operator.add, "-": operator.sub, "*": operator.mul}[op](a, b)
        self.doubtful |= op != "*" and abs(result) < 1e-3 * max(abs(a), abs(b))
        return finite(result)

    def _rounded(self, op: str, value: Value, kind: Kind) -> Value:
        if isinstance(value, float):
            self.doubtful |= abs(value * 2 - round(value * 2)) <= 1e-9 * abs(value) if abs(value) < 1e300 else False
        down = math.floor(value)
        up = math.ceil(value)
        part = abs(Fraction(value)) % 1
        away = (up if value > 0 else down) if part >= Fraction(1, 2) else (down if value > 0 else up)
        result = {"ceil()": up, "floor()": down, "round()": away}[op]
        if kind.type is Type.DOUBLE:
            return float(result)
        return result if -BIGGEST <= result < BIGGEST else None


def finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def near(a: float, b: float) -> bool:
    """Apart by no more than what the way from a decimal to a double may make of it."""
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=0)


def exact(op: str, a: Value, b: Value = None) -> Value:
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "negative":
            return -a
        case "abs()":
            return abs(a)
    return None if b == 0 else abs(a) % abs(b) * (1 if a >= 0 else -1)  # % takes the sign of what is divided


def and3(a: Value, b: Value) -> Value:
    return False if a is False or b is False else None if a is None or b is None else True


def not3(a: Value) -> Value:
    return None if a is None else not a


def compare(sign: str, a: Value, b: Value) -> Value:
    return None if a is None or b is None else COMPARE[sign](a, b)
