"""A CSV file → its header, and its portions, cut where records end."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain

from mission_cli.model.project import CsvOptions, Source
from mission_cli.staging.readers.csv_careful import Layout, portion, records, shown, too_long
from mission_cli.staging.readers.csv_split import NotPlainError, Span, count, span, split
from mission_cli.staging.readers.names import places
from mission_cli.staging.readers.portion import MAX_RECORD_BYTES, PORTION_BYTES, Job, Jobs, Portion, UnreadableFile


def csv_jobs(chunks: Iterator[bytes], source: Source) -> Jobs:
    """What is to be done to read the file, portion by portion. Raises UnreadableFile, as do the jobs."""
    layout: Layout | None = None
    line, text = 1, b""
    for chunk in chain(chunks, (None,)):
        text, whole = text + (chunk or b""), chunk is None
        if len(text) < PORTION_BYTES and not whole:
            continue
        if layout is None:
            layout, size, lines = _header(text, source, whole=whole)
            text, line = text[size:], line + lines
        job, size, lines = _cut(text, line, layout, source.csv, whole=whole)
        if size == 0 and len(text) > MAX_RECORD_BYTES:
            raise too_long(line)
        text, line = text[size:], line + lines
        yield job


def _header(text: bytes, source: Source, *, whole: bool) -> tuple[Layout, int, int]:
    """The layout, and the bytes and lines that the header takes."""
    taken = records(text, 1, source.csv, whole=whole, most=1)
    if not taken.records:
        if whole:
            raise UnreadableFile("is empty: not even a header")
        raise too_long(1)
    (first,) = taken.records
    try:
        first.raw.encode()
    except UnicodeEncodeError:
        hint = 'if it is Latin-1, say so with csv = { encoding = "latin-1" }'
        raise UnreadableFile(f'its header is not UTF-8: "{shown(first.raw.strip())[:80]}"; {hint}') from None
    names = [name.strip() for name in first.fields]
    return Layout(len(names), places(source, names, "its header")), taken.bytes, taken.lines


def _cut(text: bytes, line: int, layout: Layout, options: CsvOptions, *, whole: bool) -> tuple[Job, int, int]:
    """The job for the whole records at the beginning of `text`, and how many bytes and lines they are."""
    try:
        found = span(text, line, options, whole=whole)
    except NotPlainError:
        taken = records(text, line, options, whole=whole)
        return partial(portion, taken.records, layout, options), taken.bytes, taken.lines
    return partial(_read, found, layout, options), len(found.text), count(found.text, b"\n")


def _read(found: Span, layout: Layout, options: CsvOptions) -> Portion:
    try:
        return split(found, layout, options)
    except NotPlainError:
        return portion(records(found.text, found.first_line, options, whole=True).records, layout, options)
