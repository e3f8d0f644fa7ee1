"""The missions as they are defined, who is in them as of a day, and when they are decided next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from mission_cli.formula.usage import mission_sources
from mission_cli.model.calendar import DAY, Window, WindowKind, WindowRule, reported_windows
from mission_cli.model.missions import Condition, Mission
from mission_cli.model.project import Project
from mission_cli.store.layout import Layout
from mission_cli.store.manifest import read_manifest
from mission_cli.views.published import Published, results_as_of
from mission_cli.views.rules import Rules

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class ConditionEntry:
    """A condition in words."""

    name: str
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """Windows as of a day that keep older rules: how many different ones, and until which day the last of them is decided.
    `since`: the first as-of day of which results were published by these rules."""

    since: date
    windows: int
    until: date


@dataclass(frozen=True, slots=True)
class MissionEntry:
    """A mission in words. `population` and `windows`: how many suppliers, and how many windows of theirs, the results as of
    `as_of` have; of windows that are shared, how many different ones. None without results of that day.

    `next_decision`: of its windows that are reported, or in the case of a fixed one is still to come. `kept`: those of its
    windows that keep older rules than those shown here; `removed`: the mission is no longer in missions.toml, and what is shown
    are the rules that its windows keep.
    """

    mission_id: str
    title: str
    window: str
    grace_days: int
    suppliers: str
    as_of: date
    population: int | None
    windows: int | None
    require: str
    conditions: tuple[ConditionEntry, ...]
    reward: str | None
    limits: str | None
    next_decision: date | None
    kept: tuple[KeptEntry, ...] = ()
    removed: bool = False


def mission_entries(project: Project, root: Path, day: date | None, yesterday: date) -> list[MissionEntry]:
    """Every mission, in the order of the file, and those that were removed from it and whose windows go on; as of a day (default:
    the newest with results that has ended, else yesterday)."""
    layout = Layout(root)
    source = Published(layout.data, read_manifest(layout.manifest))
    ended = [known for known in source.manifest.results if known <= yesterday]
    as_of = day or max(ended, default=source.manifest.latest) or yesterday
    rows = results_as_of(source, as_of) if as_of in source.manifest.results else None
    rules = Rules(project, source)
    entries = [_entry(project, mission, as_of, rows) for mission in project.missions]
    if rows is None:
        return entries
    found = [replace(entry, kept=tuple(_kept(rules, entry.mission_id, _windows(rows, entry.mission_id)))) for entry in entries]
    gone = [name for name in rows["mission_id"].unique(maintain_order=True) if all(entry.mission_id != name for entry in found)]
    return found + [
        replace(_entry(followed.project, followed.mission, as_of, rows), removed=True)
        for name in gone
        if (followed := rules.of(name, _windows(rows, name)[-1])) is not None
    ]


def _windows(rows: pl.DataFrame, mission: str) -> list[Window]:
    spans = rows.filter(pl.col("mission_id") == mission).select("window_start", "window_end").unique()
    return sorted(Window(*span) for span in spans.rows())


def _kept(rules: Rules, mission: str, windows: Sequence[Window]) -> Iterator[KeptEntry]:
    """The windows that keep older rules, by these."""
    by_rules: dict[date, list[date]] = {}
    for window in windows:
        followed = rules.of(mission, window)
        if followed is not None and followed.since is not None:
            by_rules.setdefault(followed.since, []).append(window.end + followed.mission.grace_days * DAY)
    for since, decided in sorted(by_rules.items()):
        yield KeptEntry(since, len(decided), max(decided))


def _entry(project: Project, mission: Mission, as_of: date, rows: pl.DataFrame | None) -> MissionEntry:
    mine = rows.filter(pl.col("mission_id") == mission.id) if rows is not None else None
    owner = ["supplier_id"] if mission.window.is_own else []
    spans = mine.select(*owner, "window_start", "window_end").unique() if mine is not None else None
    return MissionEntry(
        mission.id,
        mission.title,
        window_in_words(mission.window),
        mission.grace_days,
        _suppliers(project, mission),
        as_of,
        mine["supplier_id"].n_unique() if mine is not None else None,
        spans.height if spans is not None else None,
        mission.require.text,
        tuple(ConditionEntry(c.name, c.role.value, condition_in_words(c)) for c in mission.conditions),
        _reward(mission),
        _limits(mission),
        _next_decision(mission, as_of, spans),
    )


def window_in_words(rule: WindowRule) -> str:
    """`week from Monday`, `28 days since onboarded_on`."""
    match rule.kind:
        case WindowKind.FIXED:
            return f"{rule.start} to {rule.end}"
        case WindowKind.WEEK:
            return f"week from {_DAYS[rule.weekday]}"
        case WindowKind.ROLLING:
            return f"rolling {_days(rule.days)}"
        case WindowKind.SINCE:
            return f"{_days(rule.days)} since {rule.field}"
        case WindowKind.ASSIGNED:
            return f"each supplier's own, {rule.file}"
        case _:
            return rule.kind.value


def condition_in_words(condition: Condition) -> str:
    """Formula and target, with what else decides how it counts."""
    parts = [f"{condition.formula.text} {condition.target_text}"]
    if condition.min_volume is not None:
        volume = condition.min_volume
        below = "met" if volume.below_counts_met else "unmet"
        parts.append(f"{below} below {volume.least.normalize():f} {volume.metric}")
    if condition.no_data_counts_met:
        parts.append("met without data")
    return "; ".join(parts)


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def _suppliers(project: Project, mission: Mission) -> str:
    if mission.suppliers is not None:
        return mission.suppliers.text
    if mission.window.kind is WindowKind.ASSIGNED:
        return "all in the file"
    return f"all with a final order in the window, in {', '.join(sorted(mission_sources(project, mission)))}"


def _reward(mission: Mission) -> str | None:
    tiers = [f"{tier.reward.text} for {tier.name}" for c in mission.conditions for tier in c.tiers if tier.reward is not None]
    parts = [mission.reward.text] if mission.reward is not None else []
    return ", plus ".join([*parts, *([", ".join(tiers)] if tiers else [])]) or None


def _limits(mission: Mission) -> str | None:
    if mission.limits is None:
        return None
    named = ((mission.limits.per_supplier, "for one supplier"), (mission.limits.budget, "for all"))
    return ", ".join(f"at most {limit.normalize():f} {whom}" for limit, whom in named if limit is not None)


def _next_decision(mission: Mission, as_of: date, spans: pl.DataFrame | None) -> date | None:
    """The earliest day on which a window is decided, from the as-of day on."""
    if not mission.decides:
        return None
    windows: Iterable[Window]
    if mission.window.is_own:
        known = spans.select("window_start", "window_end").rows() if spans is not None else []
        windows = [Window(start, end) for start, end in known]
    elif mission.window.kind is WindowKind.FIXED:
        windows = [Window(mission.window.start, mission.window.end)]
    else:
        windows = reported_windows(mission.window, mission.grace_days, as_of)
    due = [window.end + mission.grace_days * DAY for window in windows]
    return min((day for day in due if day >= as_of), default=None)
