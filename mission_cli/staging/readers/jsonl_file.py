"""A file of one JSON object per line → portions. Numbers are taken as they are written, digit by digit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from itertools import chain
from typing import Any

import pyarrow as pa

from mission_cli.model.project import Source
from mission_cli.staging.readers.portion import MAX_RECORD_BYTES, PORTION_BYTES, Jobs, Misfit, Portion, UnreadableFile

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
    decoder = json.JSONDecoder(parse_float=_plain, parse_int=str, parse_constant=_no_number, object_pairs_hook=_object)
    lines: list[int] = []
    rows: list[list[str | None]] = []
    misfits: list[Misfit] = []
    named: set[str] = set()
    texts = text.split(b"\n")
    for line, raw in enumerate(texts, first_line):
        if not raw.strip():
            continue
        try:
            value = _record(decoder, raw)
            named.update(value)
            rows.append([_cell(value.get(name), name) for name in names])
            lines.append(line)
        except _NotTakenError as error:
            misfits.append(Misfit(line, error.reason, _shown(raw), error.column))
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return Portion(
        pa.array(lines, pa.int64()),
        tuple(pa.array(column, pa.string()) for column in columns),
        misfits,
        partial(_raws, texts, first_line),
        printable=False,
        bytes=len(text),
        unnamed=frozenset(names) - named,
    )


def _record(decoder: json.JSONDecoder, raw: bytes) -> dict[str, Any]:
    try:
        value = decoder.decode(raw.decode())
    except UnicodeDecodeError as error:
        raise _NotTakenError(f"is not UTF-8: byte 0x{raw[error.start]:02x} at {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise _NotTakenError(f"is not JSON: {error.msg} at {error.colno}") from None
    except RecursionError:
        raise _NotTakenError("is nested too deeply") from None
    if not isinstance(value, dict):
        raise _NotTakenError("is not an object { … }")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        repeated = next(name for index, (name, _) in enumerate(pairs) if any(name == other for other, _ in pairs[:index]))
        raise _NotTakenError(f'names "{repeated}" more than once')
    return value


def _cell(value: Any, name: str) -> str | None:
    match value:
        case None | "":
            return None
        case bool():
            return "true" if value else "false"
        case str():
            if not value.isascii():
                _require_text(value, name)
            return value
        case list():
            raise _NotTakenError("holds a list, not a value", name)
        case _:
            raise _NotTakenError("holds an object, not a value", name)


def _require_text(value: str, name: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _NotTakenError("holds half of a surrogate pair", name) from None


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
