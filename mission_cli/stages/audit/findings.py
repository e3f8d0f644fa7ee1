"""What an audit found, as values."""

from __future__ import annotations

from dataclasses import dataclass, field

RESTORE = (
    "restore it from a backup, or move data/ away, all but the exports, and compute everything again with missionctl backfill"
)
RUN_AGAIN = 'it is written anew by the next "missionctl run"'
DATABASE = "data/missions.duckdb"


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that is not what it should be, why, and how to mend it. `file` is relative to the project."""

    file: str
    what: str
    mend: str = RESTORE

    def __str__(self) -> str:
        return f"{self.file}: {self.what}; {self.mend}"


@dataclass(slots=True)
class Again:
    """What was computed again from the orders, and what was not: days that wait to be computed anyhow, results whose data
    changed since, and results made by earlier rules. `unkept`: days for which Metabase would have to be asked again."""

    days: int = 0
    results: int = 0
    stale: int = 0
    unkept: int = 0
    changed: int = 0
    by_earlier_rules: int = 0


@dataclass(slots=True)
class Audit:
    """Everything at once. `leftovers`: files of ours that nothing names, with their bytes; no damage."""

    problems: list[Finding] = field(default_factory=list)
    leftovers: list[tuple[str, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: int = 0
    rows: int = 0
    bytes: int = 0
    again: Again | None = None

    def damaged(self, file: str, what: str, mend: str = RESTORE) -> None:
        """Add a problem."""
        self.problems.append(Finding(file, what, mend))
