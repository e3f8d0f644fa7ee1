"""The reference: a file → the rows and rejected lines that must come of it, read slowly, whole, and by other means.

It knows nothing of portions, Arrow's CSV reader, DuckDB or the code under test. What it takes of a CSV is what `csv.reader`
takes in strict mode.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tests.fuzz import reference_parquet
from tests.fuzz.cells import Value, cast, local_day, midnight
from tests.fuzz.reference_json import NotARecord, json_record
from tests.fuzz.spec import STATUSES, Column, Spec
from tests.fuzz.zstd import zstd

_LINE_END = 2
NO_DAY = -719_162  # 0001-01-01
_STRANGERS = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Unreadable(Exception):
    """The file must be refused."""


@dataclass(slots=True)
class Record:
    """A record as it stood in the file: cells in the order of the source's columns, or why there are none."""

    line: int
    cells: Sequence[str | None] | None
    raw: str | None
    blame: str | None = None


@dataclass(slots=True)
class Expected:
    """What must come of a file. `rows` by line: a value for each column, whether it is final, its day. `rejects` by line: the
    column to blame and the record's text, where that is known. `size`: bytes of the unpacked file; `head`: bytes of UTF-8
    that the header of a CSV takes.
    `unsure`: a record is about as long as one may be, so that the file may be refused or not."""

    refused: str | None = None
    records: int = 0
    rows: dict[int, tuple[object, ...]] = field(default_factory=dict)
    rejects: dict[int, tuple[str | None, str | None]] = field(default_factory=dict)
    size: int = 0
    head: int = 0
    unsure: bool = False


def expected(content: bytes, ending: str, spec: Spec) -> Expected:
    """What the loader must make of the bytes of a file."""
    result = Expected()
    try:
        if ending == ".parquet":
            columns = reference_parquet.columns(content, [column.header for column in spec.columns])
            records = [Record(row, cells, None) for row, cells in enumerate(zip(*columns, strict=True), 1)]
        else:
            text = _unpacked(content, ending)
            result.size = len(text)
            read, encoding = (_json_records, "utf-8") if ".jsonl" in ending else (csv_records, spec.encoding)
            records = list(read(decoded(text, encoding), spec, result))
    except (Unreadable, reference_parquet.Damaged) as error:
        return Expected(refused=str(error), size=result.size, head=result.head, unsure=result.unsure)
    for record in records:
        _judge(record, spec, result, csv=".csv" in ending)
    result.records = len(records)
    if len(result.rejects) > spec.max_rejects * result.records:
        result.refused = "too many rejects"
    return result


def _judge(record: Record, spec: Spec, result: Expected, *, csv: bool) -> None:
    blame: str | None = record.blame
    values: list[Value] = []
    if record.cells is not None:
        for column, cell in zip(spec.columns, record.cells, strict=True):
            value = None if cell is None else cast(cell, column, spec, csv=csv)
            if (cell is not None and value is None) or not _allowed(value, column, spec):
                blame = blame or column.header
            values.append(value)
        named = {column.name: value for column, value in zip(spec.columns, values, strict=True)}
        final = _is_final(spec.final, named.get("status"))
        if blame is None and final and named[spec.time] is None:
            blame = next(column.header for column in spec.columns if column.name == spec.time)
    if record.cells is None or blame is not None:
        result.rejects[record.line] = (blame, record.raw)
    else:
        result.rows[record.line] = (*values, final, _day(named, spec))


def _allowed(value: Value, column: Column, spec: Spec) -> bool:
    if value is None or (value == "" and (column.required or column.name in spec.key)):
        return not (column.required or column.name in spec.key)
    if column.name in (spec.time, spec.updated) and column.kind in ("date", "timestamp"):
        assert isinstance(value, int)
        if column.kind == "date":
            fine = -25_567 <= value < 84_006  # 1900-01-01, 2200-01-01
        else:
            fine = midnight(1900, spec.timezone) <= value < midnight(2200, spec.timezone)
        if not fine:
            return False
    elif column.kind in ("date", "timestamp"):
        assert isinstance(value, int)
        first, last = (-719_162, 2_932_896) if column.kind == "date" else (-62_135_596_800_000_000, 253_402_300_799_999_999)
        if not first <= value <= last:  # the years 1 to 9999
            return False
    if column.one_of and value not in column.one_of:
        return False
    if column.minimum is None:
        return True
    number = float(value) if column.kind == "double" else value
    least = float(column.minimum) if column.kind == "double" else column.minimum
    return not number < least  # type: ignore[operator]


def _is_final(rule: str, status: Value) -> bool:
    return {
        "": True,
        "status = 'DONE'": status == STATUSES[1],
        "status <> 'OPEN'": status not in (None, STATUSES[0]),
        "status IN ('DONE', 'CANCELED')": status in STATUSES[1:],
        "coalesce(status, 'DONE') <> 'OPEN'": status != STATUSES[0],
    }[rule]


def _day(named: dict[str, Value], spec: Spec) -> int:
    for name in (spec.time, spec.updated):
        value = named.get(name)
        kind = next((column.kind for column in spec.columns if column.name == name), "")
        if value is not None and kind in ("date", "timestamp"):
            assert isinstance(value, int)
            return value if kind == "date" else local_day(value, spec.timezone, spec.day_start)
    return NO_DAY


# ---------------------------------------------------------------- bytes and text


def _unpacked(content: bytes, ending: str) -> bytes:
    try:
        if ending.endswith(".gz"):
            if not content:
                raise Unreadable("an archive of no bytes")
            return gzip.decompress(content)
        if ending.endswith(".zst"):
            if not content:
                raise Unreadable("an archive of no bytes")
            return zstd.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error, zstd.ZstdError) as error:
        raise Unreadable(f"archive: {error}") from None
    if content.startswith(_STRANGERS):
        raise Unreadable("something else")
    return content


def decoded(text: bytes, encoding: str) -> str:
    """The text without a byte order mark; bytes that are not UTF-8 become lone surrogates."""
    if encoding == "utf-8":
        if text.startswith(_UTF16):
            raise Unreadable("UTF-16")
        return text.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    if encoding == "utf-16" and text and not text.startswith(_UTF16):
        raise Unreadable("no byte order mark")
    try:
        return text.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(f"encoding: {error}") from None


def _measure(raw: str, spec: Spec, result: Expected) -> None:
    """Refuse a record longer than one may be; be unsure within its line end."""
    over = len(raw.removesuffix("\n").encode("utf-8", "surrogateescape")) - spec.longest
    if over > _LINE_END:
        raise Unreadable("a record too long")
    result.unsure = result.unsure or over > -_LINE_END


# ---------------------------------------------------------------- CSV


def csv_records(text: str, spec: Spec, result: Expected) -> Iterator[Record]:
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", text)
    csv.field_size_limit(1 << 30)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if spec.quote else csv.QUOTE_NONE
    reader = csv.reader(lines, delimiter=spec.delimiter, quotechar=spec.quote or None, strict=True, quoting=quoting)
    header: list[str] | None = None
    before = 0
    try:
        for fields in reader:
            raw = "".join(lines[before : reader.line_num])
            line, before = before + 1, reader.line_num
            _measure(raw, spec, result)
            if not fields:
                continue
            if header is None:
                result.head = len("".join(lines[:before]).encode("utf-8", "surrogateescape"))
                header = _header(raw, fields, spec)
                continue
            cells = None
            if len(fields) == len(header) and is_text(raw):
                cells = [fields[header.index(column.header)] for column in spec.columns]
            yield Record(line, cells and [None if cell in spec.null else cell for cell in cells], raw.rstrip("\r\n"))
    except csv.Error as error:
        raise Unreadable(f"line {before + 1}: {error}") from None
    if header is None:
        raise Unreadable("empty")


def is_text(raw: str) -> bool:
    return not re.search("[\ud800-\udfff]", raw)


def _header(raw: str, fields: Sequence[str], spec: Spec) -> list[str]:
    if not is_text(raw):
        raise Unreadable("header is not UTF-8")
    names = [name.strip() for name in fields]
    if any(names.count(column.header) != 1 for column in spec.columns):
        raise Unreadable("header lacks a column, or has it twice")
    if len(names) > 10_000:
        raise Unreadable("too many columns")
    return names


# ---------------------------------------------------------------- JSON lines


def _json_records(text: str, spec: Spec, result: Expected) -> Iterator[Record]:
    never_named = {column.header for column in spec.columns}
    records = 0
    for line, raw in enumerate(text.split("\n"), 1):
        _measure(raw, spec, result)
        if not raw.strip(" \t\n\r\x0b\x0c"):
            continue
        shown = raw.rstrip("\r")
        try:
            if not is_text(raw):
                raise NotARecord
            named = json_record(raw)
            never_named -= set(named)
            cells = [_json_cell(named.get(column.header), column) for column in spec.columns]
        except NotARecord as wrong:
            yield Record(line, None, shown, wrong.column)
            continue
        records += 1
        yield Record(line, cells, shown)
    if never_named and records:
        raise Unreadable("no record names a column")


def _json_cell(value: object, column: Column) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and is_text(value):
        return value
    raise NotARecord(column.header)
