"""What is said of a condition stands, whatever days follow."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mission_cli.formula.reach.futures import Ahead, Futures, static_ranges
from mission_cli.formula.reach.pace import needed
from mission_cli.formula.reach.trends import Move, is_irreversible, trend_of
from mission_cli.formula.reach.verdicts import Bounds, Outlook, counts, outlook_of
from mission_cli.model.missions import Condition, MinVolume, Operator, Target, Tier
from tests.reach.world import OVER_TOTALS, Days, Window, decimal, formula, project

EXAMPLES = int(os.environ.get("MISSIONCTL_EXAMPLES", "60")) * 2
many = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

NAMES = [str(metric.id) for metric in project().metrics]
COMPOUND = (
    """
    a / all; small / known; fives / (fives + all); a - lost_b; sum_n + sum_z; coalesce(sum_z, 0); greatest(max_z, 3); least(a, 5)
    if(all > 4, a, 0); a * 2 + 1; rate * 100; 1 - a / (a + lost_b); -lost; abs(sum_z); good_days / days; sum_n / good_days
    round(mean_n); nullif(a, 2); rate + misses; all - a; max_z - min_z; fives / 5; kinds * row; 10 / all; -5 / (all + 1)
    a / (lost - 1); least(sum_z, max_z); greatest(max_z, min_n); a / every; bare_a / a_or_b; sqrt(a - 1); a % 3
    CASE WHEN a IS NULL THEN 1 ELSE a END; coalesce(min_z, 9); least(max_z, a); greatest(min_z, -a); least(last_n, min_n)
    first_z + first_z; a_or_b / all; small / a; a / a_or_b; all / row; -sum_n / all; sum_z / (all + 1)
""".strip()
    .replace("\n", ";")
    .split(";")
)

orders = st.fixed_dictionaries(
    {
        "kind": st.sampled_from("ABC"),
        "n": st.none() | st.integers(0, 6),
        "z": st.none() | st.integers(-4, 6),
    }
)
days = st.lists(st.lists(orders, max_size=4), max_size=5)
targets = st.integers(-4, 8).map(float) | st.sampled_from([0.5, 0.7, 1.0, 0.0, 2.5, 40.0])


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """Any condition without tiers."""
    operator = draw(st.sampled_from(list(Operator)))
    low = draw(targets)
    high = low + draw(st.integers(0, 4)) if operator is Operator.BETWEEN else None
    volume = draw(st.none() | st.builds(MinVolume, st.sampled_from(NAMES), targets.map(decimal), st.booleans()))
    target = Target(decimal(low), decimal(high) if high is not None else None)
    text = draw(st.sampled_from([*NAMES, *COMPOUND, *COMPOUND]))
    return Condition("c", formula(text), operator, target, draw(st.booleans()), min_volume=volume)


def status(condition: Condition, window: Window) -> str:
    """As the contract has it."""
    value = window.value(condition.formula)
    if value is None:
        return "no_data"
    if condition.min_volume is not None:
        volume = window.numbers([condition.min_volume.metric])[condition.min_volume.metric]
        if volume is None or volume < float(condition.min_volume.least):
            return "low_volume"
    low, high = float(condition.target.low), float(condition.target.high or 0)
    holds = {
        Operator.GT: value > low, Operator.GTE: value >= low, Operator.LT: value < low, Operator.LTE: value <= low,
        Operator.EQ: value == low, Operator.NE: value != low, Operator.BETWEEN: low <= value <= high,
    }  # fmt: skip
    return "met" if holds[condition.operator] else "unmet"


def counts_as_met(condition: Condition, found: str) -> bool:
    """As the contract has it."""
    low = condition.min_volume is not None and condition.min_volume.below_counts_met
    return found == "met" or (found == "no_data" and condition.no_data_counts_met) or (found == "low_volume" and low)


def outlook(condition: Condition, window: Window, ahead: Ahead) -> Outlook:
    """What is said after the days of the window."""
    futures = Futures(project(), window.own(), ahead, window.running())
    return outlook_of(counts(condition, Bounds.of(condition.target), futures))


ALL = {text.strip(): formula(text) for text in [*NAMES, *COMPOUND]}


def values(window: Window) -> dict[str, float | None]:
    """Every formula of the tests."""
    numbers = window.numbers()
    found = {text: OVER_TOTALS.value(made.tree, numbers) for text, made in ALL.items()}
    return {text: None if value is None else float(value) for text, value in found.items()}


@many
@given(days, days, st.data())
def test_bounds_hold_what_every_formula_comes_to(past: Days, future: Days, data: st.DataObject) -> None:
    """Of the days that have begun, what they brought so far counts, and more may come; in half of the cases none has."""
    begun = data.draw(st.just(0) | st.integers(0, len(past)))
    more = data.draw(st.lists(st.lists(orders, max_size=3), min_size=begun, max_size=begun))
    mixed = [
        data.draw(st.booleans()) for _ in range(begun)
    ]  # of a day that has begun what comes late may have come to pass first
    late = [[]] * (len(past) - begun) + more
    first = [False] * (len(past) - begun) + mixed
    whole = [[*new, *day] if swap else [*day, *new] for day, new, swap in zip(past, late, first, strict=True)]
    now = Window(past)
    futures = Futures(project(), now.own(), Ahead(len(future) + begun, begun), now.running())
    for text, value in values(Window([*whole, *future])).items():
        bounds = futures.evaluator(ALL[text].names).number(ALL[text].tree)
        inside = bounds.missing if value is None else bounds.low <= value <= bounds.high
        assert inside, (text, value, bounds)


@many
@given(days, days)
def test_formulas_move_only_as_their_trends_say(past: Days, future: Days) -> None:
    before, after = values(Window(past)), values(Window([*past, *future]))
    for text, value in before.items():
        if value is not None:
            moves = trend_of(project(), static_ranges(project()), ALL[text].tree).moves
            then = after[text]
            assert then is not None or Move.VANISHES in moves, text
            assert then is None or then <= value or Move.RISES in moves, (text, value, then)
            assert then is None or then >= value or Move.FALLS in moves, (text, value, then)


@many
@given(conditions(), days, days)
def test_what_is_said_comes_true(condition: Condition, past: Days, future: Days) -> None:
    said = outlook(condition, Window(past), Ahead(len(future)))
    end = counts_as_met(condition, status(condition, Window([*past, *future])))
    assert said is Outlook.OPEN or end is (said is Outlook.REACHED)


@many
@given(conditions(), days, st.data())
def test_it_comes_true_when_the_last_days_have_not_ended(condition: Condition, past: Days, data: st.DataObject) -> None:
    """Of the days that have begun, what they brought so far counts, and more may come."""
    future = data.draw(days)
    begun = data.draw(st.integers(0, len(past)))
    more = data.draw(st.lists(st.lists(orders, max_size=3), min_size=begun, max_size=begun))
    whole = [[*day, *late] for day, late in zip(past, [[]] * (len(past) - begun) + more, strict=True)]
    said = outlook(condition, Window(past), Ahead(len(future) + begun, begun))
    end = counts_as_met(condition, status(condition, Window([*whole, *future])))
    assert said is Outlook.OPEN or end is (said is Outlook.REACHED)


@many
@given(conditions(), days, days)
def test_what_is_impossible_stays_so(condition: Condition, past: Days, future: Days) -> None:
    """So that halving finds the first day of it; the same for what is reached."""
    saids = [outlook(condition, Window([*past, *future[:n]]), Ahead(len(future) - n)) for n in range(len(future) + 1)]
    for before, after in pairwise(saids):
        assert before is Outlook.OPEN or after is before


@many
@given(conditions(), days, days)
def test_what_is_irreversible_never_recovers(condition: Condition, past: Days, future: Days) -> None:
    assume(future)
    assume(status(condition, Window(past)) == "unmet")
    if is_irreversible(project(), condition):
        assert status(condition, Window([*past, *future])) == "unmet"


def guard(text: str) -> Condition:
    """`max_z LTE 3` as a condition."""
    left, operator, low = text.rsplit(" ", 2)
    return Condition("c", formula(left), Operator(operator), Target(decimal(float(low))))


IRREVERSIBLE = """
    max_z LTE 3; max_n LTE 3; a EQ 0; sum_n LT 5; lost GT -3; min_z GTE 1; a / all GTE 1; kinds LTE 1; all + lost_b LTE 4
    rate GTE 1; 2 * a LT 7; -a GTE -2; 10 - sum_n GT 0; good_days LT 2; row LTE 1; -5 / (all + 1) LTE -1; 10 / all GTE 2
"""
RECOVERING = """
    a / all GTE 0.9; mean_n LTE 3; a EQ 2; a GTE 2; last_n LT 3; a - all GTE -2; sum_z LTE 3; a NE 2; min_n LTE 3; max_z GT 1
"""


def listed(texts: str) -> list[str]:
    return [text.strip() for text in texts.strip().replace("\n", ";").split(";")]


@pytest.mark.parametrize("text", listed(IRREVERSIBLE))
def test_irreversible_guards(text: str) -> None:
    assert is_irreversible(project(), guard(text))


@pytest.mark.parametrize("text", listed(RECOVERING))
def test_guards_that_recover(text: str) -> None:
    assert not is_irreversible(project(), guard(text))


def test_a_least_volume_that_may_fall_lets_a_guard_recover() -> None:
    sure = Condition("c", formula("a"), Operator.LTE, Target(decimal(2)), min_volume=MinVolume("all", decimal(3), False))
    shaky = Condition("c", formula("a"), Operator.LTE, Target(decimal(2)), min_volume=MinVolume("sum_z", decimal(3), False))
    assert is_irreversible(project(), sure)
    assert not is_irreversible(project(), shaky)


# ---------------------------------------------------------------- the pace

SHARES = [
    "a / all",
    "rate",
    "percent",
    "misses",
    "a / (a + lost_b)",
    "1 - small / known",
    "a / every",
    "bare_a / a_or_b",
    "rate / 2 + 1",
]


@many
@given(
    st.sampled_from(SHARES),
    st.sampled_from([Operator.GT, Operator.GTE, Operator.LT, Operator.LTE]),
    st.sampled_from([0.0, 0.1, 0.25, 1 / 3, 0.5, 0.7, 0.9, 1.0, 70.0, 1.4]),
    st.lists(st.lists(orders, max_size=6), min_size=1, max_size=4),
    st.integers(1, 5),
)
def test_the_pace_asks_exactly_what_is_needed(text: str, operator: Operator, low: float, past: Days, left: int) -> None:
    """One hit fewer would not do, or one more would; and in a row, one order fewer would not."""
    condition = Condition("c", formula(text), operator, Target(decimal(low)))
    numbers = Window(past).own()
    asked = needed(project(), condition, Bounds.of(condition.target), numbers, len(past), left)
    if asked is None:
        return

    def holds(hits: int, misses: int) -> bool:
        return status(condition, Window([*past, [*_orders(text, hits, misses)]])) == "met"

    better = [(k, asked.of - k) for k in range(asked.of + 1)]
    met = [hits for hits, misses in better if holds(hits, misses)]
    assert asked.hits == ((min(met) if asked.rising else max(met)) if met else None)
    assert asked.holds is holds(0, 0)
    if asked.hits is None and asked.all_of is not None:
        run = asked.all_of
        assert run > asked.of
        assert holds(*((run, 0) if asked.rising else (0, run)))
        assert not holds(*((run - 1, 0) if asked.rising else (0, run - 1)))


def _orders(text: str, hits: int, misses: int) -> list[dict[str, Any]]:
    """Orders that count for the part of a share, and others that count for the rest."""
    hit, miss = {"kind": "A", "n": None, "z": 1}, {"kind": "B", "n": None, "z": 5}
    return [hit] * hits + [miss] * misses


def test_a_target_of_all_is_lost_with_the_first_miss() -> None:
    condition = Condition("c", formula("rate"), Operator.GTE, Target(decimal(1)))
    hit, miss = _orders("rate", 1, 1)
    assert outlook(condition, Window([[hit]]), Ahead(3)) is Outlook.OPEN
    assert outlook(condition, Window([[hit, miss]]), Ahead(3)) is Outlook.IMPOSSIBLE


def test_days_that_are_left_bound_days_and_streaks() -> None:
    hit = _orders("a", 1, 0)
    row = Condition("c", formula("row"), Operator.GTE, Target(decimal(3)))
    assert outlook(row, Window([hit, hit, []]), Ahead(2)) is Outlook.IMPOSSIBLE
    assert outlook(row, Window([hit, [], hit]), Ahead(2)) is Outlook.OPEN
    good = Condition("c", formula("good_days"), Operator.GTE, Target(decimal(3)))
    assert outlook(good, Window([hit, [], []]), Ahead(2)) is Outlook.OPEN
    assert outlook(good, Window([hit, [], []]), Ahead(1)) is Outlook.IMPOSSIBLE


def test_tiers_are_irreversible_by_their_easiest() -> None:
    tiers = (Tier("good", decimal(5), None), Tier("best", decimal(2), None))
    assert is_irreversible(project(), Condition("c", formula("sum_n"), Operator.LTE, Target(decimal(5)), tiers=tiers))
