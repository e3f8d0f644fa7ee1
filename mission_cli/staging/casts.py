"""Text → typed values in SQL, by our own rules: a cell is taken as it is written or refused with a reason.

DuckDB's own casts are more generous than money allows: `1.6` becomes 2, `24:00:00` the next day, an offset is dropped.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction

from mission_cli.formula.emit import identifier, text_literal
from mission_cli.model.columns import Column, DataType
from mission_cli.model.expression import Type
from mission_cli.model.project import CsvOptions, Source

_DAY = r"\d{4}-\d{2}-\d{2}"
_TO_THE_MICROSECOND = r"(\.\d{1,6}0*)?"
_CLOCK = rf"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d{_TO_THE_MICROSECOND})?"
_DISTANCE = r"[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?"
_OFFSET = rf" ?(Z|UTC|{_DISTANCE})"
_TIGHT = rf"(Z| UTC|{_DISTANCE})"  # offsets as DuckDB's cast takes them: with a blank before UTC, and before nothing else
_NAIVE = f"{_DAY}[T ]{_CLOCK}"
_INTEGER = r"[+-]?\d+"
_NUMBER = r"[+-]?(\d+(\.\d*)?|\.\d+)"
_DOUBLE = rf"{_NUMBER}([eE][+-]?\d+)?"
_NOT_ZERO = r"[+-]?[0.]*[1-9].*"
_TRUE, _FALSE = "('true', 't', 'yes', '1')", "('false', 'f', 'no', '0')"
_FIRST_YEAR, _LAST_YEAR = 1900, 2199  # of times that date an order or a version: beyond lie placeholders and typos
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x{80}-\x{9f}]"  # line ends and tabs are text
_SHOWN = 40

_UP_TO_TWO = r"\d{1,2}"
_FORMATS = {  # of strptime
    "Y": r"\d{4}",
    "y": r"\d{2}",
    **dict.fromkeys("mdHIMS", _UP_TO_TWO),
    "j": r"(\d{1,3})",
    "f": r"\d{1,6}",
    "p": "[AaPp][Mm]",
    **dict.fromkeys("bBaA", "[A-Za-z]+"),
    "z": _DISTANCE,
    "%": "%",
}

_BROKEN_CLOCKS = {
    rf"{_DAY}[T ]24:.*": " has hour 24; the next day begins at 00:00",
    rf"{_DAY}": " has no time of day",
    rf"{_DAY}[T ]{_CLOCK.replace(_TO_THE_MICROSECOND, '')}[.]\d+({_OFFSET})?": " is finer than microseconds",
    rf"{_NAIVE}({_OFFSET})?": " is a day that does not exist",
}


def typed(column: Column, text: str, options: CsvOptions, *, printable: bool) -> str:
    """SQL that gives the value of the cell `text` (SQL itself), or NULL when the cell is not one of the column's type.

    `printable`: no cell holds control characters, so that texts need not be looked through one by one.
    """
    match column.data_type.type:
        case Type.TEXT if printable:
            return text
        case Type.TEXT:
            return _when(f"NOT regexp_matches({text}, {text_literal(_CONTROL)})", text)
        case Type.INTEGER:
            return _when(_matches(text, _INTEGER), f"TRY_CAST({text} AS BIGINT)")
        case Type.DECIMAL:
            point = _pointed(text, options)
            return _when(_matches(point, _decimal(column.data_type.scale)), f"TRY_CAST({point} AS {column.data_type.sql})")
        case Type.DOUBLE:
            return _double(_pointed(text, options))
        case Type.BOOLEAN:
            return f"CASE WHEN lower({text}) IN {_TRUE} THEN TRUE WHEN lower({text}) IN {_FALSE} THEN FALSE END"
        case Type.DATE:
            return _when(_matches(text, _DAY), f"TRY_CAST({text} AS DATE)")
        case _:
            return _timestamp(column, text, options)


def _double(text: str) -> str:
    """A double; neither infinity nor a number so small that it would become zero."""
    value = f"TRY_CAST({text} AS DOUBLE)"
    return _when(f"{_matches(text, _DOUBLE)} AND isfinite({value}) AND ({value} <> 0 OR NOT {_matches(text, _NOT_ZERO)})", value)


def _timestamp(column: Column, text: str, options: CsvOptions) -> str:
    if options.timestamp_formats:
        tries = [_formatted(column, text, f) for f in options.timestamp_formats]
        return f"coalesce({', '.join(tries)})"
    local = _local(f"TRY_CAST({text} AS TIMESTAMP)", column.timezone)
    tightened = f"regexp_replace({text}, ' ?(UTC|Z|[+-][0-9:]+)$', '\\1')"
    return (
        f"CASE WHEN {_matches(text, _NAIVE + _TIGHT)} THEN TRY_CAST({text} AS TIMESTAMPTZ)"
        f" WHEN {_matches(text, _NAIVE)} THEN {local}"
        f" WHEN {_matches(text, _NAIVE + _OFFSET)} THEN TRY_CAST(replace({tightened}, 'UTC', 'Z') AS TIMESTAMPTZ) END"
    )


def _formatted(column: Column, text: str, written: str) -> str:
    """The instant of a text in one format; a format with %z says the offset itself."""
    read = _strptime(text, written)
    return f"CAST({read} AS TIMESTAMPTZ)" if "%z" in written else _local(read, column.timezone)


def _strptime(text: str, written: str) -> str:
    """What a text says in one format. DuckDB alone would take `infinity` for 1900, `24` for a year, blanks at both ends, an
    offset of 99 hours, and day 366 of any year for one of the next."""
    read = f"TRY_STRPTIME({text}, {text_literal(written)})"
    shape = "".join(_FORMATS[sign] if sign else _literally(said) for said, sign in re.findall(r"([^%]+)|%(.)", written))
    counted = f" AND dayofyear({read}) = TRY_CAST(regexp_extract({text}, {text_literal(shape)}, 1) AS INTEGER)"
    return _when(_matches(text, shape) + (counted if "%j" in written else ""), read)


def _literally(said: str) -> str:
    """A blank of a format stands for one or more."""
    return re.sub(r"(\\\s)+", r"\\s+", re.escape(said))


def _local(naive: str, timezone: str) -> str:
    """The instant of a wall clock time; of two such instants, when clocks go back, the first.

    How far they went back is told by what they showed six hours before: not everywhere it is one hour.
    """
    zone = text_literal(timezone)
    later = f"timezone({zone}, {naive})"
    back = f"(timezone({zone}, {later} - INTERVAL 6 HOUR) - {naive} + INTERVAL 6 HOUR)"
    return f"CASE WHEN timezone({zone}, {later} - {back}) = {naive} THEN {later} - {back} ELSE {later} END"


def complaint(column: Column, text: str, source: Source, options: CsvOptions) -> str:
    """SQL that gives the column's header, chr(31) and why the cell is refused, or NULL when it is taken.

    `text` is the cell as SQL; the typed value has the column's name.
    """
    value, whens = identifier(column.name), []
    if column.required or column.name in source.key:
        whens.append((f"coalesce({text}, '') = ''", "'is required and empty'"))
    whens.append((f"{text} IS NOT NULL AND {value} IS NULL", f"concat({_shown(text)}, {_why_not(column, text, options)})"))
    if column.name in (source.time, source.updated) and column.data_type.type.family == "time":
        sane = f"{value} >= CAST('{_FIRST_YEAR}-01-01' AS DATE) AND {value} < CAST('{_LAST_YEAR + 1}-01-01' AS DATE)"
        whens.append((f"NOT ({sane})", f"concat({_shown(text)}, ' lies outside the years {_FIRST_YEAR} to {_LAST_YEAR}')"))
    elif column.data_type.type.family == "time":
        kind, midnight = ("TIMESTAMPTZ", " 00:00:00+00") if column.data_type.type is Type.TIMESTAMP else ("DATE", "")
        known = f"{value} >= CAST('0001-01-01{midnight}' AS {kind}) AND {value} < CAST('10000-01-01{midnight}' AS {kind})"
        whens.append((f"NOT ({known})", f"concat({_shown(text)}, ' lies outside the years 1 to 9999')"))
    if column.one_of:
        allowed = ", ".join(map(text_literal, column.one_of))
        listed = text_literal(f" is not one of {', '.join(column.one_of)}")
        whens.append((f"{value} NOT IN ({allowed})", f"concat({_shown(text)}, {listed})"))
    if column.minimum is not None:
        below = text_literal(f" is below {column.minimum:f}")
        whens.append((f"{value} < {_least(column.data_type, column.minimum)}", f"concat({_shown(text)}, {below})"))
    said = "".join(f" WHEN {when} THEN concat({text_literal(column.header)}, chr(31), {then})" for when, then in whens)
    return f"CASE{said} END"


def _least(kind: DataType, minimum: Decimal) -> str:
    """SQL for the least value of the type that is not below the minimum, so that both sides of a comparison are of one type:
    DuckDB would widen 38 digits to 39 for the sake of a minimum of 0.5, and fail."""
    if kind.type is Type.DOUBLE:
        return f"CAST('{minimum}' AS DOUBLE)"
    scale, bound = (kind.scale, 10**kind.precision) if kind.type is Type.DECIMAL else (0, 2**63)
    least = math.ceil(Fraction(minimum) * 10**scale)
    if not -bound < least < bound:
        return f"CAST('{'-' if least < 0 else ''}infinity' AS DOUBLE)"
    return f"CAST('{Decimal((int(least < 0), tuple(map(int, str(abs(least)))), -scale)):f}' AS {kind.sql})"


def _why_not(column: Column, text: str, options: CsvOptions) -> str:
    """SQL that says why a text is no value of the column."""
    kind = column.data_type
    point = _pointed(text, options)
    match kind.type:
        case Type.TEXT:
            return text_literal(" holds control characters")
        case Type.INTEGER:
            return _first_of({_matches(text, _INTEGER): " does not fit in 64 bits"}, " is not an integer")
        case Type.DECIMAL:
            fits = f" does not fit decimal({kind.precision},{kind.scale})"
            finer = f" has more than {kind.scale} decimal places" if kind.scale else " has decimal places"
            return _first_of({_matches(point, _decimal(kind.scale)): fits, _matches(point, _NUMBER): finer}, _no_number(options))
        case Type.DOUBLE:
            return _first_of({_matches(point, _DOUBLE): " does not fit a double"}, _no_number(options))
        case Type.DATE:
            return _first_of({_matches(text, _DAY): " is a day that does not exist"}, " is not a date like 2026-10-31")
        case Type.TIMESTAMP if options.timestamp_formats:
            return _why_not_formatted(text, options.timestamp_formats)
        case Type.TIMESTAMP:
            reasons = {_matches(text, pattern): reason for pattern, reason in _BROKEN_CLOCKS.items()}
            return _first_of(reasons, " is not a timestamp like 2026-10-31T23:59:59Z")
        case other:
            return text_literal(f" is not a {other}")


def _no_number(options: CsvOptions) -> str:
    return f' is not a number with a decimal "{options.decimal}"' if options.decimal != "." else " is not a number"


def _why_not_formatted(text: str, formats: tuple[str, ...]) -> str:
    """A text that would fit a format but for the offset that it declares lacks the offset."""
    bare = [re.sub(r"\s*%z", "", written) for written in formats if "%z" in written]
    lacking = " OR ".join(f"{_strptime(text, written)} IS NOT NULL" for written in bare)
    listed = " or ".join(f'"{written}"' for written in formats)
    return _first_of({lacking: " has no offset from UTC"} if bare else {}, f" is not a timestamp like {listed}")


def _first_of(reasons: dict[str, str], otherwise: str) -> str:
    """SQL that gives the reason of the first condition that holds."""
    whens = "".join(f" WHEN {condition} THEN {text_literal(reason)}" for condition, reason in reasons.items())
    return f"CASE{whens} ELSE {text_literal(otherwise)} END" if reasons else text_literal(otherwise)


def _shown(text: str) -> str:
    return f"concat('\"', left({text}, {_SHOWN}), CASE WHEN length({text}) > {_SHOWN} THEN '…' ELSE '' END, '\"')"


def _decimal(scale: int) -> str:
    """Numbers that have no more places than `scale`, but for zeros."""
    return rf"[+-]?(\d+(\.\d{{0,{scale}}}0*)?|\.\d{{1,{scale}}}0*)" if scale else r"[+-]?(\d+(\.0*)?|\.0+)"


def _pointed(text: str, options: CsvOptions) -> str:
    """The number with a decimal point; a point where a comma is declared makes it no number."""
    return f"replace(replace({text}, '.', '?'), ',', '.')" if options.decimal == "," else text


def _matches(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {text_literal(pattern)})"


def _when(condition: str, value: str) -> str:
    return f"CASE WHEN {condition} THEN {value} END"
