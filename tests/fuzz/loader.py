"""The loader under test, driven below the command line: `stage` and `merge` on a database of its own."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from mission_cli.config.load import load_project
from mission_cli.orders.merge import make_tables, merge, orders_table
from mission_cli.stages.parallel import in_order
from mission_cli.staging.load import REJECTS, STAGED, Batch, Loading, stage
from mission_cli.store.database import Database, in_memory
from tests.fuzz.spec import MISSIONS_TOML, Spec

_READERS = "mission_cli.staging.readers"
_PORTIONS = (f"{_READERS}.archives.PORTION_BYTES", f"{_READERS}.csv_file.PORTION_BYTES", f"{_READERS}.jsonl_file.PORTION_BYTES")
_LIMITS = tuple(f"{_READERS}.{name}.MAX_RECORD_BYTES" for name in ("csv_careful", "csv_file", "csv_split", "jsonl_file"))
_ROWS = f"{_READERS}.parquet_file._ROWS_AT_ONCE"


@dataclass(slots=True)
class Got:
    """What `stage` made of one file. `rows` by line as in the reference; `rejects` by line: column, reason, text."""

    refused: str | None
    records: int
    rejected: int
    rows: dict[int, tuple[object, ...]] = field(default_factory=dict)
    rejects: dict[int, tuple[str | None, str, str]] = field(default_factory=dict)
    twice: list[int] = field(default_factory=list)


class Loader:
    """A project of one source in a folder, and the database that its files are loaded into."""

    def __init__(self, spec: Spec, folder: Path) -> None:
        (folder / "metrics.toml").write_text(spec.metrics_toml(), "utf-8")
        (folder / "missions.toml").write_text(MISSIONS_TOML, "utf-8")
        self.spec = spec
        self.project = load_project(folder)
        (self.source,) = self.project.sources
        self.database: Database = in_memory(spec.timezone)
        self.database.execute("SET threads = 1")  # there is a process for each processor
        self.slowest: dict[int, float] = {}
        make_tables(self.database, self.source)

    def stage(self, files: Sequence[tuple[int, Path]], *, portion: int | None = None) -> dict[int, Got]:
        """Stage the files under their numbers, in portions of so many bytes; what was staged stays for `merge`."""
        batches = [_batch(number, path) for number, path in files]
        with _sizes(portion, self.spec.longest):
            run = in_order if portion is None else self._timed
            loading: Loading = stage(self.database, self.project, self.source, batches, run)
        found = {
            number: Got(loading.refused.get(number), loading.records.get(number, 0), loading.rejected.get(number, 0))
            for number, _ in files
        }
        for number, line, *row in self.database.rows(
            f"SELECT _batch, _line, {self._columns()}, _final, {_days('_day')} FROM {STAGED}"
        ):
            if line in found[number].rows:
                found[number].twice.append(line)
            found[number].rows[line] = self._plain(row)
        for number, line, *reject in self.database.rows(f"SELECT batch, line, column_name, reason, raw FROM {REJECTS}"):
            if line in found[number].rejects or line in found[number].rows:
                found[number].twice.append(line)
            found[number].rejects[line] = (reject[0], reject[1], reject[2])
        return found

    def merge(self) -> dict[int, dict[str, int]]:
        """Merge what was staged last; what the records of each file did."""
        counts = merge(self.database, self.source).counts
        self.database.execute("DROP TABLE losers")
        return {batch: {word: count for word, count in did.items() if count} for batch, did in counts.items()}

    def orders(self) -> list[tuple[object, ...]]:
        """Every order that stands, without `_final` and `_day`."""
        rows = self.database.rows(f"SELECT {self._columns()} FROM {orders_table(self.source.id)}")
        return [self._plain(list(row)) for row in rows]

    def _timed(self, jobs: Iterable[Callable[[], Any]]) -> Iterator[Any]:
        """The jobs one after the other, and how long each file took to be read."""
        pending = iter(jobs)
        while True:
            start = time.perf_counter()
            job = next(pending, None)
            if job is None:
                return
            read = job()
            number = read.batch.number
            self.slowest[number] = self.slowest.get(number, 0.0) + time.perf_counter() - start
            yield read

    def _columns(self) -> str:
        shown = {"date": _days('"{}"'), "timestamp": 'epoch_us("{}")'}
        return ", ".join(shown.get(column.kind, '"{}"').format(column.name) for column in self.spec.columns)

    def _plain(self, row: Sequence[Any]) -> tuple[object, ...]:
        """As the reference has it: a double is its repr, so that -0.0 is not 0.0."""
        return tuple(repr(value) if isinstance(value, float) else value for value in row)


def _days(name: str) -> str:
    return f"({name} - DATE '1970-01-01')"


def _batch(number: int, path: Path) -> Batch:
    content = path.read_bytes()
    return Batch(number, path.name, path, hashlib.sha256(content).hexdigest(), len(content))


@contextmanager
def _sizes(portion: int | None, longest: int) -> Iterator[None]:
    with ExitStack() as patches:
        for name in _PORTIONS if portion is not None else ():
            patches.enter_context(mock.patch(name, portion))
        if portion is not None:
            patches.enter_context(mock.patch(_ROWS, max(1, portion // 32)))
        for name in _LIMITS if longest != 4 << 20 else ():
            patches.enter_context(mock.patch(name, longest))
        yield
