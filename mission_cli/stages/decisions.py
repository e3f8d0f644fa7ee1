"""Decisions: what results as of a day decide, and that the first ones stay in force when results are made anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from mission_cli.model.calendar import Window
from mission_cli.model.errors import StorageError
from mission_cli.model.project import Project
from mission_cli.stages.context import Context
from mission_cli.store.decided import DecisionLedger, InForce
from mission_cli.store.files import Draft, Published
from mission_cli.store.layout import decisions_folder

MONEY = pl.Decimal(38, 9)
KEYS = ["mission_id", "supplier_id", "window_start", "window_end", "decided_on"]
DECISIONS: dict[str, Any] = {
    "mission_id": pl.String,
    "supplier_id": pl.String,
    "window_start": pl.Date,
    "window_end": pl.Date,
    "decided_on": pl.Date,
    "mission_status": pl.String,
    "reward": MONEY,
}
SPAN = ["mission_id", "window_start", "window_end"]
NO_DECISIONS = pl.DataFrame(schema=DECISIONS)


def decided_rows(project: Project, path: Path, day: date) -> pl.DataFrame:
    """What the results as of a day decide. Grain: mission, supplier, window, sorted so; columns as in DECISIONS.

    Only a decision completes or fails a mission; what is voided is decided when the grace is over. Raises StorageError.
    """
    columns = [pl.lit(day).alias(name) if name == "decided_on" else pl.col(name).cast(kind) for name, kind in DECISIONS.items()]
    of_decisions = pl.col("mission_status").is_in(["completed", "failed", "voided"])
    try:
        rows = pl.scan_parquet(path, glob=False, hive_partitioning=False).filter(of_decisions).select(columns).unique().collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise StorageError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    voided = pl.col("mission_status") == "voided"
    spans = rows.filter(voided).select(SPAN).unique().rows()
    early = [span for span in spans if not _decides(project, span[0], Window(*span[1:]), day)]
    running = pl.DataFrame(early, schema={name: DECISIONS[name] for name in SPAN}, orient="row")
    return pl.concat([rows.filter(~voided), rows.filter(voided).join(running, on=SPAN, how="anti")]).sort(KEYS)


def _decides(project: Project, mission: str, window: Window, day: date) -> bool:
    """Whether a window is decided as of the day, by the rules that it follows."""
    versions = [one for one in project.missions if one.id == mission and one.decides and one.has(window)]
    return any(one.decides_on(window.end) == day for one in versions)


def in_force_rows(context: Context, day: date, found: InForce) -> pl.DataFrame:
    """The decisions in force as of a day; columns as in DECISIONS. Raises StorageError."""
    path = context.layout.data / found.file
    if found.apart is None:
        return decided_rows(context.project, path, day)
    try:
        return pl.read_parquet(path, glob=False, hive_partitioning=False).select(pl.col(n).cast(k) for n, k in DECISIONS.items())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise StorageError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def keep_decided(context: Context, published: Mapping[date, Published]) -> None:
    """Before results are replaced by the published ones: keep the decisions in force where these decide otherwise.

    Part of the caller's transaction. Days that are not there yet, or had not ended when they were evaluated, have none.
    """
    ledger = DecisionLedger(context.database)
    ledger.forget_recounted(list(published))
    before = ledger.in_force()
    replaced = {d: before[d] for d, file in published.items() if d in before and before[d].results != file.name}
    ledger.set_due([day for day, found in replaced.items() if found.apart is not None], due=True)
    for day, found in replaced.items():
        if found.apart is None:
            _keep(context, day, found, published[day])


def _keep(context: Context, day: date, before: InForce, published: Published) -> None:
    try:
        was = in_force_rows(context, day, before)
    except StorageError as error:
        if isinstance(error.__cause__, OSError) and not isinstance(error.__cause__, FileNotFoundError):
            raise  # the disk failed, and what was decided may well be there
        # damaged or gone: it is being mended by making it anew
        context.watch.note(f"what was decided as of {day} is lost: {error}")
        return
    if not was.equals(decided_rows(context.project, context.layout.data / published.name, day)):
        put_in_force(context, day, was, before, due=True)


def put_in_force(context: Context, day: date, rows: pl.DataFrame, before: InForce, *, due: bool = False) -> None:
    """Publish the decisions in force as of a day; part of the caller's transaction."""
    (file,) = context.publisher.write([Draft(decisions_folder(day), "decisions", rows.sort(KEYS).select(list(DECISIONS)))])
    context.publisher.settle()
    context.obsolete += DecisionLedger(context.database).put_in_force(day, file, before, due=due)


def date_results(context: Context, days: Sequence[date]) -> None:
    """Record by which batch results are made, of days that have ended: only these decide. Part of the caller's transaction."""
    ended = [day for day in days if day < context.today]
    if ended:
        DecisionLedger(context.database).date_results(ended, context.ledger.next_batch() - 1)
