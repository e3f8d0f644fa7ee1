"""The small file that readers follow. It is replaced last, so that a reader sees one whole run.

Readers never open the working database: everything that they need is published as files that the manifest names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from mission_cli.model.calendar import Window
from mission_cli.model.errors import StorageError
from mission_cli.store.brief import unpacked
from mission_cli.store.files import replace_text

VERSION = 3
LEFT = "_left"  # column of the published suppliers: from which as-of day on they are no longer in their file


class DamagedManifestError(StorageError):
    """What lies there is no manifest; a run writes it anew from the ledger."""


@dataclass(frozen=True, slots=True)
class DayEntry:
    """The published files of a source and day, relative to data/; None where there are no such rows."""

    orders: str | None
    left_out: str | None
    metrics: str | None


@dataclass(frozen=True, slots=True)
class ResultEntry:
    """The published results as of a day, and the fingerprint of the rules they were made by."""

    file: str
    rules: str


@dataclass(frozen=True, slots=True)
class SupplierEntry:
    """A version of the suppliers: the file, which of its columns identify them, and the first as-of day that it counts for."""

    file: str
    key: str
    alias: str | None
    effective: date


@dataclass(frozen=True, slots=True)
class BookEntry:
    """The rules of all missions at a time. `since`: the first as-of day of which results were published by them; `missions`:
    mission → fingerprint of its rules; `file`: the texts that they were read from."""

    file: str
    since: date
    missions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is published; versions of the suppliers, and of assigned windows (mission → effective day and file), oldest first.

    `books`: the rules that windows were first published with; `kept`: mission → which of its windows with which book, None for
    all others. `state` is the ledger in brief, for `status`: plain JSON values."""

    days: dict[str, dict[date, DayEntry]] = field(default_factory=dict)
    results: dict[date, ResultEntry] = field(default_factory=dict)
    suppliers: list[SupplierEntry] = field(default_factory=list)
    assigned: dict[str, list[tuple[date, str]]] = field(default_factory=dict)
    books: dict[str, BookEntry] = field(default_factory=dict)
    kept: dict[str, list[tuple[str, list[Window] | None]]] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)

    def book_of(self, mission: str, window: Window) -> BookEntry | None:
        """The rules that a published window was first published with; None when they are not kept."""
        named = (book for book, windows in self.kept.get(mission, ()) if windows is None or window in windows)
        book = next(named, None)
        return self.books.get(book) if book is not None else None

    def suppliers_as_of(self, day: date) -> SupplierEntry | None:
        """The version of the suppliers that counts as of a day."""
        return next((entry for entry in reversed(self.suppliers) if entry.effective <= day), None)

    def assigned_as_of(self, mission: str, day: date) -> str | None:
        """The file of a mission's assigned windows that counts as of a day."""
        return next((file for effective, file in reversed(self.assigned.get(mission, [])) if effective <= day), None)

    @property
    def files(self) -> set[str]:
        """The name of every file that readers may open."""
        days = {name for entries in self.days.values() for e in entries.values() for name in (e.orders, e.left_out, e.metrics)}
        others = {entry.file for entry in self.results.values()} | {log["file"] for log in unpacked(self.state.get("logs"))}
        rosters = {entry.file for entry in self.suppliers} | {file for found in self.assigned.values() for _, file in found}
        rules = {book.file for book in self.books.values()}
        return {name for name in days | others if name is not None} | rosters | rules

    @property
    def latest(self) -> date | None:
        """The newest as-of day that has results."""
        return max(self.results, default=None)


def read_manifest(path: Path) -> Manifest:
    """The manifest at `path`, an empty one when nothing was published yet. Raises StorageError when it is damaged."""
    try:
        raw = json.loads(path.read_text("utf-8"))
        if raw["version"] != VERSION:
            raise StorageError(
                f"{path} has version {raw['version']}; this missionctl reads version {VERSION}:"
                " move data/ away, all but the exports, and compute everything again with missionctl backfill"
            )
        if not isinstance(raw["state"], dict):
            raise TypeError("it has no state")
        days = {
            source: {date.fromisoformat(day): DayEntry(*files) for day, files in entries.items()}
            for source, entries in raw["days"].items()
        }
        results = {date.fromisoformat(day): ResultEntry(**entry) for day, entry in raw["results"].items()}
        suppliers = [SupplierEntry(f, key, alias, date.fromisoformat(day)) for f, key, alias, day in raw["suppliers"]]
        assigned = {m: [(date.fromisoformat(day), file) for day, file in found] for m, found in raw["assigned"].items()}
        books = {name: BookEntry(b["file"], date.fromisoformat(b["since"]), b["missions"]) for name, b in raw["books"].items()}
        kept = {m: [(book, _windows(found)) for book, found in named] for m, named in raw["kept"].items()}
        return Manifest(days, results, suppliers, assigned, books, kept, raw["state"])
    except FileNotFoundError:
        return Manifest()
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedManifestError(f'{path} is damaged ({error}); "missionctl run" writes it anew') from error


def _windows(raw: list[list[str]] | None) -> list[Window] | None:
    return [Window(*map(date.fromisoformat, span)) for span in raw] if raw is not None else None


def _spans(windows: list[Window] | None) -> list[list[str]] | None:
    return [[window.start.isoformat(), window.end.isoformat()] for window in windows] if windows is not None else None


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Replace the manifest, durably; not at all when nothing changed."""
    text = json.dumps(
        {
            "version": VERSION,
            "days": {
                source: {day.isoformat(): [e.orders, e.left_out, e.metrics] for day, e in sorted(entries.items())}
                for source, entries in sorted(manifest.days.items())
            },
            "results": {day.isoformat(): asdict(entry) for day, entry in sorted(manifest.results.items())},
            "suppliers": [[s.file, s.key, s.alias, s.effective.isoformat()] for s in manifest.suppliers],
            "assigned": {m: [[day.isoformat(), file] for day, file in found] for m, found in sorted(manifest.assigned.items())},
            "books": {name: {**asdict(book), "since": book.since.isoformat()} for name, book in sorted(manifest.books.items())},
            "kept": {m: [[book, _spans(found)] for book, found in named] for m, named in sorted(manifest.kept.items())},
            "state": manifest.state,
        },
        separators=(",", ":"),
    )
    if not path.exists() or path.read_bytes() != text.encode():
        replace_text(path, text)
