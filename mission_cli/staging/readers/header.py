"""The names of a file's columns, before it is read; for files that may have more columns than they must."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from mission_cli.model.formats import Format, kind_of
from mission_cli.model.project import CsvOptions
from mission_cli.staging.readers.archives import unpacked
from mission_cli.staging.readers.csv_careful import records
from mission_cli.staging.readers.encodings import as_utf8
from mission_cli.staging.readers.portion import UnreadableFile


def column_names(path: Path) -> list[str]:
    """The names in the header, or in the records; none when the file cannot be read, which its reader will tell."""
    kind = kind_of(path.name)
    assert kind is not None, "names of files are checked to be of our kinds"
    try:
        if kind.format is Format.PARQUET:
            import pyarrow.parquet as pq

            return list(pq.read_schema(path).names)
        text = as_utf8(unpacked(path, kind.compression), "utf-8")
        if kind.format is Format.CSV:
            return _of_csv(next(text, b""))
        return list(dict.fromkeys(name for line in _lines(text) for name in _of_json(line)))
    except (UnreadableFile, OSError, ValueError):  # Arrow's errors are ValueErrors
        return []


def _of_csv(text: bytes) -> list[str]:
    found = records(text, 1, CsvOptions(), whole=True, most=1).records
    return [name.strip() for name in found[0].fields] if found else []


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Lines, which chunks may cut anywhere."""
    rest = b""
    for chunk in chain(chunks, (b"\n",)):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines


def _of_json(line: bytes) -> list[str]:
    """The names of a record; none when it is none, which is told where it is read."""
    try:
        record = json.loads(line) if line.strip() else {}
    except (ValueError, RecursionError):
        return []
    return list(record) if isinstance(record, dict) else []
