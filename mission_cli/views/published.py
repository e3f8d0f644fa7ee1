"""Finding one's way in what is published: the manifest, as-of days, who a supplier is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import polars as pl

from mission_cli.model.errors import StorageError, UsageError
from mission_cli.model.known import refuse_unknown
from mission_cli.store.layout import Layout
from mission_cli.store.manifest import LEFT, Manifest, SupplierEntry, read_manifest

T = TypeVar("T")
_MEND = "restore it, or move data/ away and compute everything again with missionctl backfill"


@dataclass(frozen=True, slots=True)
class Published:
    """One state of what is published; `data` is the folder that the manifest's names are relative to."""

    data: Path
    manifest: Manifest

    def path(self, name: str) -> Path:
        """Where a file that the manifest names lies."""
        return self.data / name


def published(root: Path) -> Published:
    """What is published now. Raises UsageError when nothing is."""
    layout = Layout(root)
    manifest = read_manifest(layout.manifest)
    if not manifest.state:
        raise UsageError(f'nothing was computed yet in {root}; start with "missionctl run" or "missionctl backfill"')
    return Published(layout.data, manifest)


def from_one_state(root: Path, read: Callable[[Published], T]) -> T:
    """What `read` makes of one state of what is published.

    A run that ends meanwhile removes files of the state before: then from the new state, as a whole.
    """
    while True:
        source = published(root)
        try:
            return read(source)
        except (StorageError, FileNotFoundError):
            if published(root) == source:
                raise


def chosen_day(source: Published, day: date | None, today: date) -> date:
    """The as-of day to read: the given one, or the newest that is not ahead of `today`, or else the newest.

    Raises UsageError when it has no results.
    """
    latest = max((known for known in source.manifest.results if known <= today), default=source.manifest.latest)
    if latest is None:
        raise UsageError('there are no results yet; compute some with "missionctl run"')
    if day is None:
        return latest
    if day not in source.manifest.results:
        if pruned_spans(source, "", day, day):
            raise UsageError(f"the results as of {day} were pruned; missionctl run --date {day} makes them again")
        first = min(source.manifest.results)
        raise UsageError(f"no results as of {day}; there are some from {first} to {latest} (missionctl run --date {day})")
    return day


def pruned_spans(source: Published, name: str, first: date, last: date) -> list[str]:
    """Days of a source (or, without its name, as-of days) within a span that were pruned and not computed since, as text."""
    spans = [tuple(map(date.fromisoformat, span)) for span in source.manifest.state.get("pruned", {}).get(name, ())]
    within = [(max(start, first), min(end, last)) for start, end in spans if start <= last and first <= end]
    return [f"{start} to {end}" if start < end else f"{start}" for start, end in within]


def results_as_of(source: Published, day: date) -> pl.DataFrame:
    """All results as of a day, in the order of contract §4."""
    return read_published(source.path(source.manifest.results[day].file))


def read_published(path: Path, *, supplier: str | None = None) -> pl.DataFrame:
    """A published file, or the rows of one supplier in it. Raises StorageError, naming the file, when it cannot be read."""
    try:
        frame = pl.scan_parquet(path, glob=False, hive_partitioning=False)
        return (frame if supplier is None else frame.filter(pl.col("supplier_id") == supplier)).collect()
    except FileNotFoundError:
        raise StorageError(f"{path} is not there; {_MEND}") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(path, str(error).splitlines()[0]) from error


def unreadable(path: Path, reason: str) -> StorageError:
    """What to tell when a published file is damaged."""
    return StorageError(f"{path} cannot be read: {reason}; {_MEND}")


def stale_note(source: Published, day: date) -> str | None:
    """That records which came later reach the results as of a day, and how to make them anew; None when none do."""
    for as_of, batch, file in source.manifest.state.get("stale_results", ()):
        if as_of == day.isoformat():
            behind = f"{file} (batch {batch})" if file is not None else "a change of the configuration"
            return f"the results as of {day} are older than {behind}; missionctl backfill --only stale makes them anew"
    return None


def known_mission(source: Published, name: str) -> str:
    """The mission's id. Raises UsageError for one that does not exist."""
    missions: list[str] = source.manifest.state.get("missions", [])
    refuse_unknown(name, missions)
    return name


@dataclass(frozen=True, slots=True)
class Identity:
    """A supplier: its id, the alias, and every attribute as text; empty for one that only orders know. `left`: since when it is
    no longer in the suppliers' file."""

    supplier_id: str
    alias: str | None
    attributes: dict[str, str]
    left: str | None = None


def identify(
    source: Published, text: str, day: date, results: pl.DataFrame, supplier_columns: Mapping[str, str] | None = None
) -> Identity:
    """The supplier with this id, or else this alias, with its attributes as of a day.

    Raises UsageError when neither orders nor the suppliers' file know it.

    `supplier_columns`: source → its column of suppliers; with it, records that do not count are looked through too.
    """
    entries = source.manifest.suppliers
    as_of = source.manifest.suppliers_as_of(day)
    for entry in dict.fromkeys([*([as_of] if as_of else []), *reversed(entries)]):
        found = _in_roster(source, entry, text)
        if found is not None:
            return found
    if _has_rows(source, text, results, supplier_columns or {}):
        return Identity(text, None, {})
    among = "by id or alias" if entries and entries[-1].alias else "by id"
    raise UsageError(f'no supplier "{text}" {among}: not in the results, the orders or the suppliers\' file')


def _in_roster(source: Published, entry: SupplierEntry, text: str) -> Identity | None:
    """The supplier with this id, or else this alias, in a version of the suppliers. Raises UsageError when several have it."""
    rows = read_published(source.path(entry.file)).with_columns(pl.all().cast(pl.String))
    found = rows.filter(pl.col(entry.key) == text)
    if found.is_empty() and entry.alias is not None:
        found = rows.filter(pl.col(entry.alias) == text)
    if found.height > 1:
        ids = ", ".join(found[entry.key].to_list())
        raise UsageError(f'"{text}" is the {entry.alias} of {found.height} suppliers; name one by id: {ids}')
    if found.is_empty():
        return None
    row = found.row(0, named=True)
    left = row.pop(LEFT)
    attributes = {name: value for name, value in row.items() if value is not None and name != entry.key}
    return Identity(row[entry.key], row[entry.alias] if entry.alias else None, attributes, left)


def _has_rows(source: Published, supplier: str, results: pl.DataFrame, supplier_columns: Mapping[str, str]) -> bool:
    if not results.filter(pl.col("supplier_id") == supplier).is_empty():
        return True
    for name, days in source.manifest.days.items():
        counted = [source.path(entry.metrics) for entry in days.values() if entry.metrics]
        others = [source.path(entry.left_out) for entry in days.values() if entry.left_out]
        column = supplier_columns.get(name)
        if _is_in(counted, "supplier_id", supplier) or (column is not None and _is_in(others, column, supplier)):
            return True
    return False


def _is_in(files: list[Path], column: str, supplier: str) -> bool:
    if not files:
        return False
    rows = pl.scan_parquet(files, glob=False, hive_partitioning=False, missing_columns="insert", extra_columns="ignore")
    named = rows.select(pl.col(column).cast(pl.String))
    return not named.filter(pl.col(column) == supplier).head(1).collect().is_empty()
