"""Valid Parquet files from random rows: each column in one of the physical types that some system would choose for it."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzz.spec import Column, Spec
from tests.fuzz.values import wild, written

Row = dict[str, Any]
Choice = Callable[[Random, Column], pa.DataType]

_TEXTS: tuple[Choice, ...] = (
    lambda rng, column: pa.string(),
    lambda rng, column: pa.large_string(),
    lambda rng, column: pa.dictionary(pa.int32(), pa.string()),
    lambda rng, column: pa.binary(),
)
_UNITS = ("s", "ms", "us", "ns")
_TYPES: dict[str, tuple[Choice, ...]] = {
    "string": _TEXTS,
    "integer": (
        lambda rng, column: pa.int64(),
        lambda rng, column: pa.int32(),
        lambda rng, column: pa.uint64(),
        lambda rng, column: pa.float64(),
        lambda rng, column: pa.decimal128(rng.choice((20, 38)), rng.choice((0, 2))),
    ),
    "decimal": (
        lambda rng, column: pa.decimal128(column.precision, column.scale),
        lambda rng, column: pa.decimal128(38, min(38, column.scale + rng.choice((0, 1, 7)))),
        lambda rng, column: pa.decimal256(60, column.scale),
        lambda rng, column: pa.float64(),
        lambda rng, column: pa.int64(),
        lambda rng, column: pa.float32(),
    ),
    "double": (
        lambda rng, column: pa.float64(),
        lambda rng, column: pa.float32(),
        lambda rng, column: pa.decimal128(38, 10),
        lambda rng, column: pa.int32(),
    ),
    "boolean": (lambda rng, column: pa.bool_(), lambda rng, column: pa.int8()),
    "date": (lambda rng, column: pa.date32(), lambda rng, column: pa.date64()),
    "timestamp": (
        lambda rng, column: pa.timestamp(rng.choice(_UNITS), "UTC"),
        lambda rng, column: pa.timestamp(rng.choice(_UNITS), rng.choice(("Europe/Berlin", "+05:30"))),
        lambda rng, column: pa.timestamp(rng.choice(_UNITS)),
    ),
}
_STRANGE = (
    pa.null(),
    pa.list_(pa.int32()),
    pa.time64("us"),
    pa.duration("s"),
    pa.int8(),
    pa.float16(),
    pa.struct([("a", pa.int8())]),
)


def parquet_file(spec: Spec, rows: Sequence[Row], rng: Random, *, oddly: bool, checksums: bool) -> bytes:
    """The rows as a Parquet file; oddly: with columns of types that no value of ours is, and wrong texts."""
    columns = list(spec.columns)
    rng.shuffle(columns)
    arrays = {column.header: _array(column, [row[column.name] for row in rows], spec, rng, oddly=oddly) for column in columns}
    if rng.random() < 0.3:
        arrays["comment"] = pa.array([{"note": "n"}] * len(rows), pa.struct([("note", pa.string())]))
    table = pa.table(arrays)
    writer = "Arrow" if checksums else rng.choice(("Arrow",) * 7 + ("Polars", "DuckDB"))
    others = {"Polars": _by_polars, "DuckDB": _by_duckdb}
    written_by_another = others[writer](table, rng) if writer in others else None
    return written_by_another or _by_arrow(table, rng, checksums=checksums)


def _array(column: Column, values: list[Any], spec: Spec, rng: Random, *, oddly: bool) -> pa.Array:
    odd = rng.random()
    if oddly and odd < 0.02:
        return _converted([None] * len(values), rng.choice(_STRANGE))
    kind = rng.choice(_TYPES[column.kind])(rng, column)
    if odd < 0.25 or column.kind == "string":
        kind = rng.choice(_TEXTS)(rng, column)
        texts = [None if value is None else written(value, column, spec, rng, csv=False) for value in values]
        if oddly:
            texts = [wild(column, rng) if rng.random() < 0.02 else text for text in texts]
        return pa.array([text.encode() if text is not None and kind == pa.binary() else text for text in texts], kind)
    return _converted(values, kind)


def _converted(values: list[Any], kind: pa.DataType) -> pa.Array:
    """The values as the type holds them; those that it cannot hold are missing."""
    try:
        return pa.array([_fitted(value, kind) for value in values], kind)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return pa.array([_one(value, kind) for value in values], kind)


def _one(value: Any, kind: pa.DataType) -> Any:
    try:
        return pa.array([_fitted(value, kind)], kind)[0]
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return None


def _fitted(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_floating(kind):
        return float(value)
    if isinstance(value, datetime) and pa.types.is_timestamp(kind):
        micros = (value - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution)
        ticks = micros * 1000 // {"s": 10**9, "ms": 10**6, "us": 1000, "ns": 1}[kind.unit]
        if not -(2**63) <= ticks < 2**63:
            return None
        return pa.scalar(ticks, pa.int64()).cast(kind)
    return value


def _by_arrow(table: pa.Table, rng: Random, *, checksums: bool) -> bytes:
    out = io.BytesIO()
    pq.write_table(
        table,
        out,
        compression=rng.choice(("none", "snappy", "zstd", "gzip")),
        row_group_size=rng.choice((1, 5, 1000)),
        data_page_size=rng.choice((16, 1 << 20)),
        data_page_version=rng.choice(("1.0", "2.0")),
        use_dictionary=rng.random() < 0.6,
        write_statistics=rng.random() < 0.7,
        write_page_checksum=checksums or rng.random() < 0.4,
        version=rng.choice(("1.0", "2.4", "2.6")),
        store_schema=rng.random() < 0.7,
    )
    return out.getvalue()


def _by_polars(table: pa.Table, rng: Random) -> bytes | None:
    """As Polars writes it; None where it does not know a type, of which it would make a noise."""
    if any(pa.types.is_decimal256(kind) or str(getattr(kind, "tz", "")).startswith("+") for kind in table.schema.types):
        return None
    out = io.BytesIO()
    try:
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        frame.write_parquet(out, compression=rng.choice(("zstd", "snappy", "uncompressed")), row_group_size=rng.choice((None, 7)))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError, TypeError, NotImplementedError):
        return None
    return out.getvalue()


def _by_duckdb(table: pa.Table, rng: Random) -> bytes | None:
    """As DuckDB writes it; None where it does not know a type."""
    compression, version = rng.choice(("zstd", "snappy", "uncompressed", "gzip")), rng.choice(("V1", "V2"))
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "1.parquet"
        connection = _duckdb()
        try:
            connection.register("rows", table)
            connection.execute(f"COPY rows TO '{path}' (FORMAT parquet, COMPRESSION {compression}, PARQUET_VERSION {version})")
        except duckdb.Error:
            return None
        finally:
            connection.unregister("rows")
        return path.read_bytes()


@cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": "1"})
