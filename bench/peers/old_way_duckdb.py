"""The old way: the raw orders in a table, and one query over the whole period of each mission, every day anew (DuckDB).

An index in spirit: nothing that was updated before a window began can be of an order that was final in it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from peers.asked import COLUMNS, asked
from peers.judged import window_sql
from peers.whole_period import period_sql


def main() -> None:
    given = asked()
    connection = duckdb.connect(given.work / "raw.duckdb")

    def run(sql: str) -> list[tuple[object, ...]]:
        return connection.execute(sql).fetchall()

    run("SET memory_limit = '8GB'")
    run("CREATE TABLE IF NOT EXISTS loaded (file VARCHAR)")
    known = {row[0] for row in run("SELECT file FROM loaded")}
    for source, columns in COLUMNS.items():
        typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        run(f"CREATE TABLE IF NOT EXISTS raw_{source} ({typed})")
        files = [file for file in given.exports(source) if file not in known]
        run(f"INSERT INTO raw_{source} SELECT * FROM read_csv({files}, header = true, auto_detect = false, columns = {columns})")
        connection.executemany("INSERT INTO loaded VALUES (?)", [[file] for file in files])
    run(f"CREATE OR REPLACE TEMP TABLE suppliers AS SELECT * FROM '{given.work}/exports/suppliers.csv'")
    as_of, parts = given.days[-1], []
    for number, mission in enumerate(given.missions):
        for start, end in mission.windows(as_of):
            totals = {
                source: f"({period_sql(mission, source, start, min(end, as_of), given.peak)})" for source in mission.sources
            }
            table = f"mission_{number}_{len(parts)}"
            run(f"CREATE TEMP TABLE {table} AS {window_sql(mission, start, end, as_of, totals)}")
            parts.append(f"FROM {table}")
    run(f"COPY ({' UNION ALL '.join(parts)}) TO '{given.results}/{as_of}.parquet'")


if __name__ == "__main__":
    main()
