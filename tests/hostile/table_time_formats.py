"""Times in formats of their own: the whole cell is one, of a moment that exists, and an offset is honoured."""

from __future__ import annotations

from tests.hostile.row import cells

NO_OFFSET = " has no offset from UTC"


def unlike(*formats: str) -> str:
    listed = " or ".join(f'"{written}"' for written in formats)
    return f" is not a timestamp like {listed}"


ROWS = [
    cells(
        "a format with an offset",
        "timestamp",
        taken={
            "06/05/2024 08:00:00 +0530": "2024-05-06T02:30:00Z",
            "06/05/2024 08:00:00 -03:30": "2024-05-06T11:30:00Z",
            "06/05/2024 08:00:00 +07": "2024-05-06T01:00:00Z",
        },
        turned_away={
            "06/05/2024 08:00:00": NO_OFFSET,
            **dict.fromkeys(
                [
                    "31/04/2024 08:00:00 +0000",
                    "29/02/2023 08:00:00 +0000",
                    "05/13/2024 08:00:00 +0000",
                    "06/05/2024 24:00:00 +0000",
                    "06/05/2024 08:60:00 +0000",
                    "06/05/2024 08:00:60 +0000",
                    "06/05/2024 08:00:00 +0000 x",
                    "2024-05-06T08:00:00Z",
                ],
                unlike("%d/%m/%Y %H:%M:%S %z"),
            ),
        },
        csv={"timestamp_format": ["%d/%m/%Y %H:%M:%S %z"]},
    ),
    cells(
        "a format with parts of seconds",
        "timestamp",
        taken={
            "06.05.2024 08:00:00.5": "2024-05-06T08:00:00.500000Z",
            "06.05.2024 08:00:00.123456": "2024-05-06T08:00:00.123456Z",
        },
        turned_away=dict.fromkeys(
            ["06.05.2024 08:00:00.1234567", "06.05.2024 08:00:00.123456789"], unlike("%d.%m.%Y %H:%M:%S.%f")
        ),
        csv={"timestamp_format": ["%d.%m.%Y %H:%M:%S.%f"]},
    ),
    cells(
        "several formats, and years of two digits",
        "timestamp",
        taken={"06/05/24": "2024-05-06T00:00:00Z", "May 06 2024 08:30 PM": "2024-05-06T20:30:00Z"},
        turned_away=dict.fromkeys(
            ["31/06/24", "May 06 2024 20:30 PM", "May 06 2024 13:30 AM", "Mai 06 2024 08:30 PM", "06/05/24 x", "06/05"],
            unlike("%d/%m/%y", "%b %d %Y %I:%M %p"),
        ),
        csv={"timestamp_format": ["%d/%m/%y", "%b %d %Y %I:%M %p"]},
    ),
    cells(
        "an offset beyond a day in a format of its own",
        "timestamp",
        turned_away=dict.fromkeys(
            ["06/05/2024 08:00 +99:99", "06/05/2024 08:00 +2400", "06/05/2024 08:00 +05:60"], unlike("%d/%m/%Y %H:%M %z")
        ),
        csv={"timestamp_format": ["%d/%m/%Y %H:%M %z"]},
    ),
    cells(
        "a year of two digits where four are declared",
        "timestamp",
        turned_away={"06/05/24 08:00": unlike("%d/%m/%Y %H:%M")},
        csv={"timestamp_format": ["%d/%m/%Y %H:%M"]},
    ),
    cells(
        "the last day of a leap year in another year",
        "timestamp",
        taken={"2024 366": "2024-12-31T00:00:00Z", "2024 060": "2024-02-29T00:00:00Z"},
        turned_away=dict.fromkeys(["2023 366", "2024 000", "2024 367"], unlike("%Y %j")),
        csv={"timestamp_format": ["%Y %j"]},
    ),
]
