"""Bounds of random formulas hold what the formulas come to."""

from __future__ import annotations

import math
import os
from random import Random

import pytest

from mission_cli.formula.check import compile_text
from mission_cli.formula.errors import FormulaErrors
from mission_cli.formula.reach import evaluate
from mission_cli.formula.reach.ranges import Range, Truth, as_range, as_truth, point
from mission_cli.model.expression import Expression, Literal, Type, walk
from tests.formula.expressions import TOTALS, Writer
from tests.formula.python_evaluator import Evaluator

EXAMPLES = int(os.environ.get("MISSIONCTL_EXAMPLES", "60")) * 10
NUMBERS = [0.0, 1.0, -1.0, 0.1, 2.5, -3.25, 7.0, 1e15, 5e-324, 1e200, -1e308, math.inf]


def random_range(chance: Random) -> Range:
    """Any set of numbers."""
    low, high = sorted((chance.choice(NUMBERS) * chance.choice([1, -1]), chance.choice(NUMBERS)))
    kind = chance.random()
    if kind < 0.1:
        return point(None)
    return (
        Range(low if math.isfinite(low) or low < 0 else 0.0, high, chance.random() < 0.3)
        if kind < 0.7
        else point(chance.choice(NUMBERS[:-1]))
    )


def within(chance: Random, found: Range) -> float | None:
    """A value of the set."""
    if found.is_empty or (found.missing and chance.random() < 0.3):
        return None
    low = found.low if math.isfinite(found.low) else min(-1e6, found.high)
    high = found.high if math.isfinite(found.high) else max(1e6, found.low)
    return chance.choice(
        [low, high, *(number for number in NUMBERS if low <= number <= high), min(max(low, low / 2 + high / 2), high)]
    )


def expression(chance: Random, seed: int) -> Expression:
    """A random formula whose constants are numbers of the engine's."""
    writer = Writer(chance, totals=True)
    while True:
        family = chance.choice(["number", "number", "boolean"])
        try:
            return compile_text(writer.text(family, chance.randint(2, 5)), TOTALS, family)
        except FormulaErrors:
            continue


@pytest.mark.parametrize("portion", range(4))
def test_bounds_hold_every_value(portion: int) -> None:
    tried = 0
    for seed in range(portion * EXAMPLES // 4, (portion + 1) * EXAMPLES // 4):
        chance = Random(seed)
        made = expression(chance, seed)
        names = {name: random_range(chance) for name in "abcd"}
        found = evaluate.Evaluator(names).visit(made.tree)
        for _ in range(8):
            row = {name: within(chance, possible) for name, possible in names.items()}
            evaluator = Evaluator("UTC", totals=True)
            value = evaluator.value(made.tree, row)
            if value is None and any(math.isinf(bound) for r in names.values() for bound in (r.low, r.high)):
                continue  # what has no bound is taken to stay clear of an overflow
            tried += 1
            assert holds(found, value), (seed, made.text, names, row, found, value)
    assert tried


def holds(found: Range | Truth, value: object) -> bool:
    """Whether a set has the value."""
    if isinstance(value, bool):
        truth = as_truth(found)
        return truth.yes if value else truth.no
    if value is None:
        return found.missing if isinstance(found, Range) else found.unknown
    numbers = as_range(found)
    return not isinstance(value, int | float) or numbers.low <= value <= numbers.high


def test_points_come_to_points() -> None:
    """With everything known, arithmetic leaves nothing open: this is what the pace is computed with."""
    for seed in range(300):
        chance = Random(seed)
        made = expression(chance, seed)
        names = {name: point(chance.choice([1.0, 2.0, 7.0, 0.5])) for name in "abcd"}
        plain = all(not isinstance(node, Literal) or node.type in (Type.INTEGER, Type.DECIMAL) for node in walk(made.tree))
        arithmetic = all(getattr(node, "op", "+") in ("+", "-", "*", "/", "negative") for node in walk(made.tree))
        found = evaluate.Evaluator(names).visit(made.tree)
        if plain and arithmetic and isinstance(found, Range) and not found.is_empty:
            assert found.low == found.high, made.text
