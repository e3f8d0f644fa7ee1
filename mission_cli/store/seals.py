"""What the ledger held when the last run was done, as a digest per table: for `verify` to find what changed since.

Tables whose rows are as many as records or awards are left out, so that the cost of a run does not follow its history:
`verify` counts them, and holds them against the published files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from mission_cli.store.database import Database
from mission_cli.store.files import digest_of

SEALED = (
    "format",
    "runs",
    "source_meanings",
    "batches",
    "seen_files",
    "logs",
    "days",
    "partitions",
    "evaluations",
    "evaluated_missions",
    "rosters",
    "rule_books",
    "book_rules",
    "window_rules",
    "pruned",
    "decisions",
    "corrections",
    "recounted",
    "settled",
)


@dataclass(frozen=True, slots=True)
class Seal:
    """Rows and digest of a table, or of the manifest, which counts as one row."""

    rows: int
    digest: str

    def is_of_other_engine(self, other: Seal) -> bool:
        """Whether the digests cannot be compared: engines of two versions may write values differently."""
        return self.digest.partition(":")[0] != other.digest.partition(":")[0]


def seals_now(database: Database, manifest: Path) -> dict[str, Seal]:
    """What there is now. Rows count in any order; a row that is there twice counts twice."""
    text = "sum(md5_number_lower(CAST(t AS VARCHAR)))"
    tables = (f"SELECT '{name}', count(*), coalesce({text}, 0)::VARCHAR FROM {name} AS t" for name in SEALED)
    found = {
        name: Seal(rows, f"{duckdb.__version__}:{digest}") for name, rows, digest in database.rows(" UNION ALL ".join(tables))
    }
    return found | {manifest.name: Seal(1, f"file:{digest_of(manifest)}")}


def seal(database: Database, manifest: Path) -> None:
    """Remember what there is now, as the last thing that a run does."""
    rows = [value for name, found in seals_now(database, manifest).items() for value in (name, found.rows, found.digest)]
    database.execute("DELETE FROM seals")
    database.execute(f"INSERT INTO seals VALUES {', '.join(['(?, ?, ?)'] * (len(rows) // 3))}", rows)


def seals(database: Database) -> dict[str, Seal]:
    """What the last run remembered; nothing when it was of a version that did not."""
    return {name: Seal(rows, digest) for name, rows, digest in database.rows("SELECT name, rows, digest FROM seals")}
