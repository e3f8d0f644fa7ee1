"""The tiny project that hostile files are delivered to, a source for each row, and what came of them there."""

from __future__ import annotations

import csv
import io
import json
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
from polars import selectors

from tests.hostile.row import Row, Setting
from tests.support import done

AS_OF = "2024-05-31"
GOOD, GOOD_SUPPLIER = "good.csv", "good"
LONG_AGO = 1_700_000_000  # a file as old as this is not still being written

SOURCE_AND_METRIC = """
[sources.{name}]
{source}

[sources.{name}.columns]
{columns}

[metrics.total_{name}]
source = "{name}"
method = "expression"
expression = "amount"
data_type = "decimal(38,9)"
default_value = 0
"""
MISSION = """
[missions.year]
window = { kind = "fixed", start = 2024-01-01, end = 2024-12-31 }
"""
CONDITION = """
[[missions.year.conditions]]
name = "total_{name}"
formula = "total_{name}"
type = "GTE"
val = 1
"""
KINDS = ("csv", "csv.gz", "csv.zst", "parquet", "jsonl", "jsonl.gz")
PROJECT = {"name": "hostile", "timezone": "UTC"}
SOURCE = {"key": "id", "supplier": "who", "time": "at", "max_rejects": 1}
COLUMNS: Mapping[str, Any] = {"id": "string", "who": "string", "at": "timestamp", "amount": "decimal(18,2)"}
SAMPLES = {"string": "x", "integer": "1", "double": "1", "boolean": "true", "date": "2024-05-06"}

Table = dict[str, Any]


def name_of(number: int) -> str:
    """The source of a row, and the folder of its exports."""
    return f"row_{number}"


# ---------------------------------------------------------------- given


def write_project(root: Path, rows: Sequence[Row]) -> None:
    """A project with a source for each row, in whose folder lie a good file and the files of the row."""
    root.mkdir(exist_ok=True)
    metrics, missions = [f"[project]\n{_lines({**PROJECT, **rows[0].setting.project})}\n"], [MISSION]
    for number, row in enumerate(rows):
        name = name_of(number)
        metrics.append(SOURCE_AND_METRIC.format(name=name, source=_source(row.setting, name), columns=_columns_of(row.setting)))
        missions.append(CONDITION.format(name=name))
        deliver(root / name, {GOOD: _good_file(row.setting), **{file: row.content(file) for file in row.files}})
    (root / "metrics.toml").write_text("".join(metrics), "utf-8")
    (root / "missions.toml").write_text("".join(missions), "utf-8")


def deliver(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put files into a folder as if they had been there for long."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
        os.utime(folder / name, (LONG_AGO, LONG_AGO))


def _source(setting: Setting, folder: str) -> str:
    files = {"files": [f"{folder}/*.{kind}" for kind in KINDS]}
    return _lines({**files, **SOURCE, **setting.source, **({"csv": setting.csv} if setting.csv else {})})


def _columns_of(setting: Setting) -> str:
    return _lines(_columns(setting))


def _columns(setting: Setting) -> dict[str, Table]:
    said = {**COLUMNS, **setting.columns}
    return {name: {"type": column} if isinstance(column, str) else dict(column) for name, column in said.items()}


def _lines(table: Mapping[str, Any]) -> str:
    return "\n".join(f"{name} = {_toml(value)}" for name, value in table.items())


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{name} = {_toml(inner)}' for name, inner in value.items())} }}"
    return json.dumps(value)


def _good_file(setting: Setting) -> bytes:
    """A CSV file of one order of 1.00 that must be loaded whatever lies beside it, written as the source's `csv` says."""
    columns = _columns(setting)
    cells = [
        {"id": "good", "who": GOOD_SUPPLIER, "amount": "1"}.get(name) or _sample(column, setting)
        for name, column in columns.items()
    ]
    headers = [column.get("from", name) for name, column in columns.items()]
    sign = setting.csv.get("delimiter", ",")
    return "".join(f"{sign.join(line)}\n" for line in (headers, cells)).encode(setting.csv.get("encoding", "utf-8"))


def _sample(column: Table, setting: Setting) -> str:
    if "one_of" in column:
        return str(column["one_of"][0])
    if column["type"] != "timestamp":
        return SAMPLES.get(column["type"], "1")
    written = setting.csv.get("timestamp_format", ["%Y-%m-%dT%H:%M:%S%z"])[0]
    return datetime.fromisoformat("2024-05-06T08:00:00+00:00").strftime(written)


# ---------------------------------------------------------------- what came of it


class Outcome:
    """What a project holds after the run, told row by row."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._refused = json.loads(done(root, "status", "--json").out)["refused"]
        self._batches = batches(root)
        self._explained: set[str] = set()
        self._totals: dict[str, dict[str, Decimal]] = defaultdict(dict)
        for row in csv.DictReader(io.StringIO(done(root, "results", "--date", AS_OF, "--format", "csv").out)):
            self._totals[row["condition"]][row["supplier_id"]] = Decimal(row["value"])

    def accounts(self, name: str) -> dict[str, Table]:
        """The account of every file that was loaded, by name."""
        return {
            batch["file"].removeprefix(f"{name}/"): batch
            for batch in self._batches
            if batch["source"] == name and batch["status"] == "loaded"
        }

    def refusals(self, name: str) -> dict[str, str]:
        """Why files were refused, by name."""
        folder = f"{name}/"
        return {row["file"].removeprefix(folder): row["reason"] for row in self._refused if row["file"].startswith(folder)}

    def totals(self, name: str) -> dict[str, Decimal]:
        """The value of each supplier, as published."""
        return self._totals[f"total_{name}"]

    def rejects(self, name: str) -> list[tuple[int, str, str]]:
        """Line, column and reason of every record that was rejected, in the order of files and lines."""
        found = self._published("rejects", name)
        return (
            [] if found.is_empty() else found.sort("file", "line").select("line", pl.col("column").fill_null(""), "reason").rows()
        )

    def orders(self, name: str) -> pl.DataFrame:
        """The orders that stand, by file and line; those of the good file are not among them."""
        found = self._published("orders", name).filter(pl.col("_file") != f"{name}/{GOOD}").sort("_file", "_line")
        return found.with_columns(selectors.datetime(time_zone="*").dt.convert_time_zone("UTC"))

    def conflicts(self, name: str) -> list[int]:
        """The lines of versions that lost to another content of the same `updated`."""
        found = self._published("duplicates", name)
        return [] if found.is_empty() else sorted(found.filter(pl.col("why") == "conflict")["line"].to_list())

    def explain(self, supplier: str) -> None:
        """What was loaded of a supplier can be shown to people."""
        if supplier not in self._explained and any(supplier in totals for totals in self._totals.values()):
            self._explained.add(supplier)
            done(self._root, "explain", "supplier", supplier, "--all")

    def _published(self, kind: str, name: str) -> pl.DataFrame:
        files = sorted((self._root / "data" / kind / f"source={name}").rglob("*.parquet"))
        return pl.concat([pl.read_parquet(file) for file in files]) if files else pl.DataFrame()


def batches(root: Path) -> list[Table]:
    """What the ledger says of every file that was taken or refused."""
    table = json.loads((root / "data" / "manifest.json").read_text("utf-8"))["state"]["batches"]
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def as_text(values: Sequence[Any]) -> list[str | None]:
    """Values of orders as a row of the table has them."""
    return [_as_text(value) for value in values]


def _as_text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case _:
            return str(value)
