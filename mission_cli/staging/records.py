"""CSV records read one by one with the standard library: for headers, and for files that a mere split cannot read."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

MAX_FIELD = 1 << 20


class UnreadableFile(Exception):
    """The file as a whole cannot be taken; the text says why and where."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the line it begins on (from 1), its text as it stands in the file, and its fields."""

    line: int
    raw: str
    fields: list[str]


class _Lines:
    """The lines of a file, remembering those since the last record was taken."""

    def __init__(self, file: TextIO) -> None:
        self._file, self.since = file, list[str]()

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            self.since.append(line)
            yield line


def records(path: Path, delimiter: str) -> Iterator[Record]:
    """Every record of the file, the header first; blank lines are none. Raises UnreadableFile."""
    csv.field_size_limit(MAX_FIELD)
    line = 1
    with path.open("r", encoding="utf-8-sig", newline="") as file:
        lines = _Lines(file)
        reader = csv.reader(iter(lines), delimiter=delimiter, strict=True)
        while True:
            try:
                fields = next(reader)
            except StopIteration:
                return
            except UnicodeDecodeError:
                raise UnreadableFile(f"is not UTF-8 after line {line - 1}") from None
            except csv.Error as error:
                raise UnreadableFile(f"line {line}: {_said(str(error))}") from None
            if fields:
                yield Record(line, "".join(lines.since).rstrip("\r\n"), fields)
            line = reader.line_num + 1
            lines.since.clear()


def _said(error: str) -> str:
    if "unexpected end of data" in error:
        return "a quote is opened and never closed"
    if "expected after" in error:
        return "text stands after a closing quote"
    return error


def header(path: Path, delimiter: str) -> tuple[str, ...]:
    """The names in the file's first record. Raises UnreadableFile when there is none or a name repeats."""
    first = next(records(path, delimiter), None)
    if first is None:
        raise UnreadableFile("is empty: not even a header")
    return tuple(name.strip() for name in first.fields)
