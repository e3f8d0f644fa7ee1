"""The processes that ingest.py measures: make the files; load one with missionctl's own stages; or read one bare.

usage: ingest_parts.py make FOLDER ROWS | load FILE DATABASE | bare FILE DATABASE
"""

from __future__ import annotations

import sys
from pathlib import Path

TYPES = {
    "order_id": "VARCHAR",
    "supplier_id": "VARCHAR",
    "status": "VARCHAR",
    "service_id": "VARCHAR",
    "final_at": "TIMESTAMPTZ",
    "updated_at": "TIMESTAMPTZ",
    "fare": "DECIMAL(18,2)",
    "discount": "BIGINT",
}
METRICS = """
[project]
name = "bench"
timezone = "Asia/Ho_Chi_Minh"
[sources.orders]
files = ["*.csv"]
key = "order_id"
supplier = "supplier_id"
time = "final_at"
updated = "updated_at"
final = "status IN ('COMPLETED', 'CANCELED')"
[sources.orders.columns]
order_id = { type = "string", required = true }
supplier_id = { type = "string" }
status = { type = "string", required = true, one_of = ["CREATED", "COMPLETED", "CANCELED"] }
service_id = { type = "string" }
final_at = { type = "timestamp" }
updated_at = { type = "timestamp" }
fare = { type = "decimal(18,2)", min = 0 }
discount = { type = "integer" }
[metrics.trips]
source = "orders"
method = "single_value"
value = 1
"""
MISSIONS = """
[missions.daily]
window = { kind = "day" }
[[missions.daily.conditions]]
name = "trips"
formula = "trips"
type = "GTE"
val = 1
"""


def make(folder: Path, rows: int) -> None:
    """The same orders in every kind of file."""
    import duckdb

    duckdb.execute(f"""
        CREATE TABLE orders AS SELECT
            'O' || lpad(i::VARCHAR, 9, '0') AS order_id, '8490' || lpad((hash(i) % 20000)::VARCHAR, 7, '0') AS supplier_id,
            CASE WHEN hash(i + 1) % 10 < 8 THEN 'COMPLETED' ELSE 'CANCELED' END AS status, 'BIKE' AS service_id,
            strftime(TIMESTAMP '2026-10-01' + INTERVAL (i % 2592000) SECOND, '%Y-%m-%dT%H:%M:%SZ') AS final_at,
            strftime(TIMESTAMP '2026-10-01' + INTERVAL (i % 2592000 + 60) SECOND, '%Y-%m-%dT%H:%M:%SZ') AS updated_at,
            CAST((hash(i + 2) % 10000000) / 100.0 AS DECIMAL(18, 2)) AS fare, (hash(i + 3) % 1000)::INTEGER AS discount
        FROM range({rows}) AS t(i)""")
    for name, how in {
        "clean.csv": "FORMAT csv",
        "quoted.csv": "FORMAT csv, FORCE_QUOTE *",
        "clean.csv.gz": "FORMAT csv, COMPRESSION gzip",
        "clean.csv.zst": "FORMAT csv, COMPRESSION zstd",
        "clean.parquet": "FORMAT parquet",
        "clean.jsonl": "FORMAT json",
    }.items():
        duckdb.execute(f"COPY orders TO '{folder / name}' ({how})")


def bare(file: Path, database: Path) -> None:
    """DuckDB's reader, told the types."""
    import duckdb

    with duckdb.connect(database) as connection:
        connection.execute("SET TimeZone = 'Asia/Ho_Chi_Minh'")
        connection.execute("CREATE TABLE orders AS SELECT * FROM read_csv(?, columns = ?, header = true)", [str(file), TYPES])


def load(file: Path, database: Path) -> None:
    """What `missionctl run` does to a new file, until its records are committed."""
    from mission_cli.config.load import load_project
    from mission_cli.orders.merge import make_tables, merge
    from mission_cli.stages.parallel import in_order
    from mission_cli.staging.load import Batch, stage
    from mission_cli.store.database import opened
    from mission_cli.store.files import digest_of

    root = file.parent
    (root / "metrics.toml").write_text(METRICS)
    (root / "missions.toml").write_text(MISSIONS)
    project = load_project(root)
    (source,) = project.sources
    batch = Batch(1, file.name, file, digest_of(file), file.stat().st_size)
    with opened(database, root / "scratch", project.timezone) as opened_database:
        make_tables(opened_database, source)
        with opened_database.transaction():
            loading = stage(opened_database, project, source, [batch], in_order)
            assert not loading.refused
            assert not loading.rejected
            merge(opened_database, source)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", folder, rows]:
            make(Path(folder), int(rows))
        case ["bare", file, database]:
            bare(Path(file), Path(database))
        case ["load", file, database]:
            load(Path(file), Path(database))
        case _:
            sys.exit(__doc__)
