"""The oracle's targets, tiers, roles, rewards and limits, held against what was worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.oracle.missions import Condition, Mission, Verdict
from tests.oracle.rewards import Decision, earned, paid


def may(day: int) -> date:
    return date(2024, 5, day)


# ---------------------------------------------------------------- conditions


def condition(**options: Any) -> Condition:
    return Condition({"name": "c", "formula": "x", "type": "GTE"} | options, "m")


def judged(one: Condition, value: float | None, volume: float | None = None, own: str = "", **attributes: Any) -> Verdict:
    nothing = {"city": None, "tier": None}
    return one.judge(value, volume, own, nothing | attributes)


def test_no_data_comes_before_low_volume_before_the_value() -> None:
    few = {"metric": "n", "val": 20}
    one = condition(val=0.9, min_volume=few)
    assert [judged(one, value, volume)[:2] for value, volume in ((None, 1), (1.0, 19), (1.0, None), (1.0, 20), (0.5, 20))] == [
        ("no_data", False),
        ("low_volume", False),
        ("low_volume", False),
        ("met", True),
        ("unmet", False),
    ]
    kind = condition(val=0.9, min_volume=few | {"below": "met"}, no_data="met")
    assert judged(kind, None, 1)[:2] == ("no_data", True)
    assert judged(kind, 0.1, 19)[:2] == ("low_volume", True)


def test_between_has_both_of_its_ends() -> None:
    one = condition(type="BETWEEN", val=[5, Decimal("30.5")])
    assert [judged(one, value).status for value in (4.9, 5, 30.5, 30.6)] == ["unmet", "met", "met", "unmet"]
    assert judged(one, 5).val == (5.0, 30.5)
    assert judged(one, 5, own="6..7")[:4] == ("unmet", False, (6.0, 7.0), "supplier")


@pytest.mark.parametrize("default", [5, {"val": 5}])
def test_the_suppliers_own_target_then_the_first_segment_then_the_default(default: Any) -> None:
    segments = [{"where": "tier >= 3", "val": 1}, {"where": "city = 'SGN'", "val": 2}, default]
    one = condition(val=segments)
    assert judged(one, 2, tier=Fraction(3), city="SGN")[2:4] == (1, "segment")
    assert judged(one, 2, tier=Fraction(1), city="SGN")[2:4] == (2, "segment")
    assert judged(one, 2)[:4] == ("unmet", False, 5, "default")
    assert judged(one, 2, own="1.5", tier=Fraction(3))[:4] == ("met", True, 1.5, "supplier")


def test_the_hardest_tier_that_is_reached() -> None:
    tiers = [{"name": "bronze", "val": 20}, {"name": "silver", "val": 40, "reward": 5}]
    one = condition(tiers=tiers)
    got = [judged(one, value) for value in (19, 20, 99, None)]
    assert [(v.status, v.val, v.tier and v.tier.name) for v in got] == [
        ("unmet", 20, None),
        ("met", 20, "bronze"),
        ("met", 40, "silver"),
        ("no_data", 20, None),
    ]
    late = condition(type="LT", tiers=[{"name": "good", "val": 10}, {"name": "best", "val": 5}])
    assert [judged(late, value).tier for value in (4, 5, 10)] == [late.tiers[1], late.tiers[0], None]


# ---------------------------------------------------------------- missions

MET, UNMET = ("met", True), ("unmet", False)
GAP_MET, GAP_UNMET = ("no_data", True), ("no_data", False)
ROLES = ["goal", "gate", "guard"]


def status(verdicts: Sequence[tuple[str, bool]], day: int, roles: Sequence[str] = ROLES, **options: Any) -> str:
    """Of the window of 1 to 5 May with two days of grace."""
    rules = [{"name": f"C{n}", "formula": "x", "type": "GT", "val": 0, "role": role} for n, role in enumerate(roles)]
    window = {"kind": "fixed", "start": may(1), "end": may(5)}
    mission = Mission("m", {"window": window, "grace_days": 2, "conditions": rules} | options)
    full = [Verdict(said, counts, 0.0, "default", None) for said, counts in verdicts]
    return mission.status((may(1), may(5)), may(day), full)


@pytest.mark.parametrize(
    ("verdicts", "during", "decided"),
    [
        ((MET, MET, MET), "on_track", "completed"),
        ((UNMET, MET, MET), "active", "failed"),
        ((MET, UNMET, MET), "active", "voided"),  # only a gate fails
        ((UNMET, UNMET, MET), "active", "failed"),
        ((MET, GAP_UNMET, MET), "active", "voided"),
        ((MET, GAP_MET, GAP_MET), "on_track", "completed"),
        ((MET, MET, GAP_UNMET), "active", "failed"),  # no data breaks no guard
        ((MET, UNMET, GAP_UNMET), "active", "failed"),
        ((MET, MET, ("low_volume", False)), "active", "failed"),
    ],
)
def test_goals_gates_and_guards(verdicts: Sequence[tuple[str, bool]], during: str, decided: str) -> None:
    assert [status(verdicts, day) for day in (1, 4, 5, 6, 7)] == [during, during, "closing", "closing", decided]


@pytest.mark.parametrize("goal", [MET, UNMET])
@pytest.mark.parametrize("gate", [MET, UNMET])
def test_a_broken_guard_voids_whatever_the_day(goal: tuple[str, bool], gate: tuple[str, bool]) -> None:
    assert {status((goal, gate, UNMET), day) for day in (1, 5, 7)} == {"voided"}


def test_a_broken_guard_of_a_rolling_window_is_only_not_on_track() -> None:
    rolling = {"window": {"kind": "rolling", "days": 5}, "grace_days": 0}
    assert status((MET, MET, UNMET), 5, **rolling) == "active"
    assert status((MET, MET, MET), 5, **rolling) == "on_track"


@pytest.mark.parametrize(
    ("require", "goals", "ok"),
    [
        ("all", (MET, UNMET, MET), False),
        ("any", (UNMET, GAP_MET, UNMET), True),
        ("any", (UNMET, UNMET, GAP_UNMET), False),
        ("c0 AND (C1 OR c2)", (MET, UNMET, MET), True),
        ("c0 AND (C1 OR c2)", (UNMET, MET, MET), False),
        ("NOT c0 OR c1", (GAP_UNMET, UNMET, UNMET), True),
    ],
)
def test_what_is_required(require: str, goals: Sequence[tuple[str, bool]], ok: bool) -> None:
    roles = ["goal", "goal", "goal", "gate"]
    assert status([*goals, MET], 7, roles, require=require) == ("completed" if ok else "failed")
    assert status([*goals, UNMET], 7, roles, require=require) == ("voided" if ok else "failed")


# ---------------------------------------------------------------- rewards

TIERED = {
    "window": {"kind": "day"},
    "reward": "a * 0.5 + nothing",
    "conditions": [
        {
            "name": "c",
            "formula": "b",
            "type": "GT",
            "tiers": [{"name": "one", "val": 1, "reward": 50}, {"name": "two", "val": 2, "reward": "a / 3"}],
        },
        {"name": "d", "formula": "b", "type": "GT", "val": 1, "min_volume": {"metric": "V", "val": 1}},
    ],
}


def reward(table: dict[str, Any], value: float, **metrics: float | None) -> Fraction:
    mission = Mission("m", table)
    verdicts = [one.judge(value, 9, "", {}) for one in mission.conditions]
    return earned(mission, verdicts, lambda formula: formula({"a": None, "nothing": None} | metrics))


def test_the_missions_reward_and_those_of_the_tiers() -> None:
    assert Mission("m", TIERED).names() == {"a", "b", "nothing", "v"}
    assert reward(TIERED, 2, a=2.0) == 50  # the mission's formula has no data
    assert reward(TIERED, 3, a=2.0) == Fraction("0.666666667")
    assert reward(TIERED, 3, a=2.0, nothing=4.0) == Fraction("5.666666667")
    assert reward(TIERED, 1, a=2.0, nothing=4.0) == 5
    assert reward(TIERED, 2, a=-80.0, nothing=0.0) == 10
    assert reward(TIERED, 3, a=-80.0, nothing=0.0) == 0
    assert reward(TIERED | {"reward": Decimal("12.5")}, 0) == Fraction("12.5")


def decision(day: int, supplier: str, start: int, end: int, money: int) -> Decision:
    return Decision(may(day), supplier, may(start), may(end), Fraction(money))


def test_limits_cut_in_the_order_of_days_suppliers_and_windows() -> None:
    decisions = [
        decision(5, "ann", 3, 4, 50),
        decision(5, "ann", 1, 4, 30),
        decision(4, "bob", 1, 3, 40),
        decision(5, "Zoe", 1, 4, 10),
        decision(6, "ann", 5, 5, 5),
    ]
    keys = [d[1:4] for d in sorted(decisions)]
    for given in (decisions, decisions[::-1]):
        per_supplier, budget = paid(given, {"per_supplier": 60}), paid(given, {"budget": 100})
        both = paid(given, {"per_supplier": 35, "budget": Decimal("77.5")})
        assert [per_supplier[key] for key in keys] == [40, 10, 30, 30, 0]
        assert [budget[key] for key in keys] == [40, 10, 30, 20, 0]
        assert [both[key] for key in keys] == [35, 10, 30, Fraction("2.5"), 0]
        assert [paid(given, {})[key] for key in keys] == [40, 10, 30, 50, 5]


def test_what_the_budget_took_does_not_count_against_the_supplier() -> None:
    given = [decision(1, "ann", 1, 1, 10), decision(2, "ann", 2, 2, 10)]
    assert list(paid(given, {"per_supplier": 15, "budget": 12}).values()) == [10, 2]
