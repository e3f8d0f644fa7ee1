"""Which windows are reported as of a day: those of the calendar, and those that suppliers have of their own."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from tests.oracle.language import OutOfScope, only
from tests.oracle.suppliers import read_rows

DAY = timedelta(days=1)
WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
KEYS = {
    "fixed": "kind start end",
    "day": "kind",
    "week": "kind start",
    "month": "kind",
    "rolling": "kind days",
    "since": "kind field days",
    "assigned": "kind file",
}
Period = tuple[date, date]


class Assigned(NamedTuple):
    """A row of the file of an assigned window; `targets` are the texts of its other cells, by their column."""

    supplier: str
    start: date
    end: date
    targets: dict[str, str]


def check(window: dict[str, Any], where: str) -> None:
    if window["kind"] not in KEYS or not 1 <= window.get("days", 1) <= 3660:
        raise OutOfScope(f"{where}: {window}")
    only(window, KEYS[window["kind"]], where)


def window_of(window: dict[str, Any], day: date) -> Period:
    """The window that `day` lies in, or ends; a fixed one is always the same."""
    kind = window["kind"]
    if kind == "fixed":
        return window["start"], window["end"]
    if kind == "month":
        return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])
    if kind == "week":
        first = WEEKDAYS.index(window.get("start", "MON"))
        start = day - (day.weekday() - first) % 7 * DAY
        return start, start + 6 * DAY
    if kind == "rolling":
        return since(day - (window["days"] - 1) * DAY, window["days"])
    assert kind == "day"
    return day, day


def since(start: date, days: int) -> Period:
    return start, start + (days - 1) * DAY


def is_reported(period: Period, as_of: date, grace: int) -> bool:
    return period[0] <= as_of <= period[1] + grace * DAY


def reported_windows(window: dict[str, Any], as_of: date, grace: int) -> list[Period]:
    """Of the calendar: each holds one of the last grace + 1 days, or is the fixed one, or the one that rolls."""
    found = {window_of(window, as_of - back * DAY) for back in range(grace + 1)}
    return sorted(period for period in found if is_reported(period, as_of, grace))


def assigned_rows(path: Path) -> list[Assigned]:
    """No row at all of a file with one that cannot be; equal rows count once."""
    rows = [assigned_row(cells) for cells in read_rows(path.read_text("utf-8"))] if path.exists() else []
    found: dict[tuple[str, date, date], Assigned] = {}
    for row in rows:
        if row is None or row.end < row.start or found.setdefault(row[:3], row) != row:
            return []
    return list(found.values())


def assigned_row(cells: dict[str, str]) -> Assigned | None:
    head = [cells.pop(name) for name in ("supplier_id", "window_start", "window_end")]
    if not all(head):
        return None
    return Assigned(head[0], date.fromisoformat(head[1]), date.fromisoformat(head[2]), cells)
