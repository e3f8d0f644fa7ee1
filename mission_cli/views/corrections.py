"""Corrections of decided missions, as they are published; and what is owed by them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from mission_cli.store.brief import unpacked
from mission_cli.store.layout import CORRECTIONS
from mission_cli.views.explanation import MissionExplained
from mission_cli.views.published import (
    Published,
    chosen_day,
    from_one_state,
    identify,
    known_mission,
    read_published,
    results_as_of,
)
from mission_cli.views.words import exact

_MONEY = pl.Decimal(38, 9)
COLUMNS: dict[str, Any] = {
    "number": pl.Int32,
    "decided_on": pl.Date,
    "mission_id": pl.String,
    "supplier_id": pl.String,
    "window_start": pl.Date,
    "window_end": pl.Date,
    "old_status": pl.String,
    "new_status": pl.String,
    "old_reward": _MONEY,
    "new_reward": _MONEY,
    "owed": _MONEY,
    "cause": pl.String,
    "batch": pl.Int32,
    "file": pl.String,
    "run": pl.Int32,
    "recorded_at": pl.Datetime("us"),
    "state": pl.String,
    "closed_run": pl.Int32,
    "closed_at": pl.Datetime("us"),
    "reason": pl.String,
}


@dataclass(frozen=True, slots=True)
class Sought:
    """Which corrections to list; None means all. `first` and `last`: the days of the decisions; `every`: closed ones too."""

    mission: str | None = None
    supplier: str | None = None
    first: date | None = None
    last: date | None = None
    every: bool = False


def read_corrections(root: Path, sought: Sought, today: date) -> pl.DataFrame:
    """The corrections by number; columns as in COLUMNS. `owed` is what the supplier is to be paid more; negative: less.

    Raises UsageError for a mission or supplier that is not known.
    """
    return from_one_state(root, lambda source: _corrections(source, sought, today))


def published_corrections(source: Published) -> pl.DataFrame:
    """Every correction that is published."""
    files = [log["file"] for log in unpacked(source.manifest.state.get("logs")) if log["kind"] == CORRECTIONS]
    frames = [read_published(source.path(file)) for file in files]
    return pl.concat([pl.DataFrame(schema=COLUMNS), *(frame.select(list(COLUMNS)) for frame in frames)])


def _corrections(source: Published, sought: Sought, today: date) -> pl.DataFrame:
    rows = published_corrections(source)
    wanted = pl.lit(value=True)
    if sought.mission is not None:
        known = sought.mission in rows["mission_id"].to_list()  # of a mission that is no longer there, too
        wanted &= pl.col("mission_id") == (sought.mission if known else known_mission(source, sought.mission))
    if sought.supplier is not None:
        wanted &= pl.col("supplier_id") == _supplier(source, sought.supplier, rows, today)
    if not sought.every:
        wanted &= pl.col("state") == "open"
    first, last = sought.first or date.min, sought.last or date.max
    return rows.filter(wanted & pl.col("decided_on").is_between(first, last))


def _supplier(source: Published, name: str, rows: pl.DataFrame, today: date) -> str:
    if name in rows["supplier_id"].to_list():
        return name
    day = chosen_day(source, None, today)
    return identify(source, name, day, results_as_of(source, day)).supplier_id


@dataclass(frozen=True, slots=True)
class Owed:
    """What open corrections of a mission come to, either way."""

    mission_id: str
    to_suppliers: Decimal
    by_suppliers: Decimal


def owed_by_mission(rows: pl.DataFrame) -> list[Owed]:
    """What rows of corrections come to, in the order of the missions."""
    more, less = pl.col("owed").filter(pl.col("owed") > 0).sum(), pl.col("owed").filter(pl.col("owed") < 0).sum()
    sums = rows.group_by("mission_id").agg(more.alias("more"), less.alias("less")).sort("mission_id")
    return [Owed(mission, Decimal(to or 0), -Decimal(by or 0)) for mission, to, by in sums.rows()]


def with_corrections(part: MissionExplained, rows: pl.DataFrame, supplier: str, as_of: date) -> MissionExplained:
    """What is explained as of the day of a decision, with the corrections of it; of a supplier who has no row in the window,
    those of every window that was decided that day."""
    decided = (pl.col("decided_on") == as_of) & (pl.col("mission_id") == part.mission_id)
    mine = rows.filter(decided & (pl.col("supplier_id") == supplier))
    if part.mission_status is not None:
        mine = mine.filter((pl.col("window_start") == part.window_start) & (pl.col("window_end") == part.window_end))
    return replace(part, corrections=tuple(map(_note, mine.iter_rows(named=True))))


def _note(row: dict[str, Any]) -> str:
    first, now = decision_text(row["old_status"], row["old_reward"]), decision_text(row["new_status"], row["new_reward"])
    by = f"{Path(row['file']).name} (batch {row['batch']})" if row["file"] is not None else cause_text(row["cause"])
    said = f"correction {row['number']}: decided first as {first}, now {now}, by {by}"
    if row["state"] == "open":
        span = f"--mission {row['mission_id']} --from {row['decided_on']} --to {row['decided_on']}"
        return f"{said}; {owed_text(row['owed'])}; open until missionctl restate {span}"
    if row["state"] == "applied":
        return f"{said}; {owed_text(row['owed'])}; applied: {row['reason']}"
    return f"{said}; withdrawn since"


def decision_text(status: str | None, reward: Decimal | None) -> str:
    """`completed 50`, `failed`, or that there is none."""
    if status is None:
        return "not in the window"
    return f"{status} {exact(reward)}" if reward is not None else status


def owed_text(owed: Decimal) -> str:
    """Who is to pay whom."""
    if not owed:
        return "no money owed"
    return f"{exact(owed)} owed to the supplier" if owed > 0 else f"{exact(-owed)} owed by the supplier"


def cause_text(cause: str) -> str:
    """What changed, in words."""
    words = {
        "data": "later data",
        "suppliers": "another list of suppliers",
        "assigned": "other assigned windows",
        "rules": "a change of the configuration",
        "limits": "other awards before it",
    }
    return " and ".join(words.get(part, part) for part in cause.split(", "))
