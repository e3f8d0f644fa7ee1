"""CSV records by the million: split by Arrow, their ends and quotes found with NumPy where that is needed.

It takes a portion only when that is sure to give what the careful reader would; records with too few or too many fields
are cut out before.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as arrow_csv

from mission_cli.model.project import CsvOptions
from mission_cli.staging.readers.csv_careful import Layout, too_long
from mission_cli.staging.readers.portion import MAX_RECORD_BYTES, MOST_MISFITS, Misfit, Portion, refuse_flood

Places = npt.NDArray[np.int64]
Choice = npt.NDArray[np.bool_]
_FEED, _RETURN = 10, 13
_FIRST_PRINTABLE = 32


class NotPlainError(Exception):
    """A mere split would misread this portion."""


@dataclass(frozen=True)
class Span:
    """Whole records from the beginning of a text. `delimiter` and `quote` as bytes; no quote when there is none in it."""

    text: bytes
    first_line: int
    delimiter: bytes
    quote: bytes

    @cached_property
    def feeds(self) -> Places:
        """Where the lines end: the last at the end of the text, when it has no line feed."""
        found = _places(self.text, b"\n")
        return found if not self.text or self.text.endswith(b"\n") else np.append(found, len(self.text))

    @cached_property
    def ends(self) -> Places:
        """Where the records end: at line feeds outside quotes."""
        return self.feeds[_outside(self.text, self.quote, self.feeds)]

    @cached_property
    def starts(self) -> Places:
        """Where the records begin."""
        return np.concatenate((np.zeros(min(1, len(self.ends)), np.int64), self.ends[:-1] + 1))

    @cached_property
    def lines(self) -> Places:
        """The line on which each record begins."""
        if not self.quote:
            return self.first_line + np.arange(len(self.starts), dtype=np.int64)
        return self.first_line + np.searchsorted(self.feeds, self.starts)

    def raws(self, lines: Sequence[int]) -> list[str]:
        """The text of the records that begin on some lines."""
        found = np.searchsorted(self.lines, np.asarray(lines, np.int64))
        pairs = zip(self.starts[found].tolist(), self.ends[found].tolist(), strict=True)
        return [self.text[start:end].decode().rstrip("\r") for start, end in pairs]


def span(text: bytes, first_line: int, options: CsvOptions, *, whole: bool) -> Span:
    """As many whole records as stand at the beginning of `text`. Raises NotPlainError when it must be read with care."""
    if not (options.delimiter + options.quote).isascii():
        raise NotPlainError
    if b"\r" in text and text.count(b"\r") - (not whole and text.endswith(b"\r")) != text.count(b"\r\n"):
        raise NotPlainError
    delimiter, quote = options.delimiter.encode(), options.quote.encode()
    if not quote or quote not in text:
        return Span(text if whole else text[: text.rfind(b"\n") + 1], first_line, delimiter, b"")
    return Span(text[: _quoted_size(text, delimiter, quote, whole=whole)], first_line, delimiter, quote)


def _places(text: bytes, sign: bytes) -> Places:
    return np.flatnonzero(np.frombuffer(text, np.uint8) == sign[0])


def count(text: bytes, sign: bytes) -> int:
    """Like bytes.count, which is slow where there is much to count."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == sign[0]))


def _outside(text: bytes, quote: bytes, places: Places) -> Choice:
    """Which places lie outside quoted fields."""
    return np.searchsorted(_places(text, quote), places) % 2 == 0 if quote else np.ones(len(places), np.bool_)


def _quoted_size(text: bytes, delimiter: bytes, quote: bytes, *, whole: bool) -> int:
    """How much of the text is whole records.

    Quotes open and close in turn (a doubled one closes and opens again). Each that opens must follow a delimiter, a line's
    end or the quote it is doubled with; each that closes must come before one. Else it is text that only looks like a quote.
    """
    signs = np.frombuffer(text, np.uint8)
    quotes = _places(text, quote)
    opens, closes = quotes[0::2], quotes[1::2]
    before = signs[opens[opens > 0] - 1]
    after = signs[closes[closes < len(text) - 1] + 1]
    opens_well = (before == delimiter[0]) | (before == _FEED) | (before == quote[0])
    closes_well = (after == delimiter[0]) | (after == _FEED) | (after == quote[0]) | (after == _RETURN)
    if not (opens_well.all() and closes_well.all()) or (whole and len(opens) > len(closes)):
        raise NotPlainError
    if whole:
        return len(text)
    feeds = _places(text, b"\n")
    outside = feeds[np.searchsorted(quotes, feeds) % 2 == 0]
    if quotes[-1] == len(text) - 1:  # it may close, or be the first half of a doubled one
        outside = outside[outside < opens[-1]]
    return int(outside[-1]) + 1 if len(outside) else 0


def split(found: Span, layout: Layout, options: CsvOptions) -> Portion:
    """The records of a span as a portion. Raises NotPlainError, or UnreadableFile for a record that is too long.

    First as if nothing were wrong with it: Arrow refuses records that have too few or too many fields, and passes over blank
    lines, so that what is not as it should be shows in the count.
    """
    _require_utf8(found.text)
    if found.quote or _may_be_long(found.text):
        _refuse_long(found)
    if not found.quote:
        feeds = count(found.text, b"\n") + (not found.text.endswith(b"\n") and bool(found.text))
        cells = _cells(found, found.text, layout, options)
        if cells is not None and len(cells[0]) == feeds:
            lines = pa.array(np.arange(found.first_line, found.first_line + feeds, dtype=np.int64))
            return _portion(found, lines, cells, [])
    return _split_around_misfits(found, layout, options)


def _split_around_misfits(found: Span, layout: Layout, options: CsvOptions) -> Portion:
    lengths = found.ends - found.starts
    fields = _field_counts(found)
    blank = _blank(found, lengths)
    uneven = ~blank & (fields != layout.width)
    keep = ~blank & ~uneven
    wrong = found.lines[uneven][:MOST_MISFITS].tolist()
    misfits = [
        Misfit(line, f"has {count} fields where the header has {layout.width}", raw)
        for line, count, raw in zip(wrong, fields[uneven][:MOST_MISFITS].tolist(), found.raws(wrong), strict=True)
    ]
    refuse_flood(misfits)
    text = found.text if keep.all() else _only(found.text, lengths, keep)
    cells = _cells(found, text, layout, options)
    if cells is None or len(cells[0]) != int(keep.sum()):
        raise NotPlainError
    return _portion(found, pa.array(found.lines[keep]), cells, misfits)


def _may_be_long(text: bytes) -> bool:
    """Whether some stretch of half the length that a record may have is without a line feed."""
    step = MAX_RECORD_BYTES // 2
    return any(text.find(b"\n", at, at + step) < 0 for at in range(0, len(text) - step, step))


def _refuse_long(found: Span) -> None:
    lengths = found.ends - found.starts
    if len(lengths) and lengths.max() > MAX_RECORD_BYTES:
        raise too_long(int(found.lines[int(lengths.argmax())]))


def _portion(found: Span, lines: pa.Array, cells: tuple[pa.Array, ...], misfits: list[Misfit]) -> Portion:
    return Portion(lines, cells, misfits, found.raws, printable=_printable(found.text), bytes=len(found.text))


def _require_utf8(text: bytes) -> None:
    try:
        if not text.isascii():
            str(text, "utf-8")
    except UnicodeDecodeError:
        raise NotPlainError from None


def _printable(text: bytes) -> bool:
    """Whether there are no control characters but tabs and line ends; said only of ASCII, where it is quick to see."""
    low = np.count_nonzero(np.frombuffer(text, np.uint8) < _FIRST_PRINTABLE)
    fine = count(text, b"\n") + text.count(b"\r") + text.count(b"\t")
    return text.isascii() and b"\x7f" not in text and low == fine


def _blank(found: Span, lengths: Places) -> Choice:
    blank: Choice = lengths == 0
    short = np.flatnonzero(lengths == 1)
    blank[short] = np.frombuffer(found.text, np.uint8)[found.starts[short]] == _RETURN
    return blank


def _field_counts(found: Span) -> Places:
    delimiters = _places(found.text, found.delimiter)
    delimiters = delimiters[_outside(found.text, found.quote, delimiters)]
    return np.diff(np.searchsorted(delimiters, found.ends), prepend=0) + 1


def _only(text: bytes, lengths: Places, keep: Choice) -> bytes:
    """The text of the records to keep, each with its line end."""
    ended = text if text.endswith(b"\n") else text + b"\n"
    return np.frombuffer(ended, np.uint8)[np.repeat(keep, lengths + 1)].tobytes()


def _cells(found: Span, text: bytes, layout: Layout, options: CsvOptions) -> tuple[pa.Array, ...] | None:
    """The fields of the wanted columns, or None when some record has too few or too many."""
    if not text:
        return tuple(pa.array([], pa.string()) for _ in layout.places)
    if text.startswith(codecs.BOM_UTF8):  # Arrow would take it for the beginning of a file, and not for text
        raise NotPlainError
    names = [str(place) for place in range(layout.width)]
    wanted = [names[place] for place in layout.places]
    quoted = bool(found.quote)
    try:
        table = arrow_csv.read_csv(
            pa.py_buffer(text),
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=names),
            parse_options=arrow_csv.ParseOptions(
                delimiter=options.delimiter, quote_char=options.quote if quoted else False, newlines_in_values=quoted
            ),
            convert_options=arrow_csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(wanted, pa.string()),
                include_columns=wanted,
                null_values=list(options.null),
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None
    return tuple(table.column(name).chunk(0) for name in wanted)
