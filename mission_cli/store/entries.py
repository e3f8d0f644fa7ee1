"""What the ledger is about: entries of its tables, and the words in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from mission_cli.store.files import Published

UNDATED = date.min
METRICS_CHANGED = "metrics changed"
PRUNED = "pruned"
REFUSED = "refused"  # the outcome of a command that was not carried out


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """One content of an export file and what became of its records."""

    batch: int
    source: str
    file: str
    digest: str
    bytes: int
    status: str
    reason: str | None
    records: int
    new: int
    updated: int
    duplicate: int
    superseded: int
    rejected: int
    run: int


@dataclass(frozen=True, slots=True)
class PartitionEntry:
    """A source and day as computed: from which state of the day, by which metrics, into which files."""

    source: str
    day: date
    change: int
    meaning: str
    orders_file: str | None
    left_out_file: str | None
    file: str | None
    digest: str | None
    rows: int


@dataclass(frozen=True, slots=True)
class Meanings:
    """Fingerprints of the metrics that a source's partitions should hold: of some days others than of all the rest."""

    default: str
    others: Mapping[date, str] = field(default_factory=dict)

    def of(self, day: date) -> str:
        """That of a day."""
        return self.others.get(day, self.default)


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """A list of suppliers, or of a mission's assigned windows, as it was loaded.

    `effective`: the first as-of day that it counts for."""

    roster: str
    version: int
    effective: date
    digest: str
    file: str


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """What the results of a mission as of a day were made from: fingerprints of the rules that its windows follow, and of these,
    and of the partitions and rosters."""

    rules: str
    data: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Results as of a day: what those of each mission were made from; fingerprints of what missions with limits awarded before,
    and that day; the file."""

    missions: Mapping[str, MadeFrom]
    earlier: str
    awards: str
    file: Published
