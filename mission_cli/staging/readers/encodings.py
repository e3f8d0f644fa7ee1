"""Text of a declared encoding → UTF-8, chunk by chunk."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from mission_cli.staging.readers.portion import UnreadableFile

_MARKS_OF_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LOOKED_AT = 64
_ENOUGH = 8


def as_utf8(chunks: Iterator[bytes], encoding: str, hint: str = "export it as UTF-8") -> Iterator[bytes]:
    """The text in UTF-8 without a byte order mark. UTF-8 itself is passed on unchecked: readers reject the record that is not.

    `hint`: what to do about another encoding. Raises UnreadableFile when the bytes are not of the encoding.
    """
    first = next(chunks, b"")
    if encoding == "utf-8":
        if first.startswith(_MARKS_OF_UTF16) or _looks_like_utf16(first[:_LOOKED_AT]):
            raise UnreadableFile(f"is UTF-16; {hint}")
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(_exactly(encoding, first))()
    at = 0
    try:
        yield decoder.decode(first).removeprefix("\ufeff").encode()
        at = len(first)
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
            at += len(chunk)
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise UnreadableFile(f"is not {encoding.upper()} near byte {at + getattr(error, 'start', 0)}") from None


def _looks_like_utf16(start: bytes) -> bool:
    """Whether every second byte is zero, as in UTF-16 of ASCII letters."""
    halves = start[::2], start[1::2]
    return len(start) >= _ENOUGH and any(not any(a) and all(b) for a, b in (halves, halves[::-1]))


def _exactly(encoding: str, first: bytes) -> str:
    """Which byte of a UTF-16 character comes first: its mark tells, or without one where the zeros of ASCII letters are."""
    if encoding != "utf-16":
        return encoding
    if first.startswith(_MARKS_OF_UTF16):
        big = first.startswith(codecs.BOM_UTF16_BE)
    else:
        big = first[:_LOOKED_AT:2].count(0) > first[1:_LOOKED_AT:2].count(0)
    return "utf-16-be" if big else "utf-16-le"
