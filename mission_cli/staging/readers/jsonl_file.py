"""A file of one JSON object per line → portions. Numbers are taken as they are written, digit by digit."""

from __future__ import annotations

import json
import json.scanner
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from itertools import chain
from typing import Any

import pyarrow as pa

from mission_cli.model.project import Source
from mission_cli.model.text import printable
from mission_cli.staging.readers.portion import (
    MAX_RECORD_BYTES,
    PORTION_BYTES,
    Jobs,
    Misfit,
    Portion,
    UnreadableFile,
    refuse_flood,
)

_BLANKS = b" \t\r"  # of JSON; others are signs
_MOST_EXPONENT = 400  # beyond it lies no number of ours


class _NotTakenError(Exception):
    """Why a line gives no cells, and the name of the value that is to blame, if one is."""

    def __init__(self, reason: str, column: str | None = None) -> None:
        super().__init__(reason)
        self.reason, self.column = reason, column


def jsonl_jobs(chunks: Iterator[bytes], source: Source) -> Jobs:
    """What is to be done to read the file, portion by portion. Raises UnreadableFile, as do the jobs."""
    names = tuple(column.header for column in source.columns)
    line, text = 1, b""
    for chunk in chain(chunks, (None,)):
        text, whole = text + (chunk or b""), chunk is None
        if len(text) < PORTION_BYTES and not whole:
            continue
        size = len(text) if whole else text.rfind(b"\n") + 1
        if max(size, len(text) - size) > MAX_RECORD_BYTES:
            _refuse_long_lines(text, line)
        yield partial(_read, text[:size], line, names)
        line += text.count(b"\n", 0, size)
        text = text[size:]


def _refuse_long_lines(text: bytes, line: int) -> None:
    start = 0
    while (end := text.find(b"\n", start)) >= 0 or start < len(text):
        end = end if end >= 0 else len(text)
        if end - start > MAX_RECORD_BYTES:
            raise UnreadableFile(f"line {line}: longer than {MAX_RECORD_BYTES >> 20} MB")
        start, line = end + 1, line + 1


def _read(text: bytes, first_line: int, names: tuple[str, ...]) -> Portion:
    lines: list[int] = []
    rows: list[list[str | None]] = []
    misfits: list[Misfit] = []
    unnamed = set(names)
    texts = text.split(b"\n")
    for line, raw in enumerate(texts, first_line):
        if not raw.strip():
            continue
        stripped = raw.strip(_BLANKS)
        try:
            value = _record(stripped)
            if unnamed:
                unnamed.difference_update(value)
            rows.append(_cells(value, names, escaped=b"\\u" in stripped))
            lines.append(line)
        except _NotTakenError as error:
            misfits.append(Misfit(line, error.reason, _shown(raw), error.column))
            refuse_flood(misfits)
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return Portion(
        pa.array(lines, pa.int64()),
        tuple(pa.array(column, pa.string()) for column in columns),
        misfits,
        partial(_raws, texts, first_line),
        printable=False,
        bytes=len(text),
        unnamed=frozenset(unnamed),
    )


def _record(raw: bytes) -> dict[str, Any]:
    """The object on a line. Raises _NotTakenError."""
    try:
        text = raw.decode()
        value, end = _scan(text, 0)
        if end != len(text) or not _surely_distinct(raw, value):
            value = _STRICT.decode(text)
    except UnicodeDecodeError as error:
        raise _NotTakenError(f"is not UTF-8: byte 0x{raw[error.start]:02x} at {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise _NotTakenError(f"is not JSON: {error.msg} at {error.colno}") from None
    except StopIteration as error:
        raise _NotTakenError(f"is not JSON: Expecting value at {int(str(error)) + 1}") from None
    except RecursionError:
        raise _NotTakenError("is nested too deeply") from None
    if not isinstance(value, dict):
        raise _NotTakenError("is not an object { … }")
    return value


def _surely_distinct(raw: bytes, value: Any) -> bool:
    """Whether no name can stand there twice: as many quotes before colons as there are names, and no blank between the two."""
    if value.__class__ is not dict:
        return True
    return raw.count(b'":') == len(value) and b'" ' not in raw and b'"\t' not in raw and b'"\r' not in raw


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        times = Counter(name for name, _ in pairs)
        repeated = next(name for name, count in times.items() if count > 1)
        raise _NotTakenError(f'names "{printable(repeated)}" more than once')
    return value


def _cells(value: dict[str, Any], names: tuple[str, ...], *, escaped: bool) -> list[str | None]:
    """The values of the wanted names as text. Only what was written with an escape can be half of a surrogate pair."""
    get = value.get
    if escaped:
        return [_cell(_text(get(name), name), name) for name in names]
    return [cell if (cell := get(name)).__class__ is str and cell else _cell(cell, name) for name in names]


def _cell(value: Any, name: str) -> str | None:
    match value:
        case None | "":
            return None
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case list():
            raise _NotTakenError("holds a list, not a value", name)
        case _:
            raise _NotTakenError("holds an object, not a value", name)


def _text(value: Any, name: str) -> Any:
    """The value, if it is no text that cannot be written. Raises _NotTakenError."""
    try:
        if isinstance(value, str):
            value.encode()
    except UnicodeEncodeError:
        raise _NotTakenError("holds half of a surrogate pair", name) from None
    return value


def _plain(written: str) -> str:
    """A number that is written with an exponent without it: 1e3 is 1000."""
    if "e" not in written and "E" not in written:
        return written
    try:
        number = Decimal(written)
    except InvalidOperation:  # an exponent that Decimal cannot hold
        return written
    exponent = number.as_tuple().exponent
    return f"{number:f}" if isinstance(exponent, int) and abs(exponent) <= _MOST_EXPONENT else written


def _no_number(written: str) -> str:
    raise _NotTakenError(f"is not JSON: {written}")


def _raws(texts: Sequence[bytes], first_line: int, lines: Sequence[int]) -> list[str]:
    return [_shown(texts[line - first_line]) for line in lines]


def _shown(raw: bytes) -> str:
    return raw.rstrip(b"\r").decode("utf-8", "backslashreplace")


_scan = json.scanner.make_scanner(
    json.JSONDecoder(parse_float=_plain, parse_int=str, parse_constant=_no_number)  # type: ignore[arg-type]  # what it is for
)
_STRICT = json.JSONDecoder(parse_float=_plain, parse_int=str, parse_constant=_no_number, object_pairs_hook=_object)
