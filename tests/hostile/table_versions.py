"""Versions of orders: what is there already, what comes twice, what is newer or older, and which of two contents stands."""

from __future__ import annotations

from tests.hostile.packing import EXPORT, MORNING, TWO, dated, gz, plain, zst
from tests.hostile.row import Account, Refused, Row, Setting, loaded

NOON = "2024-05-06T12:00:00Z"
DATED = {"columns": {"seen": "timestamp"}, "source": {"updated": "seen"}}


VERSIONS = [
    loaded(
        "a record twice",
        "x.csv",
        dated(("1", "5", MORNING), ("1", "5", MORNING), ("2", "1", MORNING)),
        new=2,
        duplicate=1,
        total="6",
        **DATED,
    ),
    loaded(
        "a record twice, written otherwise",
        "x.csv",
        dated(("1", "5", MORNING), ("1", "5.00", "2024-05-06 10:00:00.000+02:00"), ("1", "+05.0", "2024-05-06T08:00Z")),
        new=1,
        duplicate=2,
        total="5",
        **DATED,
    ),
    loaded(
        "a record twice, but for a column that nobody wants",
        "x.csv",
        b"n,id,who,at,amount\n1,1,ann,2024-05-06T08:00:00Z,5\n2,1,ann,2024-05-06T08:00:00Z,5\n",
        new=1,
        duplicate=1,
        total="5",
    ),
    loaded(
        "a newer version after an older one",
        "x.csv",
        dated(("1", "5", MORNING), ("1", "7", NOON)),
        new=1,
        updated=1,
        total="7",
        **DATED,
    ),
    loaded(
        "an older version after a newer one",
        "x.csv",
        dated(("1", "7", NOON), ("1", "5", MORNING), ("1", "9", "")),
        new=1,
        superseded=2,
        total="7",
        **DATED,
    ),
    loaded(
        "versions that are dated by numbers",
        "x.csv",
        dated(
            ("1", "5", "9"),
            ("1", "7", "10"),
            ("1", "6", "-9223372036854775808"),
            ("2", "1", ""),
            ("2", "2", "9223372036854775808"),
        ),
        new=2,
        updated=1,
        superseded=1,
        total="8",
        rejects=[(6, "seen", '"9223372036854775808" does not fit in 64 bits')],
        columns={"seen": "integer"},
        source={"updated": "seen"},
    ),
    loaded(
        "two contents of one update: the higher stands, though it came first",
        "x.csv",
        dated(("1", "10", MORNING), ("1", "9", MORNING)),
        new=1,
        superseded=1,
        total="10",
        conflicts=[3],
        **DATED,
    ),
    loaded(
        "two contents of one update: the higher stands, though it came last",
        "x.csv",
        dated(("1", "9", MORNING), ("1", "10", MORNING)),
        new=1,
        updated=1,
        total="10",
        conflicts=[2],
        **DATED,
    ),
    loaded(
        "without times of update what comes last stands",
        "x.csv",
        plain(("1", "9"), ("1", "10"), ("1", "9"), ("1", "9"), ("2", "1")),
        new=2,
        updated=2,
        duplicate=1,
        total="10",
    ),
    loaded(
        "keys that only look alike",
        "x.csv",
        plain(*((key, "1") for key in ("a", "A", "a ", " a", "0", "00", "-0", "\u00e9", "e\u0301", "а"))),
        new=10,
        total="10",
    ),
    loaded(
        "a bad version of a good order",
        "x.csv",
        dated(("1", "5", MORNING), ("1", "x", NOON)),
        new=1,
        total="5",
        rejects=[(3, "amount", '"x" is not a number')],
        **DATED,
    ),
]

BATCHES = [
    Row(
        "the same bytes under three names",
        {"a.csv": EXPORT, "b.csv": EXPORT, "c.csv": EXPORT},
        {"a.csv": Account(new=2)},
        total="21",
    ),
    Row(
        "the same records as they are and packed",
        {"a.csv": EXPORT, "b.csv.gz": gz(EXPORT), "c.csv.zst": zst(EXPORT)},
        {"a.csv": Account(new=2), "b.csv.gz": Account(duplicate=2), "c.csv.zst": Account(duplicate=2)},
        total="21",
    ),
    Row(
        "the same records in three formats",
        {
            "a.csv": EXPORT,
            "b.jsonl": b'{"id": 1, "who": "ann", "at": "2024-05-06 08:00:00+00", "amount": 1.0}\n',
            "c.csv": EXPORT.replace(b"\n", b"\r\n"),
        },
        {"a.csv": Account(new=2), "b.jsonl": Account(duplicate=1), "c.csv": Account(duplicate=2)},
        total="21",
    ),
    Row(
        "an older export beside a newer one",
        {"a.csv": dated(("1", "7", NOON)), "b.csv": dated(("1", "5", MORNING), ("2", "1", MORNING))},
        {"a.csv": Account(new=1), "b.csv": Account(new=1, superseded=1)},
        total="8",
        setting=Setting(**DATED),
    ),
    Row(
        "two contents of one update in two files",
        {"a.csv": dated(("1", "7", NOON)), "b.csv": dated(("1", "5", NOON))},
        {"a.csv": Account(new=1), "b.csv": Account(superseded=1)},
        total="7",
        conflicts=[2],
        setting=Setting(**DATED),
    ),
    Row(
        "refused content under two names",
        {"a.csv": TWO, "b.csv": TWO},
        {"a.csv": Refused("its header has none …"), "b.csv": Refused("its header has none …")},
    ),
    Row(
        "a file that is refused takes nothing from one that is not",
        {"a.csv": plain(("1", "1")) + b'2,"a"b\n', "b.csv": plain(("1", "1"))},
        {"a.csv": Refused("line 3: text stands after a closing quote"), "b.csv": Account(new=1)},
        total="1",
    ),
]

ROWS = [*VERSIONS, *BATCHES]
