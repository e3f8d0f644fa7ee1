"""Where things lie below a project's data/ folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of one project. Names in the ledger and the manifest are relative to `data`, with forward slashes."""

    root: Path

    @property
    def data(self) -> Path:
        """The folder that holds everything of ours."""
        return self.root / "data"

    @property
    def database(self) -> Path:
        """The working database; only the holder of the lock opens it."""
        return self.data / "missions.duckdb"

    @property
    def lock(self) -> Path:
        """The file that a run holds with flock."""
        return self.data / "missions.lock"

    @property
    def manifest(self) -> Path:
        """What readers follow; replaced last."""
        return self.data / "manifest.json"

    @property
    def scratch(self) -> Path:
        """DuckDB's spill files; worthless after a run."""
        return self.data / "tmp"


def orders_folder(source: str, day: date) -> str:
    """The day's final orders of a source."""
    return f"orders/source={source}/date={day.isoformat()}"


def left_out_folder(source: str, day: date) -> str:
    """Records dated that day that do not count: not final, superseded, duplicate."""
    return f"left_out/source={source}/date={day.isoformat()}"


def metrics_folder(source: str, day: date) -> str:
    """The metric partition of a source and day."""
    return f"metrics/source={source}/date={day.isoformat()}"


def metabase_file(card: int, day: date) -> str:
    """The rows that a Metabase card gave for a day."""
    return f"metabase/card={card}/date={day.isoformat()}.json"


def results_folder(as_of: date) -> str:
    """The results as of a day."""
    return f"results/date={as_of.isoformat()}"


def log_folder(kind: str, source: str) -> str:
    """The rejects, or the duplicates, of a source's batches as they were loaded."""
    return f"{kind}/source={source}"


def roster_folder(roster: str) -> str:
    """The versions of who the suppliers are, or of a mission's assigned windows."""
    return f"rosters/{roster}"


def decisions_folder(decided_on: date) -> str:
    """The decisions in force as of a day, where its results are no longer those."""
    return f"decisions/date={decided_on.isoformat()}"


CORRECTIONS = "corrections"  # the folder of the list of corrections, and the kind of its log
RULES = "rules"  # the folder of rules that windows keep
EVIDENCE = ("orders", "left_out", "metrics", "results", "rejects", "duplicates", "rosters", RULES, "decisions", CORRECTIONS)
