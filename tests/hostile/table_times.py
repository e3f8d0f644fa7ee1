"""Dates and times: no day that does not exist, no hour 24, no offset dropped, nothing finer than microseconds."""

from __future__ import annotations

from tests.hostile.row import cells, loaded

NO_DAY = " is a day that does not exist"
NO_DATE = " is not a date like 2026-10-31"
NO_TIME = " is not a timestamp like 2026-10-31T23:59:59Z"
HOUR_24 = " has hour 24; the next day begins at 00:00"
TOO_FINE = " is finer than microseconds"
OUTSIDE = " lies outside the years 1900 to 2199"


def at(*times: str) -> bytes:
    """An export of an order of 1.00 for each time."""
    return "".join(["id,who,at,amount\n", *(f"{n},ann,{time},1.00\n" for n, time in enumerate(times, start=1))]).encode()


def seen(*times: str) -> bytes:
    """An export of an order of 1.00 for each time of update."""
    lines = (f"{n},ann,2024-05-06T08:00:00Z,1.00,{time}\n" for n, time in enumerate(times, start=1))
    return "".join(["id,who,at,amount,seen\n", *lines]).encode()


DATES = [
    cells(
        "dates that exist",
        "date",
        taken={day: day for day in ("2024-02-29", "2000-02-29", "1582-10-10", "0001-01-01", "9999-12-31")},
        turned_away=dict.fromkeys(
            ["2023-02-29", "1900-02-29", "2024-02-30", "2024-04-31", "2024-13-01", "2024-00-10", "2024-01-00", "2024-01-32"],
            NO_DAY,
        ),
    ),
    cells(
        "what is no date",
        "date",
        turned_away=dict.fromkeys(
            [
                "2024-1-5",
                "24-01-05",
                "05/06/2024",
                "20240506",
                "2024/05/06",
                "2024-05-06T00:00:00",
                "2024-05-06 ",
                " 2024-05-06",
                "2024-05",
                "2024-05-06 (BC)",
                "-2024-05-06",
                "10000-01-01",
                "infinity",
                "epoch",
                "today",
                "２０２４-05-06",
                "45418",
            ],
            NO_DATE,
        ),
    ),
]

TIMESTAMPS = [
    cells(
        "offsets are honoured",
        "timestamp",
        taken={
            "2024-05-06T08:00:00Z": "2024-05-06T08:00:00Z",
            "2024-05-06 08:00:00 UTC": "2024-05-06T08:00:00Z",
            "2024-05-06T08:00:00+05:30": "2024-05-06T02:30:00Z",
            "2024-05-06T08:00:00-0330": "2024-05-06T11:30:00Z",
            "2024-05-06T08:00:00+07": "2024-05-06T01:00:00Z",
            "2024-05-06 08:00:00-11:00": "2024-05-06T19:00:00Z",
            "2024-05-06T08:00:00+14:00": "2024-05-05T18:00:00Z",
            "2024-05-06T08:00:00-00:00": "2024-05-06T08:00:00Z",
            "2024-05-06T08:00Z": "2024-05-06T08:00:00Z",
            "2024-05-06T08:00:00.5+01:00": "2024-05-06T07:00:00.500000Z",
        },
    ),
    cells(
        "an offset after a blank, as Ruby writes it",
        "timestamp",
        taken={
            "2024-05-06 08:00:00 +0700": "2024-05-06T01:00:00Z",
            "2024-05-06 08:00:00 -03:30": "2024-05-06T11:30:00Z",
            "2024-05-06 08:00:00 Z": "2024-05-06T08:00:00Z",
        },
    ),
    cells(
        "what is no offset",
        "timestamp",
        turned_away=dict.fromkeys(
            [
                f"2024-05-06T08:00:00{sign}"
                for sign in ("+24:00", "+5", "+05:60", "+053", " EST", " UTC+3", "z", "+0530Z", "ZZ", " ", "+05:30:15", "−03:00")
            ],
            NO_TIME,
        ),
    ),
    cells(
        "a time without an offset is local in the column's time zone",
        {"type": "timestamp", "timezone": "Asia/Ho_Chi_Minh"},
        taken={
            "2024-05-06T08:00:00": "2024-05-06T01:00:00Z",
            "2024-05-06 00:00": "2024-05-05T17:00:00Z",
            "2024-05-06T08:00:00Z": "2024-05-06T08:00:00Z",
            "2024-02-29T23:59:59.999999": "2024-02-29T16:59:59.999999Z",
        },
    ),
    cells(
        "times that do not exist",
        "timestamp",
        turned_away={
            "2023-02-29T08:00:00Z": NO_DAY,
            "2024-13-06T08:00:00Z": NO_DAY,
            "2024-05-00T08:00:00": NO_DAY,
            "2024-05-06T24:00:00Z": HOUR_24,
            "2024-12-31 24:00": HOUR_24,
            "2024-05-06T25:00:00Z": NO_TIME,
            "2024-05-06T08:60:00Z": NO_TIME,
            "2024-06-30T23:59:60Z": NO_TIME,
            "2024-05-06": " has no time of day",
            "2024-05-06T": NO_TIME,
            "2024-05-06T08": NO_TIME,
            "2024-05-06T8:00:00Z": NO_TIME,
            "2024-05-06T08:00:00,5Z": NO_TIME,
            "2024-05-06T08:00:00.Z": NO_TIME,
            "20240506T080000Z": NO_TIME,
            "2024-127T08:00:00Z": NO_TIME,
            "1714982400": NO_TIME,
            "now": NO_TIME,
            "infinity": NO_TIME,
            "06/05/2024 08:00": NO_TIME,
        },
    ),
    cells(
        "nothing finer than microseconds",
        "timestamp",
        taken={
            "2024-05-06T08:00:00.123456Z": "2024-05-06T08:00:00.123456Z",
            "2024-05-06T08:00:00.123456000Z": "2024-05-06T08:00:00.123456Z",
            "2024-05-06T08:00:00.000000000Z": "2024-05-06T08:00:00Z",
            "2024-05-06T08:00:00.1": "2024-05-06T08:00:00.100000Z",
        },
        turned_away=dict.fromkeys(
            [
                "2024-05-06T08:00:00.1234567Z",
                "2024-05-06T08:00:00.000000001Z",
                "2024-05-06 08:00:00.9999999",
                "2024-05-06T08:00:00.1234561+05:30",
            ],
            TOO_FINE,
        ),
    ),
]

BEYOND = [
    cells(
        "the year zero, and the year ten thousand",
        "timestamp",
        turned_away=dict.fromkeys(["0000-05-06T08:00:00Z", "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"], " …"),
    ),
    cells(
        "a date in the year zero",
        "date",
        turned_away=dict.fromkeys(["0000-01-01", "0000-05-06"], " …"),
    ),
    cells(
        "what other programs write for no time, east of Greenwich",
        "timestamp",
        taken={"9999-12-31T23:59:59Z": "9999-12-31T23:59:59Z"},
        project={"timezone": "Asia/Ho_Chi_Minh"},
    ),
    cells(
        "what other programs write for no time, west of Greenwich",
        "timestamp",
        taken={"0001-01-01T00:00:00Z": "0001-01-01T00:00:00Z"},
        project={"timezone": "America/New_York"},
    ),
]

FINAL = [
    loaded(
        "the time lies in a year that dates no order",
        "x.csv",
        at(
            "1899-12-31T23:59:59.999999Z",
            "1900-01-01T00:00:00Z",
            "2199-12-31T23:59:59.999999Z",
            "2200-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "2024-05-06T08:00:00Z",
        ),
        new=3,
        total="1",
        kept={"at": ["2024-05-06T08:00:00Z"]},
        rejects=[
            (2, "at", f'"1899-12-31T23:59:59.999999Z"{OUTSIDE}'),
            (5, "at", f'"2200-01-01T00:00:00Z"{OUTSIDE}'),
            (6, "at", f'"0001-01-01T00:00:00Z"{OUTSIDE}'),
            (7, "at", f'"0000-01-01T00:00:00Z"{OUTSIDE}'),
            (8, "at", f'"9999-12-31T23:59:59Z"{OUTSIDE}'),
        ],
    ),
    loaded(
        "the time of update lies in a year that dates no version",
        "x.csv",
        seen(
            "1899-12-31T23:59:59Z",
            "1900-01-01T00:00:00Z",
            "2199-12-31T23:59:59Z",
            "2200-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "",
        ),
        new=3,
        total="3",
        rejects=[
            (2, "seen", f'"1899-12-31T23:59:59Z"{OUTSIDE}'),
            (5, "seen", f'"2200-01-01T00:00:00Z"{OUTSIDE}'),
            (6, "seen", f'"9999-12-31T23:59:59Z"{OUTSIDE}'),
        ],
        columns={"seen": "timestamp"},
        source={"updated": "seen"},
    ),
    loaded(
        "a date that dates orders",
        "x.csv",
        at("2024-05-06", "2024-02-30", "2024-05-06T08:00:00Z", "1899-12-31", "2200-01-01", ""),
        new=1,
        total="1",
        rejects=[
            (3, "at", f'"2024-02-30"{NO_DAY}'),
            (4, "at", f'"2024-05-06T08:00:00Z"{NO_DATE}'),
            (5, "at", f'"1899-12-31"{OUTSIDE}'),
            (6, "at", f'"2200-01-01"{OUTSIDE}'),
            (7, "at", "is empty in a record that is final"),
        ],
        columns={"at": "date"},
    ),
    loaded(
        "no time in a record that is final",
        "x.csv",
        at("", "2024-05-06T08:00:00Z"),
        new=1,
        total="1",
        rejects=[(2, "at", "is empty in a record that is final")],
    ),
    loaded(
        "no time in a record that is not final",
        "x.csv",
        at("", "2024-05-06T08:00:00Z").replace(b"1.00\n", b"0\n", 1),
        new=2,
        total="1",
        kept={"id": ["2"]},
        source={"final": "amount > 0"},
    ),
]

ROWS = [*DATES, *TIMESTAMPS, *BEYOND, *FINAL]
