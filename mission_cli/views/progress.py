"""How far a supplier is in each running mission, what is missing, and whether it can still be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from mission_cli.formula.reach.futures import Ahead, Futures
from mission_cli.formula.reach.pace import needed
from mission_cli.formula.reach.ranges import Range, Truth
from mission_cli.formula.reach.trends import is_irreversible
from mission_cli.formula.reach.verdicts import Bounds, Outlook, counts, held, outlook_of, required, value_of
from mission_cli.model.calendar import DAY, Window, WindowKind
from mission_cli.model.errors import UsageError
from mission_cli.model.missions import Condition, Mission, Role
from mission_cli.model.project import Project
from mission_cli.store.database import kernel_engine
from mission_cli.views.evidence import Evidence
from mission_cli.views.missing import Case, missing_text, share_done
from mission_cli.views.numbers import Course, Standing
from mission_cli.views.published import chosen_day, identify, known_mission, published, results_as_of
from mission_cli.views.rules import Followed, Rules

_DECIDED = ("completed", "failed")


@dataclass(frozen=True, slots=True)
class TierProgress:
    """A step of a condition with several."""

    name: str
    val: float
    reached: bool
    outlook: str


@dataclass(frozen=True, slots=True)
class ConditionProgress:
    """A condition as published, and what can become of it.

    `share`: from 0 to 1, how much of the way to the target is done; with LT and LTE how much of it is used. With tiers all this
    is about the next one. `holds`: it counts as met now. `impossible_since`: the first as-of day from which on no orders
    whatever could have made it count as met at the end.
    """

    name: str
    role: str
    formula: str
    value: float | None
    type: str
    val: float
    val_high: float | None
    status: str
    holds: bool
    share: float
    missing: str
    outlook: str
    impossible_since: date | None = None
    tiers: tuple[TierProgress, ...] = ()


@dataclass(frozen=True, slots=True)
class MissionProgress:
    """One running window of one mission. `days_left`: days that may still bring orders, 0 when it has ended; it and
    `decided_on` are None where a window rolls. `standing`: what there is to say of the whole."""

    mission_id: str
    title: str
    window_start: date
    window_end: date
    status: str
    days_left: int | None
    decided_on: date | None
    require: str
    outlook: str
    impossible_since: date | None
    standing: str
    conditions: tuple[ConditionProgress, ...]
    rules_of: date | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """All running missions of one supplier as of a day."""

    supplier_id: str
    alias: str | None
    as_of: date
    missions: tuple[MissionProgress, ...]
    notes: tuple[str, ...] = ()


def supplier_progress(
    project: Project, root: Path, name: str, mission: str | None, day: date | None, running_day: date, today: date
) -> Progress:
    """The supplier's missions that are not decided as of a day (default: the newest). `running_day`: the business day that has
    not ended yet; what counts of it and of later days is not all there is to come.

    Raises UsageError for a supplier, mission or day that is not known.
    """
    source = published(root)
    as_of = chosen_day(source, day, today)
    results = results_as_of(source, as_of)
    who = identify(source, name, as_of, results, {s.id: s.supplier for s in project.sources})
    chosen = known_mission(source, mission) if mission is not None else None
    rows = results.filter(pl.col("supplier_id") == who.supplier_id, ~pl.col("mission_status").is_in(_DECIDED))
    rules, engine = Rules(project, source), kernel_engine(project.timezone)
    found = list(_followed(rules, rows, chosen))
    missions = []
    for followed, part in found:
        evidence = Evidence(followed.project, source, engine, who.supplier_id)
        running = _Running.of(evidence, followed.mission, as_of, running_day, part.to_dicts()).progress()
        missions.append(replace(running, rules_of=followed.since))
    shown = [followed for followed, _ in found]
    if chosen is not None and not shown and all(one.id != chosen for one in project.missions):
        raise UsageError(f'mission "{chosen}" is no longer in missions.toml; missionctl results still shows what it came to')
    return Progress(who.supplier_id, who.alias, as_of, tuple(missions), tuple(_notes(rules, as_of, shown, chosen)))


def _followed(rules: Rules, rows: pl.DataFrame, chosen: str | None) -> Iterator[tuple[Followed, pl.DataFrame]]:
    """The windows of the chosen mission, or of all: today's in their order, then those that go on by rules that are gone."""
    today = [str(mission.id) for mission in rules.today.missions]
    names = dict.fromkeys([*today, *rows["mission_id"].to_list()])
    for name in names:
        mine = rows.filter(pl.col("mission_id") == name)
        if chosen in (None, name):
            for part in mine.partition_by("window_start", "window_end", maintain_order=True):
                followed = rules.of(name, Window(*part.select("window_start", "window_end").row(0)))
                if followed is not None:
                    yield followed, part


def _notes(rules: Rules, as_of: date, shown: Sequence[Followed], chosen: str | None) -> Iterator[str]:
    missions = [one for one in rules.today.missions if chosen in (None, one.id)]
    others = [Followed(rules.today, one) for one in missions if all(followed.mission.id != one.id for followed in shown)]
    if any(rules.are_newer(as_of, followed) for followed in (*shown, *others)):
        anew = f"missionctl run --date {as_of} makes them anew"
        yield f"the rules in metrics.toml or missions.toml changed after these results were made; {anew}"


@dataclass(slots=True)
class _Running:
    """One window of one mission, and its numbers as of each day."""

    project: Project
    mission: Mission
    window: Window
    as_of: date
    running_day: date
    rows: dict[str, dict[str, Any]]
    course: Course
    _seen: dict[date, Standing] = field(default_factory=dict)

    @classmethod
    def of(cls, evidence: Evidence, mission: Mission, as_of: date, running_day: date, rows: list[dict[str, Any]]) -> _Running:
        window = Window(rows[0]["window_start"], rows[0]["window_end"])
        course = Course.of(evidence, mission, window, as_of)
        return cls(evidence.project, mission, window, as_of, running_day, {row["condition"]: row for row in rows}, course)

    def progress(self) -> MissionProgress:
        """What there is to say of it."""
        conditions = tuple(self._condition(c, self.rows[c.name]) for c in self._conditions())
        status = next(iter(self.rows.values()))["mission_status"]
        outlook, since = self._whole()
        left = int(self._ahead(self.as_of).days) if self.mission.decides else None
        return MissionProgress(
            self.mission.id,
            self.mission.title,
            self.window.start,
            self.window.end,
            status,
            left,
            self.window.end + self.mission.grace_days * DAY if self.mission.decides else None,
            self.mission.require.text,
            outlook.value,
            since,
            self._said(status, outlook),
            conditions,
        )

    def _conditions(self) -> list[Condition]:
        """Those of the rules as they are that the results know too."""
        return [condition for condition in self.mission.conditions if condition.name in self.rows]

    def _condition(self, condition: Condition, row: Mapping[str, Any]) -> ConditionProgress:
        standing, ahead = self._standing(self.as_of), self._ahead(self.as_of)
        holds = _counts_as_met(condition, row["status"])
        outlook = self._outlook(condition, self.as_of) if self.mission.decides else _of_now(holds=holds)
        since = self._since(lambda day: self._outlook(condition, day)) if outlook is Outlook.IMPOSSIBLE else None
        tiers = tuple(self._tiers(condition, row))
        upcoming = next((tier for tier in tiers if not tier.reached), None)
        bounds, reach = self._bounds(condition), outlook
        if upcoming is not None:
            bounds, reach = Bounds(upcoming.val), Outlook(upcoming.outlook)
        held_now = holds if upcoming is None else False
        elapsed = (min(self.as_of, self.window.end) - self.window.start).days + 1
        asked = needed(self.project, condition, bounds, standing.own, elapsed, int(ahead.days))
        case = Case(self.project, condition, bounds, row["value"], row["status"], held_now, reach, ahead, standing, asked)
        return ConditionProgress(
            condition.name,
            condition.role.value,
            condition.formula.text,
            row["value"],
            row["type"],
            bounds.low,
            bounds.high,
            row["status"],
            holds,
            share_done(condition, bounds, row["value"], holds=held_now),
            missing_text(case),
            outlook.value,
            since,
            tiers,
        )

    def _tiers(self, condition: Condition, row: Mapping[str, Any]) -> Iterator[TierProgress]:
        """Each step, and whether it is reached now; not where there is no data, or too little of it."""
        judged = row["status"] in ("met", "unmet") and row["value"] is not None
        value = value_of(self._futures(self.as_of), condition) if condition.tiers else Range(0, 0)
        for tier in condition.tiers:
            bounds = Bounds(float(tier.target))
            reached = judged and held(condition.operator, Range(row["value"], row["value"]), bounds).yes
            can = held(condition.operator, value, bounds)
            outlook = outlook_of(Truth(can.yes, can.no or can.unknown)) if self.mission.decides else _of_now(holds=reached)
            yield TierProgress(tier.name, bounds.low, reached, outlook.value)

    def _whole(self) -> tuple[Outlook, date | None]:
        """Of the mission: what it can come to, and since when it cannot be completed."""
        if len(self._conditions()) < len(self.mission.conditions):
            return Outlook.OPEN, None
        if not self.mission.decides:
            return _of_now(holds=next(iter(self.rows.values()))["mission_status"] == "on_track"), None
        outlook = self._outlook_of_whole(self.as_of)
        return outlook, self._since(self._outlook_of_whole) if outlook is Outlook.IMPOSSIBLE else None

    def _outlook(self, condition: Condition, day: date) -> Outlook:
        return outlook_of(counts(condition, self._bounds(condition), self._futures(day)))

    def _outlook_of_whole(self, day: date) -> Outlook:
        futures = self._futures(day)
        return outlook_of(required(self.mission, [counts(c, self._bounds(c), futures) for c in self.mission.conditions]))

    def _since(self, outlook: Callable[[date], Outlook]) -> date:
        """The first day as of which it was impossible: from then on it always is, so halving finds it."""
        low, high = self.window.start - DAY, min(self.as_of, self.window.end)
        while high - low > DAY:
            middle = low + (high - low) // 2
            low, high = (low, middle) if outlook(middle) is Outlook.IMPOSSIBLE else (middle, high)
        return high

    def _bounds(self, condition: Condition) -> Bounds:
        """The supplier's target: of tiers the easiest."""
        if condition.tiers:
            return Bounds(float(condition.tiers[0].target))
        row = self.rows[condition.name]
        return Bounds(row["val"], row["val_high"])

    def _standing(self, day: date) -> Standing:
        if day not in self._seen:
            self._seen[day] = self.course.as_of(day)
        return self._seen[day]

    def _futures(self, day: date) -> Futures:
        standing = self._standing(day)
        return Futures(self.project, standing.own, self._ahead(day), standing.running)

    def _ahead(self, day: date) -> Ahead:
        through = min(day, self.window.end)
        begun = max(0, (through - max(self.window.start, self.running_day)).days + 1)
        return Ahead((self.window.end - through).days + begun, begun)

    def _said(self, status: str, outlook: Outlook) -> str:
        """The status in words."""
        if status == "voided":
            return self._voided()
        if status == "closing":
            return f"the window has ended; only late data can change it until {self.window.end + self.mission.grace_days * DAY}"
        if not self.mission.decides:
            return "holds now" if status == "on_track" else "does not hold now"
        if outlook is Outlook.REACHED:
            return "nothing can go wrong any more"
        return "all that is required holds now" if status == "on_track" else ""

    def _voided(self) -> str:
        broken = [c for c in self._conditions() if c.role is Role.GUARD and self.rows[c.name]["status"] == "unmet"]
        names = ", ".join(condition.name for condition in broken)
        own = self.mission.window.kind is WindowKind.ASSIGNED
        if broken and all(is_irreversible(self.project, condition, own_targets=own) for condition in broken):
            return f"broken: {names}"
        if broken:
            return f"broken as long as it is unmet: {names}"
        gates = [c.name for c in self._conditions() if c.role is Role.GATE and not _counts_as_met(c, self.rows[c.name]["status"])]
        return f"decided: the goals are met, but not {', '.join(gates)}"


def _of_now(*, holds: bool) -> Outlook:
    """Of a window that rolls on: nothing is ever final."""
    return Outlook.REACHED if holds else Outlook.OPEN


def _counts_as_met(condition: Condition, status: str) -> bool:
    return (
        status == "met"
        or (status == "no_data" and condition.no_data_counts_met)
        or (status == "low_volume" and condition.min_volume is not None and condition.min_volume.below_counts_met)
    )
