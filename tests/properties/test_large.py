"""A day that is too large for memory takes other ways to the same: rows, their order, types, and where files are small, bytes."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import polars as pl
import pytest

from mission_cli.daily import partition
from mission_cli.orders import export
from mission_cli.store import files
from mission_cli.store.files import Draft, Publisher
from tests.audit.world import clean
from tests.properties.test_against_oracle import bytes_of
from tests.support import done

EVIDENCE = ("orders", "left_out", "metrics", "results")
METRICS = """
[project]
name = "large"
timezone = "Asia/Ho_Chi_Minh"

[sources.trips]
files = ["data/exports/*.csv"]
key = ["id", "part"]
supplier = "driver"
time = "at"
updated = "changed"
final = "done"
max_rejects = 0

[sources.trips.columns]
id = { type = "string", required = true }
part = { type = "integer", required = true }
driver = { type = "string" }
at = { type = "timestamp" }
changed = { type = "timestamp", required = true }
day = { type = "date" }
done = { type = "boolean" }
fare = { type = "decimal(18,2)" }
km = { type = "double" }

"""
EXPRESSIONS = {
    "km_sum": ("km", "double", "sum"),
    "km_avg": ("km", "double", "avg"),
    "km_first": ("km", "double", "first"),
    "fare_last": ("fare", "decimal(18,2)", "last"),
    "fare_sum": ("fare", "decimal(18,2)", "sum"),
    "part_distinct": ("part", "integer", "distinct"),
    "part_max": ("part", "integer", "max"),
}
MISSION = '\n[missions.week_{n}]\nwindow = {{ kind = "week", start = "MON" }}\nreward = {n}00\n'
CONDITION = '\n[[missions.week_{n}.conditions]]\nname = "{name}"\nformula = "{name}"\ntype = "GT"\nval = 4\n'


def write(root: Path) -> None:
    """Three days of trips in two exports; the second, under the name of the first, changes some and repeats others."""
    metrics = METRICS
    for name, (column, kind, word) in EXPRESSIONS.items():
        metrics += f'[metrics.{name}]\nsource = "trips"\nmethod = "expression"\nexpression = "{column}"\n'
        metrics += f'data_type = "{kind}"\nday = "{word}"\n\n'
    (root / "data/exports").mkdir(parents=True)
    (root / "metrics.toml").write_text(metrics)
    conditions = [(n, CONDITION.format(n=n, name=name)) for n in range(1, 7) for name in ("km_sum", "km_avg", "fare_sum")]
    missions = [MISSION.format(n=n) + "".join(text for number, text in conditions if number == n) for n in range(1, 7)]
    (root / "missions.toml").write_text("".join(missions))
    export_to(root, 0)


def export_to(root: Path, version: int) -> None:
    dice = random.Random(version)
    lines = ["id,part,driver,at,changed,day,done,fare,km"]
    for number in range(900):
        dice.seed(f"{number} {version if number % 3 == 0 else 0}")
        driver = dice.choice(["Ánh", "bob", "Bob", "ann", "", "đức", "x" * 20]) + dice.choice(["", "1", "10", "2"])
        at = f"2026-03-{2 + number % 3:02}T{dice.randrange(24):02}:{dice.randrange(6) * 10:02}:00.25"
        state = dice.choice(["true", "true", "true", "false", ""])
        changed = f"2026-03-05T00:00:{dice.randrange(10):02}"
        lines.append(
            f"T{number // 2},{number % 2},{driver},{at},{changed},2026-03-{1 + dice.randrange(28):02},{state},"
            f"{dice.choice(['', f'{dice.randrange(10**6) / 100:.2f}'])},{dice.random() * 50!r}"
        )
    (root / "data/exports/trips.csv").write_text("\n".join(lines) + "\n")


def run(root: Path) -> dict[str, bytes]:
    """Both exports, one after the other, as of three days; and that all of it comes out the same again."""
    write(root)
    done(root, "backfill", "--from", "2026-03-02", "--to", "2026-03-04")
    export_to(root, 1)
    done(root, "backfill", "--from", "2026-03-02", "--to", "2026-03-04", "--only", "all")
    clean(root, "--deep")
    return bytes_of(root, *EVIDENCE)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    found = run(tmp_path_factory.mktemp("usual"))
    assert {name.split("/")[0] for name in found} == set(EVIDENCE)
    return found


def test_days_that_the_database_sorts(tmp_path: Path, usual: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    for bound in ("MOST_ROWS", "_ROWS_AT_ONCE", "_ROWS_OF_A_BATCH"):
        monkeypatch.setattr(export, bound, 10)
    assert run(tmp_path) == usual


@pytest.mark.parametrize("orders", [1, 10, 90])
def test_partitions_computed_by_parts(
    tmp_path: Path, usual: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, orders: int
) -> None:
    monkeypatch.setattr(partition, "_ORDERS_AT_ONCE", orders)
    assert run(tmp_path) == usual


def test_files_written_by_parts(tmp_path: Path, usual: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Other bytes, but the same when they are made again; and to readers the same rows, order and types."""
    for module, bound in ((export, "MOST_ROWS"), (export, "_ROWS_AT_ONCE"), (files, "MOST_ROWS")):
        monkeypatch.setattr(module, bound, 40)
    monkeypatch.setattr(files, "_GROUP_ROWS", 16)
    found = run(tmp_path / "once")
    monkeypatch.setattr(export, "_ROWS_OF_A_BATCH", 7)
    assert run(tmp_path / "again") == found
    assert tables(usual, tmp_path) == tables(found, tmp_path)


def tables(contents: dict[str, bytes], folder: Path) -> dict[str, object]:
    """Folder → rows as Polars and as DuckDB read them, and the types that each of them finds."""
    read = {}
    for name, content in contents.items():
        path = folder / "read.parquet"
        path.write_bytes(content)
        frame = pl.read_parquet(path, glob=False, hive_partitioning=False)
        relation = duckdb.connect().sql(f"SELECT * FROM read_parquet('{path}', hive_partitioning = false)")
        types = list(zip(relation.columns, map(str, relation.types), strict=True))
        read[name.rsplit("/", 1)[0]] = (frame.schema, frame.rows(), types, relation.pl().rows())
    return read


@pytest.mark.parametrize("rows", [0, 1, 20, 21, 24, 32, 100])
def test_parts_of_any_size_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(files, "MOST_ROWS", 20)
    monkeypatch.setattr(files, "_GROUP_ROWS", 8)
    frame = pl.DataFrame(
        {"n": range(rows), "text": [f"row {n % 7}" if n % 3 else None for n in range(rows)]},
        schema={"n": pl.Int64, "text": pl.String},
    )
    (whole,) = Publisher(tmp_path).write([Draft("whole", "rows", frame)])
    dice = random.Random(rows)
    for number in range(10):
        publisher = Publisher(tmp_path)
        file = publisher.begin(f"parts{number}", "rows")
        first = 0
        while first <= rows:
            size = dice.randrange(12)
            file.add(frame.slice(first, size))
            first += size
        (published,) = publisher.finish([file])
        publisher.settle()
        assert (published.digest, published.rows) == (whole.digest, rows)
        assert pl.read_parquet(tmp_path / published.name, glob=False, hive_partitioning=False).equals(frame)
