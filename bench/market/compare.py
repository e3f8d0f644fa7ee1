"""Whether contestants gave the same results: mission, supplier, window, condition, value and both statuses."""

from __future__ import annotations

import polars as pl

KEY = ["mission_id", "supplier_id", "window_start", "condition"]
SAME = [*KEY, "window_end", "mission_status", "status"]
TOLERANCE = 1e-9


def difference(ours: pl.DataFrame, theirs: pl.DataFrame) -> str | None:
    """What differs first, in words; None when nothing does but the last digits of doubles."""
    ours, theirs = (rows.select(*SAME, pl.col("value").cast(pl.Float64)).sort(KEY) for rows in (ours, theirs))
    if ours.height != theirs.height:
        return f"{ours.height:,} rows, and {theirs.height:,}"
    for name in SAME:
        other = ours[name] != theirs[name]
        if other.any():
            at = other.arg_true()[0]
            return f"{name} of row {at}: {ours.row(at)}, and {theirs.row(at)}"
    beside = theirs["value"]
    near = ((ours["value"] - beside).abs() <= TOLERANCE * beside.abs()).fill_null(value=False)
    apart = ~(near | (ours["value"].is_null() & beside.is_null()))
    if apart.any():
        at = apart.arg_true()[0]
        return f"value of row {at}: {ours.row(at)}, and {theirs.row(at)}"
    return None
