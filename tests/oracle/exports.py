"""Random sources and their exports: days around two centers, orders in several versions, timestamps in every style."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

T = TypeVar("T")
DAY = timedelta(days=1)


class Dice:
    """Choices out of a byte string; the first of a list is what shrinking makes for."""

    def __init__(self, drawn: bytes) -> None:
        self.drawn = iter(drawn)

    def pick(self, *choices: T) -> T:
        return choices[next(self.drawn) % len(choices)]

    def rarely(self, usual: T, *others: T, one_in: int = 8) -> T:
        """One of the others about once in `one_in` times."""
        return self.pick(*[usual] * (len(others) * (one_in - 1)), *others)


def rolls(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml(v)}" for k, v in value.items() if v is not None) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else str(value)


def table(header: str, entries: dict[str, Any]) -> str:
    return f"{header}\n" + "".join(f"{k} = {toml(v)}\n" for k, v in entries.items() if v is not None) + "\n"


# ---------------------------------------------------------------- the calendar

# zone: two days around which everything happens, where there are any those of the daylight-saving changes
CENTERS = {
    "UTC": (date(2024, 2, 29), date(2024, 12, 31)),
    "America/New_York": (date(2024, 3, 10), date(2024, 11, 3)),
    "Asia/Ho_Chi_Minh": (date(2024, 2, 29), date(2024, 12, 31)),
    "Europe/Berlin": (date(2024, 10, 27), date(2024, 3, 31)),
    "Australia/Lord_Howe": (date(2024, 10, 6), date(2024, 4, 7)),
}
CLOCKS = [time(12), time(0), time(23, 59, 59), time(1, 30), time(2), time(2, 30), time(3)]
NUDGES = [timedelta(microseconds=us) for us in (0, -1, 1, 500_000, 1_000_000, -1_000_000, 1_230_000, 1_800_000_000)]
OFFSETS = [timezone(timedelta(minutes=m)) for m in (0, 330, -480, 420, -210, 630)]
STYLES = ["Z", "naive", "offset", "offset short", "Z space", "UTC", "naive space"]
GAPS = [DAY, timedelta(seconds=1), timedelta(microseconds=1), timedelta(minutes=30)]


class Setting(NamedTuple):
    """What all sources of a marketplace share; `turn` says which of the two centers is the usual one."""

    timezone: str
    day_start: str
    turn: int

    def day(self, dice: Dice) -> date:
        center = CENTERS[self.timezone][self.turn ^ dice.rarely(0, 1, one_in=10)]
        return center + dice.pick(0, 0, 0, 1, -1, 1, -1, 2, -2, 3, 5, -6) * DAY

    def instant(self, day: date, dice: Dice) -> datetime:
        clock = dice.pick(*CLOCKS, *[time.fromisoformat(self.day_start)] * 3)
        wall = datetime.combine(day, clock, ZoneInfo(self.timezone))
        return wall.astimezone(UTC) + dice.pick(*NUDGES)


def written(at: datetime, dice: Dice, naive: str) -> str:
    """ISO 8601; never without offset where the wall clock in the zone `naive` shows this time twice."""
    style, offset, wall = dice.pick(*STYLES), dice.pick(*OFFSETS), at.astimezone(ZoneInfo(naive))
    twice = wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()
    if style.startswith("naive") and not twice:
        local, suffix = wall, ""
    elif style.startswith("offset"):
        local = at.astimezone(offset)
        suffix = local.isoformat()[-6:]
        suffix = suffix.removesuffix(":00") if style == "offset short" else suffix
    else:
        local, suffix = at, " UTC" if style == "UTC" else "Z"
    spaced = style in ("UTC", "Z space", "naive space")
    text = local.replace(tzinfo=None).isoformat(sep=" " if spaced else "T")
    return (text.rstrip("0") if local.microsecond else text) + suffix


# ---------------------------------------------------------------- exports

SUPPLIERS = ["s", "", "007", "7", "S", "Ann Lee", "Đỗ Văn Bình", "a,b", 'q"uote', " 7", "🚕"]
KEYS = ["1", "01", "1.0", "a", "A", "ä", "o 1", "x,y"]
KINDS = ["x", "", "xy", "o'brien", "đặc biệt", "PARTNER car", "a%b"]
FINALS = [
    "status IN ('DONE', 'CANCELED')",
    "status <> 'OPEN' AND kind NOT LIKE '%PARTNER%'",
    "status = 'DONE' OR flag",
    "not Status = 'OPEN'",
]
# column of the file, and a text for which the record is rejected; {} is the order's day
FAULTS = [
    ("order_id", ""),
    ("status", ""),
    ("status", "LOST"),
    ("Quantity", "x"),
    ("Quantity", "1.6"),
    ("Quantity", "-1"),
    ("Fare (VND)", "1.2.3"),
    ("Fare (VND)", "12,50"),
    ("score", "abc"),
    ("flag", "maybe"),
    ("parts", ""),
    ("at", "yesterday"),
    ("at", "2024-02-30"),
    ("at", "2024-02-30T12:00:00Z"),
    ("at", "{}T24:00:00Z"),
    ("updated_at", ""),
    ("updated_at", "soon"),
]
COLUMNS: dict[str, dict[str, Any]] = {
    "order_id": {"type": "string", "required": True},
    "leg": {"type": "string", "required": True},
    "supplier_id": {"type": "string"},
    "status": {"type": "string", "required": True, "one_of": ["DONE", "CANCELED", "PARTNER", "OPEN"]},
    "kind": {"type": "string"},
    "at": {"type": "timestamp"},
    "updated_at": {"type": "timestamp", "required": True},
    "qty": {"type": "integer", "min": 0, "from": "Quantity"},
    "parts": {"type": "integer", "required": True},
    "fare": {"type": "decimal(18,2)", "from": "Fare (VND)"},
    "discount": {"type": "decimal(18,2)", "min": 0},
    "score": {"type": "double"},
    "flag": {"type": "boolean"},
}


class Shape(NamedTuple):
    """How one source is set up."""

    name: str
    two_keys: bool
    updated: str  # timestamp, integer, or empty
    time: str  # timestamp or date
    time_zone: str | None
    final: str
    files: int


class Order(NamedTuple):
    """Each version is updated a gap later than the one before, in whatever file it comes."""

    key: tuple[str, str]
    supplier: int
    updated: datetime
    gap: timedelta


VERSIONS = rolls(23)
ORDERS = st.tuples(rolls(6), st.lists(VERSIONS, min_size=1, max_size=3))
BOOKS = st.lists(ORDERS, max_size=8) | st.lists(ORDERS, min_size=8, max_size=40)


def shape_of(name: str, dice: Dice) -> Shape:
    two_keys, updated = dice.pick(False, True), dice.pick("timestamp", "timestamp", "integer", "")
    time_type = dice.rarely("timestamp", "date", one_in=5)
    time_zone = dice.rarely(None, "UTC", "America/New_York") if time_type == "timestamp" else None
    return Shape(name, two_keys, updated, time_type, time_zone, dice.pick(*FINALS), dice.pick(1, 2, 3, 4))


def order_of(shape: Shape, setting: Setting, number: int, owner: int, dice: Dice) -> Order:
    name = number // 2 if shape.two_keys else number
    key = KEYS[name] if name < len(KEYS) else f"k{name}", "AB"[number % 2]
    updated = setting.instant(setting.day(dice), dice)
    return Order(key, owner + dice.pick(0, 0, 1, 2, 3), updated, dice.pick(*GAPS))


def cents(amount: int | None) -> str:
    return "" if amount is None else f"{Decimal(amount).scaleb(-2):f}"


def cells_of(shape: Shape, setting: Setting, order: Order, age: int, last: bool, dice: Dice) -> dict[str, str]:
    """One record as exported; broken or without a time now and then."""
    day = setting.day(dice)
    at = written(setting.instant(day, dice), dice, shape.time_zone or setting.timezone)
    updated = written(order.updated + age * order.gap, dice, setting.timezone)
    statuses = ["DONE", "DONE", "DONE", "CANCELED", "PARTNER", "OPEN"] if last else ["OPEN", "OPEN", "DONE", "CANCELED"]
    qty, eighths = dice.pick(1, 0, 2, 3, 7, None), dice.pick(8, 0, 1, 12, -4, None)
    cells = {
        "order_id": order.key[0],
        "leg": order.key[1],
        "supplier_id": SUPPLIERS[(order.supplier + dice.rarely(0, 1, 2)) % len(SUPPLIERS)],
        "status": dice.pick(*statuses),
        "kind": dice.pick(*KINDS),
        "at": dice.rarely(at if shape.time == "timestamp" else day.isoformat(), "", one_in=16),
        "updated_at": updated if shape.updated == "timestamp" else str(9 + age),
        "Quantity": "" if qty is None else str(qty),
        "parts": str(dice.pick(1, 0, 2, 4)),
        "Fare (VND)": cents(dice.pick(10, 20, 1000, 0, 10, 20, 1050, 1, 999999, -250)),
        "discount": cents(dice.pick(None, 0, 10, 20, 125, 1000)),
        "score": "" if eighths is None else str(eighths / 8),
        "flag": dice.pick("true", "false", ""),
    }
    column, broken = dice.pick(*FAULTS)
    return dice.rarely(cells, {**cells, column: broken.format(day)}, one_in=16)


def exports(shape: Shape, setting: Setting, owner: int, book: Sequence[tuple[bytes, list[bytes]]]) -> dict[str, str]:
    """One CSV text per file; without `updated` no two are alike, so that none counts as the same batch."""
    lines: list[list[tuple[int, dict[str, str]]]] = [[] for _ in range(shape.files)]
    for number, (head, versions) in enumerate(book):
        order = order_of(shape, setting, number, owner, Dice(head))
        for age, drawn in enumerate(versions):
            dice = Dice(drawn)
            cells = cells_of(shape, setting, order, age, age == len(versions) - 1, dice)
            file, slot, copy = dice.pick(0, 1, 2, 3) % shape.files, dice.pick(*range(10)), dice.rarely(0, 1, 2)
            lines[file].append((slot, cells))
            if copy:
                lines[(file + copy - 1) % shape.files].append((slot + 1, cells))
    texts = {}
    for file, stem in enumerate(("01", "02", "10", "9")[: shape.files]):
        name = f"data/exports/{shape.name}/{stem}.csv"
        rows = [cells for _, cells in sorted(lines[file], key=lambda line: line[0])]
        texts[name] = csv_text(rows, file, "" if shape.updated else name)
    return texts


def csv_text(rows: Sequence[dict[str, str]], turn: int, comment: str) -> str:
    """The columns start elsewhere in every file, and one of them is nobody's."""
    header = [*(options.get("from", name) for name, options in COLUMNS.items()), "comment"]
    out = io.StringIO()
    writer = csv.DictWriter(out, header[turn:] + header[:turn], lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "comment": comment} for row in rows)
    return out.getvalue()


def source_toml(shape: Shape) -> str:
    columns = {**COLUMNS, "at": {"type": shape.time} | ({"timezone": shape.time_zone} if shape.time_zone else {})}
    columns["updated_at"] = {"type": shape.updated, "required": True}
    if not shape.updated:
        del columns["updated_at"]
    head = {
        "files": [f"data/exports/{shape.name}/*.csv"],
        "key": ["order_id", "leg"] if shape.two_keys else "order_id",
        "supplier": "supplier_id",
        "time": "at",
        "updated": "updated_at" if shape.updated else None,
        "final": shape.final,
        "max_rejects": 1.0,
    }
    return table(f"[sources.{shape.name}]", head) + table(f"[sources.{shape.name}.columns]", columns)
