"""What the ledger forgets when it is pruned, and what it remembers of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from mission_cli.store.database import Database
from mission_cli.store.decided import forget_decisions


def forget(database: Database, days: Mapping[str, Sequence[date]], as_of_days: Sequence[date]) -> list[str]:
    """Forget partitions, source → days, and results, but that they were there; returns the names of their files.

    Part of the caller's transaction. The marks go when the days are computed again: see `Ledger.replace_partitions`.
    """
    files: list[tuple[str | None]] = []
    for source, gone in days.items():
        at, values = "FROM partitions WHERE source = ? AND list_contains(?, day)", [source, list(gone)]
        files += database.rows(f"SELECT unnest([orders_file, left_out_file, file]) {at}", values)
        database.execute(f"INSERT INTO pruned SELECT source, day, change, '' {at}", values)
        database.execute(f"DELETE {at}", values)
    at = "FROM evaluations WHERE list_contains(?, as_of)"
    files += database.rows(f"SELECT file {at}", [list(as_of_days)])
    database.execute(f"INSERT INTO pruned SELECT '', as_of, 0, awards {at}", [list(as_of_days)])
    for table in ("evaluations", "evaluated_missions"):
        database.execute(f"DELETE FROM {table} WHERE list_contains(?, as_of)", [list(as_of_days)])
    return forget_decisions(database, as_of_days) + [name for (name,) in files if name is not None]


def pruned(database: Database) -> dict[str, list[date]]:
    """Source → days that were pruned and not computed since; those of results under the empty name. In order."""
    found: dict[str, list[date]] = {}
    for source, day in database.rows("SELECT source, day FROM pruned ORDER BY source, day"):
        found.setdefault(source, []).append(day)
    return found
