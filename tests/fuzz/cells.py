"""The reference's casts: the text of a cell → its value in plain Python, or None when it is no value of the column's type.

Values are those that compare: text, int, Decimal, bool; a double by its repr; a date in days and a time in microseconds
since 1970, because years before 1 and after 9999 are no dates of Python.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from tests.fuzz.spec import Column, Spec

Value = str | int | bool | Decimal | None
_DAY_US = 86_400_000_000
_ERA_YEARS, _ERA_DAYS = 400, 146_097
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NUMBER = re.compile(r"([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?[0-9]+))?")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6})0*)?)?(?: ?(Z|UTC|[+-][0-9:]+))?"
)
_OFFSET = re.compile(r"([+-])([0-9]{2})(?::?([0-9]{2}))?")
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def cast(text: str, column: Column, spec: Spec, *, csv: bool) -> Value:
    """The value of a cell that is not empty. `csv`: the source says how numbers and times are written."""
    match column.kind:
        case "string":
            return None if _CONTROL.search(text) else text
        case "integer":
            return _integer(text)
        case "decimal":
            return _decimal(text, column.precision, column.scale, spec.decimal if csv else ".")
        case "double":
            return _double(text, spec.decimal if csv else ".")
        case "boolean":
            return {"true": True, "t": True, "yes": True, "1": True, "false": False, "f": False, "no": False, "0": False}.get(
                text.lower() if text.isascii() else ""
            )
        case "date":
            return date_of(text)
        case _:
            return _formatted(text, column, spec) if csv and spec.formats else _instant(text, column)


def _integer(text: str) -> int | None:
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        return None
    digits = text.lstrip("+-").lstrip("0")
    value = int(digits or "0") if len(digits) < 20 else 2**63 + 1
    value = -value if text.startswith("-") else value
    return value if -(2**63) <= value < 2**63 else None


def _pointed(text: str, sign: str) -> str:
    return text if sign == "." else "?" if "." in text else text.replace(",", ".")


def _decimal(text: str, precision: int, scale: int, sign: str) -> Decimal | None:
    found = _NUMBER.fullmatch(_pointed(text, sign))
    if not found or found[5]:
        return None
    places = (found[3] or found[4] or "").rstrip("0")
    digits = ((found[2] or "") + places.ljust(scale, "0")).lstrip("0")
    if len(places) > scale or len(digits) > precision:
        return None
    return Decimal((int(found[1] == "-"), tuple(map(int, digits or "0")), -scale))


def _double(text: str, sign: str) -> str | None:
    pointed = _pointed(text, sign)
    found = _NUMBER.fullmatch(pointed)
    if not found:
        return None
    value = float(pointed)
    nothing = not ((found[2] or "") + (found[3] or found[4] or "")).strip("0")
    return repr(value) if math.isfinite(value) and (value != 0 or nothing) else None


# ---------------------------------------------------------------- days and times


def date_of(text: str) -> int | None:
    found = _DATE.fullmatch(text)
    return days(int(found[1]), int(found[2]), int(found[3])) if found else None


def days(year: int, month: int, day: int) -> int | None:
    """Days since 1970 of a day that exists."""
    shift = _ERA_YEARS if year < 1 else 0
    try:
        return datetime(year + shift, month, day).toordinal() - 719_163 - (_ERA_DAYS if shift else 0)
    except ValueError:
        return None


def _instant(text: str, column: Column) -> int | None:
    found = _TIME.fullmatch(text)
    day = date_of(found[1]) if found else None
    if not found or day is None:
        return None
    hour, minute, second = int(found[2]), int(found[3]), int(found[4] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    wall = day * _DAY_US + ((hour * 60 + minute) * 60 + second) * 1_000_000 + int((found[5] or "").ljust(6, "0"))
    if not found[6]:
        return _localized(wall, column.timezone)
    offset = _offset_us(found[6])
    return None if offset is None else wall - offset


def _offset_us(text: str) -> int | None:
    if text in ("Z", "UTC"):
        return 0
    found = _OFFSET.fullmatch(text)
    if not found or int(found[2]) > 23 or int(found[3] or 0) > 59:
        return None
    return (int(found[2]) * 60 + int(found[3] or 0)) * 60_000_000 * (-1 if found[1] == "-" else 1)


def _localized(wall: int, timezone: str) -> int:
    """The instant of a wall clock time; of two the first; of one that was skipped as if the clock had not been changed yet."""
    inside = min(max(wall, -719_000 * _DAY_US), 2_932_000 * _DAY_US)
    naive = datetime(1970, 1, 1) + timedelta(microseconds=inside)
    offset = naive.replace(tzinfo=ZoneInfo(timezone), fold=0).utcoffset()
    assert offset is not None
    return wall - offset // timedelta(microseconds=1)


def local_day(instant: int, timezone: str, shift_minutes: int) -> int:
    """The business day of an instant between 1900 and 2199, in days since 1970."""
    local = (
        (datetime(1970, 1, 1) + timedelta(microseconds=instant)).replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(timezone))
    )
    return (local.replace(tzinfo=None) - timedelta(minutes=shift_minutes)).toordinal() - 719_163


def midnight(year: int, timezone: str) -> int:
    """The instant at which a year begins somewhere."""
    day = days(year, 1, 1)
    assert day is not None
    return _localized(day * _DAY_US, timezone)


# ---------------------------------------------------------------- declared formats

_PARTS: dict[str, str] = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>[0-9]{1,2}+)",
    "d": r"(?P<d>[0-9]{1,2}+)",
    "j": r"(?P<j>[0-9]{1,3}+)",
    "H": r"(?P<H>[0-9]{1,2}+)",
    "I": r"(?P<I>[0-9]{1,2}+)",
    "M": r"(?P<M>[0-9]{1,2}+)",
    "S": r"(?P<S>[0-9]{1,2}+)",
    "f": r"(?P<f>[0-9]{1,6}+)",
    "p": r"(?P<p>[AaPp][Mm])",
    "z": r"(?P<z>[+-][0-9]{2}(?::?[0-9]{2})?)",
    "b": rf"(?P<b>{'|'.join(month[:3] for month in _MONTHS)})",
    "B": rf"(?P<B>{'|'.join(_MONTHS)})",
    "a": rf"(?:{'|'.join(day[:3] for day in _WEEKDAYS)})",
    "A": rf"(?:{'|'.join(_WEEKDAYS)})",
    "%": "%",
}


@cache
def _pattern(written: str) -> re.Pattern[str]:
    out = ""
    for literal, sign in re.findall(r"([^%]+)|%(.)", written):
        out += re.sub(" +", " +", re.escape(literal).replace("\\ ", " ")) if literal else _PARTS[sign]
    return re.compile(out, re.ASCII | re.IGNORECASE)


def _formatted(text: str, column: Column, spec: Spec) -> int | None:
    """The instant by the first format that the whole text has."""
    found = (_read(match, column) for written in spec.formats if (match := _pattern(written).fullmatch(text)))
    return next((instant for instant in found if instant is not None), None)


def _read(match: re.Match[str], column: Column) -> int | None:
    part = match.groupdict()
    day = _day_of(part)
    hour = _hour_of(part)
    minute, second = int(part.get("M") or 0), int(part.get("S") or 0)
    if day is None or hour is None or minute > 59 or second > 59:
        return None
    fraction = int((part.get("f") or "").ljust(6, "0"))
    wall = day * _DAY_US + ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction
    if part.get("z") is None:
        return _localized(wall, column.timezone)
    offset = _offset_us(part["z"])
    return None if offset is None else wall - offset


def _day_of(part: dict[str, str | None]) -> int | None:
    year = int(part.get("Y") or 0)
    if part.get("y") is not None:
        short = int(part["y"] or 0)
        year = short + (2000 if short < 69 else 1900)
    if part.get("j") is not None:
        first, number = days(year, 1, 1), int(part["j"] or 0)
        after = days(year + 1, 1, 1)
        return first + number - 1 if first is not None and after is not None and 1 <= number <= after - first else None

    def named(sign: str) -> int:
        return 1 + next(n for n, m in enumerate(_MONTHS) if m[:3] == (part[sign] or "").lower()[:3])

    month = named("b") if part.get("b") else named("B") if part.get("B") else int(part.get("m") or 1)
    return days(year, month, int(part.get("d") or 1))


def _hour_of(part: dict[str, str | None]) -> int | None:
    if part.get("I") is None:
        hour = int(part.get("H") or 0)
        return hour if hour < 24 else None
    hour = int(part["I"] or 0)
    if not 1 <= hour <= 12:
        return None
    return hour % 12 + (12 if (part.get("p") or "").lower() == "pm" else 0)
