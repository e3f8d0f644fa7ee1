"""A supplier's number of a day, and what the numbers of a window's days come to.

Everything is a Fraction until the very end, so that no sum depends on its order; a mean is a double the moment it is
taken. Every order is looked at again for every window.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from tests.oracle.cells import rounded
from tests.oracle.language import Compiled, Expression, OutOfScope, Value, environment, only
from tests.oracle.sources import Order

DAY = timedelta(days=1)
DAY_WORDS = ["sum", "count", "min", "max", "avg", "first", "last", "distinct"]
OVER_WORDS = [*DAY_WORDS, "days", "streak"]


class Valued(NamedTuple):
    """A final order of a supplier that `where` lets through and whose expression has a value; sorts by time, then key."""

    moment: date | datetime
    key: tuple[Value, ...]
    day: date
    value: Value


Days = dict[date, Fraction]  # only days that have a value


def mean(values: Sequence[Fraction]) -> Fraction:
    """The exact sum as a double, divided as doubles are."""
    return Fraction(float(sum(values, Fraction(0))) / len(values))


def of_one_day(word: str, orders: Sequence[Valued]) -> Fraction:
    values = [order.value for order in orders]
    ways: dict[str, Callable[[], Value]] = {
        "sum": lambda: sum(values, Fraction(0)),
        "count": lambda: len(values),
        "min": lambda: min(values),
        "max": lambda: max(values),
        "avg": lambda: mean(values),
        "first": lambda: min(orders).value,
        "last": lambda: max(orders).value,
        "distinct": lambda: len(set(values)),
    }
    return Fraction(ways[word]())


def by_day(word: str, orders: Sequence[Valued]) -> Days:
    days = sorted({order.day for order in orders})
    return {day: of_one_day(word, [order for order in orders if order.day == day]) for day in days}


def of_many_days(word: str, days: Days, holds: Callable[[Fraction], bool]) -> Fraction:
    """At least one day; a day's value is all that is left of its orders."""
    values = [days[day] for day in sorted(days)]
    good = [day for day in sorted(days) if holds(days[day])]
    ways: dict[str, Callable[[], Value]] = {
        "sum": lambda: sum(values, Fraction(0)),
        "count": lambda: len(values),
        "min": lambda: min(values),
        "max": lambda: max(values),
        "avg": lambda: mean(values),
        "first": lambda: values[0],
        "last": lambda: values[-1],
        "days": lambda: len(good),
        "streak": lambda: longest_run(good),
    }
    return Fraction(ways[word]())


def longest_run(days: Sequence[date]) -> int:
    longest = run = 0
    for n, day in enumerate(days):
        run = run + 1 if n and day - days[n - 1] == DAY else 1
        longest = max(longest, run)
    return longest


def default_of(table: dict[str, Any]) -> Fraction | None:
    return Fraction(table["default_value"]) if "default_value" in table else None


class OverDays:
    """What `over_days`, `days_where` and `default_value` say."""

    def __init__(self, name: str, table: dict[str, Any], default_word: str) -> None:
        self.word = table.get("over_days", default_word)
        self.default = default_of(table)
        self.where = Expression(table["days_where"], float) if "days_where" in table else None
        if self.word not in OVER_WORDS or (self.where is not None) != (self.word in ("days", "streak")):
            raise OutOfScope(f"metrics.{name}: over_days {self.word}")

    def holds(self, value: Fraction) -> bool:
        return self.where is not None and self.where({"value": float(value)}) is True

    def total(self, days: Days) -> Fraction | None:
        return of_many_days(self.word, days, self.holds) if days else self.default


class Counted:
    """`value`, or an `expression`, of each order of `source` that `where` lets through."""

    def __init__(self, name: str, table: dict[str, Any]) -> None:
        allowed = "description source method value expression where data_type default_value day over_days days_where"
        only(table, allowed, f"metrics.{name}")
        if table["method"] not in ("single_value", "expression"):
            raise OutOfScope(f"metrics.{name}: {table['method']}")
        self.source: str = table["source"]
        self.data_type: str = table["data_type"]
        self.day: str = table.get("day", "sum")
        self.over = OverDays(name, table, "sum" if self.day == "count" else self.day)
        self.where = Expression(table.get("where", "TRUE"), Fraction)
        self.value: Compiled = constant(table) if "value" in table else Expression(table["expression"], Fraction)
        adds_up = self.day not in ("distinct", "avg") or self.over.word != "sum"
        if self.day not in DAY_WORDS or not adds_up or (self.over.word == "distinct" and self.day != "distinct"):
            raise OutOfScope(f"metrics.{name}: day {self.day}, over_days {self.over.word}")

    def valued(self, orders: Sequence[Order]) -> list[Valued]:
        found = []
        for order in orders:
            row = environment(order.row)
            value = self.value(row) if self.where(row) is True else None
            if value is not None:
                assert order.day is not None
                assert order.moment is not None
                found.append(Valued(order.moment, order.key, order.day, self.held(value)))
        return found

    def held(self, value: Value) -> Value:
        """What is only told apart or counted may be of any type, and stays as it is."""
        return value if self.day in ("count", "distinct") else rounded(value, self.data_type)

    def total(self, orders: Sequence[Valued]) -> Fraction | None:
        """Of the orders of a window; first, last, avg and distinct of a window look at its orders, not at its days."""
        both = self.day, self.over.word
        if orders and both in (("first", "first"), ("last", "last"), ("avg", "avg"), ("distinct", "distinct")):
            return of_one_day(self.day, orders)
        return self.over.total(by_day(self.day, orders))


def constant(table: dict[str, Any]) -> Compiled:
    value = Fraction(table["value"])
    return lambda _: value


class Formula:
    """Over other metrics; with `over` it is evaluated on every day by itself."""

    def __init__(self, name: str, table: dict[str, Any]) -> None:
        self.formula, self.default = Expression(table["formula"], float), default_of(table)
        self.over: OverDays | None = None
        if table.get("grain", "window") == "window":
            only(table, "description method formula grain default_value", f"metrics.{name}")
        else:
            only(table, "description method formula grain over_days days_where default_value", f"metrics.{name}")
            self.over = OverDays(name, table, "")
            if table["grain"] != "day" or self.over.word == "distinct":
                raise OutOfScope(f"metrics.{name}: {table['grain']} {self.over.word}")


Metric = Counted | Formula


def metric_of(name: str, table: dict[str, Any]) -> Metric:
    return Formula(name, table) if table["method"] == "formula" else Counted(name, table)
