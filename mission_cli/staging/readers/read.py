"""Which reader reads a file: told by how its name ends."""

from __future__ import annotations

from pathlib import Path

from mission_cli.model.formats import Format, kind_of
from mission_cli.model.project import Source
from mission_cli.staging.readers.archives import unpacked
from mission_cli.staging.readers.csv_file import csv_jobs
from mission_cli.staging.readers.encodings import as_utf8
from mission_cli.staging.readers.jsonl_file import jsonl_jobs
from mission_cli.staging.readers.portion import Jobs


def jobs(path: Path, source: Source) -> Jobs:
    """What is to be done to read the file, portion by portion; a job may run in any thread.

    Raises UnreadableFile, as do the jobs: nothing of the file must be believed then.
    """
    kind = kind_of(path.name)
    assert kind is not None, "patterns are checked to name files of our kinds"
    if kind.format is Format.PARQUET:
        from mission_cli.staging.readers.parquet_file import parquet_jobs  # its libraries take a tenth of a second

        return parquet_jobs(path, source)
    chunks = unpacked(path, kind.compression)
    if kind.format is Format.CSV:
        return csv_jobs(as_utf8(chunks, source.csv.encoding, 'say so with csv = { encoding = "utf-16" }'), source)
    return jsonl_jobs(as_utf8(chunks, "utf-8"), source)
