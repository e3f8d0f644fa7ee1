"""What every reader gives: a bounded number of records as text cells, and how each stood in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

PORTION_BYTES = 4 << 20  # small enough that one file of a day is read by two processors
MAX_RECORD_BYTES = 4 << 20  # a record beyond it is no record: a quote that is never closed, or no text at all
MAX_COLUMNS = 10_000
MOST_MISFITS = 25_000  # of a portion


class UnreadableFile(Exception):
    """The file as a whole cannot be taken; the text says why and where."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A record that gives no cells: the line it begins on, why, its text, and the name of the column that is to blame, if any."""

    line: int
    reason: str
    raw: str
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Portion:
    """Some records of one file.

    `lines`: the line each begins on (from 1; of Parquet the row), ascending. `cells`: a text column for each column of the
    source, in its order, NULL where a record has no value. `raws`: the text of the records on the given lines.
    `printable`: no cell holds a control character. `bytes`: roughly what it takes in memory. `unnamed`: columns, by their
    names in the file, that no record of the portion names; only where each record names its own.
    """

    lines: pa.Array
    cells: tuple[pa.Array, ...]
    misfits: list[Misfit]
    raws: Callable[[Sequence[int]], list[str]]
    printable: bool
    bytes: int
    unnamed: frozenset[str] = frozenset()

    @property
    def records(self) -> int:
        """Misfits included."""
        return len(self.lines) + len(self.misfits)


def refuse_flood(misfits: Sequence[Misfit]) -> None:
    """Raise UnreadableFile when so much of a portion does not fit that the file must be something else than was declared."""
    if len(misfits) >= MOST_MISFITS:
        first, many = misfits[0], f"{MOST_MISFITS:,} more within {PORTION_BYTES >> 20} MB"
        raise UnreadableFile(f"line {first.line} and {many} cannot be read: the first {first.reason}")


Job = Callable[[], Portion]
Jobs = Iterator[Job]
