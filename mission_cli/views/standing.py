"""Where a mission stands, what it pays and why a supplier has no part in it, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from mission_cli.formula.usage import mission_sources
from mission_cli.model.calendar import Window, WindowKind, reported_windows
from mission_cli.model.missions import Condition, Mission, Segment
from mission_cli.model.project import Project
from mission_cli.views.published import Identity
from mission_cli.views.words import number

Row = Mapping[str, Any]


def standing(mission: Mission, window: Window, as_of: date, rows: Sequence[Row]) -> str:
    """The status of a mission, and what of it or the calendar makes it so. `rows`: its conditions as published."""
    left = (window.end - as_of).days
    failing = [row["condition"] for row in rows if row["role"] == "gate" and row["status"] != "met"]
    broken = [row["condition"] for row in rows if row["role"] == "guard" and row["status"] == "unmet"]
    to_go = "a rolling window is never decided" if not mission.decides else f"{_days(left)} to go"
    match rows[0]["mission_status"]:
        case "on_track":
            return f"{_all_hold(mission)} now; {to_go}"
        case "active":
            return f"not {_what(mission)} yet; {to_go}"
        case "closing":
            return f"the window has ended; late data is taken in for {_days(mission.grace_days + left)} before it is decided"
        case "completed":
            return f"decided: {'every condition was met' if _plain(mission) else 'what is required was met'}"
        case "voided" if broken:
            return f"the guard {', '.join(broken)} is broken"
        case "voided":
            return f"decided: the goals were met, but not the gate {', '.join(failing)}"
        case _:
            return f"decided: {'not every condition was met' if _plain(mission) else 'what is required was not met'}"


def _plain(mission: Mission) -> bool:
    """Whether simply every condition is required."""
    return mission.require.expression is None and not mission.require.any


def _all_hold(mission: Mission) -> str:
    return "every condition holds" if _plain(mission) else "what is required holds"


def _what(mission: Mission) -> str:
    return "every condition holds" if _plain(mission) else "all that is required holds"


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def reward_note(mission: Mission, rows: Sequence[Row]) -> str | None:
    """What the reward is made of, and what limits left of it; None where nothing was earned."""
    earned, paid = rows[0]["earned"], rows[0]["reward"]
    if earned is None:
        return None
    parts = [f"reward = {mission.reward.text}"] if mission.reward is not None else []
    by_name = {condition.name: condition for condition in mission.conditions}
    for row in rows:
        condition = by_name.get(row["condition"])
        tier = next((t for t in condition.tiers if t.name == row["tier"]), None) if condition is not None else None
        if tier is not None and tier.reward is not None:
            parts.append(f"{tier.name} = {tier.reward.text}")
    said = ", ".join(parts)
    if paid == earned or mission.limits is None:
        return said
    limits = mission.limits
    bounds = [f"{number(float(limits.per_supplier))} for a supplier"] if limits.per_supplier is not None else []
    bounds += [f"{number(float(limits.budget))} in all"] if limits.budget is not None else []
    cut = number(earned - paid)
    return f"{said}; earned {number(earned)}, of which {cut} was cut: the mission pays at most {' and '.join(bounds)}"


def target_note(mission: Mission, condition: Condition | None, row: Row, segment: Segment | None) -> str | None:
    """Where the target is from, when it is not simply the mission's. `segment`: the one that the supplier is in."""
    if row["target_from"] == "supplier":
        return f"the supplier's own target, from {mission.window.file}"
    if row["target_from"] == "segment":
        return f"the target where {segment.where.text}" if segment is not None else "the target of a segment"
    return "the target of all others" if condition is not None and condition.segments else None


def absence(project: Project, mission: Mission, who: Identity, as_of: date, own: Sequence[Window]) -> tuple[Window | None, str]:
    """Why a supplier has no result in a mission, and the window that would be the one. `own`: the supplier's own windows."""
    shared = [] if mission.window.is_own else reported_windows(mission.window, mission.grace_days, as_of)
    windows = [w for w in own if w.is_reported(mission.grace_days, as_of)] if mission.window.is_own else shared
    if mission.window.is_own and not own:
        if mission.window.kind is WindowKind.SINCE:
            return None, f"no window: its {mission.window.field} is {who.attributes.get(mission.window.field, 'not known')}"
        return None, f"no window is assigned to it in {mission.window.file}"
    if not windows:
        spans = sorted(own) or [Window(mission.window.start, mission.window.end)]
        said = " and ".join(f"from {w.start} to {w.end}" for w in spans[:3])
        return None, f"not reported as of {as_of}: its window runs {said}, grace {mission.grace_days} days"
    if mission.suppliers is not None:
        if who.left is not None and windows[-1].start >= date.fromisoformat(who.left):
            return windows[-1], f"it is no longer in the suppliers' file as of {who.left}, and the window did not run before"
        named = [f"{name} is {who.attributes.get(name, 'not known')}" for name in mission.suppliers.names]
        return windows[-1], f"not in its population: {mission.suppliers.text} does not hold ({', '.join(named)})"
    sources = ", ".join(sorted(mission_sources(project, mission)))
    return windows[-1], f"no final order in the window so far, in {sources}"
