"""The results as of a day, filtered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from mission_cli.views.published import Published, chosen_day, from_one_state, identify, known_mission, results_as_of, stale_note


@dataclass(frozen=True, slots=True)
class Results:
    """One row per condition, in the columns and the order of contract §4. `note`: that later data reaches them."""

    as_of: date
    rows: pl.DataFrame
    note: str | None = None


def read_results(root: Path, day: date | None, mission: str | None, supplier: str | None, today: date) -> Results:
    """The results as of a day (default: the newest), of one mission or supplier. Raises UsageError for unknown ones."""
    return from_one_state(root, lambda source: _results(source, day, mission, supplier, today))


def _results(source: Published, day: date | None, mission: str | None, supplier: str | None, today: date) -> Results:
    as_of = chosen_day(source, day, today)
    rows = results_as_of(source, as_of)
    if mission is not None:
        rows = rows.filter(pl.col("mission_id") == known_mission(source, mission))
    if supplier is not None:
        rows = rows.filter(pl.col("supplier_id") == identify(source, supplier, as_of, rows).supplier_id)
    return Results(as_of, rows, stale_note(source, as_of))
