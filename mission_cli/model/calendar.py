"""Business days and the windows made of them. Pure: "today" is always an argument."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MOST_DAYS = 3660  # of a window
NEVER = date(9000, 1, 1)  # windows since such a day or later are none: "9999-12-31" says that somebody never began
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


class WindowKind(StrEnum):
    """How the windows of a mission follow each other. Those of `since` and `assigned` are each supplier's own."""

    FIXED = "fixed"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ROLLING = "rolling"
    SINCE = "since"
    ASSIGNED = "assigned"


@dataclass(frozen=True, slots=True)
class WindowRule:
    """The windows of a mission. `start` and `end` only with `fixed`; `weekday` (0 is Monday) only with `week`; `days`, the
    length, with `rolling` and `since`; `field`, an attribute of suppliers, with `since`; `file` with `assigned`."""

    kind: WindowKind
    start: date = date.min
    end: date = date.max
    weekday: int = 0
    days: int = 0
    field: str = ""
    file: str = ""

    @property
    def is_own(self) -> bool:
        """Whether each supplier has windows of its own."""
        return self.kind in (WindowKind.SINCE, WindowKind.ASSIGNED)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """First and last business day, both inclusive."""

    start: date
    end: date

    def days_through(self, as_of: date) -> Iterator[date]:
        """The business days of the window up to and including `as_of`."""
        return days(self.start, min(self.end, as_of))

    def overlaps(self, other: Window) -> bool:
        """Whether they have a day in common."""
        return self.start <= other.end and other.start <= self.end

    def is_reported(self, grace_days: int, as_of: date) -> bool:
        """Whether it has rows as of a day: it began by then, and its grace has not run out before it."""
        return self.start <= as_of <= self.end + grace_days * DAY


def days(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, both inclusive; none when `last` lies before `first`."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def business_day(moment: datetime, timezone: str, day_start_minutes: int) -> date:
    """The business day in which an instant with a zone lies: the date of the local wall clock, shifted by the day's start."""
    local = moment.astimezone(ZoneInfo(timezone)).replace(tzinfo=None)
    return (local - timedelta(minutes=day_start_minutes)).date()


def window_of(rule: WindowRule, day: date) -> Window | None:
    """The window of a shared rule that holds `day`, or ends with it when it rolls; None when the only one is a fixed window
    elsewhere."""
    match rule.kind:
        case WindowKind.FIXED:
            return Window(rule.start, rule.end) if rule.start <= day <= rule.end else None
        case WindowKind.WEEK:
            start = day - DAY * ((day.weekday() - rule.weekday) % 7)
            return Window(start, start + 6 * DAY)
        case WindowKind.MONTH:
            start = day.replace(day=1)
            return Window(start, (start + 31 * DAY).replace(day=1) - DAY)
        case WindowKind.ROLLING:
            return Window(day - (rule.days - 1) * DAY, day)
        case _:
            return Window(day, day)


def reported_windows(rule: WindowRule, grace_days: int, as_of: date) -> list[Window]:
    """The windows of a shared rule with a row as of a day, oldest first."""
    found = {window_of(rule, day) for day in days(as_of - grace_days * DAY, as_of)}
    return sorted(window for window in found if window is not None)
