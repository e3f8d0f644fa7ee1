"""What the batches turned away: rejects, and records that changed nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from mission_cli.model.errors import UsageError
from mission_cli.store.brief import unpacked
from mission_cli.views.published import Published, from_one_state, read_published

REJECTS = {
    "source": pl.String,
    "batch": pl.Int32,
    "file": pl.String,
    "line": pl.Int64,
    "column": pl.String,
    "reason": pl.String,
    "raw": pl.String,
}
DUPLICATES = {
    "source": pl.String,
    "batch": pl.Int32,
    "file": pl.String,
    "line": pl.Int64,
    "key": pl.String,
    "supplier": pl.String,
    "updated": pl.String,
    "why": pl.String,
    "winner_batch": pl.Int32,
    "winner_file": pl.String,
    "winner_line": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records to list; None means all."""

    batch: int | None = None
    source: str | None = None


def read_rejects(root: Path, wanted: Wanted) -> pl.DataFrame:
    """The rejects, by batch and line. Grain: record; columns as in REJECTS."""
    return from_one_state(root, lambda found: _logged(found, "rejects", wanted, REJECTS))


def read_duplicates(root: Path, wanted: Wanted) -> pl.DataFrame:
    """Records that changed nothing or lost a conflict, by batch and line. Grain: record; columns as in DUPLICATES.

    The winner is the version that stood when this one lost; it may have lost to a newer one since.
    """
    return from_one_state(root, lambda found: _logged(found, "duplicates", wanted, DUPLICATES))


def _logged(found: Published, kind: str, wanted: Wanted, schema: dict[str, Any]) -> pl.DataFrame:
    batches = {entry["batch"]: entry for entry in unpacked(found.manifest.state.get("batches"))}
    _check(wanted, batches)
    frames = [
        read_published(found.path(log["file"])).with_columns(source=pl.lit(log["source"]))
        for log in unpacked(found.manifest.state.get("logs"))
        if log["kind"] == kind
        and wanted.source in (None, log["source"])
        and (wanted.batch is None or log["first_batch"] <= wanted.batch <= log["last_batch"])
    ]
    known = [wanted.batch] if wanted.batch is not None else list(batches)  # a refused file that was tried again has a new one
    rows = pl.concat([pl.DataFrame(schema=schema), *(frame.select(list(schema)) for frame in frames)])
    return rows.filter(pl.col("batch").is_in(known)).sort("batch", "line")


def _check(wanted: Wanted, batches: dict[int, dict[str, Any]]) -> None:
    sources = sorted({entry["source"] for entry in batches.values()})
    if wanted.source is not None and wanted.source not in sources:
        raise UsageError(f'nothing was loaded of a source "{wanted.source}"; there is {", ".join(sources) or "none"}')
    if wanted.batch is not None and wanted.batch not in batches:
        raise UsageError(f'there is no batch {wanted.batch}; "missionctl status --batches" lists them')
