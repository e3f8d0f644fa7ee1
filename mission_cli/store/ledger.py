"""The ledger: runs, batches, days and partitions, and what follows from them. Only the driver writes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime

import polars as pl

from mission_cli.store.brief import brief, in_spans
from mission_cli.store.database import Database
from mission_cli.store.decided import owed
from mission_cli.store.entries import (
    METRICS_CHANGED,
    PRUNED,
    REFUSED,
    UNDATED,
    BatchEntry,
    Meanings,
    PartitionEntry,
    RosterEntry,
)
from mission_cli.store.evaluated import EvaluationLedger
from mission_cli.store.files import Published
from mission_cli.store.kept import books, kept_in_brief
from mission_cli.store.manifest import DayEntry, Manifest, ResultEntry
from mission_cli.store.pruned import pruned


class Ledger:
    """Reads and writes the ledger's tables; every method is part of the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.evaluations = EvaluationLedger(database)

    # runs

    def begin_run(self, command: str, now: datetime) -> int:
        """Record that a command begins; earlier ones that never ended are recorded as failed."""
        self._database.execute("UPDATE runs SET outcome = 'failed' WHERE outcome = 'running'")
        ((number,),) = self._database.rows("SELECT coalesce(max(run), 0) + 1 FROM runs")
        self._database.execute(
            "INSERT INTO runs (run, command, started_at, outcome) VALUES (?, ?, ?, 'running')", [number, command, now]
        )
        return int(number)

    def was_cut_off(self) -> bool:
        """Whether the last command did not end by itself, so that it may have left files behind."""
        found = self._database.rows("SELECT outcome FROM runs ORDER BY run DESC LIMIT 1")
        return bool(found) and found[0][0] not in ("done", REFUSED)

    def end_run(self, run: int, outcome: str, now: datetime, counts: Mapping[str, int]) -> None:
        """Record how a command ended and how many batches, partitions and evaluations it made."""
        self._database.execute(
            "UPDATE runs SET outcome = ?, finished_at = ?, batches = ?, partitions = ?, evaluations = ? WHERE run = ?",
            [outcome, now, counts["batches"], counts["partitions"], counts["evaluations"], run],
        )

    # sources and batches

    def source_meaning(self, source: str) -> str | None:
        """Fingerprint of the definition that a source's rows were loaded by."""
        found = self._database.rows("SELECT meaning FROM source_meanings WHERE source = ?", [source])
        return found[0][0] if found else None

    def sources(self) -> list[str]:
        """Every source that was ever loaded."""
        return [source for (source,) in self._database.rows("SELECT source FROM source_meanings ORDER BY source")]

    def set_source_meaning(self, source: str, meaning: str) -> None:
        """Remember what a source's rows are loaded by from now on."""
        self._database.execute("DELETE FROM source_meanings WHERE source = ?", [source])
        self._database.execute("INSERT INTO source_meanings VALUES (?, ?)", [source, meaning])

    def forget_source(self, source: str) -> list[str]:
        """Forget everything loaded from a source and computed from it; returns the names of files nothing names any more."""
        sql = """SELECT unnest([orders_file, left_out_file, file]) FROM partitions WHERE source = $source
                 UNION ALL SELECT file FROM logs WHERE source = $source"""
        files = self._database.rows(sql, {"source": source})
        for table in ("batches", "rejects", "logs", "days", "partitions", "pruned", "settled", "source_meanings"):
            self._database.execute(f"DELETE FROM {table} WHERE source = ?", [source])
        return [name for (name,) in files if name is not None]

    def batch_files(self, source: str) -> dict[str, str]:
        """Digest → file name of every loaded batch of a source, in the order in which they were loaded."""
        sql = "SELECT digest, file FROM batches WHERE source = ? AND status = 'loaded' ORDER BY batch"
        return dict(self._database.rows(sql, [source]))

    def refused_digests(self, source: str) -> dict[str, str]:
        """Digest → reason of every refused batch of a source."""
        return dict(self._database.rows("SELECT digest, reason FROM batches WHERE source = ? AND status = 'refused'", [source]))

    def refused_files(self) -> list[tuple[str, str]]:
        """File name, as it is now, and reason of every file whose content was refused and is still there."""
        sql = """SELECT s.file, b.reason FROM seen_files AS s JOIN batches AS b USING (source, digest)
                 WHERE b.status = 'refused' ORDER BY b.batch, s.file"""
        return [(file, reason) for file, reason in self._database.rows(sql)]

    def forget_refused(self, source: str) -> None:
        """Forget what was refused, so that it is tried again."""
        refused = "SELECT batch FROM batches WHERE source = ? AND status = 'refused'"
        self._database.execute(f"DELETE FROM rejects WHERE batch IN ({refused})", [source])
        self._database.execute("DELETE FROM batches WHERE source = ? AND status = 'refused'", [source])

    def forget_unused(self, sources: Iterable[str]) -> None:
        """Forget the files of sources that the project no longer has; what was loaded from them stays."""
        self._database.execute("DELETE FROM seen_files WHERE NOT list_contains(?, source)", [list(sources)])

    def next_batch(self) -> int:
        """The number after the last one used."""
        ((number,),) = self._database.rows("SELECT coalesce(max(batch), 0) + 1 FROM batches")
        return int(number)

    def add_batches(self, entries: Iterable[BatchEntry]) -> None:
        """Record batches."""
        self._database.insert_rows(
            "batches", [asdict(entry) for entry in entries], {"batch": pl.Int32, "run": pl.Int32, "reason": pl.String}
        )

    def add_log(self, source: str, kind: str, batches: Sequence[int], file: Published) -> None:
        """Record a published file of the rejects or duplicates of some batches."""
        row = [source, kind, min(batches), max(batches), file.name, file.rows]
        self._database.execute("INSERT INTO logs VALUES (?, ?, ?, ?, ?, ?)", row)

    def seen_files(self, source: str) -> dict[str, tuple[int, int, str]]:
        """File name → bytes, modification time and digest when it was last read."""
        rows = self._database.rows("SELECT file, bytes, modified_ns, digest FROM seen_files WHERE source = ?", [source])
        return {file: (size, modified, digest) for file, size, modified, digest in rows}

    def remember_files(self, source: str, files: Mapping[str, tuple[int, int, str]]) -> None:
        """Replace what is known of a source's files."""
        self._database.execute("DELETE FROM seen_files WHERE source = ?", [source])
        rows = [
            {"source": source, "file": file, "bytes": size, "modified_ns": modified, "digest": digest}
            for file, (size, modified, digest) in files.items()
        ]
        self._database.insert_rows("seen_files", rows)

    # days and partitions

    def mark_changed(self, source: str, days: Iterable[date], change: int) -> None:
        """Record that the records of some days changed, so that their partitions are stale."""
        frame = pl.DataFrame({"day": list(days)}, schema={"day": pl.Date})
        self._database.replace_temporary("changed_days", frame)
        self._database.execute("DELETE FROM days WHERE source = ? AND day IN (SELECT day FROM changed_days)", [source])
        self._database.execute("INSERT INTO days SELECT ?, day, ? FROM changed_days", [source, change])

    def stale_days(self, source: str, meanings: Meanings) -> dict[date, tuple[int, str]]:
        """Day → its newest change and why it is to be computed: `new`, `pruned`, `late data` or `metrics changed`."""
        sql = f"""
            SELECT d.day, d.change, CASE WHEN p.day IS NULL AND r.day IS NULL THEN 'new' WHEN r.change = d.change THEN '{PRUNED}'
                   WHEN p.change IS DISTINCT FROM d.change THEN 'late data' ELSE '{METRICS_CHANGED}' END, p.meaning
            FROM days AS d LEFT JOIN partitions AS p USING (source, day) LEFT JOIN pruned AS r USING (source, day)
            WHERE d.source = ? AND (p.day IS NULL OR p.change <> d.change OR p.meaning <> ? OR list_contains(?, d.day))
            ORDER BY d.day"""
        rows = self._database.rows(sql, [source, meanings.default, list(meanings.others)])
        return {d: (change, why) for d, change, why, made in rows if why != METRICS_CHANGED or made != meanings.of(d)}

    def replace_partitions(self, entries: list[PartitionEntry]) -> list[str]:
        """Record computed days of one source; returns the names of files that the ledger no longer knows."""
        days = [entry.day for entry in entries]
        source = entries[0].source
        old = self._database.rows(
            "SELECT orders_file, left_out_file, file FROM partitions WHERE source = ? AND list_contains(?, day)", [source, days]
        )
        for table in ("partitions", "pruned"):
            self._database.execute(f"DELETE FROM {table} WHERE source = ? AND list_contains(?, day)", [source, days])
        text = dict.fromkeys(("orders_file", "left_out_file", "file", "digest"), pl.String)
        self._database.insert_rows("partitions", [asdict(entry) for entry in entries], {"change": pl.Int32, **text})
        now = {name for e in entries for name in (e.orders_file, e.left_out_file, e.file)}
        return [name for row in old for name in row if name is not None and name not in now]

    def partitions(self) -> dict[str, dict[date, PartitionEntry]]:
        """Source → day → what was computed."""
        found: dict[str, dict[date, PartitionEntry]] = {}
        names = ", ".join(column.name for column in fields(PartitionEntry))
        for row in self._database.rows(f"SELECT {names} FROM partitions"):
            found.setdefault(row[0], {})[row[1]] = PartitionEntry(*row)
        return found

    def partition_digests(self) -> dict[str, dict[date, str]]:
        """Source → day → digest of every partition that has suppliers."""
        found: dict[str, dict[date, str]] = {}
        for source, day, digest in self._database.rows("SELECT source, day, digest FROM partitions WHERE file IS NOT NULL"):
            found.setdefault(source, {})[day] = digest
        return found

    def partition_files(self) -> dict[str, dict[date, str]]:
        """Source → day → file of every partition that has suppliers."""
        found: dict[str, dict[date, str]] = {}
        for source, day, file in self._database.rows("SELECT source, day, file FROM partitions WHERE file IS NOT NULL"):
            found.setdefault(source, {})[day] = file
        return found

    def mean_partition_rows(self) -> float:
        """How many suppliers a partition has on average; 1 when there is none."""
        ((rows,),) = self._database.rows("SELECT avg(rows) FROM partitions WHERE file IS NOT NULL")
        return float(rows or 1)

    def last_changes(self, source: str, days: Sequence[date]) -> dict[date, int]:
        """Day → the last batch that changed it."""
        sql = "SELECT day, change FROM days WHERE source = ? AND list_contains(?, day)"
        return dict(self._database.rows(sql, [source, list(days)]))

    # rosters

    def rosters(self) -> dict[str, list[RosterEntry]]:
        """Roster → its versions, oldest first."""
        found: dict[str, list[RosterEntry]] = {}
        sql = "SELECT roster, version, effective, digest, file FROM rosters ORDER BY roster, version"
        for row in self._database.rows(sql):
            found.setdefault(row[0], []).append(RosterEntry(*row))
        return found

    def add_roster(self, entry: RosterEntry, rows: int) -> None:
        """Record a version of a roster."""
        values = [entry.roster, entry.version, entry.effective, entry.digest, entry.file, rows]
        self._database.execute("INSERT INTO rosters VALUES (?, ?, ?, ?, ?, ?)", values)

    def forget_roster(self, roster: str) -> list[str]:
        """Forget all versions of a roster; returns the names of files that nothing names any more."""
        files = self._database.rows("SELECT file FROM rosters WHERE roster = ?", [roster])
        self._database.execute("DELETE FROM rosters WHERE roster = ?", [roster])
        return [name for (name,) in files]

    # what readers see

    def manifest(self, meanings: Mapping[str, Meanings]) -> Manifest:
        """Everything the ledger names but the suppliers. `meanings`: source → fingerprints of its metrics today."""
        days: dict[str, dict[date, DayEntry]] = {}
        sql = "SELECT source, day, orders_file, left_out_file, file FROM partitions"
        for source, day, orders, left_out, metrics in self._database.rows(sql):
            days.setdefault(source, {})[day] = DayEntry(orders, left_out, metrics)
        results = {
            as_of: ResultEntry(file, rules)
            for as_of, file, rules in self._database.rows("SELECT as_of, file, rules FROM evaluations")
        }
        stale = {
            source: [day for day, (_, why) in self.stale_days(source, of_source).items() if day != UNDATED and why != PRUNED]
            for source, of_source in meanings.items()
        }
        waiting = self._database.rows(
            "SELECT strftime(e.as_of, '%Y-%m-%d'), e.stale, b.file FROM evaluations AS e"
            " LEFT JOIN batches AS b ON b.batch = e.stale WHERE e.stale IS NOT NULL ORDER BY e.as_of"
        )
        state = brief(self._database) | {
            "stale_results": [list(row) for row in waiting],
            "refused": [{"file": file, "reason": reason} for file, reason in self.refused_files()],
            "stale": {source: [day.isoformat() for day in found] for source, found in stale.items() if found},
            "pruned": {source: in_spans(found) for source, found in pruned(self._database).items()},
            **owed(self._database),
        }
        return Manifest(days, results, [], {}, books(self._database), kept_in_brief(self._database), state)

    def named_files(self) -> set[str]:
        """The names of all published files that exist as far as the ledger is concerned."""
        sql = """SELECT unnest([orders_file, left_out_file, file]) AS name FROM partitions
                 UNION ALL SELECT file FROM evaluations UNION ALL SELECT file FROM rosters
                 UNION ALL SELECT file FROM logs UNION ALL SELECT file FROM rule_books UNION ALL SELECT file FROM decisions"""
        return {name for (name,) in self._database.rows(sql) if name is not None}
