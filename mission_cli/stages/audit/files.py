"""The published files: there, with the bytes and the rows that the ledger recorded; and files that nothing names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from mission_cli.model.errors import StorageError
from mission_cli.stages.audit.findings import RUN_AGAIN, Audit
from mission_cli.stages.context import Watch
from mission_cli.stages.parallel import in_order
from mission_cli.store.database import Database
from mission_cli.store.files import PENDING, digest_of, unnamed
from mission_cli.store.layout import EVIDENCE, Layout
from mission_cli.store.ledger import Ledger
from mission_cli.store.manifest import DamagedManifestError, Manifest, read_manifest

_DIGEST = re.compile(r"-([0-9a-f]{16})\.parquet$")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A file as the ledger has it: its digest, or as much of it as the name carries; rows where they are recorded."""

    name: str
    digest: str
    rows: int | None


@dataclass(frozen=True, slots=True)
class _Looked:
    """A file as it is; `wrong` says what is the matter with it."""

    recorded: Recorded
    bytes: int = 0
    rows: int = 0
    wrong: str | None = None


def recorded_files(database: Database) -> list[Recorded]:
    """Every file that the ledger names."""
    sql = """
        SELECT file, digest, rows FROM partitions WHERE file IS NOT NULL
        UNION ALL SELECT file, digest, rows FROM evaluations
        UNION ALL SELECT file, digest, rows FROM decisions
        UNION ALL SELECT file, NULL, rows FROM rosters
        UNION ALL SELECT file, NULL, rows FROM logs
        UNION ALL SELECT file, NULL, rows FROM rule_books
        UNION ALL SELECT unnest([orders_file, left_out_file]), NULL, NULL FROM partitions"""
    rows = database.rows(f"SELECT DISTINCT * FROM ({sql}) WHERE file IS NOT NULL ORDER BY ALL")
    return [Recorded(name, digest or _in_name(name), count) for name, digest, count in rows]


def recorded_in(name: str) -> Recorded:
    """A file of which nothing is known but its name."""
    return Recorded(name, _in_name(name), None)


def _in_name(name: str) -> str:
    found = _DIGEST.search(name)
    return found[1] if found else ""


def check_files(audit: Audit, data: Path, files: Iterable[Recorded], watch: Watch) -> set[str]:
    """Read every file to its end; returns the names of those that are damaged."""
    recorded = list(files)
    watch.begin("verify", len(recorded))
    damaged = set()
    for looked in in_order(partial(_look, data, one) for one in recorded):
        audit.files += 1
        audit.bytes += looked.bytes
        audit.rows += looked.rows
        if looked.wrong is not None:
            damaged.add(looked.recorded.name)
            audit.damaged(f"data/{looked.recorded.name}", looked.wrong)
        watch.advance(1)
    return damaged


def _look(data: Path, recorded: Recorded) -> _Looked:
    path = data / recorded.name
    try:
        size, digest = path.stat().st_size, digest_of(path)
    except FileNotFoundError:
        return _Looked(recorded, wrong="is not there")
    except OSError as error:
        return _Looked(recorded, wrong=f"cannot be read: {error.strerror}")
    carried = _in_name(recorded.name)
    if not carried or not recorded.digest.startswith(carried):
        return _Looked(recorded, size, wrong="has a name that does not carry the digest that the ledger has of it")
    if not digest.startswith(recorded.digest):
        wrong = f"does not hold what was published: its digest is {digest[:16]}, not {recorded.digest[:16]} ({size:,} bytes)"
        return _Looked(recorded, size, wrong=wrong)
    return _counted(path, recorded, size)


def _counted(path: Path, recorded: Recorded, size: int) -> _Looked:
    try:
        rows = int(pl.scan_parquet(path, glob=False, hive_partitioning=False).select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError) as error:
        return _Looked(recorded, size, wrong=f"cannot be read: {str(error).splitlines()[0]}")
    other = recorded.rows is not None and rows != recorded.rows
    return _Looked(recorded, size, rows, f"has {rows:,} rows; the ledger has {recorded.rows:,}" if other else None)


def check_manifest(audit: Audit, layout: Layout, ledger: Ledger | None) -> Manifest:
    """Read the manifest, and hold its days and results against the ledger of a run that is done; an empty one when it is damaged.

    Without a ledger there may be none yet: the first run was cut off.
    """
    place = "data/manifest.json"
    if not layout.manifest.exists():
        if ledger is not None:
            audit.damaged(place, "is not there", RUN_AGAIN)
        return Manifest()
    try:
        manifest = read_manifest(layout.manifest)
    except DamagedManifestError as error:
        audit.damaged(place, f"is damaged ({error.__cause__})", RUN_AGAIN)
        return Manifest()
    except StorageError as error:
        audit.damaged(place, str(error), "see there")
        return Manifest()
    if ledger is not None:
        for what in _differences(manifest, ledger.manifest({})):
            audit.damaged(place, what, RUN_AGAIN)
    return manifest


def _differences(shown: Manifest, known: Manifest) -> Iterator[str]:
    for source in sorted(shown.days.keys() | known.days.keys()):
        here, there = shown.days.get(source, {}), known.days.get(source, {})
        days = sorted(day for day in here.keys() | there.keys() if here.get(day) != there.get(day))
        if days:
            yield f"does not name the files of {source} that the ledger names, {_some(days)}"
    others = sorted(
        day for day in shown.results.keys() | known.results.keys() if shown.results.get(day) != known.results.get(day)
    )
    if others:
        yield f"does not name the results that the ledger names, {_some(others)}"


def _some(days: Sequence[object]) -> str:
    return f"{', '.join(map(str, days[:3]))}{f' and {len(days) - 3} more days' if len(days) > 3 else ''}"


def find_leftovers(data: Path, named: set[str]) -> list[tuple[str, int]]:
    """Files of ours that nothing names, relative to data/, with their bytes: published ones, and what a cut-off write left."""
    found = unnamed(data, EVIDENCE, named) + cut_off_writes(data)
    return [(name, (data / name).lstat().st_size) for name in found]


def cut_off_writes(data: Path) -> list[str]:
    """What writes of the database, of the manifest and of the answers of Metabase have left, relative to data/."""
    found = [*data.glob(f"*{PENDING}"), *(data / "metabase").rglob(f"*{PENDING}")]
    return sorted(path.relative_to(data).as_posix() for path in found)
