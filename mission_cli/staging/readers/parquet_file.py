"""A Parquet file → portions. Its typed values become the text that our own casts read, exactly; a "line" is a row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mission_cli.model.project import Source
from mission_cli.staging.readers.names import places
from mission_cli.staging.readers.portion import MAX_RECORD_BYTES, Jobs, Portion, UnreadableFile

_ROWS_AT_ONCE = 1 << 14
_NOT_OURS = (
    pa.types.is_nested,
    pa.types.is_duration,
    pa.types.is_interval,
    pa.types.is_time,
)
_DICTIONARIES = {"RLE_DICTIONARY", "PLAIN_DICTIONARY", "PLAIN", "RLE", "BIT_PACKED"}
_BUFFER_BYTES = 1 << 20
_MOST_BYTES_AT_ONCE = 256 << 20
_ALWAYS_FINE_ROWS = 1 << 20
_MOST_ROWS_PER_BYTE = 4  # the keys of an export alone take more


def parquet_jobs(path: Path, source: Source) -> Jobs:
    """What is to be done to read the file, portion by portion. Raises UnreadableFile, as do the jobs."""
    try:
        with path.open("rb") as file:
            looked_at = pq.ParquetFile(file, arrow_extensions_enabled=False)
            schema, metadata = looked_at.schema_arrow, looked_at.metadata
            found = [schema.field(place) for place in places(source, schema.names, "its schema")]
            parquet = pq.ParquetFile(
                file,
                page_checksum_verification=True,
                buffer_size=_BUFFER_BYTES,
                pre_buffer=False,
                arrow_extensions_enabled=False,
                read_dictionary=[field.name for field in found if _is_text(field.type) and _repeats(metadata, field.name)],
            )
            _refuse_bomb(parquet.metadata.num_rows, path)
            convert = [_as_text(field) for field in found]
            row = 1
            for batch in _batches(parquet, [field.name for field in found]):
                yield partial(_read, batch, row, convert)
                row += batch.num_rows
            _require_rows(row - 1, parquet.metadata)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UnreadableFile(f"its Parquet is damaged: {_first_line(error)}") from None


def _batches(parquet: pq.ParquetFile, names: list[str]) -> Iterator[pa.RecordBatch]:
    """The columns, row group by row group: a page that says to hold more values than it does, which no checksum covers, would
    else shift the values of a column into other rows from there on."""
    for number in range(parquet.num_row_groups):
        rows = 0
        for batch in parquet.iter_batches(_ROWS_AT_ONCE, row_groups=[number], columns=names, use_threads=False):
            yield batch.select(names)
            rows += batch.num_rows
        _require_rows(rows, parquet.metadata.row_group(number))


def _require_rows(rows: int, said: pq.FileMetaData | pq.RowGroupMetaData) -> None:
    if rows != said.num_rows:
        raise UnreadableFile(f"holds {rows} rows where it says {said.num_rows}")


def _refuse_bomb(rows: int, path: Path) -> None:
    if rows > max(_ALWAYS_FINE_ROWS, _MOST_ROWS_PER_BYTE * path.stat().st_size):
        raise UnreadableFile(f"says to hold {rows:,} rows, more than its size can: a decompression bomb?")


def _read(batch: pa.RecordBatch, first_row: int, convert: Sequence[Callable[[pa.Array], pa.Array]]) -> Portion:
    try:
        batch.validate(full=True)
        _refuse_long_texts(batch, first_row)
        cells = tuple(text(column) for text, column in zip(convert, batch.columns, strict=True))
    except pa.ArrowException as error:
        raise UnreadableFile(f"its Parquet is damaged near row {first_row}: {_first_line(error)}") from None
    lines = pa.array(range(first_row, first_row + batch.num_rows), pa.int64())
    raws = partial(_raws, cells, batch.schema.names, first_row)
    return Portion(lines, cells, [], raws, printable=False, bytes=batch.nbytes)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind))


def _repeats(metadata: pq.FileMetaData, name: str) -> bool:
    """Whether all of a column's texts stand in dictionaries; Arrow cannot read every other encoding as one."""
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        columns = [group.column(place) for place in range(group.num_columns)]
        if not all(set(column.encodings) <= _DICTIONARIES for column in columns if column.path_in_schema == name):
            return False
    return True


def _refuse_long_texts(batch: pa.RecordBatch, first_row: int) -> None:
    """Texts are read as dictionaries, so that one that is repeated a million times takes no room before it is looked at."""
    total = 0
    for column in batch.columns:
        if not pa.types.is_dictionary(column.type) or not _is_text(column.type.value_type) or not len(column.dictionary):
            continue
        lengths = pc.take(pc.binary_length(column.dictionary), column.indices)
        if (pc.max(lengths).as_py() or 0) > MAX_RECORD_BYTES:
            row = first_row + pc.index(lengths, pc.max(lengths)).as_py()
            raise UnreadableFile(f"row {row}: a value longer than {MAX_RECORD_BYTES >> 20} MB")
        total += pc.sum(lengths).as_py() or 0
    if total > _MOST_BYTES_AT_ONCE:
        rows = f"rows {first_row} to {first_row + batch.num_rows - 1}"
        raise UnreadableFile(f"{rows} hold more than {_MOST_BYTES_AT_ONCE >> 20} MB of text: a decompression bomb?")


def _as_text(field: pa.Field) -> Callable[[pa.Array], pa.Array]:
    """What turns a column into text. Raises UnreadableFile for a column that holds no single values."""
    named = isinstance(field.type, pa.BaseExtensionType)
    kind = field.type.storage_type if named else field.type
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    if any(is_kind(kind) for is_kind in _NOT_OURS) or (named and pa.types.is_fixed_size_binary(kind)):
        raise UnreadableFile(f'its column "{field.name}" is a {kind}, which is not a single value of ours')
    return partial(_text, kind=kind)


def _text(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        utc = pc.cast(pc.cast(column, pa.timestamp(kind.unit)), pa.string())
        return pc.binary_join_element_wise(utc, "Z", "")
    if pa.types.is_date64(kind):
        column = pc.cast(column, pa.date32())
    text = pc.cast(column, pa.string())
    if pa.types.is_decimal(kind) or pa.types.is_floating(kind):
        text = _plain(text)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _plain(numbers: pa.Array) -> pa.Array:
    """Numbers without exponents: Arrow writes a zero of nine places as 0E-9, and 10 ** 15 as 1e+15."""
    if not pc.any(pc.match_substring(numbers, "e", ignore_case=True)).as_py():
        return numbers
    encoded = numbers.dictionary_encode()
    words = [f"{Decimal(word):f}" if "e" in word.lower() else word for word in encoded.dictionary.to_pylist()]
    return pc.take(pa.array(words, pa.string()), encoded.indices)


def _raws(cells: Sequence[pa.Array], names: Sequence[str], first_row: int, lines: Sequence[int]) -> list[str]:
    return [
        json.dumps(
            {name: column[line - first_row].as_py() for name, column in zip(names, cells, strict=True)}, ensure_ascii=False
        )
        for line in lines
    ]


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).split("\n", 1)[0][:200]
