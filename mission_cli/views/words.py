"""Formulas and verdicts in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mission_cli.model.expression import Call, Expression, Name, walk
from mission_cli.model.missions import Operator

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
    return f"{value:.6g}" if abs(value) < 1e6 else f"{value:,.2f}".replace(",", "")


def because(
    row: Mapping[str, Any],
    formula: Expression | None,
    values: Mapping[str, float | None],
    formulas: Mapping[str, Expression],
    *,
    counts_as_met: bool,
) -> str:
    """Why the condition of a result row is met, unmet or without data. `formulas`: metric → what it is made of, if of metrics."""
    if row["status"] == "no_data":
        causes = _causes(formula, values, formulas) if formula is not None else []
        said = f": {', '.join(causes) or _NO_NUMBER}" if formula is not None else ""
        return f"no data{said}; counts as {'met' if counts_as_met else 'unmet'}"
    sign, target = Operator(row["type"]).sign, number(row["val"])
    held = f"{number(row['value'], row['val'])} {sign} {target}"
    if row["status"] == "met":
        return f"{held} holds"
    gap = abs(row["val"] - row["value"])
    missing = f"; {number(gap)} short" if row["type"] in ("GT", "GTE") and gap else ""
    return f"{held} does not hold{missing}"


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
