"""What `missionctl results` must come to, worked out row by row with the standard library alone.

Every number is a Fraction until a formula turns the window totals into doubles; every order is looked at again for
every window. What lies outside the scope (other methods, roles, tiers, rolling windows, ...) raises OutOfScope.
"""

from __future__ import annotations

import calendar
import csv
import hashlib
import io
import math
import operator
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.language import Compiled, Expression, OutOfScope, Value

Row = dict[str, Value]

DAY = timedelta(days=1)
WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
HEAD = ["as_of", "mission_id", "supplier_id", "window_start", "window_end", "mission_status"]
COLUMNS = [*HEAD, "condition", "value", "type", "val", "status"]


class Rejected(ValueError):
    """This record does not become an order."""


def only(table: Mapping[str, Any], allowed: str, where: str) -> None:
    if extra := set(table) - set(allowed.split()):
        raise OutOfScope(f"{where}: {', '.join(sorted(extra))}")


# ---------------------------------------------------------------- one cell, one record

# every pattern is ASCII: other scripts' digits are no numbers here
MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,6}))?"
    r"(?: ?(Z|UTC)|([-+])([0-9]{2})(?::?([0-9]{2}))?)?"
)
INTEGER = re.compile(r"[-+]?[0-9]+")
DECIMAL = re.compile(r"[-+]?([0-9]+)(?:\.([0-9]+))?")
DOUBLE = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_moment(text: str, zone: ZoneInfo) -> datetime:
    """The instant in UTC; a wall clock without offset is in `zone`, the first of the two if it comes twice."""
    match = MOMENT.fullmatch(text)
    if match is None:
        raise ValueError(text)
    second, fraction, utc, sign, hours, minutes = match.groups()
    naive = datetime.fromisoformat(second) + timedelta(microseconds=int((fraction or "0").ljust(6, "0")))
    if sign:
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return naive.replace(tzinfo=timezone(offset if sign == "+" else -offset)).astimezone(UTC)
    return naive.replace(tzinfo=UTC if utc else zone).astimezone(UTC)


def parse_decimal(text: str, kind: str) -> Fraction:
    """More places or more digits than the type has are refused, not rounded."""
    precision, scale = (int(n) for n in re.findall("[0-9]+", kind))
    match = DECIMAL.fullmatch(text)
    if match is None or len(match[2] or "") > scale or len(match[1].lstrip("0")) > precision - scale:
        raise ValueError(text)
    return Fraction(text)


def parse_cell(text: str, kind: str, zone: ZoneInfo) -> Value:
    if kind == "string":
        return text
    if kind == "integer" and INTEGER.fullmatch(text):
        return Fraction(int(text))
    if kind.startswith("decimal("):
        return parse_decimal(text, kind)
    if kind == "double" and DOUBLE.fullmatch(text):
        return Fraction(float(text))
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind == "date" and DATE.fullmatch(text):
        return date.fromisoformat(text)
    if kind == "timestamp":
        return parse_moment(text, zone)
    raise ValueError(text)


@dataclass(frozen=True)
class Order:
    """The newest accepted version of a key; `day` is its business day if it is final, else None."""

    row: Row
    supplier: str | None
    day: date | None


def environment(row: Row) -> Row:
    """The names of an expression are looked up in lower case."""
    return {name.lower(): value for name, value in row.items()}


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
        if any(row[name] is None for name in ([self.key] if isinstance(self.key, str) else self.key)):
            raise Rejected("key")
        if self.final(environment(row)) is not True:
            return Order(row, row[self.supplier], None)
        if row[self.time] is None:
            raise Rejected(self.time)
        return Order(row, row[self.supplier], self.business_day(row[self.time]))

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
        key = row[self.key] if isinstance(self.key, str) else tuple(row[name] for name in self.key)
        older = self.orders.get(key)
        if older and self.updated:
            if row[self.updated] == older.row[self.updated] and row != older.row:
                raise OutOfScope(f"two contents of {key!r} with one {self.updated}")
            if row[self.updated] < older.row[self.updated]:
                return
        self.orders[key] = order


# ---------------------------------------------------------------- metrics, windows, missions

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "GT": operator.gt,
    "GTE": operator.ge,
    "LT": operator.lt,
    "LTE": operator.le,
    "EQ": operator.eq,
    "NE": operator.ne,
}
Period = tuple[date, date]


def rounded(value: Fraction, data_type: str) -> Fraction:
    """As the data type holds it; decimals half away from zero."""
    if data_type == "double":
        return Fraction(float(value))
    if data_type == "integer":
        if value.denominator != 1:
            raise OutOfScope(f"{value} in an integer metric")
        return value
    precision_scale = re.findall("[0-9]+", data_type)
    unit = 10 ** int(precision_scale[1] if precision_scale else 9)
    return Fraction(math.floor(abs(value) * unit + Fraction(1, 2)), unit) * (-1 if value < 0 else 1)


class Metric:
    """Either `formula` over other metrics, or `value` of each order of `source` that `where` lets through."""

    def __init__(self, name: str, table: dict[str, Any]) -> None:
        method = table["method"]
        self.formula = Expression(table["formula"], float) if method == "formula" else None
        if self.formula:
            only(table, "description method formula", f"metrics.{name}")
            return
        only(table, "description source method value expression where data_type default_value day over_days", name)
        others = {table.get(option, "sum") for option in ("day", "over_days")} - {"sum"}
        if others or method not in ("single_value", "expression"):
            raise OutOfScope(f"metrics.{name}: {method} {others}")
        self.source: str = table["source"]
        self.data_type: str = table["data_type"]
        self.default: Decimal | int | None = table.get("default_value")
        self.where = Expression(table.get("where", "TRUE"), Fraction)
        self.value: Compiled = Expression(table["expression"], Fraction) if method == "expression" else constant(table)

    def total(self, rows: Iterable[Row]) -> float | None:
        """Exact up to here; the sum becomes a double at the very end."""
        values = [self.value(row) for row in map(environment, rows) if self.where(row) is True]
        known = [rounded(value, self.data_type) for value in values if value is not None]
        if not known:
            return None if self.default is None else float(self.default)
        return float(sum(known, Fraction(0)))


def constant(table: dict[str, Any]) -> Compiled:
    value = Fraction(table["value"])
    return lambda _: value


def window_of(window: dict[str, Any], day: date) -> Period:
    """The window that `day` lies in; a fixed one is always the same."""
    kind = window["kind"]
    if kind == "fixed":
        return window["start"], window["end"]
    if kind == "month":
        return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])
    if kind == "week":
        first = WEEKDAYS.index(window.get("start", "MON"))
        start = day - (day.weekday() - first) % 7 * DAY
        return start, start + 6 * DAY
    if kind == "day":
        return day, day
    raise OutOfScope(f"window {kind}")


def reported_windows(window: dict[str, Any], as_of: date, grace: int) -> list[Period]:
    """All with start <= as_of <= end + grace: each holds one of the last grace + 1 days, or is the fixed one."""
    found = {window_of(window, as_of - back * DAY) for back in range(grace + 1)}
    return sorted((start, end) for start, end in found if start <= as_of <= end + grace * DAY)


class Mission:
    def __init__(self, name: str, table: dict[str, Any]) -> None:
        only(table, "title window grace_days reward require conditions", f"missions.{name}")
        if table.get("require", "all") != "all" or isinstance(table.get("reward"), str):
            raise OutOfScope(f"missions.{name}: require, reward")
        for condition in table["conditions"]:
            only(condition, "name formula type val role no_data", f"missions.{name}.conditions")
            if condition.get("role", "goal") != "goal" or condition["type"] not in OPERATORS:
                raise OutOfScope(f"missions.{name}.{condition['name']}")
        self.name, self.window, self.grace = name, table["window"], table.get("grace_days", 0)
        self.conditions = [(c, Expression(c["formula"], float)) for c in table["conditions"]]

    def status(self, period: Period, as_of: date, ok: bool) -> str:
        if as_of < period[1]:
            return "on_track" if ok else "active"
        if as_of < period[1] + self.grace * DAY:
            return "closing"
        return "completed" if ok else "failed"


def judge(condition: dict[str, Any], value: float | None) -> tuple[str, bool]:
    """The status, and whether it counts as met."""
    if value is None:
        return "no_data", condition.get("no_data", "unmet") == "met"
    met = OPERATORS[condition["type"]](value, float(condition["val"]))
    return ("met" if met else "unmet"), met


class Project:
    """A project directory, its exports read once; ask `results` for as many days as you like."""

    def __init__(self, folder: Path) -> None:
        metrics = tomllib.loads((folder / "metrics.toml").read_text("utf-8"), parse_float=Decimal)
        missions = tomllib.loads((folder / "missions.toml").read_text("utf-8"), parse_float=Decimal)
        only(metrics, "project sources metrics suppliers", "metrics.toml")
        only(metrics["project"], "name timezone day_start", "project")
        hours, minutes = map(int, metrics["project"].get("day_start", "00:00").split(":"))
        self.clock = ZoneInfo(metrics["project"]["timezone"]), timedelta(hours=hours, minutes=minutes)
        self.sources = {name: Source(folder, name, table, *self.clock) for name, table in metrics["sources"].items()}
        self.metrics = {name.lower(): Metric(name, table) for name, table in metrics.get("metrics", {}).items()}
        self.missions = [Mission(name, table) for name, table in sorted(missions.get("missions", {}).items())]

    @cached_property
    def counted(self) -> dict[str, dict[str, list[tuple[date, Row]]]]:
        """Business day and row of every order that counts, by source and supplier."""
        found: dict[str, dict[str, list[tuple[date, Row]]]] = {name: {} for name in self.sources}
        for name, source in self.sources.items():
            for order in source.orders.values():
                if order.supplier is not None and order.day is not None:
                    found[name].setdefault(order.supplier, []).append((order.day, order.row))
        return found

    def sources_of(self, names: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for metric in (self.metrics[name] for name in names):
            found |= self.sources_of(metric.formula.names) if metric.formula else {metric.source}
        return found

    def population(self, mission: Mission, first: date, last: date) -> list[str]:
        """Whoever has a final order by now in a source the mission uses, let through by a metric's `where` or not."""
        sources = self.sources_of(name for _, formula in mission.conditions for name in formula.names)
        orders = [(s, day) for name in sources for s, days in self.counted[name].items() for day, _ in days]
        return sorted({supplier for supplier, day in orders if first <= day <= last})

    def total(self, name: str, supplier: str, first: date, last: date) -> float | None:
        metric = self.metrics[name]
        if metric.formula:
            return self.formula(metric.formula, supplier, first, last)
        orders = self.counted[metric.source].get(supplier, [])
        return metric.total(row for day, row in orders if first <= day <= last)

    def formula(self, formula: Expression, supplier: str, first: date, last: date) -> float | None:
        value = formula({name: self.total(name, supplier, first, last) for name in formula.names})
        return None if value is None else value + 0.0  # no negative zero

    def results(self, as_of: date) -> list[dict[str, Any]]:
        rows = [row for mission in self.missions for row in self.mission_rows(mission, as_of)]
        return sorted(rows, key=lambda r: (r["mission_id"], r["supplier_id"], r["window_start"]))

    def mission_rows(self, mission: Mission, as_of: date) -> Iterator[dict[str, Any]]:
        for start, end in reported_windows(mission.window, as_of, mission.grace):
            last = min(end, as_of)
            for supplier in self.population(mission, start, last):
                values = [self.formula(formula, supplier, start, last) for _, formula in mission.conditions]
                judged = [judge(c, value) for (c, _), value in zip(mission.conditions, values, strict=True)]
                state = mission.status((start, end), as_of, all(counts for _, counts in judged))
                for (c, _), value, (status, _) in zip(mission.conditions, values, judged, strict=True):
                    head = as_of, mission.name, supplier, start, end, state
                    tail = c["name"], value, c["type"], float(c["val"]), status
                    yield dict(zip(COLUMNS, head + tail, strict=True))


# ---------------------------------------------------------------- what the tests call


def evaluate(project_dir: Path, as_of: date) -> list[dict[str, Any]]:
    """The rows of `missionctl results --date AS_OF --format csv`, sorted; dates as dates, value None for no data."""
    return Project(project_dir).results(as_of)


def accounting(project_dir: Path) -> dict[str, Counter[str]]:
    """By source: records, rejected, orders (distinct accepted keys), and records in refused files."""
    return {name: source.counts for name, source in Project(project_dir).sources.items()}


def orders_of(project_dir: Path, source: str) -> dict[Value, Row]:
    """The newest accepted version of every key (a tuple where the key is a list), final or not."""
    return {key: order.row for key, order in Project(project_dir).sources[source].orders.items()}
