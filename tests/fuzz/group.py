"""One group of files of one source: loaded, held against the reference, loaded again in small portions, merged."""

from __future__ import annotations

import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzz.book import Book
from tests.fuzz.checks import Breach, breaches, portion_breaches
from tests.fuzz.files import GROUP, Made, group_spec, made
from tests.fuzz.loader import Got, Loader
from tests.fuzz.reference import Expected, expected
from tests.fuzz.spec import Spec

PORTIONS = (64, 65, 100, 128, 300, 1000)
_LARGE = 100_000  # bytes; a larger file is not read 64 bytes at a time

Beat = Callable[[Sequence[int]], None]


@dataclass(frozen=True, slots=True)
class Failure:
    """A file of which something did not hold."""

    number: int
    tag: str
    text: str
    name: str
    content: bytes
    did: tuple[str, ...]
    spec: Spec


@dataclass(slots=True)
class Tally:
    """What became of files. `outcomes` counts (format, what became of it); `slowest`: seconds and the name."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    flips: Counter[tuple[str, str]] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    tiny: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    failures: list[Failure] = field(default_factory=list)


def silent(_numbers: Sequence[int]) -> None:
    """Nobody watches."""


def run_group(seed: int, group: int, beat: Beat = silent) -> Tally:
    """Everything that is checked of the files of a group. `beat` hears which files are in hand."""
    spec = group_spec(seed, group)
    files = [made(seed, number) for number in range(group * GROUP, (group + 1) * GROUP)]
    return run_files(spec, files, Random(f"{seed}:portions:{group}"), beat)


def run_files(spec: Spec, files: Sequence[Made], rng: Random, beat: Beat = silent) -> Tally:
    """Everything that is checked of some files of one source, loaded in their order."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        run = _Run(spec, Path(folder), tally, beat)
        left = list(files)
        while left:
            size = rng.choice((1, 7, 20, 40))
            run.load(left[:size], rng.choice(PORTIONS))
            left = left[size:]
        run.hold_orders()
    return tally


class _Run:
    def __init__(self, spec: Spec, folder: Path, tally: Tally, beat: Beat) -> None:
        self.spec, self.folder, self.tally, self.beat = spec, folder, tally, beat
        self.loader = Loader(spec, folder)
        self.book = Book(spec)
        self.last: Made | None = None

    def load(self, files: Sequence[Made], portion: int) -> None:
        """Load files in one transaction, as a run does; when that fails, one by one to see which it is."""
        try:
            self._load(files, portion)
        except Exception as error:  # noqa: BLE001  # whatever escapes is what we look for
            if len(files) == 1:
                place = traceback.extract_tb(error.__traceback__)[-1]
                said = f"{type(error).__name__}: {str(error)[:400]} ({Path(place.filename).name}:{place.lineno})"
                self._fail(files[0], [("exception", said)])
                return
            for file in files:
                self.load([file], portion)

    def _load(self, files: Sequence[Made], portion: int) -> None:
        paths = {file.number: self.folder / file.name for file in files}
        for file in files:
            paths[file.number].write_bytes(file.content)
        self.beat([file.number for file in files])
        wanted = {file.number: expected(file.content, file.ending, self.spec) for file in files}
        self.beat([file.number for file in files])
        pieces = self._in_pieces(files, wanted, paths, portion)
        self.beat([file.number for file in files])
        with self.loader.database.transaction():
            got = self.loader.stage(list(paths.items()))
            counts = self.loader.merge()
        for file in files:
            number = file.number
            found = breaches(wanted[number], got[number])
            if not wanted[number].unsure:
                found += portion_breaches(got[number], pieces[number])
            did = dict(self.book.take(got[number].rows))
            if did != counts.get(number, {}):
                found.append(("merge", f"the reference counts {did}, the loader {counts.get(number, {})}"))
            self._fail(file, found)
            self._count(file, got[number])
            paths[number].unlink()
            self.last = file

    def _in_pieces(
        self, files: Sequence[Made], wanted: dict[int, Expected], paths: dict[int, Path], portion: int
    ) -> dict[int, Got]:
        """The files read in small portions: as small as holds the header of each, as the reader takes for granted."""
        heads = {file.number: wanted[file.number].head + 2 for file in files}
        long = max([head for head in heads.values() if head >= portion], default=0) + portion % 7
        sizes = {file.number: portion if heads[file.number] < portion else long for file in files}
        sizes |= {file.number: 1 << 20 for file in files if wanted[file.number].size > _LARGE}
        found: dict[int, Got] = {}
        for size in sorted(set(sizes.values())):
            chosen = sorted((file for file in files if sizes[file.number] == size), key=lambda file: ".csv" in file.ending)
            with self.loader.database.transaction():
                found |= self.loader.stage([(file.number, paths[file.number]) for file in chosen], portion=size)
        slowest = [(seconds, paths[number].name) for number, seconds in self.loader.slowest.items() if number in paths]
        self.tally.slowest = max([self.tally.slowest, *slowest])
        return found

    def _count(self, file: Made, got: Got) -> None:
        outcome = "refused" if got.refused else "with rejects" if got.rejects else "clean"
        self.tally.outcomes[file.ending, outcome] += 1
        self.tally.outcomes[file.ending, "damaged" if file.did not in ((), ("odd",)) else "valid"] += 1

    def _fail(self, file: Made, found: Sequence[Breach]) -> None:
        for tag, text in found:
            self.tally.failures.append(Failure(file.number, tag, text, file.name, file.content, file.did, self.spec))

    def hold_orders(self) -> None:
        """In the end the orders are those that the reference has."""
        if self.last is None:
            return
        names = [column.name for column in self.spec.columns]
        got = sorted(self._content(row, names) for row in self.loader.orders())
        if got != sorted(self.book.contents()):
            self._fail(
                self.last, [("orders", f"{len(got)} orders stand, in the reference {len(self.book.standing)}; or they differ")]
            )

    def _content(self, row: Sequence[object], names: Sequence[str]) -> tuple[tuple[int, object], ...]:
        return self.book.content(dict(zip(names, row, strict=True)))
