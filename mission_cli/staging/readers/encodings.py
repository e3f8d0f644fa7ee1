"""Text of a declared encoding → UTF-8, chunk by chunk."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from mission_cli.staging.readers.portion import UnreadableFile

_MARKS_OF_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def as_utf8(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The text in UTF-8 without a byte order mark. UTF-8 itself is passed on unchecked: readers reject the record that is not.

    Raises UnreadableFile when the bytes are not of the encoding.
    """
    first = next(chunks, b"")
    if encoding == "utf-8":
        if first.startswith(_MARKS_OF_UTF16):
            raise UnreadableFile('is UTF-16; say so with csv = { encoding = "utf-16" }')
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    at = 0
    try:
        yield decoder.decode(first).encode()
        at = len(first)
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
            at += len(chunk)
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise UnreadableFile(f"is not {encoding.upper()} near byte {at + getattr(error, 'start', 0)}") from None
