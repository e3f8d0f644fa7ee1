"""A source with all of its files read: which record is an order, and which version of an order stands."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.cells import parse_cell
from tests.oracle.language import Expression, OutOfScope, Row, Value, environment, only


class Rejected(ValueError):
    """This record does not become an order."""


@dataclass(frozen=True)
class Order:
    """The newest accepted version of a key; `day` is its business day if it is final, else None."""

    row: Row
    supplier: str | None
    key: tuple[Value, ...]
    day: date | None
    moment: date | datetime | None


Orders = dict[str, list[Order]]


class Source:
    """One source, all of its files read; a file with too many rejects counts for nothing but `refused`."""

    def __init__(self, project: Path, name: str, table: dict[str, Any], zone: ZoneInfo, day_start: timedelta) -> None:
        only(table, "files key supplier time updated final max_rejects columns", f"sources.{name}")
        self.columns: dict[str, dict[str, Any]] = table["columns"]
        for column, options in self.columns.items():
            only(options, "type required one_of min from timezone", f"sources.{name}.columns.{column}")
        self.zone, self.day_start, self.time, self.supplier = zone, day_start, table["time"], table["supplier"]
        self.updated: str | None = table.get("updated")
        self.key: str | list[str] = table["key"]
        if self.columns[self.supplier]["type"] != "string":
            raise OutOfScope(f"sources.{name}.supplier")
        self.final = Expression(table.get("final", "TRUE"), Fraction)
        self.max_rejects = Fraction(table.get("max_rejects", Decimal("0.01")))
        self.counts: Counter[str] = Counter()
        self.orders: dict[Value, Order] = {}
        found = {path for pattern in table["files"] for path in project.glob(pattern)}
        self.load(sorted(found, key=lambda path: path.relative_to(project).as_posix()))

    def load(self, files: Iterable[Path]) -> None:
        """Each content once, in the order of the names; the newest version of a key stays."""
        seen = set()
        for path in files:
            content = path.read_bytes()
            if (digest := hashlib.sha256(content).digest()) not in seen:
                seen.add(digest)
                self.load_batch(content.decode("utf-8"))
        self.counts["orders"] = len(self.orders)

    def load_batch(self, text: str) -> None:
        accepted, rejected = [], 0
        records = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        for record in records:
            try:
                accepted.append(self.order_of(record))
            except Rejected:
                rejected += 1
        self.counts["records"] += len(records)
        if rejected > self.max_rejects * len(records):
            self.counts["refused"] += len(records)
            return
        self.counts["rejected"] += rejected
        for order in accepted:
            self.keep_newest(order)

    def order_of(self, record: dict[str, str]) -> Order:
        if None in record or None in record.values():
            raise Rejected("too many or too few fields")
        row = {name: self.cell_of(record, name, options) for name, options in self.columns.items()}
        key, moment = tuple(row[name] for name in ([self.key] if isinstance(self.key, str) else self.key)), row[self.time]
        if None in key:
            raise Rejected("key")
        if self.final(environment(row)) is not True:
            return Order(row, row[self.supplier], key, None, None)
        if moment is None:
            raise Rejected(self.time)
        return Order(row, row[self.supplier], key, self.business_day(moment), moment)

    def cell_of(self, record: dict[str, str], name: str, options: dict[str, Any]) -> Value:
        zone = ZoneInfo(options["timezone"]) if "timezone" in options else self.zone
        text = record[options.get("from", name)]
        try:
            value = parse_cell(text, options["type"], zone) if text else None
        except (ValueError, OverflowError) as error:
            raise Rejected(text) from error
        if value is None and options.get("required"):
            raise Rejected(name)
        if value is not None and value not in options.get("one_of", [value]):
            raise Rejected(text)
        if value is not None and "min" in options and value < Fraction(options["min"]):
            raise Rejected(text)
        return value

    def business_day(self, time: date | datetime) -> date:
        if not isinstance(time, datetime):
            return time
        return (time.astimezone(self.zone).replace(tzinfo=None) - self.day_start).date()

    def keep_newest(self, order: Order) -> None:
        row = order.row
        key = order.key[0] if isinstance(self.key, str) else order.key
        older = self.orders.get(key)
        if older and self.updated:
            if row[self.updated] == older.row[self.updated] and row != older.row:
                raise OutOfScope(f"two contents of {key!r} with one {self.updated}")
            if row[self.updated] < older.row[self.updated]:
                return
        self.orders[key] = order

    def counted(self) -> Orders:
        """The orders that count, by supplier: those that are final and have one."""
        found: Orders = {}
        for order in self.orders.values():
            if order.supplier is not None and order.day is not None:
                found.setdefault(order.supplier, []).append(order)
        return found
