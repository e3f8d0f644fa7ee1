"""What a project holds, apart from numbers and times of runs: published files, tables, and what readers are shown."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_OURS = ("missions.duckdb", "missions.lock", "exports", "manifest.json")
_OF_RUNS = {  # table → columns that tell which run it was, or when that began
    "batches": ["run"],
    "corrections": ["run", "recorded_at", "closed_run", "closed_at"],
    "logs": ["file"],  # of corrections, whose name carries a digest of these
}
_CORRECTIONS = "corrections/"


@dataclass(frozen=True, slots=True)
class Shown:
    """A manifest without its runs. `results`: as-of day → file; `names`: every file that it names; all but that of the list of
    corrections stand in the text."""

    text: str
    results: dict[str, str]
    names: frozenset[str] = field(compare=False)


def tree(root: Path) -> dict[str, str]:
    """Every file and folder below data/ that is ours and not compared otherwise, with the digest of its content."""
    data = root / "data"
    found = {}
    for path in sorted(data.rglob("*")):
        name = path.relative_to(data).as_posix()
        if name.startswith(_CORRECTIONS):
            found[_CORRECTIONS] = "a list"  # what it holds: see `tables`
        elif name.split("/")[0] not in _OURS:
            found[name] = "folder" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def shown(root: Path) -> Shown | None:
    """What readers are shown; None when nothing was published yet."""
    path = root / "data/manifest.json"
    if not path.exists():
        return None
    whole = json.loads(path.read_text("utf-8"))
    state = whole["state"]
    del state["runs"]
    at = state["batches"]["columns"].index("run")
    state["batches"]["rows"] = [row[:at] + row[at + 1 :] for row in state["batches"]["rows"]]
    results = {day: entry["file"] for day, entry in whole["results"].items()}
    days = [name for entries in whole["days"].values() for files in entries.values() for name in files if name]
    rosters = [entry[0] for entry in whole["suppliers"]] + [file for found in whole["assigned"].values() for _, file in found]
    columns = state["logs"]["columns"]
    rosters += [book["file"] for book in whole["books"].values()]
    logs = [row[columns.index("file")] for row in state["logs"]["rows"]]
    for row in state["logs"]["rows"]:
        if row[columns.index("file")].startswith(_CORRECTIONS):
            row[columns.index("file")] = _CORRECTIONS
    return Shown(json.dumps(whole, sort_keys=True), results, frozenset([*results.values(), *days, *rosters, *logs]))


def unreadable(root: Path, names: frozenset[str]) -> list[str]:
    """Published files that are not there, or do not hold what their names say."""
    wrong = []
    for name in sorted(names):
        path = root / "data" / name
        if not path.exists():
            wrong.append(f"{name} is named by the manifest and not there")
        elif hashlib.sha256(path.read_bytes()).hexdigest()[:16] not in path.name:
            wrong.append(f"{name} holds something else than its name says")
    return wrong


def tables(root: Path) -> dict[str, str]:
    """Every table and view of the working database, as a digest of its rows in order. Puts DuckDB to work."""
    import duckdb

    connection = duckdb.connect(str(root / "data/missions.duckdb"), read_only=True)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        names = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()]
        found = {name: _rows(connection, f'"{name}"', name) for name in names if name not in ("runs", "seals")}
        for path in sorted((root / "data" / _CORRECTIONS).glob("*.parquet")):
            found[_CORRECTIONS] = _rows(connection, f"read_parquet('{path}')", "corrections")
        views = connection.execute("SELECT view_name, sql FROM duckdb_views() WHERE NOT internal ORDER BY 1").fetchall()
        # DuckDB writes the names of an EXCLUDE in any order
        return found | {f"view {name}": " ".join(sorted(re.findall(r"\w+", sql))) for name, sql in views}
    finally:
        connection.close()


def _rows(connection: Any, rows_of: str, table: str) -> str:
    without = f" EXCLUDE ({', '.join(_OF_RUNS[table])})" if table in _OF_RUNS else ""
    rows = connection.execute(f"SELECT CAST(t AS VARCHAR) FROM (SELECT *{without} FROM {rows_of}) AS t ORDER BY 1").fetchall()
    return f"{len(rows)} rows, {hashlib.sha256(repr(rows).encode()).hexdigest()}"


def differences(found: dict[str, str], wanted: dict[str, str], what: str) -> list[str]:
    """What is missing, too much, or other."""
    return (
        [f"{what} {name} is missing" for name in sorted(wanted.keys() - found.keys())]
        + [f"{what} {name} is left over" for name in sorted(found.keys() - wanted.keys())]
        + [f"{what} {name} differs" for name in sorted(found.keys() & wanted.keys()) if found[name] != wanted[name]]
    )
