"""CSV records one by one with the standard library: headers, and portions whose quotes or bytes a mere split would misread.

What it takes is what `csv.reader(strict=True)` takes; the quick reader beside it must give the same.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from mission_cli.model.project import CsvOptions
from mission_cli.staging.readers.portion import MAX_RECORD_BYTES, Misfit, Portion, UnreadableFile, refuse_flood


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the line it begins on, its text as it stands in the file with the line end, and its fields."""

    line: int
    raw: str
    fields: list[str]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where in a record of `width` fields the columns of the source stand."""

    width: int
    places: tuple[int, ...]


class _Lines:
    """The lines of a text, remembering those since the last record was taken."""

    def __init__(self, text: str) -> None:
        self._file, self.since = io.StringIO(text, newline=""), list[str]()

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            self.since.append(line)
            yield line


def too_long(line: int) -> UnreadableFile:
    """What to tell of a record that does not end."""
    return UnreadableFile(
        f"line {line}: a record longer than {MAX_RECORD_BYTES >> 20} MB; is a quote opened there and never closed?"
    )


@dataclass(frozen=True, slots=True)
class Taken:
    """Records from the beginning of a text, and how many of its bytes and lines they are."""

    records: list[Record]
    bytes: int
    lines: int


def records(text: bytes, first_line: int, options: CsvOptions, *, whole: bool, most: int | None = None) -> Taken:
    """The records at the beginning of `text`, `most` of them; blank lines are none.

    `whole`: nothing comes after it; else the last record may be cut off, and is left over. Bytes that are not UTF-8 become
    lone surrogates. Raises UnreadableFile.
    """
    decoded = text.decode("utf-8", "surrogateescape")
    complete = decoded if whole else decoded[: _last_line_end(decoded)]
    found: list[Record] = []
    taken = lines = 0
    for record, lines_so_far in _each(complete, first_line, options, whole=whole):
        if record.fields:
            found.append(record)
        taken += len(record.raw)
        lines = lines_so_far
        if len(found) == most:
            break
    return Taken(found, len(complete[:taken].encode("utf-8", "surrogateescape")), lines)


def _each(text: str, first_line: int, options: CsvOptions, *, whole: bool) -> Iterator[tuple[Record, int]]:
    """Every record, blank ones too, with its line end, and the number of lines up to its end."""
    csv.field_size_limit(MAX_RECORD_BYTES)
    lines = _Lines(text)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if options.quote else csv.QUOTE_NONE
    reader = csv.reader(iter(lines), delimiter=options.delimiter, quotechar=options.quote or None, strict=True, quoting=quoting)
    line = first_line
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if not whole and "unexpected end of data" in str(error):
                return
            raise _said(line, str(error)) from None
        raw = "".join(lines.since)
        lines.since.clear()
        if _is_too_long(raw):
            raise too_long(line)
        yield Record(line, raw, fields), reader.line_num
        line = first_line + reader.line_num


def _is_too_long(raw: str) -> bool:
    """Measured as the quick reader does it: in bytes, and without the line feed."""
    return len(raw) * 4 > MAX_RECORD_BYTES and len(raw.removesuffix("\n").encode("utf-8", "surrogateescape")) > MAX_RECORD_BYTES


def _last_line_end(text: str) -> int:
    """After the last line that is sure to have ended: a carriage return at the very end may be half of a line end."""
    return max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1


def _said(line: int, error: str) -> UnreadableFile:
    if "unexpected end of data" in error:
        return UnreadableFile(f"line {line}: a quote is opened and never closed")
    if "expected after" in error:
        return UnreadableFile(f"line {line}: text stands after a closing quote")
    if "field larger" in error:
        return too_long(line)
    return UnreadableFile(f"line {line}: {error}")


def portion(found: Sequence[Record], layout: Layout, options: CsvOptions) -> Portion:
    """The records as a portion."""
    nulls = set(options.null)
    misfits: list[Misfit] = []
    kept: list[Record] = []
    for record in found:
        reason = _misfit(record, layout)
        if reason is None:
            kept.append(record)
        else:
            misfits.append(Misfit(record.line, reason, shown(record.raw.rstrip("\r\n"))))
            refuse_flood(misfits)
    cells = tuple(
        pa.array([None if (cell := record.fields[place]) in nulls else cell for record in kept], pa.string())
        for place in layout.places
    )
    raws = {record.line: record.raw.rstrip("\r\n") for record in kept}
    return Portion(
        pa.array([record.line for record in kept], pa.int64()),
        cells,
        misfits,
        lambda lines: [raws[line] for line in lines],
        printable=False,
        bytes=sum(len(record.raw) for record in kept),
    )


def _misfit(record: Record, layout: Layout) -> str | None:
    try:
        record.raw.encode()
    except UnicodeEncodeError as error:
        return f"is not UTF-8: byte 0x{ord(record.raw[error.start]) & 0xFF:02x} in {_around(record.raw, error.start)}"
    if len(record.fields) != layout.width:
        return f"has {len(record.fields)} fields where the header has {layout.width}"
    return None


def _around(text: str, at: int) -> str:
    return f'"{shown(text[max(0, at - 10) : at + 11])}"'


def shown(text: str) -> str:
    """Text in which bytes that are not UTF-8 are written like \\xe9."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
