"""The bytes of an export file, unpacked. An archive is read to its very end, where its own checks must hold."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
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
_SKIPPED, _SKIPPED_NIBBLE = b"\x2a\x4d\x18", 5  # 0x184D2A5?, RFC 8878, 3.1.2
_CHECKSUM_FLAG = 0x04  # in the frame header descriptor, RFC 8878, 3.1.1.1.1

_STRANGERS = {
    b"\x1f\x8b": "a gzip archive; its name must say so ({ending}.gz)",
    b"\x28\xb5\x2f\xfd": "a zstd archive; its name must say so ({ending}.zst)",
    b"PAR1": "a Parquet file; its name must say so (.parquet)",
    b"PK\x03\x04": "a workbook or a zip archive, not text; export it as .csv",
    b"\xd0\xcf\x11\xe0": "an old workbook, not text; export it as .csv",
    b"%PDF": "a PDF, not text; export it as .csv",
}


def unpacked(path: Path, compression: Compression) -> Iterator[bytes]:
    """The file's content in chunks of the size of a portion.

    Raises UnreadableFile when it is damaged, cut off, something else, or a bomb; what was given before must not be believed.
    """
    with path.open("rb") as packed:
        if compression is Compression.NONE:
            _refuse_strangers(packed.read(4), "is ", path.suffix)
            packed.seek(0)
            yield from _chunks(packed)
            return
        size = path.stat().st_size
        if not size:
            raise UnreadableFile(f"is empty: not even a {compression} archive")
        limit = max(_ALWAYS_FINE_BYTES, _MOST_EXPANSION * size)
        total = 0
        for chunk in _verified(packed, compression):
            if not total:
                _refuse_strangers(chunk, "is packed twice: it holds ", "")
            total += len(chunk)
            if total > limit:
                raise UnreadableFile(
                    f"unpacks to more than {_MOST_EXPANSION} times its size: a decompression bomb? If not, send it unpacked"
                )
            yield chunk


def _refuse_strangers(start: bytes, said: str, ending: str) -> None:
    for magic, what in _STRANGERS.items():
        if start.startswith(magic):
            raise UnreadableFile(said + what.format(ending=ending))


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
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as packed:
        return all(packed[frame + 4] & _CHECKSUM_FLAG for frame in _frames(packed))


def _frames(packed: mmap) -> Iterator[int]:
    """Where the frames with data begin; frames to be skipped have none."""
    at = 0
    while at < len(packed):
        if packed[at + 1 : at + 4] == _SKIPPED and packed[at] >> 4 == _SKIPPED_NIBBLE:
            at += 8 + int.from_bytes(packed[at + 4 : at + 8], "little")
            continue
        yield at
        with memoryview(packed) as whole, whole[at:] as rest:
            at += zstd.get_frame_size(rest)
