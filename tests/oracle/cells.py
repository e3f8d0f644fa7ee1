"""One cell of an export: its text, or that it is none of its type."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

from tests.oracle.language import OutOfScope, Value

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
