"""The reference's reading of a Parquet file: the whole table in one go, each value as the text that stands for it."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzz.values import civil

_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class Damaged(Exception):
    """The file must be refused."""


def columns(content: bytes, headers: Sequence[str]) -> list[list[str | None]]:
    """The columns of those names, as texts. Raises Damaged."""
    try:
        file = pq.ParquetFile(
            io.BytesIO(content), page_checksum_verification=True, pre_buffer=False, arrow_extensions_enabled=False
        )
        names = file.schema_arrow.names
        if any(names.count(header) != 1 for header in headers) or len(names) > 10_000:
            raise Damaged("lacks a column, or has it twice")
        if any(_is_no_value(file.schema_arrow.field(header).type) for header in headers):
            raise Damaged("a column that holds no single values")
        if file.metadata.num_rows > 1 << 20:
            raise Damaged("too many rows")
        table = file.read(columns=list(headers), use_threads=False)
        if table.num_rows != file.metadata.num_rows:
            raise Damaged("not as many rows as it says")
        table.validate(full=True)
        return [_texts(table.column(table.column_names.index(header))) for header in headers]
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise Damaged(f"Parquet: {error}") from None


def _is_no_value(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_nested(kind) or pa.types.is_duration(kind) or pa.types.is_interval(kind) or pa.types.is_time(kind))


def _texts(column: pa.ChunkedArray) -> list[str | None]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_timestamp(kind):
        ticks = column.cast(pa.int64()).to_pylist()
        return [None if tick is None else _time(tick, kind) for tick in ticks]
    if pa.types.is_date(kind):
        wide = pa.types.is_date64(kind)
        numbers = column.cast(pa.int64() if wide else pa.int32()).to_pylist()
        return [None if number is None else civil(number // 86_400_000 if wide else number) for number in numbers]
    single = pa.types.is_float32(kind)
    return [None if value is None else _text(value, single=single) or None for value in column.to_pylist()]


def _text(value: object, *, single: bool) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case bytes():
            return value.decode()
        case Decimal():
            return f"{value:f}"
        case float():
            return _float(value, single=single)
        case _:
            return str(value)


def _float(value: float, *, single: bool) -> str:
    """The shortest digits that give the number back, without an exponent."""
    shortest = repr(value)
    if single and value == value and abs(value) != float("inf"):
        tries = (f"{value:.{digits}g}" for digits in range(1, 10))
        shortest = next(text for text in tries if struct.pack("f", float(text)) == struct.pack("f", value))
    if shortest.strip("-") in ("nan", "inf"):
        return shortest
    text = f"{Decimal(shortest):f}"
    return text.removesuffix(".0")


def _time(tick: int, kind: pa.TimestampType) -> str:
    per_second = _TICKS[kind.unit]
    seconds, rest = divmod(tick, per_second)
    day, second = divmod(seconds, 86_400)
    fraction = f".{rest:0{len(str(per_second)) - 1}d}" if per_second > 1 else ""
    return f"{civil(day)} {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}{fraction}{'Z' if kind.tz else ''}"
