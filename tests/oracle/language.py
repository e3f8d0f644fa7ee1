"""The expression language over one row (numbers as Fraction) or over window totals (numbers as float), three-valued.

Each text becomes a tree of closures, by recursive descent. What the grammar here does not know raises OutOfScope.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, NoReturn

Value = Any  # Fraction (float in formulas), str, bool, date, datetime in UTC, or None for NULL
Row = dict[str, Value]
Compiled = Callable[[Mapping[str, Value]], Value]


class OutOfScope(Exception):
    """The project uses something this evaluator does not judge."""


def only(table: Mapping[str, Any], allowed: str, where: str) -> None:
    if extra := set(table) - set(allowed.split()):
        raise OutOfScope(f"{where}: {', '.join(sorted(extra))}")


def environment(row: Row) -> Row:
    """The names of an expression are looked up in lower case."""
    return {name.lower(): value for name, value in row.items()}


TOKEN = re.compile(
    r"""\s*(?: (?P<number> [0-9]+ (\.[0-9]+)? ([eE][-+]?[0-9]+)? )
          | (?P<string> '(?: [^'] | '' )*' )
          | (?P<name> [^\W0-9]\w* )
          | (?P<sign> <> | != | <= | >= | [-+*/(),<>=] ) )""",
    re.VERBOSE,
)
KEYWORDS = {"AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "IS", "NULL", "TRUE", "FALSE", "CASE", "WHEN", "THEN", "ELSE", "END"}
COMPARE: dict[str, Callable[[Value, Value], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
ARITHMETIC: dict[str, Callable[[Value, Value], Value]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: None if b == 0 else a / b,
}


def and3(a: Value, b: Value) -> Value:
    return False if a is False or b is False else None if a is None or b is None else True


def not3(a: Value) -> Value:
    return None if a is None else not a


def or3(a: Value, b: Value) -> Value:
    return not3(and3(not3(a), not3(b)))


def compare(sign: str, a: Value, b: Value) -> Value:
    if a is None or b is None:
        return None
    if type(a) is not type(b):
        raise TypeError(f"{a!r} {sign} {b!r}")
    return COMPARE[sign](a, b)


def calculate(sign: str, a: Value, b: Value) -> Value:
    """NULL for NULL operands, a zero divisor, or a result that is no finite number."""
    result = None if a is None or b is None else ARITHMETIC[sign](a, b)
    return None if isinstance(result, float) and not math.isfinite(result) else result


def among(a: Value, *items: Value) -> Value:
    found: Value = False
    for item in items:
        found = or3(found, compare("=", a, item))
    return found


def between(a: Value, low: Value, high: Value) -> Value:
    return and3(compare(">=", a, low), compare("<=", a, high))


def like(a: Value, pattern: Value) -> Value:
    if a is None or pattern is None:
        return None
    wild = {"%": ".*", "_": "."}
    return re.fullmatch("".join(wild.get(c) or re.escape(c) for c in pattern), a, re.DOTALL) is not None


def coalesce(*values: Value) -> Value:
    return next((v for v in values if v is not None), None)


def of_known(choose: Callable[[list[Value]], Value]) -> Callable[..., Value]:
    """`choose` among the values that are not NULL, if there are any."""

    def chosen(*values: Value) -> Value:
        known = [v for v in values if v is not None]
        return choose(known) if known else None

    return chosen


def unless_null(function: Callable[[Value], Value]) -> Callable[[Value], Value]:
    return lambda a: None if a is None else function(a)


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "coalesce": coalesce,
    "greatest": of_known(max),
    "least": of_known(min),
    "abs": unless_null(abs),
    "nullif": lambda a, b: None if compare("=", a, b) is True else a,
    "if": lambda test, a, b: a if test is True else b,
    "lower": unless_null(str.lower),
    "upper": unless_null(str.upper),
}


def case(whens: list[tuple[Compiled, Compiled]], otherwise: Compiled) -> Compiled:
    def chosen(env: Mapping[str, Value]) -> Value:
        return next((then(env) for when, then in whens if when(env) is True), otherwise(env))

    return chosen


def lift(function: Callable[..., Value], *parts: Compiled) -> Compiled:
    return lambda env: function(*(part(env) for part in parts))


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Kind and word; keywords are signs in capitals, a string is without its quotes."""
    at, text = 0, text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise OutOfScope(f"{text!r}: {text[at:]!r}")
        at, kind = match.end(), next(k for k, word in match.groupdict().items() if word is not None)
        word = match[kind]
        if kind == "name" and word.upper() in KEYWORDS:
            yield "sign", word.upper()
        else:
            yield kind, word[1:-1].replace("''", "'") if kind == "string" else word


def constant(value: Value) -> Compiled:
    return lambda _: value


class Expression:
    """A compiled text; `names` are in lower case, as are the names that the environment must hold."""

    def __init__(self, text: str, number: Callable[[str], Value]) -> None:
        self.text, self.number, self.names, self.at = text, number, set[str](), 0
        self.tokens = [*tokens(text), ("end", "")]
        self.run = self.either()
        if self.tokens[self.at][0] != "end":
            self.refuse()

    def refuse(self) -> NoReturn:
        raise OutOfScope(f"{self.text!r}: {self.tokens[self.at]}")

    def __call__(self, env: Mapping[str, Value]) -> Value:
        return self.run(env)

    def take(self, *signs: str) -> str:
        """The next word if it is one of these, else an empty one."""
        kind, word = self.tokens[self.at]
        if kind != "sign" or word not in signs:
            return ""
        self.at += 1
        return word

    def take_kind(self, kind: str) -> str | None:
        if self.tokens[self.at][0] != kind:
            return None
        self.at += 1
        return self.tokens[self.at - 1][1]

    def need(self, sign: str) -> None:
        if not self.take(sign):
            self.refuse()

    def either(self) -> Compiled:
        left = self.both()
        while self.take("OR"):
            left = lift(or3, left, self.both())
        return left

    def both(self) -> Compiled:
        left = self.negation()
        while self.take("AND"):
            left = lift(and3, left, self.negation())
        return left

    def negation(self) -> Compiled:
        return lift(not3, self.negation()) if self.take("NOT") else self.comparison()

    def comparison(self) -> Compiled:
        left = self.sum()
        if sign := self.take(*COMPARE):
            return lift(lambda a, b: compare(sign, a, b), left, self.sum())
        if self.take("IS"):
            absent = not self.take("NOT")
            self.need("NULL")
            return lift(lambda a: (a is None) is absent, left)
        negated = self.take("NOT")
        if self.take("IN"):
            self.need("(")
            found = lift(among, left, *self.items())
        elif self.take("BETWEEN"):
            low = self.sum()
            self.need("AND")
            found = lift(between, left, low, self.sum())
        elif self.take("LIKE"):
            found = lift(like, left, self.sum())
        elif negated:
            self.refuse()
        else:
            return left
        return lift(not3, found) if negated else found

    def items(self) -> list[Compiled]:
        found = [self.either()]
        while self.take(","):
            found.append(self.either())
        self.need(")")
        return found

    def sum(self) -> Compiled:
        return self.chain(self.product, "+", "-")

    def product(self) -> Compiled:
        return self.chain(self.unary, "*", "/")

    def chain(self, part: Callable[[], Compiled], *signs: str) -> Compiled:
        left = part()
        while sign := self.take(*signs):
            left = lift(lambda a, b, sign=sign: calculate(sign, a, b), left, part())
        return left

    def unary(self) -> Compiled:
        if self.take("-"):
            return lift(lambda a: None if a is None else -a, self.unary())
        return self.unary() if self.take("+") else self.atom()

    def atom(self) -> Compiled:
        if self.take("("):
            inner = self.either()
            self.need(")")
            return inner
        if self.take("CASE"):
            return self.case()
        if word := self.take("NULL", "TRUE", "FALSE"):
            return constant({"TRUE": True, "FALSE": False}.get(word))
        if (text := self.take_kind("number")) is not None:
            return constant(self.number(text))
        if (text := self.take_kind("string")) is not None:
            return constant(text)
        return self.name((self.take_kind("name") or self.refuse()).lower())

    def case(self) -> Compiled:
        """With or without an operand, which is compared with what follows each WHEN."""
        operand = None if self.take("WHEN") else self.either()
        if operand:
            self.need("WHEN")
        whens = [self.when(operand)]
        while self.take("WHEN"):
            whens.append(self.when(operand))
        otherwise = self.either() if self.take("ELSE") else constant(None)
        self.need("END")
        return case(whens, otherwise)

    def when(self, operand: Compiled | None) -> tuple[Compiled, Compiled]:
        test = self.either()
        if operand:
            test = lift(lambda a, b: compare("=", a, b), operand, test)
        self.need("THEN")
        return test, self.either()

    def name(self, word: str) -> Compiled:
        if word == "date" and (text := self.take_kind("string")) is not None:
            return constant(date.fromisoformat(text))
        if self.take("("):
            function = FUNCTIONS.get(word) or self.refuse()
            return lift(function, *self.items())
        self.names.add(word)
        return lambda env: env[word]
