"""Parquet: moments and days of its types; those without a time zone are local, and none is finer than microseconds."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tests.hostile.parquet_bytes import MOMENT, orders, parquet, x
from tests.hostile.row import loaded


def ns(nanoseconds: int) -> int:
    return int(MOMENT.timestamp()) * 10**9 + nanoseconds


ROWS = [
    x("moments in seconds", "timestamp", lambda pa: pa.timestamp("s", "UTC"), [MOMENT], ["2024-05-06T08:00:00Z"]),
    x(
        "moments in milliseconds, in a zone",
        "timestamp",
        lambda pa: pa.timestamp("ms", "Asia/Ho_Chi_Minh"),
        [MOMENT + timedelta(milliseconds=5)],
        ["2024-05-06T08:00:00.005000Z"],
    ),
    x(
        "moments in microseconds, at an offset",
        "timestamp",
        lambda pa: pa.timestamp("us", "-03:30"),
        [MOMENT + timedelta(microseconds=1)],
        ["2024-05-06T08:00:00.000001Z"],
    ),
    x(
        "moments in nanoseconds",
        "timestamp",
        lambda pa: pa.timestamp("ns", "UTC"),
        [ns(0), ns(123_456_000), ns(1), None],
        ["2024-05-06T08:00:00Z", "2024-05-06T08:00:00.123456Z", None],
        {3: '"2024-05-06 08:00:00.000000001Z" is finer than microseconds'},
    ),
    x(
        "moments without a zone are local",
        {"type": "timestamp", "timezone": "Asia/Ho_Chi_Minh"},
        lambda pa: pa.timestamp("us"),
        [MOMENT.replace(tzinfo=None)],
        ["2024-05-06T01:00:00Z"],
    ),
    x(
        "days as dates",
        "date",
        lambda pa: pa.date32(),
        [date(2024, 2, 29), date(1, 1, 1), date(9999, 12, 31)],
        ["2024-02-29", "0001-01-01", "9999-12-31"],
    ),
    x("days in milliseconds", "date", lambda pa: pa.date64(), [date(2024, 2, 29)], ["2024-02-29"]),
    x(
        "days where a time is wanted",
        "timestamp",
        lambda pa: pa.date32(),
        [date(2024, 2, 29)],
        [],
        {1: '"2024-02-29" has no time of day'},
    ),
    x(
        "moments where a day is wanted",
        "date",
        lambda pa: pa.timestamp("us", "UTC"),
        [MOMENT],
        [],
        {1: '"2024-05-06 08:00:00.000000Z" is not a date like 2026-10-31'},
    ),
    x(
        "days before and after the calendar",
        "date",
        lambda pa: pa.date32(),
        [-800_000, 3_000_000, 0],
        ["1970-01-01"],
        {1: "…", 2: "…"},
    ),
    loaded(
        "moments as old programs write them",
        "x.parquet",
        lambda: parquet(orders(1, at=[MOMENT.replace(tzinfo=None)]), use_deprecated_int96_timestamps=True),
        new=1,
        total="1",
        kept={"at": ["2024-05-06T08:00:00Z"]},
    ),
    loaded(
        "years that date no order",
        "x.parquet",
        lambda: parquet(orders(3, at=[datetime(1, 1, 1), datetime(9999, 12, 31), datetime(2024, 5, 6)])),
        new=1,
        total="1",
        rejects=[
            (1, "at", '"0001-01-01 00:00:00.000000" lies outside the years 1900 to 2199'),
            (2, "at", '"9999-12-31 00:00:00.000000" lies outside the years 1900 to 2199'),
        ],
    ),
]
