"""Business days and windows: every day in exactly one window of a kind, reported from its first day to the end of its grace."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mission_cli.config.load import load_project
from mission_cli.model.calendar import (
    DAY,
    Window,
    WindowKind,
    WindowRule,
    business_day,
    days,
    reported_windows,
    window_of,
)
from mission_cli.staging.load import business_day as business_day_sql

ZONES = ["UTC", "America/New_York", "Asia/Ho_Chi_Minh", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"]
DAYS = st.dates(date(1999, 12, 1), date(2040, 3, 1))
WEEKLY = st.builds(WindowRule, st.just(WindowKind.WEEK), weekday=st.integers(0, 6))
ROLLING_ON = st.sampled_from([WindowRule(WindowKind.DAY), WindowRule(WindowKind.MONTH)]) | WEEKLY


@st.composite
def fixed(draw: st.DrawFn) -> WindowRule:
    start = draw(DAYS)
    return WindowRule(WindowKind.FIXED, start, start + DAY * draw(st.integers(0, 70)))


RULES = ROLLING_ON | fixed()
quick = settings(max_examples=60, deadline=None)


def found(rule: WindowRule, day: date) -> Window:
    window = window_of(rule, day)
    assert window is not None
    return window


# ---------------------------------------------------------------- windows


@quick
@given(rule=ROLLING_ON, day=DAYS)
def test_each_day_lies_in_exactly_one_window(rule: WindowRule, day: date) -> None:
    window = found(rule, day)
    assert window.start <= day <= window.end
    assert {found(rule, other) for other in days(window.start, window.end)} == {window}
    assert found(rule, window.end + DAY).start == window.end + DAY
    assert found(rule, window.start - DAY).end == window.start - DAY


@quick
@given(rule=WEEKLY, day=DAYS)
def test_a_week_begins_on_its_weekday_and_has_seven_days(rule: WindowRule, day: date) -> None:
    window = found(rule, day)
    assert window.start.weekday() == rule.weekday
    assert window.end - window.start == 6 * DAY


@quick
@given(day=DAYS)
def test_a_month_has_the_days_of_its_month(day: date) -> None:
    window = found(WindowRule(WindowKind.MONTH), day)
    assert {(other.year, other.month) for other in days(window.start, window.end)} == {(day.year, day.month)}
    assert window.start.day == 1
    assert (window.end + DAY).day == 1


@quick
@given(day=DAYS)
def test_a_day_is_its_own_window(day: date) -> None:
    assert window_of(WindowRule(WindowKind.DAY), day) == Window(day, day)


@quick
@given(rule=fixed(), day=DAYS, near=st.integers(-3, 75))
def test_a_fixed_window_holds_its_days_and_no_other(rule: WindowRule, day: date, near: int) -> None:
    for one in (day, rule.start + near * DAY):
        inside = rule.start <= one <= rule.end
        assert window_of(rule, one) == (Window(rule.start, rule.end) if inside else None)


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2024, 2, 10), date(2024, 2, 29)),
        (date(2023, 2, 28), date(2023, 2, 28)),
        (date(2000, 2, 1), date(2000, 2, 29)),
        (date(2100, 2, 1), date(2100, 2, 28)),
        (date(2024, 12, 31), date(2024, 12, 31)),
        (date(2024, 4, 30), date(2024, 4, 30)),
    ],
)
def test_month_ends(day: date, last: date) -> None:
    assert found(WindowRule(WindowKind.MONTH), day).end == last


# ---------------------------------------------------------------- what is reported


@quick
@given(rule=RULES, grace=st.integers(0, 40), as_of=DAYS, near=st.integers(-3, 120))
def test_a_window_is_reported_from_its_first_day_to_the_end_of_its_grace(
    rule: WindowRule, grace: int, as_of: date, near: int
) -> None:
    """Contract §3: rows are reported for s <= D <= e + g, and for no other D."""
    as_of = rule.start + near * DAY if rule.kind is WindowKind.FIXED else as_of
    candidates = {window_of(rule, day) for day in days(as_of - 110 * DAY, as_of + 110 * DAY)} - {None}
    wanted = sorted(w for w in candidates if w is not None and w.start <= as_of <= w.end + grace * DAY)
    assert reported_windows(rule, grace, as_of) == wanted


@quick
@given(rule=ROLLING_ON, as_of=DAYS)
def test_without_grace_one_window_is_reported_every_day(rule: WindowRule, as_of: date) -> None:
    assert reported_windows(rule, 0, as_of) == [window_of(rule, as_of)]


@quick
@given(rule=ROLLING_ON, grace=st.integers(0, 40), as_of=DAYS)
def test_windows_reported_together_follow_each_other(rule: WindowRule, grace: int, as_of: date) -> None:
    windows = reported_windows(rule, grace, as_of)
    assert windows[-1] == window_of(rule, as_of)
    assert all(later.start == earlier.end + DAY for earlier, later in pairwise(windows))


@quick
@given(rule=RULES, as_of=DAYS, near=st.integers(-2, 75))
def test_days_count_through_the_as_of_day(rule: WindowRule, as_of: date, near: int) -> None:
    as_of = rule.start + near * DAY if rule.kind is WindowKind.FIXED else as_of
    for window in reported_windows(rule, 5, as_of):
        counted = list(window.days_through(as_of))
        assert counted == [day for day in days(window.start, window.end) if day <= as_of]


def test_days_are_none_when_the_last_lies_before_the_first() -> None:
    assert list(days(date(2024, 5, 7), date(2024, 5, 6))) == []
    assert list(days(date(2024, 5, 7), date(2024, 5, 7))) == [date(2024, 5, 7)]


@pytest.mark.parametrize("rule", [WindowRule(WindowKind.MONTH), WindowRule(WindowKind.WEEK), WindowRule(WindowKind.DAY)])
@pytest.mark.parametrize("as_of", [date(1970, 1, 1), date(2999, 12, 31)])
def test_far_days_have_windows_too(rule: WindowRule, as_of: date) -> None:
    assert reported_windows(rule, 366, as_of)[-1] == window_of(rule, as_of)


# ---------------------------------------------------------------- business days

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))
# about the daylight-saving changes of 2024 in these zones, in seconds around them
CHANGES = [
    datetime(2024, 3, 10, 7, tzinfo=UTC),
    datetime(2024, 11, 3, 6, tzinfo=UTC),
    datetime(2024, 3, 31, 1, tzinfo=UTC),
    datetime(2024, 10, 27, 1, tzinfo=UTC),
    datetime(2024, 4, 6, 15, tzinfo=UTC),
    datetime(2024, 10, 5, 15, 30, tzinfo=UTC),
]
NEAR = st.builds(
    lambda change, seconds: change + timedelta(seconds=seconds), st.sampled_from(CHANGES), st.integers(-90_000, 90_000)
)
STARTS = st.integers(0, 23 * 60 + 59)


@pytest.mark.parametrize(
    ("moment", "zone", "start", "day"),
    [
        ("2024-05-06T16:59:59Z", "Asia/Ho_Chi_Minh", 0, "2024-05-06"),
        ("2024-05-06T17:00:00Z", "Asia/Ho_Chi_Minh", 0, "2024-05-07"),
        ("2024-05-07T04:59:59+07:00", "Asia/Ho_Chi_Minh", 300, "2024-05-06"),
        ("2024-05-07T05:00:00+07:00", "Asia/Ho_Chi_Minh", 300, "2024-05-07"),
        ("2024-03-10T06:59:59Z", "America/New_York", 120, "2024-03-09"),  # 01:59:59, and the next second is 03:00
        ("2024-03-10T07:00:00Z", "America/New_York", 120, "2024-03-10"),
        ("2024-11-03T06:59:59Z", "America/New_York", 120, "2024-11-02"),  # 01:59:59 for the second time
        ("2024-11-03T07:00:00Z", "America/New_York", 120, "2024-11-03"),
        ("2024-11-03T05:30:00Z", "America/New_York", 90, "2024-11-03"),  # 01:30 for the first time
        ("2024-11-03T06:15:00Z", "America/New_York", 90, "2024-11-02"),  # 01:15 for the second time
        ("2011-12-30T09:59:59Z", "Pacific/Apia", 0, "2011-12-29"),
        ("2011-12-30T10:00:00Z", "Pacific/Apia", 0, "2011-12-31"),  # the 30th never was there
        ("2024-02-29T23:59:59.999999Z", "UTC", 0, "2024-02-29"),
        ("2024-03-01T00:00:00Z", "UTC", 1, "2024-02-29"),
    ],
)
def test_business_days_by_hand(moment: str, zone: str, start: int, day: str) -> None:
    assert business_day(datetime.fromisoformat(moment), zone, start) == date.fromisoformat(day)


@quick
@given(moment=MOMENTS | NEAR, zone=st.sampled_from(ZONES), start=STARTS)
def test_the_business_day_is_the_shifted_date_of_the_wall_clock(moment: datetime, zone: str, start: int) -> None:
    wall = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    day = business_day(moment, zone, start)
    assert timedelta(0) <= wall - datetime.combine(day, datetime.min.time()) - timedelta(minutes=start) < DAY


PROJECT = """\
[project]
name = "calendar"
timezone = "{zone}"
day_start = "{hours:02}:{minutes:02}"
[sources.s]
files = ["x.csv"]
key = "id"
supplier = "id"
time = "at"
[sources.s.columns]
id = {{ type = "string" }}
at = {{ type = "timestamp" }}
[metrics.m]
source = "s"
method = "single_value"
value = 1
"""
MISSIONS = """\
[missions.m]
window = { kind = "day" }
conditions = [{ name = "m", formula = "m", type = "GT", val = 0 }]
"""


@settings(max_examples=12, deadline=None)
@given(moments=st.lists(MOMENTS | NEAR, min_size=20, max_size=40), zone=st.sampled_from(ZONES), start=STARTS)
def test_orders_are_dated_as_business_day_says(
    tmp_path_factory: pytest.TempPathFactory, moments: list[datetime], zone: str, start: int
) -> None:
    """The SQL that dates orders and the function that finds yesterday agree."""
    root = tmp_path_factory.mktemp("calendar")
    (root / "metrics.toml").write_text(PROJECT.format(zone=zone, hours=start // 60, minutes=start % 60))
    (root / "missions.toml").write_text(MISSIONS)
    project = load_project(root)
    sql = business_day_sql(project, project.sources[0], "at")
    with duckdb.connect() as connection:
        rows = connection.execute(f'SELECT {sql} FROM (SELECT unnest(?::TIMESTAMPTZ[]) AS "at")', [moments]).fetchall()
    got = [day for (day,) in rows]
    assert got == [business_day(moment, zone, start) for moment in moments]
