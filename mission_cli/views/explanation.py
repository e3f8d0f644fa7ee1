"""What an explanation says, as values: mission → condition → formula with numbers → metrics → days → orders."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Term:
    """A metric of a formula over the window. `total` is exact, as text; `day_totals`: day → value, of metrics that have one.

    `where`: which orders count; `in_day` and `over_days`: what becomes of values within a day and of those of days, of which
    `days_where` may choose some. `detail`: which days, which values, which order made the number.
    """

    metric: str
    description: str
    total: str | None
    from_default: bool
    formula: str | None = None
    with_numbers: str | None = None
    source: str | None = None
    method: str | None = None
    where: str | None = None
    in_day: str | None = None
    over_days: str | None = None
    days_where: str | None = None
    detail: str | None = None
    day_totals: dict[date, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConditionExplained:
    """A condition as published, its formula with the window's numbers in it, and in words why it stands as it does.

    `val` and `val_high`: the target that counted, or its bounds; `target_from` default, segment or supplier, and `target_note`
    why that one. `moved`: on the data of today the formula has another value than the published one.
    """

    name: str
    formula: str
    with_numbers: str
    value: float | None
    type: str
    val: float
    val_high: float | None
    status: str
    because: str
    role: str
    tier: str | None
    target_from: str
    target_note: str | None = None
    moved: bool = False


@dataclass(frozen=True, slots=True)
class OrderExplained:
    """An order of the supplier. `counts`: metric → what it adds; `filtered`: metric → the `where` that it fails."""

    source: str
    day: date
    key: str
    time: str | None
    columns: dict[str, Any]
    counts: dict[str, str]
    filtered: dict[str, str]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that does not count, and why; `winner` is where the version that does count came from.

    `routine`: an open version whose final one came later, as every order has. `other_day`: final, but just outside the window.
    """

    source: str
    day: date | None
    key: str
    time: str | None
    why: str
    file: str
    line: int
    winner: str | None = None
    routine: bool = False
    other_day: bool = False


@dataclass(frozen=True, slots=True)
class MissionExplained:
    """One window of one mission. Empty `conditions` with a `because` when the supplier has no row in it.

    `corrections`: how data that came after the decision differs from it, in words.

    `require`: how goals make the mission, where it is not all of them. `earned`: before limits; `reward`: what is paid, and
    `reward_note` what of it is for what, and what cut it. `rules_of`: where the window keeps older rules than today's, the first
    as-of day of which results were published by them.
    """

    mission_id: str
    title: str
    window_start: date | None
    window_end: date | None
    mission_status: str | None
    because: str
    require: str | None = None
    earned: float | None = None
    reward: float | None = None
    reward_note: str | None = None
    conditions: tuple[ConditionExplained, ...] = ()
    terms: tuple[Term, ...] = ()
    orders: tuple[OrderExplained, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    corrections: tuple[str, ...] = ()
    rules_of: date | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about one supplier as of a day. `notes`: what the reader should know before believing it; `left`: from which
    as-of day on the supplier is no longer in the suppliers' file."""

    supplier_id: str
    alias: str | None
    attributes: dict[str, str]
    as_of: date
    missions: tuple[MissionExplained, ...]
    notes: tuple[str, ...] = ()
    left: str | None = None
