"""Corrections applied: what they say becomes the decisions in force, and the results of their windows are made anew.

The results come first: who is cut off before the corrections are applied finds them open again.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import date

import polars as pl

from mission_cli.model.errors import UsageError
from mission_cli.stages.context import Context
from mission_cli.stages.corrections import corrected, publish_corrections
from mission_cli.stages.decisions import in_force_rows, put_in_force
from mission_cli.stages.kept import rules_now
from mission_cli.store.decided import DecisionLedger


def refuse_unfinished(context: Context) -> None:
    """Raises UsageError after a run that was cut off or failed, unless it was of this verb: what it computed is not published
    yet, and must not be in part."""
    unfinished = DecisionLedger(context.database).commands_since_done(context.run)
    if any("restate" not in shlex.split(command) for command in unfinished):
        raise UsageError("the last run was cut off or failed: run it again first, then restate")


def days_to_refresh(context: Context, corrections: pl.DataFrame) -> list[date]:
    """The as-of days of the windows corrected whose results are older than their data, up to the decisions and with these.

    Where limits are shared with earlier decisions, the days of these too: what is left is counted from them.
    """
    stale = context.ledger.evaluations.stale()
    limited = {str(mission.id) for mission in context.project.missions if mission.limits is not None}
    wanted: set[date] = set()
    for mission, start, decided in corrections.select("mission_id", "window_start", "decided_on").unique().rows():
        begin = date.min if mission in limited else start
        wanted |= {decided, *(day for day in stale if begin <= day <= decided)}
    return sorted(wanted)


def apply_corrections(context: Context, corrections: pl.DataFrame, reason: str) -> None:
    """Put what is corrected in force."""
    if corrections.is_empty():
        return
    ledger = DecisionLedger(context.database)
    known, batch = ledger.in_force(), context.ledger.next_batch() - 1
    rules = rules_now(context.today_rules)
    with context.database.transaction():
        for (day,), rows in corrections.partition_by("decided_on", as_dict=True).items():
            now = corrected(in_force_rows(context, day, known[day]), rows)
            put_in_force(context, day, now, replace(known[day], rules=rules, batch=batch))
        ledger.close(corrections["number"].to_list(), "applied", reason, context.run)
        publish_corrections(context)
