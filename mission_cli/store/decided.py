"""The ledger's tables of decisions: which are in force, and how newer data differs from them. Only the driver writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from mission_cli.store.brief import NO_CORRECTIONS
from mission_cli.store.database import Database
from mission_cli.store.files import Published
from mission_cli.store.layout import CORRECTIONS

if TYPE_CHECKING:
    import polars as pl

OWED = "coalesce(new_reward, 0) - coalesce(old_reward, 0)"


@dataclass(frozen=True, slots=True)
class InForce:
    """Where the decisions in force as of a day are: `results`, as they are published, or a file `apart`. The rules that they
    were decided by, and the newest batch by then."""

    results: str
    apart: str | None
    rules: str
    batch: int

    @property
    def file(self) -> str:
        """The file to read."""
        return self.apart if self.apart is not None else self.results


class DecisionLedger:
    """Every method is part of the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # what is in force

    def in_force(self) -> dict[date, InForce]:
        """As-of day → the decisions in force, of the days with results that were made when they had ended."""
        sql = """
            SELECT as_of, e.file, d.file, coalesce(d.rules, e.rules), coalesce(d.batch, e.batch)
            FROM evaluations AS e LEFT JOIN decisions AS d ON decided_on = as_of WHERE e.batch IS NOT NULL ORDER BY as_of"""
        return {day: InForce(*found) for day, *found in self._database.rows(sql)}

    def put_in_force(self, day: date, file: Published, before: InForce, *, due: bool) -> list[str]:
        """Record the file of the decisions in force as of a day; returns the names of files that nothing names any more."""
        self._database.execute("DELETE FROM decisions WHERE decided_on = ?", [day])
        row = [day, file.name, file.digest, file.rows, before.rules, before.batch, due]
        self._database.execute("INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return [before.apart] if before.apart is not None and before.apart != file.name else []

    def due_days(self) -> list[date]:
        """Days whose results were made anew and not yet held against what is in force."""
        return [day for (day,) in self._database.rows("SELECT decided_on FROM decisions WHERE due ORDER BY decided_on")]

    def set_due(self, days: Iterable[date], *, due: bool) -> None:
        """Record that results of days, whose decisions lie apart, are to be held against them, or were."""
        self._database.execute("UPDATE decisions SET due = ? WHERE list_contains(?, decided_on)", [due, list(days)])

    def date_results(self, days: Sequence[date], batch: int) -> None:
        """Record the newest batch by the time that results were made, where none is recorded."""
        sql = "UPDATE evaluations SET batch = ? WHERE batch IS NULL AND list_contains(?, as_of)"
        self._database.execute(sql, [batch, list(days)])

    # up to where changes were looked at

    def settled(self) -> dict[str, int]:
        """Source → the batch, and @ and a roster → the version, up to which corrections are recorded."""
        return dict(self._database.rows("SELECT source, number FROM settled"))

    def set_settled(self, numbers: Mapping[str, int]) -> None:
        """Record it."""
        self._database.execute("DELETE FROM settled")
        for source, number in numbers.items():
            self._database.execute("INSERT INTO settled VALUES (?, ?)", [source, number])

    def changed_days(self, source: str, after: int) -> dict[date, int]:
        """The dated days of a source that later batches changed, each with the last one."""
        sql = "SELECT day, change FROM days WHERE source = ? AND change > ? AND day > DATE '0001-01-01'"
        return dict(self._database.rows(sql, [source, after]))

    def newest_change(self, sources: Iterable[str], first: date, last: date) -> int | None:
        """The newest batch that changed a day from `first` to `last`."""
        sql = "SELECT max(change) FROM days WHERE list_contains(?, source) AND day BETWEEN ? AND ?"
        ((batch,),) = self._database.rows(sql, [list(sources), first, last])
        return batch  # type: ignore[no-any-return]

    def roster_batch(self, roster: str) -> int:
        """The batch from which the newest version of a roster was loaded; 0 when it is not known."""
        sql = "SELECT coalesce(max(batch), 0) FROM batches WHERE source = ? AND status = 'loaded'"
        ((batch,),) = self._database.rows(sql, [roster])
        return int(batch)

    def batch_file(self, batch: int) -> str | None:
        """The file of a batch."""
        found = self._database.rows("SELECT file FROM batches WHERE batch = ?", [batch])
        return found[0][0] if found else None

    # what limits leave

    def awards(self, missions: Sequence[str]) -> pl.DataFrame:
        """What was awarded, as published; columns of the table `awards`."""
        return self._database.frame("SELECT * FROM awards WHERE list_contains(?, mission_id)", [list(missions)])

    def recounted(self, missions: Sequence[str]) -> pl.DataFrame:
        """What newer data would have awarded before limits; the columns of the table `recounted`."""
        return self._database.frame("SELECT * FROM recounted WHERE list_contains(?, mission_id)", [list(missions)])

    def recount(self, rows: pl.DataFrame) -> None:
        """Replace what newer data would have awarded by missions on days: by the rows, one of each without a supplier."""
        if not rows.is_empty():
            self._database.replace_temporary("recounting", rows)
            self._database.execute(
                "DELETE FROM recounted WHERE (mission_id, decided_on) IN (SELECT mission_id, decided_on FROM recounting)"
            )
            self._database.execute("INSERT INTO recounted BY NAME SELECT * FROM recounting")

    def forget_recounted(self, days: Sequence[date]) -> None:
        """Forget it of days whose results are made from the newest data again."""
        self._database.execute("DELETE FROM recounted WHERE list_contains(?, decided_on)", [list(days)])

    def has_unsure_awards(self) -> bool:
        """Whether limits may leave other amounts than those that were published."""
        sql = """SELECT count(*) FROM (SELECT 1 FROM evaluations WHERE awards <> '' AND stale IS NOT NULL
                                       UNION ALL SELECT 1 FROM recounted)"""
        return self._database.rows(sql) != [(0,)]

    # corrections

    def corrections(self, state: str) -> pl.DataFrame:
        """The corrections in a state, with all columns of the table, by number."""
        return self._database.frame("SELECT * FROM corrections WHERE state = ? ORDER BY number", [state])

    def record(self, rows: pl.DataFrame, run: int) -> None:
        """Record open corrections; the columns of the table from `decided_on` to `file`, in the order of their numbers."""
        if not rows.is_empty():
            self._database.replace_temporary("found_corrections", rows.with_row_index("place", 1))
            self._database.execute(
                """INSERT INTO corrections BY NAME
                   SELECT f.* EXCLUDE (place), (place + (SELECT coalesce(max(number), 0) FROM corrections))::INTEGER AS number,
                          run, started_at AS recorded_at, 'open' AS state
                   FROM found_corrections AS f, (SELECT run, started_at FROM runs WHERE run = ?)""",
                [run],
            )

    def close(self, numbers: Sequence[int], state: str, reason: str | None, run: int) -> None:
        """Record that corrections were withdrawn or applied."""
        sql = """UPDATE corrections SET state = ?, reason = ?, closed_run = ?,
                        closed_at = (SELECT started_at FROM runs WHERE run = ?) WHERE list_contains(?, number)"""
        self._database.execute(sql, [state, reason, run, run, list(numbers)])

    def commands_since_done(self, run: int) -> list[str]:
        """The commands before a run that were cut off or failed, back to the last one that was done."""
        sql = """SELECT command FROM runs WHERE run < $run AND run > coalesce(
                     (SELECT max(run) FROM runs WHERE run < $run AND outcome = 'done'), 0)"""
        return [command for (command,) in self._database.rows(sql, {"run": run})]

    def listed(self) -> pl.DataFrame:
        """Every correction as it is published, with what is owed."""
        return self._database.frame(
            f"SELECT number, decided_on, mission_id, supplier_id, window_start, window_end, old_status, new_status, old_reward,"
            f" new_reward, ({OWED})::DECIMAL(38,9) AS owed, * EXCLUDE (number, decided_on, mission_id, supplier_id,"
            f" window_start, window_end, old_status, new_status, old_reward, new_reward) FROM corrections ORDER BY number"
        )

    def replace_list(self, file: Published | None) -> list[str]:
        """Record the published list of corrections, or that there is none; returns the names of files before it."""
        old = self._database.rows("SELECT file FROM logs WHERE kind = ?", [CORRECTIONS])
        self._database.execute("DELETE FROM logs WHERE kind = ?", [CORRECTIONS])
        if file is not None:
            self._database.execute("INSERT INTO logs VALUES ('', ?, 0, 0, ?, ?)", [CORRECTIONS, file.name, file.rows])
        return [name for (name,) in old if file is None or name != file.name]


def forget_decisions(database: Database, days: Sequence[date]) -> list[str]:
    """Forget what was decided as of days, and its corrections; returns the names of the files."""
    files = database.rows("SELECT file FROM decisions WHERE list_contains(?, decided_on)", [list(days)])
    for table in ("decisions", "corrections", "recounted"):
        database.execute(f"DELETE FROM {table} WHERE list_contains(?, decided_on)", [list(days)])
    return [name for (name,) in files]


def owed(database: Database) -> dict[str, Any]:
    """How many corrections are open and what is owed by them, as JSON values under a name; nothing when there never were any."""
    sql = f"""
        SELECT count(*), count(*) FILTER (open), (coalesce(sum({OWED}) FILTER (open AND {OWED} > 0), 0))::VARCHAR,
               (coalesce(-sum({OWED}) FILTER (open AND {OWED} < 0), 0))::VARCHAR
        FROM (SELECT *, state = 'open' AS open FROM corrections)"""
    ((every, count, to_suppliers, by_suppliers),) = database.rows(sql)
    found = dict(zip(NO_CORRECTIONS, (count, _short(to_suppliers), _short(by_suppliers)), strict=True))
    return {"corrections": found} if every else {}


def _short(decimal: str) -> str:
    return decimal.rstrip("0").rstrip(".") if "." in decimal else decimal
