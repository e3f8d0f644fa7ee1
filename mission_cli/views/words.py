"""Formulas and verdicts in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mission_cli.model.expression import Call, Expression, Name, walk
from mission_cli.model.missions import Condition, Operator

_HUGE = 1e21  # from here on an exponent says more than digits
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def with_numbers(formula: Expression, shown: Mapping[str, str]) -> str:
    """The formula's text with every metric replaced by its number: `223 / 249`."""
    if isinstance(formula.tree, Name):
        return _bare(shown.get(formula.tree.name, "no data"))
    text = formula.text
    places = sorted({(node.at, node.name) for node in walk(formula.tree) if isinstance(node, Name)}, reverse=True)
    for at, name in places:
        word = _WORD.match(text, at)
        end = word.end() if word else at
        number = shown.get(name, "no data")
        text = text[:at] + (f"({number})" if number.startswith("-") else number) + text[end:]
    return text


def _bare(text: str) -> str:
    """Without the brackets around the whole."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return text[1:-1] if place == len(text) - 1 and text[:1] == "(" else text
    return text


def number(value: float | None, beside: float | None = None) -> str:
    """A value as people read it: whole numbers without a point, others with six significant places.

    With more places where it would look like the number `beside` it without being equal to it.
    """
    if value is None:
        return "no data"
    if beside is not None and value != beside and number(value) == number(beside):
        return repr(value)
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.6g}" if abs(value) < 1e6 or abs(value) >= _HUGE else f"{value:.2f}"


def exact(amount: Decimal) -> str:
    """An exact decimal without zeros at its end."""
    return f"{amount.normalize():f}"


def target_text(operator: str, low: float, high: float | None) -> str:
    """What a value is held against: `>= 45`, `in 5..30`."""
    bounds = number(low) if high is None else f"{number(low)}..{number(high)}"
    return f"{Operator(operator).sign} {bounds}"


def because(
    row: Mapping[str, Any], condition: Condition | None, values: Mapping[str, float | None], formulas: Mapping[str, Expression]
) -> str:
    """Why the condition of a result row stands as it does. `formulas`: metric → what it is made of, if of metrics."""
    if row["status"] == "no_data":
        return _no_data(condition, values, formulas)
    if row["status"] == "low_volume":
        return _low_volume(condition, values)
    if condition is not None and condition.tiers:
        return _tiers(row, condition)
    held = f"{number(row['value'], row['val'])} {target_text(row['type'], row['val'], row['val_high'])}"
    if row["status"] == "met":
        return f"{held} holds"
    return f"{held} does not hold{_short(row['type'], row['val'], row['value'])}"


def _short(operator: str, target: float, value: float) -> str:
    gap = abs(target - value)
    return f"; {number(gap)} short" if Operator(operator).climbs and gap else ""


def _no_data(condition: Condition | None, values: Mapping[str, float | None], formulas: Mapping[str, Expression]) -> str:
    if condition is None:
        return "no data; counts as unmet"
    causes = _causes(condition.formula, values, formulas)
    counts = "met" if condition.no_data_counts_met else "unmet"
    return f"no data: {', '.join(causes) or _NO_NUMBER}; counts as {counts}"


def _low_volume(condition: Condition | None, values: Mapping[str, float | None]) -> str:
    if condition is None or condition.min_volume is None:
        return "too little volume to be judged"
    volume = condition.min_volume
    counts = "met" if volume.below_counts_met else "unmet"
    there = number(values.get(volume.metric))
    return f"{volume.metric} is {there}, less than the {number(float(volume.least))} it takes to be judged; counts as {counts}"


def _tiers(row: Mapping[str, Any], condition: Condition) -> str:
    """The tier that was reached, and what the next one takes."""
    names = [tier.name for tier in condition.tiers]
    place = names.index(row["tier"]) if row["tier"] in names else -1
    sign = condition.operator.sign
    reached = condition.tiers[place] if place >= 0 else None
    said = f"{reached.name} ({sign} {number(float(reached.target))}) is reached" if reached else "no tier is reached"
    if place + 1 == len(names):
        return f"{said}, the highest"
    following = condition.tiers[place + 1]
    gap = number(abs(float(following.target) - row["value"]))
    return f"{said}; {following.name} takes {sign} {number(float(following.target))}, {gap} away"


def _causes(formula: Expression, values: Mapping[str, float | None], formulas: Mapping[str, Expression]) -> list[str]:
    """What in a formula has no data or is a zero to divide by; of a formula in it, what in turn is the cause there."""
    causes = []
    for name in formula.names:
        if values.get(name) is None:
            inner = ", ".join(_causes(formulas[name], values, formulas) or [_NO_NUMBER]) if name in formulas else ""
            causes.append(f"{name} has no data{f' ({inner})' if inner else ''}")
    zeros = [
        arg.name
        for node in walk(formula.tree)
        if isinstance(node, Call) and node.op in ("/", "%")
        for arg in node.args[1:]
        if isinstance(arg, Name) and values.get(arg.name) == 0
    ]
    return causes + [f"{name} is 0" for name in dict.fromkeys(zeros)]


_NO_NUMBER = "the formula gives no number (a division by zero, or an overflow)"
