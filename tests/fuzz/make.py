"""Valid export files of every format from random rows, in the many ways in which systems write them."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import re
from collections.abc import Sequence
from random import Random
from typing import Any

from tests.fuzz.parquet import parquet_file
from tests.fuzz.spec import Column, Spec
from tests.fuzz.values import random_value, wild, written
from tests.fuzz.zstd import CompressionParameter, zstd

Row = dict[str, Any]


def key_pool(spec: Spec, rng: Random) -> list[Row]:
    """Keys that the files of a group share, so that they bring duplicates and other versions of the same orders."""
    columns = [column for column in spec.columns if column.name in spec.key]
    return [{column.name: random_value(column, rng) for column in columns} for _ in range(40)]


def random_rows(spec: Spec, pool: Sequence[Row], rng: Random, count: int) -> list[Row]:
    """Rows of typed values; some are copies of others, whole or but for one value."""
    rows: list[Row] = []
    for _ in range(count):
        if rows and rng.random() < 0.2:
            row = dict(rng.choice(rows))
            if rng.random() < 0.6:
                column = rng.choice(spec.columns)
                row[column.name] = random_value(column, rng)
        else:
            row = {column.name: random_value(column, rng) if rng.random() < 0.93 else None for column in spec.columns}
            if pool and rng.random() < 0.8:
                row |= rng.choice(pool)
        rows.append(row)
    return rows


def plain_text(ending: str, spec: Spec, rows: Sequence[Row], rng: Random, *, oddly: bool) -> bytes:
    """A CSV or JSON lines file before it is packed. `oddly`: with a few cells and records that are wrong."""
    if ".jsonl" in ending:
        return _jsonl(spec, rows, rng, oddly=oddly).encode("utf-8", "surrogatepass")
    return _encoded(_csv(spec, rows, rng, oddly=oddly), spec.encoding, rng)


def parquet(spec: Spec, rows: Sequence[Row], rng: Random, *, oddly: bool, checksums: bool = False) -> bytes:
    """A Parquet file; oddly: with columns of types that no value of ours is."""
    return parquet_file(spec, rows, rng, oddly=oddly, checksums=checksums)


def packed(ending: str, text: bytes, rng: Random, *, checksum: bool = False) -> bytes:
    """The text as the file's name says; of an archive with a checksum there is one member only."""
    parts = [text]
    if not checksum and rng.random() < 0.2:
        at = rng.randrange(len(text) + 1)
        parts = [text[:at], text[at:]]
    if ending.endswith(".gz"):
        return b"".join(_gzip(part, rng) for part in parts)
    if ending.endswith(".zst"):
        return b"".join(_zstd(part, rng, checksum=checksum or rng.random() < 0.5) for part in parts)
    return text


def _gzip(text: bytes, rng: Random) -> bytes:
    out = io.BytesIO()
    name = rng.choice(("", "", "export.csv"))
    with gzip.GzipFile(name, "wb", rng.choice((1, 6, 9)), out, mtime=rng.choice((0, 1714982400))) as file:
        file.write(text)
    return out.getvalue()


def _zstd(text: bytes, rng: Random, *, checksum: bool) -> bytes:
    options: dict[int, int] = {
        CompressionParameter.compression_level: rng.choice((-1, 1, 3, 19)),
        CompressionParameter.checksum_flag: int(checksum),
        CompressionParameter.content_size_flag: rng.randrange(2),
    }
    return zstd.compress(text, options=options)


def _encoded(text: str, encoding: str, rng: Random) -> bytes:
    if encoding == "utf-8":
        return (codecs.BOM_UTF8 if rng.random() < 0.15 else b"") + text.encode()
    if encoding == "utf-16":
        bom, name = rng.choice(((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")))
        return bom + text.encode(name)
    return text.encode(encoding, "replace")


# ---------------------------------------------------------------- CSV


class _Style:
    """How one file is written throughout."""

    def __init__(self, spec: Spec, rng: Random, *, oddly: bool) -> None:
        self.spec, self.rng, self.oddly = spec, rng, oddly
        self.ends = rng.choice((("\n",),) * 8 + (("\r\n",),) * 4 + (("\r",), ("\n", "\r\n"), ("\n", "\r", "\r\n")))
        self.quoting = rng.choice(("needed", "needed", "all", "some", "loose"))
        self.blank_lines = rng.random() < 0.15
        self.padded_header = rng.random() < 0.05

    def line(self, cells: Sequence[str]) -> str:
        blank = self.rng.choice(self.ends) * self.rng.choice((1, 1, 3)) if self.blank_lines and self.rng.random() < 0.2 else ""
        return blank + self.spec.delimiter.join(map(self._cell, cells)) + self.rng.choice(self.ends)

    def _cell(self, text: str) -> str:
        quote, delimiter = self.spec.quote, self.spec.delimiter
        if not quote:
            return text if self.oddly and self.rng.random() < 0.1 else re.sub(rf"[\r\n{re.escape(delimiter)}]", "_", text)
        needed = any(sign in text for sign in (delimiter, "\r", "\n")) or text.startswith(quote)
        if not needed:
            needed = {"all": True, "some": self.rng.random() < 0.3, "loose": False, "needed": quote in text}[self.quoting]
        return quote + text.replace(quote, quote * 2) + quote if needed else text


def _csv(spec: Spec, rows: Sequence[Row], rng: Random, *, oddly: bool) -> str:
    style = _Style(spec, rng, oddly=oddly)
    columns: list[Column | str] = [*spec.columns]
    if len(columns) > 1:
        columns += rng.choice(([], [], ["comment"], ["comment", ""], ["comment", "comment"]))
    if rng.random() < 0.5:
        rng.shuffle(columns)
    header = [column if isinstance(column, str) else column.header for column in columns]
    if style.padded_header:
        header = [f" {name}  " for name in header]
    lines = [style.line(header)]
    for row in rows:
        cells = [_csv_cell(column, row, spec, rng, oddly=oddly) for column in columns]
        if oddly and rng.random() < 0.02:
            cells = rng.choice((cells[:-1] or ["", ""], [*cells, ""], [*cells, "x", "y"]))
        lines.append(style.line(cells))
    text = "".join(lines)
    return text.rstrip("\r\n") if rng.random() < 0.25 else text


def _csv_cell(column: Column | str, row: Row, spec: Spec, rng: Random, *, oddly: bool) -> str:
    if isinstance(column, str):
        return rng.choice(("", "fine", "it, is"))
    if oddly and rng.random() < 0.03:
        return wild(column, rng)
    value = row[column.name]
    return rng.choice(spec.null) if value is None else written(value, column, spec, rng, csv=True)


# ---------------------------------------------------------------- JSON lines


def _jsonl(spec: Spec, rows: Sequence[Row], rng: Random, *, oddly: bool) -> str:
    spaced, ascii_only, leaves_out = rng.random() < 0.5, rng.random() < 0.4, rng.random() < 0.3
    end = rng.choice(("\n", "\n", "\n", "\r\n"))
    lines = []
    for row in rows:
        pairs = [(column.header, _json_cell(column, row, spec, rng, oddly=oddly)) for column in spec.columns]
        if leaves_out:
            pairs = [pair for pair in pairs if pair[1] != "null"]
        if rng.random() < 0.3:
            pairs.append(("extra", rng.choice(('{"a": [1, {"b": null}]}', "[]", "1e5", '"x"'))))
        if rng.random() < 0.3:
            rng.shuffle(pairs)
        if oddly and rng.random() < 0.01 and pairs:
            pairs.append(rng.choice(pairs))
        comma, colon = (", ", ": ") if spaced else (",", ":")
        body = comma.join(json.dumps(name, ensure_ascii=ascii_only) + colon + text for name, text in pairs)
        lines.append(rng.choice(("", " ", "\t")) * (rng.random() < 0.05) + "{" + body + "}")
        if oddly and rng.random() < 0.02:
            lines.append(rng.choice(("", " ", "[]", "null", "1", "{}", "{", '{"a" 1}', "NaN", '{"at": NaN}', "{'a': 1}")))
    bom = "\ufeff" if rng.random() < 0.1 else ""
    return bom + end.join(lines) + (end if rng.random() < 0.75 else "")


def _json_cell(column: Column, row: Row, spec: Spec, rng: Random, *, oddly: bool) -> str:
    if oddly and rng.random() < 0.03:
        return rng.choice(
            (json.dumps(wild(column, rng)), wild(column, rng) or '""', "[1]", '{"a": 1}', "NaN", "-Infinity", '"\\ud800"')
        )
    value = row[column.name]
    if value is None:
        return rng.choice(("null", '""'))
    if column.kind == "boolean" and rng.random() < 0.7:
        return "true" if value else "false"
    text = written(value, column, spec, rng, csv=False)
    if (
        column.kind in ("integer", "decimal", "double")
        and rng.random() < 0.8
        and re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?", text)
    ):
        return text
    return json.dumps(text, ensure_ascii=rng.random() < 0.5)
