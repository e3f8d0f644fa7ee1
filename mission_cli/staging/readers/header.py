"""The names of a file's columns, before it is read; for files that may have more columns than they must."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from mission_cli.model.formats import Format, kind_of
from mission_cli.staging.readers.archives import unpacked
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
        text = next(as_utf8(unpacked(path, kind.compression), "utf-8"), b"").decode("utf-8", "replace")
        if kind.format is Format.CSV:
            return next(csv.reader(io.StringIO(text)), [])
        records = [json.loads(line) for line in text.splitlines() if line.strip()]
        return list(dict.fromkeys(name for record in records for name in record))
    except (UnreadableFile, OSError, ValueError, TypeError, csv.Error):  # Arrow's errors are ValueErrors
        return []
