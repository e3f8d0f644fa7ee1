"""The limit: what one would write by hand in DuckDB for the bench's marketplace, without ledger, checks or durability.

State is a database of the newest version of each key, and of the daily sums. New files are read in one statement a source;
keys that were known replace their row; the days that rows came to or left are summed again; then the results as of each day,
ten days in a file and a plan.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from peers.asked import COLUMNS, FINAL, UTC_OFFSET, Asked, asked, metric_sql
from peers.judged import judge_days_sql, judge_sql, roll_sql

KEPT = {
    "offers": f"""offer_id AS key, updated_at, (closed_at + {UTC_OFFSET})::DATE AS day, hour(closed_at + {UTC_OFFSET}) AS hour,
        supplier_id, response, answer_seconds""",
    "orders": f"""order_id AS key, updated_at, (final_at + {UTC_OFFSET})::DATE AS day, hour(final_at + {UTC_OFFSET}) AS hour,
        supplier_id, status, canceled_by, fare, discount, distance_km""",
}
DAYS_AT_ONCE = 10


class State:
    """The database. Every statement is run to its end."""

    def __init__(self, asked_for: Asked) -> None:
        self.asked = asked_for
        self.connection = duckdb.connect(asked_for.work / "state.duckdb")
        self.run("SET preserve_insertion_order = false")
        self.run("SET memory_limit = '8GB'")
        self.run("CREATE TABLE IF NOT EXISTS loaded (file VARCHAR)")
        self.run("CREATE TABLE IF NOT EXISTS meaning (peak VARCHAR)")

    def run(self, sql: str) -> list[tuple[object, ...]]:
        return self.connection.execute(sql).fetchall()

    def load(self, source: str) -> None:
        """Newest versions into `raw_…`, and every day that changed into the table `stale`."""
        known = {row[0] for row in self.run("SELECT file FROM loaded")}
        files = [file for file in self.asked.exports(source) if file not in known]
        self.run("CREATE OR REPLACE TEMP TABLE stale (day DATE)")
        if not files:
            return
        first = not self.run(f"SELECT 1 FROM duckdb_tables() WHERE table_name = 'raw_{source}'")
        fresh = f"raw_{source}" if first else "fresh"
        self.run(
            f"""CREATE OR REPLACE {"" if first else "TEMP"} TABLE {fresh} AS SELECT {KEPT[source]}
            FROM read_csv({files}, header = true, auto_detect = false, columns = {COLUMNS[source]})"""
        )
        self.run(
            f"""DELETE FROM {fresh} AS f USING (SELECT key, max(updated_at) AS newest FROM {fresh}
                GROUP BY key HAVING count(*) > 1) AS twice WHERE f.key = twice.key AND f.updated_at < newest"""
        )
        if not first:
            self.run(
                f"""CREATE OR REPLACE TEMP TABLE known AS SELECT o.rowid AS id, o.key, o.day, o.updated_at
                FROM raw_{source} AS o SEMI JOIN fresh USING (key)"""
            )
            self.run("DELETE FROM fresh AS f USING known AS k WHERE f.key = k.key AND f.updated_at <= k.updated_at")
            self.run("DELETE FROM known AS k WHERE k.key NOT IN (SELECT key FROM fresh)")
            self.run(f"DELETE FROM raw_{source} WHERE rowid IN (SELECT id FROM known)")
            self.run(f"INSERT INTO raw_{source} SELECT * FROM fresh")
            self.run("INSERT INTO stale SELECT day FROM known UNION SELECT day FROM fresh")
        else:
            self.run(f"INSERT INTO stale SELECT DISTINCT day FROM {fresh}")
        self.connection.executemany("INSERT INTO loaded VALUES (?)", [[file] for file in files])

    def sum_days(self, source: str) -> None:
        """Daily sums of the stale days."""
        if self.asked.step == "changed" and source == "orders":
            needed = ", ".join(f"(DATE '{day}')" for day in self.asked.needed_days(source))
            self.run(f"INSERT INTO stale VALUES {needed}")
        daily = f"""SELECT strftime(day, '%Y-%m-%d') AS date, supplier_id, {metric_sql(source, self.asked.peak)}
            FROM raw_{source} WHERE day IN (SELECT day FROM stale) AND {FINAL[source]} AND supplier_id IS NOT NULL
            GROUP BY day, supplier_id"""
        if self.run(f"SELECT 1 FROM duckdb_tables() WHERE table_name = 'daily_{source}'"):
            self.run(f"DELETE FROM daily_{source} WHERE date IN (SELECT strftime(day, '%Y-%m-%d') FROM stale)")
            self.run(f"INSERT INTO daily_{source} {daily}")
        else:
            self.run(f"CREATE TABLE daily_{source} AS {daily}")

    def results(self) -> None:
        suppliers = self.asked.work / "exports/suppliers.csv"
        self.run(f"CREATE OR REPLACE TEMP TABLE suppliers AS SELECT * FROM '{suppliers}'")
        self.run("SET preserve_insertion_order = true")  # what is judged comes sorted
        made = self.asked.missions
        for first in range(0, len(self.asked.days), DAYS_AT_ONCE):
            days = self.asked.days[first : first + DAYS_AT_ONCE]
            for source in KEPT:
                self.run(f"CREATE OR REPLACE TEMP TABLE {source} AS {roll_sql(made, source, days, f'daily_{source}')}")
            judged = judge_days_sql(made, days) if len(days) > 1 else judge_sql(made, days[0])
            if judged:  # on some days no window may be reported
                self.run(f"COPY ({judged}) TO '{self.asked.results}/{days[0]}.parquet'")


def main() -> None:
    state = State(asked())
    for source in KEPT:
        state.load(source)
        state.sum_days(source)
    state.results()


if __name__ == "__main__":
    main()
