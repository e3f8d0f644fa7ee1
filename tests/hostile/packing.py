"""Bytes that several tables are made of: a small export, and ways to pack it."""

from __future__ import annotations

import gzip
import sys
import zlib

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MORNING = "2024-05-06T08:00:00Z"
HEADER = b"id,who,at,amount\n"
TWO = b"1,ann,2024-05-06T08:00:00Z,1.00\n2,bob,2024-05-06T09:00:00Z,20.00\n"
EXPORT = HEADER + TWO  # two orders of 21.00


def gz(content: bytes) -> bytes:
    """One gzip member without a name or time in it."""
    return gzip.compress(content, mtime=0)


def gz_trailer(content: bytes) -> bytes:
    """What the last eight bytes of a gzip member should be: checksum and length."""
    return zlib.crc32(content).to_bytes(4, "little") + len(content).to_bytes(4, "little")


def zst(content: bytes, *, checksum: bool = True) -> bytes:
    """One zstd frame."""
    return zstd.compress(content, options={zstd.CompressionParameter.checksum_flag: int(checksum)})


def changed(content: bytes, at: int) -> bytes:
    """The content with one bit of one byte turned."""
    at %= len(content)
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def padded(records: int, pad: int) -> bytes:
    """An export of records of 1.00 each, each with `pad` blanks in a column that nobody wants."""
    blanks = b" " * pad
    lines = [b"%d,ann,2024-05-06T08:00:00Z,1.00,%s\n" % (number, blanks) for number in range(records)]
    return b"id,who,at,amount,pad\n" + b"".join(lines)


def timed(text: bytes) -> bytes:
    """The text with a time in the place of each @."""
    return text.replace(b"@", MORNING.encode())


def plain(*records: tuple[str, str]) -> bytes:
    """An export of orders that are not dated: key and amount of each."""
    return HEADER + "".join(f"{key},ann,{MORNING},{amount}\n" for key, amount in records).encode()


def dated(*records: tuple[str, str, str], header: str = "id,who,at,amount,seen") -> bytes:
    """An export of versions of orders: key, amount and time of update of each."""
    lines = [header, *(f"{key},ann,{MORNING},{amount},{updated}" for key, amount, updated in records)]
    return "".join(f"{line}\n" for line in lines).encode()
