"""Random values of every type, and the ways in which exports write them: right, odd, and wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.fuzz.spec import STATUSES, Column, Spec

WORDS = (
    "a", "B", "", " ", "ann lee", "Đỗ Văn Bình", "🚕 taxi", "a,b", "x;y", 'say "hi"', '"', "'", "it's", "two\nlines", "cr\rhere",
    "both\r\nends", "tab\there", "1", "007", "1.50", "-", "NA", "NULL", "n/a", "\\N", "true", "é" * 30, "z" * 200, "¦", "«»",
    "e\u0301", "\u00a0", "\u2028", "\ufeff", "null", "x" * 45, "\\", "''", '""', "a\x00b", "\x1b[0m", "\x7f", "\x85",
)  # fmt: skip
CENTERS = (
    datetime(2024, 2, 29, 12), datetime(2024, 3, 31, 1), datetime(2024, 10, 27, 1), datetime(2024, 3, 10, 7),
    datetime(2024, 11, 3, 6), datetime(2024, 4, 6, 15), datetime(2024, 10, 5, 15, 30), datetime(2018, 11, 4, 3),
    datetime(2018, 2, 18, 1), datetime(2024, 12, 31, 23, 59, 59), datetime(2026, 10, 20, 9), datetime(1999, 12, 31, 17),
)  # fmt: skip
RARE_TIMES = (
    datetime(1900, 1, 1),
    datetime(2199, 12, 31, 23),
    datetime(1899, 12, 31, 22),
    datetime(9990, 1, 3),
    datetime(1, 1, 3),
)
NUMBERS_GONE_WRONG = (
    "1.0", "1e3", "1E-2", " 5", "5 ", "", "٣", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "-9223372036854775809", "0x10", "1_000", "1,5", "1.5", "1.234.567", "1,234.5", "--1", "+", "-", ".", ".5", "5.", "+.5", "nan",
    "inf", "-inf", "Infinity", "1e400", "1e-400", "-0", "-0.0", "0.0", "00000000000000000000000000000000000000000000000000007",
    "0." + "0" * 60 + "1", "1." + "0" * 60, "9" * 38, "9" * 39, "0." + "9" * 38, "1e308", "1.7976931348623159e308", "5e-324",
    "2e-324", "0e999", "1e99999999999999999999", "$5", "5%", "½", "１", "0.1e1", "10e-1", "1" * 400, "." + "3" * 400,
)  # fmt: skip
TIMES_GONE_WRONG = (
    "2024-02-30", "2024-02-29", "2023-02-29", "2024-05-06", "2024-05-06T24:00:00Z", "2024-05-06 08:00", "2024-05-06T08:00:00",
    "2024-05-06T08:00:60Z", "2024-05-06T08:00:00.1234567Z", "2024-05-06T08:00:00.1234560Z", "2024-05-06T08:00:00.5 +05",
    "2024-05-06T08:00:00+05:30", "2024-05-06T08:00:00-0330", "2024-05-06T08:00:00+23:59", "2024-05-06T08:00:00-24:00",
    "2024-05-06T08:00:00z", "2024-05-06T08:00:00 UTC", "2024-05-06T08:00:00UTC", "2024-05-06T08Z", "2024-5-6", "0000-01-01",
    "0001-01-01", "9999-12-31", "10000-01-01", "0000-02-29T00:00:00Z", "9999-12-31T23:59:59.999999-23:59", "epoch", "infinity",
    "-infinity", "now", "today", "1714982400", "1899-12-31T23:59:59Z", "2200-01-01", "2199-12-31", "1900-01-01", " 2024-05-06",
    "2024-05-06 ", "06/05/2024 08:00", "6/5/2024 8:3", "06/05/24 08:00", "5/6/24 0:15 AM", "12/31/69 12:00 pm", "20240506 08:00",
    "20240506080000", "2024050608000", "6 may 2024 8:0:0.5", "Sunday, 6 May 2024 08:00", "2023-366 00:00:00", "2024-366 00:00:00",
    "2024-05-06T08:00:00+0530", "2024-10-27T02:30:00", "2024-03-31T02:30:00", "08.00 06.05.2024 -03", " 06/05/2024 08:00 ",
    "24/13/2024 08:00", "06/05/2024  08:00", "1/1/0 0:0", "2024-04-07 01:45", "1910-05-05T00:00:00", "2099-07-01 12:00",
)  # fmt: skip
BOOLEANS = ("true", "false", "t", "F", "YES", "no", "1", "0", "True", "FALSE", "y", "on", "2", "truе", " true")


def random_value(column: Column, rng: Random) -> Any:
    """A value of the column's type; times are aware and in UTC."""
    match column.kind:
        case "string":
            if column.one_of or column.name == "status":
                return rng.choice(column.one_of or STATUSES) if rng.random() < 0.97 else "LOST"
            return rng.choice(WORDS) if rng.random() < 0.6 else f"{rng.choice('abcD')}{rng.randrange(1000)}"
        case "integer":
            return rng.choice((rng.randrange(10), rng.randrange(-1000, 100000), 2**63 - 1 - rng.randrange(3)))
        case "decimal":
            return _decimal(column, rng)
        case "double":
            return rng.choice((rng.randrange(100) / 8, rng.uniform(-1e6, 1e6), rng.uniform(-1, 1) * 10 ** rng.randrange(-12, 25)))
        case "boolean":
            return rng.random() < 0.5
        case "date":
            return random_time(rng).date()
        case _:
            return random_time(rng)


def _decimal(column: Column, rng: Random) -> Decimal:
    digits = rng.choice((0, 1, 2, column.precision // 2, column.precision, column.precision))
    unscaled = rng.randrange(10**digits) * rng.choice((1, 1, 1, -1))
    return Decimal(unscaled).scaleb(-column.scale)


def random_time(rng: Random) -> datetime:
    """Mostly near days on which something happens to the clocks."""
    at = rng.choice(CENTERS) if rng.random() < 0.97 else rng.choice(RARE_TIMES)
    step = rng.choice(
        (timedelta(minutes=15), timedelta(hours=1), timedelta(days=1), timedelta(seconds=1), timedelta(microseconds=1))
    )
    return (at + rng.randrange(-9, 10) * step if 1 < at.year < 9990 else at).replace(tzinfo=UTC)


def written(value: Any, column: Column, spec: Spec, rng: Random, *, csv: bool) -> str:
    """A value as text; csv: with the decimal sign and in the formats that the source declares."""
    match column.kind:
        case "integer":
            return rng.choice((str(value),) * 8 + (f"{value:+}", f"{value:05}"))
        case "decimal" | "double":
            return _number(value, column, rng).replace(".", spec.decimal if csv else ".")
        case "boolean":
            return rng.choice(("true", "t", "YES", "1", "True") if value else ("false", "F", "no", "0", "FALSE"))
        case "date":
            return str(value.isoformat())
        case "timestamp" if csv and spec.formats:
            return _formatted(value, rng.choice(spec.formats), column)
        case "timestamp":
            return _iso(value, column, rng)
        case _:
            return str(value)


def wild(column: Column, rng: Random) -> str:
    """What may stand in a cell of the column by mistake."""
    if column.kind == "decimal" and rng.random() < 0.4:
        return _hardly(column, rng)
    pools: dict[str, tuple[str, ...]] = {
        "integer": NUMBERS_GONE_WRONG,
        "decimal": NUMBERS_GONE_WRONG,
        "double": NUMBERS_GONE_WRONG,
    }
    pools |= {"date": TIMES_GONE_WRONG, "timestamp": TIMES_GONE_WRONG, "boolean": BOOLEANS}
    return rng.choice(pools.get(column.kind, WORDS)) if rng.random() < 0.9 else rng.choice(WORDS)


def _hardly(column: Column, rng: Random) -> str:
    """A number of about as many digits and places as the column has, or some more."""
    whole = rng.randrange(10 ** (column.precision - column.scale + rng.choice((0, 0, 1))))
    places = column.scale + rng.choice((0, 1, 2))
    return f"{whole}.{rng.randrange(10**places):0{places}}" if places else str(whole)


def _number(value: Decimal | float, column: Column, rng: Random) -> str:
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return rng.choice((text,) * 6 + (f"{value:+f}", text + ("00" if "." in text else ".00"), "0" + text.lstrip("-")))
    return repr(value) if rng.random() < 0.8 else f"{value:.3f}"


def _formatted(value: datetime, pattern: str, column: Column) -> str:
    local = value.astimezone(ZoneInfo(column.timezone)) if value.year > 1 else value
    return local.strftime(pattern)


def _iso(value: datetime, column: Column, rng: Random) -> str:
    style = rng.choice(("Z", "Z", "naive", "offset", "space", "UTC", "short", "minutes"))
    if value.year in (1, 9999):
        style = "Z"
    at = value.replace(tzinfo=None)
    match style:
        case "naive":
            return value.astimezone(ZoneInfo(column.timezone)).replace(tzinfo=None).isoformat("T" if rng.random() < 0.5 else " ")
        case "offset":
            return value.astimezone(timezone(timedelta(minutes=rng.choice((0, 330, -210, 630, -720))))).isoformat()
        case "short":
            return f"{value.astimezone(timezone(timedelta(hours=7))).replace(tzinfo=None).isoformat()}+07"
        case "minutes":
            return f"{at:%Y-%m-%dT%H:%M}Z" if value.year > 999 else f"{at.isoformat()}Z"
        case _:
            return at.isoformat(sep=" " if style == "space" else "T") + ("Z" if style != "UTC" else " UTC")


def civil(days: int) -> str:
    """The day so many days after 1970-01-01, also before year 1 and after 9999."""
    eras, rest = divmod(days + 719_162, 146_097)
    day = date.fromordinal(rest + 1)
    return f"{day.year + 400 * eras:04}-{day:%m-%d}"
