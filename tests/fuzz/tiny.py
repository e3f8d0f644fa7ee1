"""CSV texts of a few signs, by the thousand: read in one piece and in small ones by the readers alone, and by the reference.

What goes wrong where portions are cut, or where the quick reader stops trusting itself, shows in texts of forty bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from unittest import mock

from mission_cli.config.load import load_project
from mission_cli.model.project import Source
from mission_cli.staging.readers.csv_file import csv_jobs
from mission_cli.staging.readers.encodings import as_utf8
from mission_cli.staging.readers.portion import UnreadableFile
from tests.fuzz.group import Beat, Failure, Tally, silent
from tests.fuzz.reference import Expected, Unreadable, csv_records, decoded, is_text
from tests.fuzz.spec import MISSIONS_TOML, Column, Spec

TEXTS = 500  # in a group
_WAYS = ((",", '"'), (",", '"'), (",", '"'), (";", "'"), (",", ""), ("¦", '"'), ("\t", "«"))
_HEADS = (b"", b"", b"", b"\xef\xbb\xbf", b"\n", b"\r\n\r\n", b"\r")


@dataclass(slots=True)
class Read:
    """The records of a text by line: their cells and then their text, or that alone where they have none; or that it is
    refused."""

    refused: bool = False
    cells: dict[int, tuple[str | None, ...]] = field(default_factory=dict)
    misfits: dict[int, str | None] = field(default_factory=dict)


def run_tiny(seed: int, group: int, beat: Beat = silent) -> Tally:
    """A group of texts, each read in three sizes of portions."""
    tally = Tally()
    for number in range(group * TEXTS, (group + 1) * TEXTS):
        if number % 50 == 0:
            beat([number])
        spec, text, portions = tiny(seed, number)
        wanted = _by_reference(text, spec)
        tally.tiny["refused" if wanted.refused else "with misfits" if wanted.misfits else "clean"] += 1
        for portion in portions:
            got = _by_reader(text, _source(spec), portion)
            if got != wanted:
                said = f"in portions of {portion} bytes {got}, the reference has {wanted}: {text!r}"
                tally.failures.append(Failure(number, "tiny", said, f"{number}.csv", text, (), spec))
                break
    return tally


def tiny(seed: int, number: int) -> tuple[Spec, bytes, tuple[int, ...]]:
    """The text of that number, how it is written, and the sizes of portions to read it in; the header fits in each."""
    rng = Random(f"{seed}:tiny:{number}")
    delimiter, quote = rng.choice(_WAYS)
    end = rng.choice((b"\n", b"\n", b"\r\n", b"\r"))
    signs = [b"a", b"bb", delimiter.encode(), delimiter.encode(), end, end, *[(quote or '"').encode()] * rng.randrange(4)]
    signs += [f"1{delimiter}2".encode() + end] * rng.randrange(12)
    signs += rng.sample((b"\r", b"\n", b"\xc3\xa9", b"\xff", b"\xef\xbb\xbf", b" ", b"\0", b"NA", b"\r\n"), rng.randrange(4))
    head = rng.choice(_HEADS) + f"a{delimiter}b".encode() + end
    text = head + b"".join(rng.choices(signs, k=rng.randrange(50)))
    shortest = len(head) + 2
    return _spec(delimiter, quote), text, (1 << 24, shortest + rng.randrange(4), shortest + rng.randrange(30))


@cache
def _spec(delimiter: str, quote: str) -> Spec:
    columns = Column("a", "string", "a", "UTC"), Column("b", "date", "b", "UTC")
    basis = {"timezone": "UTC", "day_start": 0, "updated": "", "final": "", "max_rejects": Decimal(1), "null": ("", "NA")}
    return Spec(columns=columns, key=("a",), supplier="a", time="b", delimiter=delimiter, quote=quote, **basis)  # type: ignore[arg-type]


@cache
def _source(spec: Spec) -> Source:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "metrics.toml").write_text(spec.metrics_toml(), "utf-8")
        (Path(name) / "missions.toml").write_text(MISSIONS_TOML, "utf-8")
        return load_project(Path(name)).sources[0]


def _by_reference(text: bytes, spec: Spec) -> Read:
    read = Read()
    try:
        for record in csv_records(decoded(text, "utf-8"), spec, Expected()):
            if record.cells is None:
                read.misfits[record.line] = record.raw if record.raw is not None and is_text(record.raw) else None
            else:
                read.cells[record.line] = (*record.cells, record.raw)
    except Unreadable:
        return Read(refused=True)
    return read


def _by_reader(text: bytes, source: Source, portion: int) -> Read:
    read, not_text = Read(), "is not UTF-8"
    with mock.patch("mission_cli.staging.readers.csv_file.PORTION_BYTES", portion):
        try:
            for job in csv_jobs(as_utf8(_chunks(text, portion), "utf-8"), source):
                found = job()
                lines = found.lines.to_pylist()
                columns = [*(cells.to_pylist() for cells in found.cells), found.raws(lines)]
                read.cells |= zip(lines, zip(*columns, strict=True), strict=True)
                read.misfits |= {m.line: None if m.reason.startswith(not_text) else m.raw for m in found.misfits}
        except UnreadableFile:
            return Read(refused=True)
    return read


def _chunks(text: bytes, size: int) -> Iterator[bytes]:
    yield from (text[at : at + size] for at in range(0, len(text), size))
