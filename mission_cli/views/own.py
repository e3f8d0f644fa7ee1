"""What the published rosters say of one supplier: its own windows, and the segment that it is in."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import polars as pl

from mission_cli.formula.emit import identifier, over_orders
from mission_cli.model.calendar import Window, WindowKind
from mission_cli.model.missions import Condition, Mission, Segment
from mission_cli.store.database import exact_path
from mission_cli.views.evidence import Evidence
from mission_cli.views.published import read_published


def own_windows(evidence: Evidence, mission: Mission, as_of: date) -> list[Window]:
    """The supplier's windows in a mission whose suppliers have their own, as they are known as of a day; oldest first."""
    manifest = evidence.published.manifest
    if mission.window.kind is WindowKind.SINCE:
        entry = manifest.suppliers_as_of(as_of)
        if entry is None:
            return []
        rows = read_published(evidence.published.path(entry.file))
        starts = rows.filter(pl.col(entry.key).cast(pl.String) == evidence.supplier)[mission.window.field].drop_nulls()
        return [Window(start, start + timedelta(days=mission.window.days - 1)) for start in starts]
    file = manifest.assigned_as_of(mission.id, as_of)
    if file is None:
        return []
    rows = read_published(evidence.published.path(file), supplier=evidence.supplier)
    return sorted(Window(start, end) for start, end in rows.select("window_start", "window_end").rows())


def own_segment(evidence: Evidence, condition: Condition, as_of: date) -> Segment | None:
    """The first segment of the condition that the supplier's attributes as of a day fit; None when none does, or when the file
    of suppliers has not been taken in since its columns changed."""
    entry = evidence.published.manifest.suppliers_as_of(as_of)
    if entry is None or not condition.segments:
        return None
    fits = ", ".join(f"coalesce({over_orders(segment.where.tree)}, FALSE)" for segment in condition.segments)
    query = f"SELECT {fits} FROM read_parquet(?, hive_partitioning = false) WHERE CAST({identifier(entry.key)} AS VARCHAR) = ?"
    try:
        rows = evidence.engine.rows(query, [exact_path(evidence.published.path(entry.file)), evidence.supplier])
    except duckdb.BinderException:
        return None
    return next((segment for row in rows for segment, holds in zip(condition.segments, row, strict=True) if holds), None)
