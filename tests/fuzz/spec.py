"""A random source: its columns, how its files are written, and its metrics.toml. The reference reads by this, not by TOML."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

ENDINGS = (".csv", ".csv.gz", ".csv.zst", ".parquet", ".jsonl", ".jsonl.gz")
ZONES = (
    "UTC",
    "Asia/Ho_Chi_Minh",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",  # midnights that do not exist
    "Australia/Lord_Howe",  # clocks go back by half an hour
    "Asia/Kolkata",
    "Europe/Dublin",
    "Antarctica/Troll",  # by two hours
)
KINDS = ("string", "integer", "decimal", "double", "boolean", "date", "timestamp")
STATUSES = ("OPEN", "DONE", "CANCELED")
FINALS = ("", "status = 'DONE'", "status <> 'OPEN'", "status IN ('DONE', 'CANCELED')", "coalesce(status, 'DONE') <> 'OPEN'")
HEADERS = ("Fare (VND)", "a,b", 'q"x', "Số tiền", "fare.vnd", "two words", "x;y", "Größe", "'t", "1", "NA")
FORMATS = (
    ("%d/%m/%Y %H:%M",),
    ("%d/%m/%Y %H:%M:%S", "%Y%m%d %H%M%S"),
    ("%Y%m%d%H%M%S",),
    ("%m/%d/%y %I:%M %p",),
    ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S"),
    ("%d %b %Y %H:%M:%S.%f",),
    ("%A, %d %B %Y %H:%M",),
    ("%Y-%j %H:%M:%S",),
    ("%H.%M %d.%m.%Y %z",),
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `kind` is its type without the numbers of a decimal; `timezone` that of times without an offset."""

    name: str
    kind: str
    header: str
    timezone: str
    precision: int = 0
    scale: int = 0
    required: bool = False
    one_of: tuple[str, ...] = ()
    minimum: Decimal | None = None
    says_timezone: bool = False

    def toml(self) -> dict[str, Any]:
        said = {
            "type": f"decimal({self.precision},{self.scale})" if self.kind == "decimal" else self.kind,
            "required": self.required or None,
            "one_of": list(self.one_of) or None,
            "min": self.minimum,
            "from": self.header if self.header != self.name else None,
            "timezone": self.timezone if self.says_timezone else None,
        }
        return {key: value for key, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Spec:
    """A source. `updated` and `final` may be empty. `longest`: bytes that a record may have, 4 MB but where a test lowers it."""

    timezone: str
    day_start: int
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    supplier: str
    time: str
    updated: str
    final: str
    max_rejects: Decimal
    delimiter: str = ","
    quote: str = '"'
    decimal: str = "."
    null: tuple[str, ...] = ("",)
    formats: tuple[str, ...] = ()
    encoding: str = "utf-8"
    longest: int = 4 << 20

    def metrics_toml(self) -> str:
        """The whole file, with one metric, since a project has one."""
        csv = {
            "delimiter": self.delimiter,
            "quote": self.quote,
            "decimal": self.decimal,
            "null": list(self.null),
            "timestamp_format": list(self.formats) or None,
            "encoding": self.encoding,
        }
        source = {
            "files": [f"data/exports/orders/*{ending}" for ending in ENDINGS],
            "key": list(self.key),
            "supplier": self.supplier,
            "time": self.time,
            "updated": self.updated or None,
            "final": self.final or None,
            "max_rejects": self.max_rejects,
            "csv": {key: value for key, value in csv.items() if value is not None},
        }
        project = {
            "name": "fuzz",
            "timezone": self.timezone,
            "day_start": f"{self.day_start // 60:02}:{self.day_start % 60:02}",
        }
        metric = {"source": "orders", "method": "single_value", "value": 1, "data_type": "integer"}
        columns = {column.name: column.toml() for column in self.columns}
        tables: dict[str, dict[str, Any]] = {
            "project": project,
            "sources.orders": source,
            "sources.orders.columns": columns,
            "metrics.n": metric,
        }
        return "\n".join(_table(name, entries) for name, entries in tables.items())


MISSIONS_TOML = """\
[missions.m]
window = { kind = "day" }
[[missions.m.conditions]]
name = "n"
formula = "n"
type = "GTE"
val = 1
"""


def random_spec(rng: Random) -> Spec:
    """A source that metrics.toml may have."""
    timezone, encoding = rng.choice(ZONES), rng.choice(("utf-8",) * 8 + ("latin-1", "utf-16"))
    delimiter, decimal = rng.choice((*[","] * 9, *";;\t| ¦~:")), "."
    if delimiter != "," and rng.random() < 0.5:
        decimal = ","
    quote = rng.choice(('"',) * 12 + ("'", "'", "", "", "«"))
    headers = [header for header in HEADERS if (encoding != "latin-1" or header.isascii()) and (quote or delimiter not in header)]
    columns = [_single(rng, timezone)] if rng.random() < 0.04 else _columns(rng, timezone, headers)
    names = [column.name for column in columns]
    return Spec(
        timezone=timezone,
        day_start=rng.choice((0, 0, 300, 1439, 90)),
        columns=tuple(columns),
        key=tuple(name for name in ("order_id", "leg") if name in names) or (names[0],),
        supplier="supplier_id" if "supplier_id" in names else names[0],
        time="at",
        updated="updated_at" if "updated_at" in names else "",
        final=rng.choice(FINALS) if "status" in names else "",
        max_rejects=Decimal(rng.choice(("1",) * 9 + ("0.5", "0.25", "0.01", "0"))),
        delimiter=delimiter,
        quote=quote,
        decimal=decimal,
        null=rng.choice(((("",),) * 5) + (("", "NA"), ("NULL",), ("", "-", "n/a"), ("\\N", ""))),
        formats=rng.choice(FORMATS) if rng.random() < 0.35 else (),
        encoding=encoding,
        longest=rng.randrange(200, 2000) if rng.random() < 0.06 else 4 << 20,
    )


def _single(rng: Random, timezone: str) -> Column:
    """The one column of the smallest source: its key, its supplier and its time. A blank line may be an empty cell here."""
    return Column("at", rng.choice(("date", "timestamp")), "at", timezone, required=rng.random() < 0.5)


def _columns(rng: Random, timezone: str, headers: list[str]) -> list[Column]:
    key_kind = rng.choice(("string",) * 6 + ("integer", "integer", "date", "decimal", "timestamp", "double", "boolean"))
    columns = [_column(rng, "order_id", key_kind, timezone)]
    if rng.random() < 0.3:
        columns.append(_column(rng, "leg", rng.choice(KINDS), timezone))
    columns.append(Column("supplier_id", rng.choice(("string", "string", "integer")), "supplier_id", timezone))
    listed = STATUSES if rng.random() < 0.7 else ()
    columns.append(Column("status", "string", "status", timezone, required=rng.random() < 0.5, one_of=listed))
    columns.append(_column(rng, "at", rng.choice(("timestamp", "timestamp", "date")), timezone))
    updated = rng.choice(("timestamp", "timestamp", "integer", "date", ""))
    if updated:
        columns.append(_column(rng, "updated_at", updated, timezone))
    rng.shuffle(headers)
    for number in range(rng.choice((0, 1, 2, 3, 5, 8))):
        header = headers.pop() if rng.random() < 0.35 else ""
        columns.append(_column(rng, f"c{number}", rng.choice(KINDS), timezone, header))
    if rng.random() < 0.5:
        rng.shuffle(columns)
    return columns


def _column(rng: Random, name: str, kind: str, timezone: str, header: str = "") -> Column:
    precision = rng.choice((1, 4, 6, 9, 18, 18, 19, 38)) if kind == "decimal" else 0
    scale = min(precision, rng.choice((0, 2, 2, 3, 9, 18, precision))) if kind == "decimal" else 0
    minimum = None
    if kind in ("integer", "decimal", "double") and rng.random() < 0.3:
        minimum = Decimal(
            rng.choice(("0", "0", "1", "-10", "0.5", "-0.001", "12.345", "0." + "0" * 24 + "1", "9223372036854775806"))
        )
    says_timezone = kind == "timestamp" and rng.random() < 0.2
    return Column(
        name=name,
        kind=kind,
        header=header or name,
        timezone=rng.choice(ZONES) if says_timezone else timezone,
        precision=precision,
        scale=scale,
        required=rng.random() < 0.3,
        one_of=("x", "y z", "NA") if kind == "string" and name.startswith("c") and rng.random() < 0.1 else (),
        minimum=minimum,
        says_timezone=says_timezone,
    )


def _table(name: str, entries: dict[str, Any]) -> str:
    return f"[{name}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in entries.items() if value is not None)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)
