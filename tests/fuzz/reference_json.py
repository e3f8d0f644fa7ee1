"""The reference's reading of one line of JSON: names and values, numbers as they are written."""

from __future__ import annotations

import json
import re
from typing import Any

_MOST_EXPONENT = 400


class NotARecord(Exception):
    """The line gives no cells; `column`: the name of the value that is to blame."""

    def __init__(self, column: str | None = None) -> None:
        super().__init__(column)
        self.column = column


def json_record(line: str) -> dict[str, Any]:
    """The values of a line that is an object. Lists and objects stay what they are."""
    try:
        value = json.loads(line, parse_int=plain, parse_float=plain, parse_constant=_refuse, object_pairs_hook=_named)
    except (json.JSONDecodeError, RecursionError):
        raise NotARecord from None
    if not isinstance(value, dict):
        raise NotARecord
    return value


def _named(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise NotARecord
    return dict(pairs)


def _refuse(_word: str) -> None:
    raise NotARecord


def plain(number: str) -> str:
    """A number without its exponent, digit by digit, unless that would be a very long one: 1.5e3 is 1500."""
    found = re.fullmatch(r"(-?)([0-9]+)(?:\.([0-9]+))?[eE]([+-]?[0-9]+)", number)
    if not found:
        return number
    sign, whole, places, power = found[1], found[2], found[3] or "", found[4]
    if len(power) > 6 or abs(int(power) - len(places)) > _MOST_EXPONENT:
        return number
    digits, point = whole + places, len(whole) + int(power)
    if point >= len(digits):
        text = digits.ljust(point, "0") if digits.strip("0") else "0"
    elif point > 0:
        text = f"{digits[:point]}.{digits[point:]}"
    else:
        text = f"0.{'0' * -point}{digits}"
    trimmed = text.lstrip("0")
    return sign + (trimmed if trimmed and not trimmed.startswith(".") else f"0{trimmed}")
