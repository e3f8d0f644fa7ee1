"""The ledger in brief, as plain JSON values: what `status` and the lists of rejects and duplicates begin with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mission_cli.store.database import Database


NO_CORRECTIONS: dict[str, Any] = {"open": 0, "owed_to_suppliers": "0", "owed_by_suppliers": "0"}


def brief(database: Database) -> dict[str, Any]:
    """Accounts per source, every batch, where rejects and duplicates are published, the newest rejects, partitions and runs."""
    sources = """
        SELECT source, count(*) FILTER (status = 'loaded') AS batches,
               coalesce(sum(records) FILTER (status = 'loaded'), 0)::BIGINT AS records, sum(new)::BIGINT AS new,
               sum(updated)::BIGINT AS updated, sum(duplicate)::BIGINT AS duplicate, sum(superseded)::BIGINT AS superseded,
               coalesce(sum(rejected) FILTER (status = 'loaded'), 0)::BIGINT AS rejected
        FROM batches GROUP BY source ORDER BY source"""
    rejects = """
        SELECT r.source, b.file, r.line, r.column_name, r.reason FROM rejects AS r JOIN batches AS b USING (batch)
        ORDER BY r.batch DESC, r.line LIMIT 20"""
    runs = """
        SELECT run, command, strftime(started_at, '%Y-%m-%dT%H:%M:%SZ') AS started_at,
               strftime(finished_at, '%Y-%m-%dT%H:%M:%SZ') AS finished_at, outcome, batches, partitions, evaluations
        FROM runs ORDER BY run DESC LIMIT 10"""
    partitions = """
        SELECT source, count(*) AS days, strftime(min(day), '%Y-%m-%d') AS first_day,
               strftime(max(day), '%Y-%m-%d') AS last_day
        FROM partitions WHERE file IS NOT NULL GROUP BY source ORDER BY source"""
    queries = {"sources": sources, "rejects": rejects, "runs": runs, "partitions": partitions}
    state: dict[str, Any] = {name: database.frame(sql).to_dicts() for name, sql in queries.items()}
    return state | {"batches": _table(database, _BATCHES), "logs": _table(database, "SELECT * FROM logs ORDER BY ALL")}


_BATCHES = """
    SELECT batch, source, file, status, records, new, updated, duplicate, superseded, rejected, reason, bytes, run
    FROM batches ORDER BY batch"""


def in_spans(days: Sequence[date]) -> list[list[str]]:
    """Days in order, as first and last day of each unbroken span."""
    starts = [day for n, day in enumerate(days) if n == 0 or (day - days[n - 1]).days > 1]
    ends = [day for n, day in enumerate(days) if n + 1 == len(days) or (days[n + 1] - day).days > 1]
    return [[first.isoformat(), last.isoformat()] for first, last in zip(starts, ends, strict=True)]


def _table(database: Database, sql: str) -> dict[str, Any]:
    """Many rows without repeating the names of their columns; `unpacked` gives them back."""
    frame = database.frame(sql)
    return {"columns": frame.columns, "rows": frame.rows()}


def unpacked(table: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The rows of a table as records."""
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]] if table else []
