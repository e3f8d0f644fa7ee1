"""The oracle's numbers of days and of windows, held against what was worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest

from tests.oracle.language import Expression, OutOfScope
from tests.oracle.metrics import Counted, Formula, longest_run
from tests.oracle.sources import Order
from tests.oracle.totals import Totals


def may(day: int) -> date:
    return date(2024, 5, day)


# Day, time, key and value. Two orders share the first moment of all, two the last one.
ORDERS = """
1 08:00 b 4
1 08:00 a 1
1 09:00 c 1
2 10:00 d -
4 07:00 f 6
4 06:00 e 9
5 23:00 h 2
5 23:00 g 2
5 22:00 i 8
"""


def orders(text: str) -> list[Order]:
    found = []
    for day, time, key, value in map(str.split, text.strip().splitlines()):
        moment = datetime.fromisoformat(f"2024-05-0{day}T{time}").replace(tzinfo=UTC)
        number = None if value == "-" else Fraction(value)
        found.append(Order({"value": number, "text": value}, "ann", (key,), may(int(day)), moment))
    return found


def counted(**options: Any) -> Counted:
    head = {"source": "trips", "method": "expression", "expression": "value", "data_type": "decimal"}
    return Counted("m", head | {name: option for name, option in options.items() if option is not None})


def total(metric: Counted, text: str = ORDERS, first: int = 1, last: int = 31) -> float | None:
    found = metric.total([order for order in metric.valued(orders(text)) if may(first) <= order.day <= may(last)])
    return None if found is None else float(found)


@pytest.mark.parametrize(
    ("day", "over", "value"),
    [
        (None, None, 33),
        ("count", None, 8),
        ("min", None, 1),
        ("max", None, 9),
        ("avg", None, 33 / 8),
        ("first", None, 1),  # of the two orders at 08:00 the one with key a
        ("last", None, 2),
        ("distinct", None, 6),
        # day by day: sums 6, 15, 12; first 1, 9, 8; last 1, 6, 2; distinct 2, 2, 2; max 4, 9, 8
        ("sum", "avg", 11),
        ("sum", "count", 3),
        ("sum", "first", 6),
        ("sum", "last", 12),
        ("sum", "max", 15),
        ("first", "sum", 18),
        ("first", "last", 8),
        ("last", "first", 1),
        ("last", "max", 6),
        ("distinct", "max", 2),
        ("distinct", "avg", 2),
        ("max", "min", 4),
        ("avg", "min", 2),
        ("avg", "last", 4),
        ("count", "max", 3),
    ],
)
def test_over_days(day: str | None, over: str | None, value: float) -> None:
    assert total(counted(day=day, over_days=over)) == value


def test_ties_of_the_last_order_go_by_key() -> None:
    """h and g both end at 23:00: h is the last one, whatever their order in the data."""
    text = ORDERS.replace("h 2", "h 7")
    for turned in (text, "\n".join(reversed(text.strip().splitlines()))):
        assert total(counted(day="last"), turned) == 7
        assert total(counted(day="first"), turned) == 1


def test_an_order_without_a_value_is_neither_first_nor_a_day() -> None:
    assert total(counted(day="first"), "1 08:00 a -\n1 09:00 b 3") == 3
    assert total(counted(over_days="count"), "1 08:00 a -\n2 09:00 b 3") == 1


def test_first_and_last_go_by_time_even_where_the_day_does_not() -> None:
    """With clocks that go back a later moment can lie in an earlier business day."""
    late, early = orders("1 10:00 a 1\n2 09:00 b 2")
    early = Order(early.row, "ann", ("b",), may(2), datetime(2024, 5, 1, 9, tzinfo=UTC))
    for word, value in (("first", 2), ("last", 1)):
        metric = counted(day=word)
        assert metric.total(metric.valued([late, early])) == value


def test_different_values_may_be_of_any_type() -> None:
    assert total(counted(expression="text", day="distinct", data_type="integer")) == 7
    assert total(counted(expression="text LIKE '%1'", day="distinct", data_type="integer")) == 2
    assert total(counted(expression="text", day="count", data_type="integer")) == 9


def test_days_and_streaks() -> None:
    """The sums of days 1, 4 and 5 are 6, 15 and 12; day 2 has an order but no value."""
    for where, days, streak in (("value >= 6", 3, 2), ("value <> 15", 2, 1), ("value > 99", 0, 0), ("value < 13", 2, 1)):
        assert total(counted(over_days="days", days_where=where)) == days
        assert total(counted(over_days="streak", days_where=where)) == streak


def test_a_streak_is_broken_by_a_day_without_data_and_goes_on_over_the_end_of_a_month() -> None:
    assert longest_run([]) == 0
    assert longest_run([may(1), may(2), may(4), may(5), may(6), may(8)]) == 3
    assert longest_run([date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)]) == 3


@pytest.mark.parametrize("over", ["sum", "count", "days", "streak", "min"])
def test_without_a_day_with_a_value_there_is_the_default_or_nothing(over: str) -> None:
    where = "value > 0" if over in ("days", "streak") else None
    for default in (None, 7):
        metric = counted(over_days=over, days_where=where, default_value=default)
        assert total(metric, first=2, last=3) == default


def test_in_a_window_of_one_day_everything_is_the_day_itself() -> None:
    assert total(counted(over_days="count"), first=4, last=4) == 1
    assert total(counted(over_days="streak", days_where="value > 20"), first=4, last=4) == 0
    assert total(counted(over_days="days", days_where="value > 2"), first=4, last=4) == 1
    assert total(counted(day="avg"), first=4, last=4) == 7.5


@pytest.mark.parametrize(
    ("day", "over", "where"),
    [
        ("distinct", "sum", None),
        ("avg", "sum", None),
        ("sum", "distinct", None),
        ("sum", "days", None),
        ("sum", "sum", "value > 1"),
        ("median", None, None),
        ("sum", "median", None),
    ],
)
def test_what_is_refused_over_days(day: str, over: str | None, where: str | None) -> None:
    with pytest.raises(OutOfScope):
        counted(day=day, over_days=over, days_where=where)


class Trips:
    """A source of Ann's orders."""

    def counted(self) -> dict[str, list[Order]]:
        return {"ann": orders(ORDERS)}


def test_a_formula_of_days_has_days_with_orders_only() -> None:
    """Its default makes `n` 0 on every day, but only four days have an order; on day 2 there is nothing to divide."""
    metrics = {
        "n": counted(method="single_value", expression=None, value=1, where="value > 1", default_value=0),
        "all": counted(day="count", default_value=0),
        "days": Formula("days", {"formula": "n", "grain": "day", "over_days": "count"}),
        "share": Formula("share", {"formula": "n / all", "grain": "day", "over_days": "avg"}),
        "good": Formula("good", {"formula": "n / all", "grain": "day", "over_days": "streak", "days_where": "value = 1"}),
        "none": Formula("none", {"formula": "n / 0", "grain": "day", "over_days": "sum", "default_value": 3}),
        "nested": Formula("nested", {"formula": "good * 10", "grain": "day", "over_days": "sum"}),
        "ratio": Formula("ratio", {"formula": "n / all"}),
    }
    totals = Totals({"trips": Trips()}, metrics)  # type: ignore[dict-item]
    got = {name: totals.total(name, "ann", may(1), may(31)) for name in metrics}
    assert got["days"] == 4
    assert got["share"] == pytest.approx(7 / 9)
    assert (got["good"], got["none"], got["nested"], got["ratio"]) == (2, 3, 20, 0.75)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("CASE WHEN a > 1 THEN a ELSE 0 END", 3),
        ("CASE WHEN nothing > 1 THEN a END", None),
        ("CASE a WHEN 1 THEN 10 WHEN 3 THEN 30 END + 1", 31),
        ("CASE WHEN a = 3 THEN 1 WHEN a = 3 THEN 2 END", 1),
        ("greatest(a, nothing, 2)", 3),
        ("least(a, 2, nothing)", 2),
        ("greatest(nothing, nothing)", None),
        ("nullif(a, 3)", None),
        ("if(nothing = 1, 1, 2)", 2),
        ("abs(a - 5)", 2),
    ],
)
def test_cases_and_functions(text: str, value: float | None) -> None:
    assert Expression(text, float)({"a": 3.0, "nothing": None}) == value
