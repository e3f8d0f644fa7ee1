"""The same orders in every kind of file come to the same partitions and results, byte by byte."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.cli.shop import METRICS, ORDERS, replaced, snapshot, write_shop
from tests.support import done


def _copied(how: str, *, types: bool = False) -> Callable[[Path, Path], None]:
    def write(csv: Path, target: Path) -> None:
        columns = "{'fare': 'DECIMAL(18,2)', 'final_at': 'TIMESTAMP', 'updated_at': 'TIMESTAMP'}" if types else "{}"
        duckdb.execute(
            f"COPY (SELECT * FROM read_csv('{csv}', all_varchar = {not types}, types = {columns})) TO '{target}' ({how})"
        )

    return write


def _encoded(encoding: str) -> Callable[[Path, Path], None]:
    return lambda csv, target: target.write_bytes(csv.read_text().encode(encoding)) and None


WAYS: dict[str, tuple[str, str, Callable[[Path, Path], None]]] = {
    "quoted": ("2.csv", "", _copied("FORMAT csv, FORCE_QUOTE *")),
    "semicolons and apostrophes": (
        "2.csv",
        "csv = { delimiter = ';', quote = \"'\" }",
        _copied("FORMAT csv, DELIMITER ';', QUOTE '''', FORCE_QUOTE *"),
    ),
    "carriage returns": ("2.csv", "", lambda csv, target: target.write_bytes(csv.read_bytes().replace(b"\n", b"\r\n")) and None),
    "utf-8 with a mark": ("2.csv", "", _encoded("utf-8-sig")),
    "latin-1": ("2.csv", 'csv = { encoding = "latin-1" }', _encoded("latin-1")),
    "utf-16": ("2.csv", 'csv = { encoding = "utf-16" }', _encoded("utf-16")),
    "gzip": ("2.csv.gz", "", lambda csv, target: target.write_bytes(gzip.compress(csv.read_bytes())) and None),
    "zstd": ("2.csv.zst", "", _copied("FORMAT csv, COMPRESSION zstd")),
    "parquet of text": ("2.parquet", "", _copied("FORMAT parquet")),
    "parquet of types": ("2.parquet", "", _copied("FORMAT parquet", types=True)),
    "json lines": ("2.jsonl", "", _copied("FORMAT json")),
    "json lines of types": ("2.jsonl", "", _copied("FORMAT json", types=True)),
    "json lines, packed": ("2.jsonl.gz", "", _copied("FORMAT json, COMPRESSION gzip")),
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A CSV that every format can hold, and what is published of it."""
    good = "".join(line for line in ORDERS.splitlines(keepends=True) if "lots" not in line)
    root = write_shop(tmp_path_factory.mktemp("plain"))
    csv = root / "data/exports/orders/1.csv"
    csv.write_text(good)
    return csv, published(root)


def published(root: Path) -> dict[str, bytes]:
    """The partitions and results after a run; what names files is left out."""
    done(root, "run", "--date", "2024-05-07")
    everything = {name: content for name, (content, _) in snapshot(root / "data").items()}
    return {name: content for name, content in everything.items() if name.startswith(("metrics/", "results/"))}


@pytest.mark.parametrize("way", WAYS)
def test_every_kind_of_file_comes_to_the_same(way: str, plain: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    name, options, write = WAYS[way]
    csv, wanted = plain
    metrics = replaced(METRICS, "orders/*.csv", f"orders/*{name[1:]}")
    root = write_shop(tmp_path, replaced(metrics, "max_rejects = 0.5", options))
    (root / "data/exports/orders/1.csv").unlink()
    write(csv, root / "data/exports/orders" / name)
    assert published(root) == wanted
    batches = json.loads(done(root, "status", "--batches", "--json").out)["batches"]
    assert [(row["records"], row["rejected"]) for row in batches if row["source"] == "orders"] == [(9, 0)]
