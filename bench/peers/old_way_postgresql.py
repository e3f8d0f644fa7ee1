"""The old way in PostgreSQL: the raw orders in tables, and one query over the whole period of each mission, every day anew.

The server is started for the step and stopped after it, so that its processes are accounted for; that is a second or less.
Results are written as CSV by \\copy. An index (BRIN) on the time of update finds the period.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from peers.asked import COLUMNS, Asked, asked
from peers.judged import by_lateral, window_sql
from peers.server import serving
from peers.whole_period import period_sql

TYPES = {"VARCHAR": "text", "BIGINT": "bigint", "TIMESTAMP": "timestamp", "DECIMAL(18,2)": "numeric(18,2)"}


def main() -> None:
    given = asked()
    with serving(given.work / "pg") as psql:
        script = "\n".join([*loading(given), *results(given)])
        done = subprocess.run(psql, input=script, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)


def loading(given: Asked) -> list[str]:
    """Statements that copy the files that are not in the list of loaded ones."""
    listed = given.work / "loaded.txt"
    known = listed.read_text().split("\n") if listed.exists() else []
    said = ["SET TimeZone = 'UTC';"]
    for source, columns in COLUMNS.items():
        files = [file for file in given.exports(source) if file not in known]
        if not known:
            typed = ", ".join(f"{name} {TYPES.get(kind, 'double precision')}" for name, kind in columns.items())
            said.append(f"CREATE TABLE raw_{source} ({typed});")
        said += [f"\\copy raw_{source} FROM '{file}' WITH (FORMAT csv, HEADER)" for file in files]
        if not known:
            said.append(f"CREATE INDEX ON raw_{source} USING brin (updated_at);")
        said.append(f"ANALYZE raw_{source};")
        with listed.open("a") as out:
            out.write("".join(f"{file}\n" for file in files))
    said += ["DROP TABLE IF EXISTS suppliers;", "CREATE TABLE suppliers (supplier_id text, city text, tier integer);"]
    return [*said, f"\\copy suppliers FROM '{given.work}/exports/suppliers.csv' WITH (FORMAT csv, HEADER)"]


def results(given: Asked) -> list[str]:
    as_of, said = given.days[-1], []
    folder = given.results / str(as_of)
    folder.mkdir()
    for mission in given.missions:
        for start, end in mission.windows(as_of):
            totals = {
                source: f"({period_sql(mission, source, start, min(end, as_of), given.peak)})" for source in mission.sources
            }
            query = " ".join(window_sql(mission, start, end, as_of, totals, by_lateral).split())
            said.append(f"\\copy ({query}) TO '{folder}/{mission.id}-{start}.csv' WITH (FORMAT csv, HEADER)")
    return said


if __name__ == "__main__":
    main()
