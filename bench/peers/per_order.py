"""The loop that the project began with: order by order, metric by metric, an upsert each; over a few orders of one day.

usage: per_order.py WORK ROWS

Into a table in memory and in one transaction, which is kind to it. The sums are held against those of one query.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

Row = dict[str, str]
UPSERT = """INSERT INTO metric_supplier VALUES (?, ?, ?, ?)
ON CONFLICT (metric, supplier_id, date) DO UPDATE SET value = value + excluded.value"""


def one(_: Row) -> Decimal:
    return Decimal(1)


def done(row: Row) -> bool:
    return row["status"] == "COMPLETED"


METRICS: dict[str, tuple[Callable[[Row], bool], Callable[[Row], Decimal]]] = {
    "completed": (done, one),
    "driver_cancels": (lambda row: row["canceled_by"] == "DRIVER", one),
    "peak_trips": (lambda row: done(row) and row["final_at"][11:13] in ("00", "01", "10", "11"), one),
    "fares": (done, lambda row: Decimal(row["fare"]) - Decimal(row["discount"] or 0)),
    "discounts": (lambda row: done(row) and bool(row["discount"]), lambda row: Decimal(row["discount"])),
    "distance_km": (done, lambda row: Decimal(row["distance_km"])),
}


def main() -> None:
    file, count = sorted((Path(sys.argv[1]) / "exports/orders").glob("*.csv"))[-1], int(sys.argv[2])
    connection = duckdb.connect()
    connection.execute(
        """CREATE TABLE metric_supplier (metric VARCHAR, supplier_id VARCHAR, date DATE, value DECIMAL(38,3),
        PRIMARY KEY (metric, supplier_id, date))"""
    ).fetchall()
    connection.execute("BEGIN").fetchall()
    with file.open(encoding="utf-8") as lines:
        for row in islice(csv.DictReader(lines), count):
            for metric, (counts, value) in METRICS.items():
                if row["supplier_id"] and row["status"] != "CREATED" and counts(row):
                    connection.execute(UPSERT, [metric, row["supplier_id"], row["final_at"][:10], value(row)]).fetchall()
    connection.execute("COMMIT").fetchall()
    check(connection, file, count)


def check(connection: duckdb.DuckDBPyConnection, file: Path, count: int) -> None:
    found = connection.execute("SELECT sum(value) FROM metric_supplier WHERE metric = 'distance_km'").fetchall()
    one = f"SELECT sum(distance_km::DECIMAL(38,3)) FROM (FROM '{file}' LIMIT {count}) WHERE status = 'COMPLETED'"
    if found != connection.execute(one).fetchall():
        sys.exit("the loop sums otherwise than one query")


if __name__ == "__main__":
    main()
