"""Files as wholes: how many rejects one may have, and which files count at all."""

from __future__ import annotations

import os

from tests.hostile.packing import EXPORT, HEADER, MORNING, plain
from tests.hostile.row import Account, Refused, Row, loaded, refused

NOT_OURS = (
    "x.csv.part",
    "x.csv.tmp",
    "x.part",
    ".x.csv",
    ".csv",
    "x.csv~",
    "x.csv.bak",
    "x.CSV",
    "x.txt",
    "x.csv.zip",
    "x",
    "xcsv",
)
STRANGE = (  # in the order in which they are loaded
    "$(a).csv", "%41.csv", "-a.csv", "[a].csv", "a b.csv", "a'b\".csv", "a.b.c.csv", "a;b,c.csv", "{a}.csv", "ä名🚕.csv",
)  # fmt: skip
ON_SEVERAL_LINES = b"""\
[
{"id": 1, "who": "ann", "at": "2024-05-06T08:00:00Z", "amount": 1},
{"id": 2, "who": "ann", "at": "2024-05-06T08:00:00Z", "amount": 1}
]
"""


def bad(good: int, bad: int) -> bytes:
    """An export of some good records and some bad ones after them."""
    return plain(*((str(n), "1") for n in range(good)), *((f"b{n}", "x") for n in range(bad)))


def told(good: int, bad: int) -> list[tuple[int, str, str]]:
    return [(2 + good + n, "amount", '"x" is not a number') for n in range(bad)]


SHARES = [
    loaded(
        "just the share of rejects that is borne",
        "x.csv",
        bad(3, 1),
        new=3,
        total="3",
        rejects=told(3, 1),
        source={"max_rejects": 0.25},
    ),
    refused(
        "a larger share of rejects than is borne",
        "x.csv",
        bad(5, 2),
        "2 of 7 records rejected, more than max_rejects = 0.25 allows",
        rejects=told(5, 2),
        source={"max_rejects": 0.25},
    ),
    refused(
        "one reject where none is borne",
        "x.csv",
        bad(300, 1),
        "1 of 301 records rejected, more than max_rejects = 0 allows",
        rejects=told(300, 1),
        source={"max_rejects": 0},
    ),
    loaded("no record and no reject borne", "x.csv", HEADER, source={"max_rejects": 0}),
    loaded(
        "one reject in a hundred, as is borne when nothing is declared",
        "x.csv",
        bad(99, 1),
        new=99,
        total="99",
        rejects=told(99, 1),
        source={"max_rejects": 0.01},
    ),
    refused(
        "one reject in ninety-nine",
        "x.csv",
        bad(98, 1),
        "1 of 99 records rejected, more than max_rejects = 0.01 allows",
        rejects=told(98, 1),
        source={"max_rejects": 0.01},
    ),
    refused(
        "JSON lines: one list of all records, on several lines",
        "x.jsonl",
        ON_SEVERAL_LINES,
        "3 of 4 records rejected, more than max_rejects = 0.01 allows",
        rejects=[(n, "", "is not JSON: …") for n in (1, 2, 4)],
        source={"max_rejects": 0.01},
    ),
    refused(
        "fields too few in every record count as rejects",
        "x.csv",
        HEADER + b"1\n2\n3\n",
        "3 of 3 records rejected, more than max_rejects = 0.99 allows",
        rejects=[(n, "", "has 1 fields where the header has 4") for n in (2, 3, 4)],
        source={"max_rejects": 0.99},
    ),
]

NAMES = [
    Row(
        "a name that is not UTF-8",
        {os.fsdecode(b"caf\xe9.csv"): EXPORT},
        {"caf\ufffd.csv": Refused("its name is not UTF-8; rename it")},
    ),
    Row("files that are not finished, hidden, or of another kind", dict.fromkeys(NOT_OURS, EXPORT), {}),
    Row(
        "names that are strange and still names",
        {name: EXPORT + b"%d,ann,%s,1\n" % (n, MORNING.encode()) for n, name in enumerate(STRANGE, start=3)},
        {STRANGE[0]: Account(new=3), **dict.fromkeys(STRANGE[1:], Account(new=1, duplicate=2))},
        total="31",
    ),
]

ROWS = [*SHARES, *NAMES]
