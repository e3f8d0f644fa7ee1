"""The windows that belong to one supplier, in the published rosters."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from mission_cli.model.calendar import Window, WindowKind
from mission_cli.model.missions import Mission
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
