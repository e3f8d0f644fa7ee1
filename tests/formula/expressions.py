"""Random texts of every node type, and rows to evaluate them over: nothing, zeros, the ends of each type, NaN and infinity."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

from mission_cli.formula.check import Scope
from mission_cli.formula.functions import FUNCTIONS
from mission_cli.model.expression import Type

ZONE = "Asia/Ho_Chi_Minh"
DOUBLES = [None, 0.0, -0.0, 1.0, -1.0, 0.1, 2.5, -3.25, 7.0, 1e15, 5e-324, 1e-300, 1e200, -1e308, math.nan, math.inf, -math.inf]
TEXTS = [None, "", " ", "SGN", "sgn", " HAN ", "it's", "a%b_c", "Đà Nẵng", "🚕", "50%", "\n", "\\"]
DATES = [None, date(1970, 1, 1), date(2024, 2, 29), date(2026, 10, 31), date(2026, 11, 1), date(1999, 12, 31)]
TIMES = [
    datetime(2026, 10, 31, 16, 59, 59, 999999, UTC),
    datetime(2026, 10, 31, 17, tzinfo=UTC),
    datetime(1969, 7, 20, 20, 17, tzinfo=UTC),
]
VALUES: dict[str, list[Any]] = {
    "qty": [None, 0, 1, -1, 2, 7, -45, 10**9, 2**53 + 1, 2**62, 2**63 - 1, -(2**63)],
    "trips": [None, 0, 1, 2, 3, 10],
    "fare": [None, *map(Decimal, ["0", "0.01", "-0.01", "12.34", "-5.50", "9999999999999999.99", "-9999999999999999.99"])],
    "fine": [None, *map(Decimal, ["0", "1E-9", "-1E-9", "0.5", "2.5", "-2.5", "3", "9" * 29, "-" + "9" * 29 + ".999999999"])],
    "whole": [None, *map(Decimal, ["0", "1", "-1", "12", "9" * 38, "-" + "9" * 38])],
    "score": DOUBLES,
    "ratio": [None, 0.0, 0.25, 0.7, 1.0, 3.0],
    "city": TEXTS,
    "note": TEXTS,
    "vip": [None, True, False],
    "new": [None, True, False],
    "born": DATES,
    "final_at": [None, *TIMES],
    "made_at": [None, *TIMES],
}
TYPES = {
    **dict.fromkeys(["qty", "trips"], Type.INTEGER),
    **dict.fromkeys(["fare", "fine", "whole"], Type.DECIMAL),
    **dict.fromkeys(["score", "ratio"], Type.DOUBLE),
    **dict.fromkeys(["city", "note"], Type.TEXT),
    **dict.fromkeys(["vip", "new"], Type.BOOLEAN),
    "born": Type.DATE,
    **dict.fromkeys(["final_at", "made_at"], Type.TIMESTAMP),
}
SQL_TYPES = {"fare": "DECIMAL(18,2)", "fine": "DECIMAL(38,9)", "whole": "DECIMAL(38,0)"}
ORDERS = Scope(TYPES, "column", {"fare": 2, "fine": 9, "whole": 0})
TOTALS = Scope(dict.fromkeys("abcd", Type.DOUBLE), "metric")
FAMILIES = {
    "number": ["qty", "trips", "fare", "fine", "whole", "score", "ratio"],
    "text": ["city", "note"],
    "boolean": ["vip", "new"],
    "time": ["born", "final_at", "made_at"],
    "timestamp": ["final_at", "made_at"],
}
LONG = ["2147483648", f"{2**63 - 1}", f"{2**63}", "12345678901234567890.5", "9" * 38]
LITERALS = {
    "number": ["0", "1", "2", "3", "7", "0.5", ".1", "2.25", "1e3", "0.000001", "100.00", "1e20", "1E-9", "NULL", *LONG],
    "text": ["''", "'SGN'", "'sgn'", "'%S%'", "'a_c'", "'_%'", "'it''s'", "'%'", "' x '", "'Đà'", "NULL"],
    "boolean": ["TRUE", "false", "NULL"],
    "time": ["DATE '2026-10-31'", "DATE '2024-02-29'", "TIMESTAMP '2026-11-01 00:00'", "NULL"],
    "timestamp": ["TIMESTAMP '2026-10-31 23:59:59.999999'", "TIMESTAMP '2026-11-01 00:00+07:00'", "NULL"],
}
ANY = ("number", "number", "text", "boolean", "time")
GIVES = {  # family → functions that give it, besides those that give what they are given
    "number": [n for n, f in FUNCTIONS.items() if isinstance(f.gives, Type) and f.gives.family == "number"],
    "text": ["lower", "upper", "trim"],
    "boolean": ["starts_with", "contains"],
    "time": ["date"],
    "timestamp": [],
}
CALCULATE = [n for n, f in FUNCTIONS.items() if f.gives == "same" and f.takes == ("number",)]
SAME = ["coalesce", "nullif", "if", "least", "greatest"]


def rows(chance: Random, count: int, *, totals: bool) -> list[dict[str, Any]]:
    """Rows of random values, each from the list of its column."""
    columns = dict.fromkeys("abcd", DOUBLES) if totals else VALUES
    return [{name: chance.choice(values) for name, values in columns.items()} for _ in range(count)]


class Writer:
    """Texts of a family of types, with all brackets."""

    def __init__(self, chance: Random, *, totals: bool) -> None:
        self.chance, self.totals = chance, totals

    def text(self, family: str, depth: int) -> str:
        """A text of at most `depth` levels."""
        if depth <= 1 or self.chance.random() < 0.1:
            return self.leaf(family)
        if self.chance.random() < 0.3:
            return self.same(family, depth - 1)
        return getattr(self, f"_{family}")(depth - 1)

    def leaf(self, family: str) -> str:
        names = (["a", "b", "c", "d"] if family == "number" else []) if self.totals else FAMILIES[family]
        return self.chance.choice(names if names and self.chance.random() < 0.7 else LITERALS[family])

    def same(self, family: str, depth: int) -> str:
        """What gives the type of its arguments."""
        name = self.chance.choice(["case", *SAME])
        part = [self.text(family, depth) for _ in range(3)]
        if name == "case":
            more = f" WHEN {self.text('boolean', depth)} THEN {part[1]}" if self.chance.random() < 0.5 else ""
            otherwise = f" ELSE {part[2]}" if self.chance.random() < 0.7 else ""
            return f"CASE WHEN {self.text('boolean', depth)} THEN {part[0]}{more}{otherwise} END"
        if name == "if":
            return f"if({self.text('boolean', depth)}, {part[0]}, {part[1]})"
        return f"{name}({', '.join(part[: 2 if name == 'nullif' else self.chance.choice([2, 3])])})"

    def _number(self, depth: int) -> str:
        if self.chance.random() < 0.6:
            sign = self.chance.choice(["+", "-", "*", "/", "%"])
            return f"({self.text('number', depth)} {sign} {self.text('number', depth)})"
        name = self.chance.choice(["-", *CALCULATE, *GIVES["number"]])
        if name == "-":
            return f"(- {self.text('number', depth)})"
        return f"{name}({self.text(FUNCTIONS[name].word(0), depth)})"

    def _text(self, depth: int) -> str:
        return f"{self.chance.choice(GIVES['text'])}({self.text('text', depth)})"

    def _time(self, depth: int) -> str:
        return f"date({self.text('time', depth)})"

    def _timestamp(self, depth: int) -> str:
        return self.same("timestamp", depth)

    def _boolean(self, depth: int) -> str:
        family = self.chance.choice(ANY)
        kind = self.chance.choice(["compare", "compare", "and", "or", "not", "in", "between", "like", "null", "within"])
        no = self.chance.choice(["", "NOT "])
        if kind in ("and", "or"):
            return "(" + f" {kind.upper()} ".join(self.text("boolean", depth) for _ in range(self.chance.choice([2, 3]))) + ")"
        if kind == "not":
            return f"(NOT {self.text('boolean', depth)})"
        if kind == "like":
            return f"({self.text('text', depth)} {no}LIKE {self.text('text', depth)})"
        if kind == "within":
            return f"{self.chance.choice(GIVES['boolean'])}({self.text('text', depth)}, {self.text('text', depth)})"
        value = self.text(family, depth)
        if kind == "null":
            return f"({value} IS {no}NULL)"
        if kind == "in":
            items = ", ".join(self.text(family, depth) for _ in range(self.chance.choice([1, 2, 3])))
            return f"({value} {no}IN ({items}))"
        if kind == "between":
            return f"({value} {no}BETWEEN {self.text(family, depth)} AND {self.text(family, depth)})"
        return f"({value} {self.chance.choice(['=', '<>', '!=', '<', '<=', '>', '>='])} {self.text(family, depth)})"
