"""Finding one's way in what is published: the manifest, as-of days, who a supplier is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from mission_cli.model.errors import UsageError
from mission_cli.store.layout import Layout
from mission_cli.store.manifest import Manifest, read_manifest


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


def chosen_day(source: Published, day: date | None) -> date:
    """The as-of day to read: the given one, or the newest. Raises UsageError when it has no results."""
    latest = source.manifest.latest
    if latest is None:
        raise UsageError('there are no results yet; compute some with "missionctl run"')
    if day is None:
        return latest
    if day not in source.manifest.results:
        first = min(source.manifest.results)
        raise UsageError(f"no results as of {day}; there are some from {first} to {latest} (missionctl run --date {day})")
    return day


def results_as_of(source: Published, day: date) -> pl.DataFrame:
    """All results as of a day, in the order of contract §4."""
    return pl.read_parquet(source.path(source.manifest.results[day].file))


def known_mission(source: Published, name: str) -> str:
    """The mission's id. Raises UsageError for one that does not exist."""
    missions: list[str] = source.manifest.state.get("missions", [])
    if name not in missions:
        near = get_close_matches(name, missions, n=1)
        hint = f'did you mean "{near[0]}"?' if near else f"missions: {', '.join(missions)}"
        raise UsageError(f'unknown mission "{name}" ({hint})')
    return name


@dataclass(frozen=True, slots=True)
class Identity:
    """A supplier: its id, the alias, and every attribute as text; empty for one that only orders know."""

    supplier_id: str
    alias: str | None
    attributes: dict[str, str]


def identify(source: Published, text: str, results: pl.DataFrame) -> Identity:
    """The supplier with this id, or else this alias. Raises UsageError when neither orders nor the suppliers' file know it."""
    entry = source.manifest.suppliers
    if entry is not None:
        rows = pl.scan_parquet(source.path(entry.file)).with_columns(pl.all().cast(pl.String))
        found = rows.filter(pl.col(entry.key) == text).collect()
        if found.is_empty() and entry.alias is not None:
            found = rows.filter(pl.col(entry.alias) == text).collect()
        if found.height > 1:
            ids = ", ".join(found[entry.key].to_list())
            raise UsageError(f'"{text}" is the {entry.alias} of {found.height} suppliers; name one by id: {ids}')
        if found.height == 1:
            row = found.row(0, named=True)
            attributes = {name: value for name, value in row.items() if value is not None and name != entry.key}
            return Identity(row[entry.key], row[entry.alias] if entry.alias else None, attributes)
    if _has_rows(source, text, results):
        return Identity(text, None, {})
    among = "by id or alias" if entry is not None and entry.alias else "by id"
    raise UsageError(f'no supplier "{text}" {among}: not in the results, the orders or the suppliers\' file')


def _has_rows(source: Published, supplier: str, results: pl.DataFrame) -> bool:
    if not results.filter(pl.col("supplier_id") == supplier).is_empty():
        return True
    files = [source.path(e.metrics) for days in source.manifest.days.values() for e in days.values() if e.metrics]
    if not files:
        return False
    rows = pl.scan_parquet(files, missing_columns="insert", extra_columns="ignore").select("supplier_id")
    return not rows.filter(pl.col("supplier_id") == supplier).head(1).collect().is_empty()
