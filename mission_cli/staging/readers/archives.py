"""The bytes of an export file, unpacked. An archive is read to its very end, where its own checks must hold."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mission_cli.model.formats import Compression, kind_of
from mission_cli.staging.readers.portion import PORTION_BYTES, UnreadableFile

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_ALWAYS_FINE_BYTES = 64 << 20
_MOST_EXPANSION = 250  # real exports pack 5 to 50 times; a bomb a thousand times and more
_CHECKSUM_FLAG = 0x04  # in the frame header descriptor, RFC 8878, 3.1.1.1.1

_STRANGERS = {
    b"\x1f\x8b": "is a gzip archive; its name must say so (.csv.gz)",
    b"\x28\xb5\x2f\xfd": "is a zstd archive; its name must say so (.csv.zst)",
    b"PAR1": "is a Parquet file; its name must say so (.parquet)",
    b"PK\x03\x04": "is a workbook or a zip archive, not text; export it as .csv",
    b"\xd0\xcf\x11\xe0": "is an old workbook, not text; export it as .csv",
    b"%PDF": "is a PDF, not text; export it as .csv",
}


def unpacked(path: Path, compression: Compression) -> Iterator[bytes]:
    """The file's content in chunks of the size of a portion.

    Raises UnreadableFile when it is damaged, cut off, something else, or a bomb; what was given before must not be believed.
    """
    with path.open("rb") as packed:
        if compression is Compression.NONE:
            _refuse_strangers(packed)
            yield from _chunks(packed)
            return
        size = path.stat().st_size
        if not size:
            raise UnreadableFile(f"is empty: not even a {compression} archive")
        limit = max(_ALWAYS_FINE_BYTES, _MOST_EXPANSION * size)
        total = 0
        for chunk in _verified(packed, compression):
            total += len(chunk)
            if total > limit:
                raise UnreadableFile(
                    f"unpacks to more than {_MOST_EXPANSION} times its size: a decompression bomb? If not, send it unpacked"
                )
            yield chunk


def _refuse_strangers(file: BinaryIO) -> None:
    start = file.read(4)
    file.seek(0)
    for magic, reason in _STRANGERS.items():
        if start.startswith(magic):
            raise UnreadableFile(reason)


def _verified(packed: BinaryIO, compression: Compression) -> Iterator[bytes]:
    begun = False
    try:
        with gzip.open(packed) if compression is Compression.GZIP else zstd.open(packed) as file:
            for chunk in _chunks(file):
                begun = True
                yield chunk
    except EOFError:
        raise UnreadableFile(f"its {compression} archive breaks off: it is damaged, or was sent only in part") from None
    except (gzip.BadGzipFile, zlib.error, zstd.ZstdError) as error:
        word = "is damaged" if begun else "cannot be unpacked"
        raise UnreadableFile(f"its {compression} archive {word}: {error}") from None


def _chunks(file: BinaryIO | gzip.GzipFile | zstd.ZstdFile) -> Iterator[bytes]:
    while chunk := file.read(PORTION_BYTES):
        yield chunk


def carries_checksum(path: Path) -> bool:
    """Whether damage inside an archive is sure to be noticed when it is unpacked; zstd leaves that to who packs."""
    kind = kind_of(path.name)
    if kind is None or kind.compression is not Compression.ZSTD:
        return True
    with path.open("rb") as file:
        start = file.read(5)
    return len(start) == 5 and bool(start[4] & _CHECKSUM_FLAG)
