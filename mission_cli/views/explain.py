"""Why does this supplier stand where they stand: an explanation put together from what is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from mission_cli.formula.usage import mission_metrics, mission_sources
from mission_cli.model.calendar import Window
from mission_cli.model.errors import UsageError
from mission_cli.model.expression import Expression
from mission_cli.model.metrics import FormulaMetric
from mission_cli.model.missions import Condition, Mission
from mission_cli.model.project import Project
from mission_cli.store.database import Database, kernel_engine
from mission_cli.views.corrections import published_corrections, with_corrections
from mission_cli.views.evidence import Evidence
from mission_cli.views.explanation import ConditionExplained, Explanation, LeftOut, MissionExplained, OrderExplained
from mission_cli.views.numbers import Numbers
from mission_cli.views.own import own_segment, own_windows
from mission_cli.views.published import (
    Identity,
    Published,
    chosen_day,
    from_one_state,
    identify,
    known_mission,
    pruned_spans,
    results_as_of,
    stale_note,
)
from mission_cli.views.rules import Followed, Rules
from mission_cli.views.standing import absence, reward_note, standing, target_note
from mission_cli.views.words import because, with_numbers


def explain_supplier(project: Project, root: Path, name: str, mission: str | None, day: date | None, today: date) -> Explanation:
    """Everything that made the supplier's results as of a day (default: the newest), down to the orders.

    Raises UsageError for a supplier, mission or day that is not known.
    """
    return from_one_state(root, lambda source: _explained(project, source, name, mission, day, today))


def _explained(project: Project, source: Published, name: str, mission: str | None, day: date | None, today: date) -> Explanation:
    as_of = chosen_day(source, day, today)
    results = results_as_of(source, as_of)
    who = identify(source, name, as_of, results, {s.id: s.supplier for s in project.sources})
    seen = _Seen(Rules(project, source), kernel_engine(project.timezone), who, as_of, results)
    chosen = [known_mission(source, mission)] if mission is not None else seen.missions()
    explained = [part for one in chosen for part in _mission(seen, one)]
    if not explained:
        raise UsageError(f'mission "{mission}" is no longer in missions.toml; missionctl results still shows what it came to')
    corrections = published_corrections(source)
    missions = [with_corrections(part, corrections, who.supplier_id, as_of) for part, _ in explained]
    notes = _notes(seen, explained)
    stale = stale_note(source, as_of)
    notes += [stale] if stale is not None else []
    if any(condition.moved for part in missions for condition in part.conditions):
        notes.append(
            f"data changed after the results as of {as_of} were published: the numbers behind them are those of today;"
            f" missionctl run --date {as_of} makes the results anew"
        )
    return Explanation(who.supplier_id, who.alias, who.attributes, as_of, tuple(missions), tuple(notes), who.left)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What an explanation looks at: the published state and its rules, who it is about, the results as of the day."""

    rules: Rules
    engine: Database
    who: Identity
    as_of: date
    results: pl.DataFrame

    def missions(self) -> list[str]:
        """Those of today, and those in which the supplier has a window that goes on by rules that are gone."""
        today = [str(mission.id) for mission in self.rules.today.missions]
        mine = self.results.filter(pl.col("supplier_id") == self.who.supplier_id)
        kept = self.rules.source.manifest.kept
        return today + [name for name in mine["mission_id"].unique(maintain_order=True) if name not in today and name in kept]

    def evidence(self, followed: Followed) -> Evidence:
        """The supplier's part of what is published, by the rules of a window."""
        return Evidence(followed.project, self.rules.source, self.engine, self.who.supplier_id)


_Part = tuple[MissionExplained, Followed]


def _notes(seen: _Seen, missions: Sequence[_Part]) -> list[str]:
    """What the reader should know: rules newer than the results, and days of the windows that wait to be computed again."""
    notes, as_of = [], seen.as_of
    if any(seen.rules.are_newer(as_of, followed) for _, followed in missions):
        notes.append(
            f"the rules in metrics.toml or missions.toml changed after these results were made; missionctl run --date {as_of}"
            " makes them anew"
        )
    spans = [
        (m.window_start, min(m.window_end, as_of)) for m, _ in missions if m.window_start is not None and m.window_end is not None
    ]
    for name, days in seen.rules.source.manifest.state.get("stale", {}).items():
        within = [day for day in days if any(start <= date.fromisoformat(day) <= end for start, end in spans)]
        if within:
            notes.append(f"days of {name} waiting to be computed again: {', '.join(within)}")
    return notes + _pruned(seen, missions)


def _pruned(seen: _Seen, missions: Sequence[_Part]) -> list[str]:
    """The days behind the numbers that are no longer kept; rules that reach farther back than before may ask for some."""
    found: dict[str, None] = {}
    for part, followed in missions:
        if part.window_start is not None and part.window_end is not None:
            for name in sorted(mission_sources(followed.project, followed.mission)):
                for span in pruned_spans(seen.rules.source, name, part.window_start, min(part.window_end, seen.as_of)):
                    said = f"days of {name} were pruned: {span}; missionctl run --date {seen.as_of} computes them again"
                    found[said] = None
    return list(found)


def _mission(seen: _Seen, mission: str) -> list[_Part]:
    """The windows of the mission in which the supplier has a row; one without conditions, saying why, when there is none."""
    every = seen.results.filter(pl.col("mission_id") == mission)
    rows = every.filter(pl.col("supplier_id") == seen.who.supplier_id)
    if rows.is_empty():
        return _absent(seen, mission, every)
    parts = rows.partition_by("window_start", "window_end", as_dict=True, maintain_order=True)
    found = []
    for span, part in parts.items():
        followed = seen.rules.of(mission, Window(*span))
        if followed is not None:
            explained = _window(seen.evidence(followed), followed.mission, Window(*span), seen.as_of, part.to_dicts())
            found.append((replace(explained, rules_of=followed.since), followed))
    return found


def _absent(seen: _Seen, name: str, every: pl.DataFrame) -> list[_Part]:
    """`every`: the mission's results; the newest window that others have in them says by which rules."""
    windows = sorted(Window(*span) for span in every.select("window_start", "window_end").unique().rows())
    followed = seen.rules.of(name, windows[-1] if windows else None)
    if followed is None:
        return []
    mission, evidence = followed.mission, seen.evidence(followed)
    own = own_windows(evidence, mission, seen.as_of) if mission.window.is_own else []
    window, why = absence(evidence.project, mission, seen.who, seen.as_of, own)
    older = _in_the_way(seen, mission, evidence, window) if window is not None else None
    if older is not None:
        why = f"its window makes way for that of {older.start} to {older.end}, which older rules made and which it overlaps with"
    left_out = _left_out(evidence, mission, window, seen.as_of) if window is not None else []
    start, end = (window.start, window.end) if window is not None else (None, None)
    explained = MissionExplained(mission.id, mission.title, start, end, None, why, left_out=tuple(left_out))
    return [(replace(explained, rules_of=followed.since), followed)]


def _in_the_way(seen: _Seen, mission: Mission, evidence: Evidence, window: Window) -> Window | None:
    return seen.rules.makes_way_for(mission, window, lambda older: own_windows(evidence, older, seen.as_of))


def _window(evidence: Evidence, mission: Mission, window: Window, as_of: date, rows: list[dict[str, Any]]) -> MissionExplained:
    numbers = Numbers.of(evidence, mission, window, as_of)
    by_name = {condition.name: condition for condition in mission.conditions}
    formulas: dict[str, Expression] = {
        metric.id: metric.formula for metric in evidence.project.metrics if isinstance(metric, FormulaMetric)
    }
    return MissionExplained(
        mission.id,
        mission.title,
        window.start,
        window.end,
        rows[0]["mission_status"],
        standing(mission, window, as_of, rows),
        mission.require.text if mission.require.any or mission.require.expression is not None else None,
        rows[0]["earned"],
        rows[0]["reward"],
        reward_note(mission, rows),
        tuple(_condition(evidence, mission, as_of, by_name.get(row["condition"]), row, numbers, formulas) for row in rows),
        tuple(numbers.terms),
        tuple(_orders(evidence, mission, window, as_of)),
        tuple(_left_out(evidence, mission, window, as_of)),
    )


def _condition(
    evidence: Evidence,
    mission: Mission,
    as_of: date,
    condition: Condition | None,
    row: dict[str, Any],
    numbers: Numbers,
    formulas: dict[str, Expression],
) -> ConditionExplained:
    formula = condition.formula if condition is not None else None
    segment = own_segment(evidence, condition, as_of) if condition is not None else None
    return ConditionExplained(
        row["condition"],
        formula.text if formula is not None else "no longer in missions.toml",
        with_numbers(formula, numbers.shown) if formula is not None else "",
        row["value"],
        row["type"],
        row["val"],
        row["val_high"],
        row["status"],
        because(row, condition, numbers.values, formulas),
        row["role"],
        row["tier"],
        row["target_from"],
        target_note(mission, condition, row, segment),
        moved=formula is not None and numbers.now.get(row["condition"]) != row["value"],
    )


def _left_out(evidence: Evidence, mission: Mission, window: Window, as_of: date) -> list[LeftOut]:
    found = []
    through = min(window.end, as_of)
    for name in sorted(mission_sources(evidence.project, mission)):
        source = evidence.project.source(name)
        found += evidence.left_out(source, window.days_through(as_of))
        found += evidence.other_days(source, window, through)
    return found


def _orders(evidence: Evidence, mission: Mission, window: Window, as_of: date) -> list[OrderExplained]:
    used = mission_metrics(evidence.project, mission)
    found = []
    for name in sorted(mission_sources(evidence.project, mission)):
        metrics = [metric for metric in evidence.project.daily_metrics(name) if metric.id in used]
        found += evidence.orders(evidence.project.source(name), metrics, window.days_through(as_of))
    return found
