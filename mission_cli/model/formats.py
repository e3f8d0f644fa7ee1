"""The kinds of export files, told by how a name ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """How records are written."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


class Compression(StrEnum):
    """How the bytes of the whole file are packed."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"


@dataclass(frozen=True, slots=True)
class FileKind:
    """What a file is, by its name."""

    format: Format
    compression: Compression = Compression.NONE


FILE_KINDS = {
    ".csv": FileKind(Format.CSV),
    ".csv.gz": FileKind(Format.CSV, Compression.GZIP),
    ".csv.zst": FileKind(Format.CSV, Compression.ZSTD),
    ".parquet": FileKind(Format.PARQUET),
    ".jsonl": FileKind(Format.JSONL),
    ".jsonl.gz": FileKind(Format.JSONL, Compression.GZIP),
}


def kind_of(name: str) -> FileKind | None:
    """The kind of the file, or of the files of a pattern; None when its ending is none of ours."""
    return FILE_KINDS.get(ending_of(name))


def ending_of(name: str) -> str:
    """The ending that says what the file is; nothing when it is none of ours."""
    return next((ending for ending in FILE_KINDS if name.endswith(ending)), "")
