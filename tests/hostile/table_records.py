"""Records: where they begin and end, how many fields they have, how long they may be, and what divides their fields."""

from __future__ import annotations

from tests.hostile.packing import EXPORT, HEADER, TWO, gz, timed
from tests.hostile.row import loaded, refused

ONE = timed(b"1,ann,@,1.00\n")
LAST = timed(b"9,ann,@,x\n")  # a record to be rejected, to see which line it is said to be on
BAD = '"x" is not a number'
MEGABYTES_4 = 4 << 20


def fields(count: int) -> str:
    return f"has {count} fields where the header has 4"


def of_length(length: int) -> bytes:
    """A record of an order of 1.00 of so many bytes, its line end included."""
    return ONE.replace(b"ann", b"a" * (length - len(ONE) + 3))


LINE_ENDS = [
    loaded("CRLF", "x.csv", (EXPORT + LAST).replace(b"\n", b"\r\n"), new=2, total="21", rejects=[(4, "amount", BAD)]),
    loaded(
        "carriage returns alone", "x.csv", (EXPORT + LAST).replace(b"\n", b"\r"), new=2, total="21", rejects=[(4, "amount", BAD)]
    ),
    loaded(
        "every kind of line end in one file",
        "x.csv",
        HEADER.replace(b"\n", b"\r") + ONE.replace(b"\n", b"\r\n") + ONE.replace(b"1,", b"2,", 1) + LAST,
        new=2,
        total="2",
        rejects=[(4, "amount", BAD)],
    ),
    loaded(
        "a carriage return too many in each line end",
        "x.csv",
        (EXPORT + LAST).replace(b"\n", b"\r\r\n"),
        new=2,
        total="21",
        rejects=[(7, "amount", BAD)],
    ),
    loaded("no line end at the end", "x.csv", EXPORT.rstrip(b"\n"), new=2, total="21"),
    loaded("a carriage return at the end", "x.csv", EXPORT.rstrip(b"\n") + b"\r", new=2, total="21"),
    loaded(
        "blank lines are no records",
        "x.csv",
        HEADER + b"\n\r\n" + ONE + b"\n\n" + LAST + b"\n\n",
        new=1,
        total="1",
        rejects=[(7, "amount", BAD)],
    ),
    loaded(
        "a line of blanks is a record of one field",
        "x.csv",
        HEADER + b"  \n" + ONE + b"\t\n",
        new=1,
        total="1",
        rejects=[(2, "", fields(1)), (4, "", fields(1))],
    ),
    loaded(
        "a carriage return in the middle of a record ends it",
        "x.csv",
        HEADER + timed(b"1,an\rn,@,1.00\n") + ONE,
        new=1,
        total="1",
        rejects=[(2, "", fields(2)), (3, "", fields(3))],
    ),
    loaded(
        "form feeds and vertical tabs end no record",
        "x.csv",
        HEADER + timed(b"1,ann\x0c,@,1.00\n2,a\x0bnn,@,1.00\n") + ONE,
        new=1,
        total="1",
        rejects=[(2, "who", '"ann\x0c" holds control characters'), (3, "who", '"a\x0bnn" holds control characters')],
    ),
]

FIELDS = [
    loaded(
        "fields too few and too many",
        "x.csv",
        HEADER + timed(b"1,ann,@,1.00\n2,ann,@\n3\n4,ann,@,1.00,\n,\n,,,,,,\n8,ann,@,20\n"),
        new=2,
        total="21",
        rejects=[(3, "", fields(3)), (4, "", fields(1)), (5, "", fields(5)), (6, "", fields(2)), (7, "", fields(7))],
    ),
    loaded(
        "fields too few and too many between quoted ones",
        "x.csv",
        HEADER + timed(b'1,"a\n,b",@,1.00\n2,"a\n,b"\n""\n3,"a",b,c,d\n') + LAST,
        new=1,
        total="1",
        rejects=[(4, "", fields(2)), (6, "", fields(1)), (7, "", fields(5)), (8, "amount", BAD)],
    ),
    loaded(
        "a delimiter at the end of each record",
        "x.csv",
        HEADER + TWO.replace(b"\n", b",\n"),
        rejects=[(2, "", fields(5)), (3, "", fields(5))],
    ),
    loaded(
        "the header again, as when files are joined",
        "x.csv",
        EXPORT + HEADER + ONE.replace(b"1,", b"3,", 1),
        new=3,
        total="22",
        rejects=[(4, "at", '"at" is not a timestamp like 2026-10-31T23:59:59Z')],
    ),
    loaded(
        "a mark and the header again",
        "x.csv",
        EXPORT + b"\xef\xbb\xbf" + HEADER,
        new=2,
        total="21",
        rejects=[(4, "at", '"at" is not a timestamp like 2026-10-31T23:59:59Z')],
    ),
    loaded(
        "a line of totals at the end",
        "x.csv",
        EXPORT + b"TOTAL,,,21.00\n",
        new=2,
        total="21",
        rejects=[(4, "at", "is empty in a record that is final")],
    ),
    loaded("a count of records at the end", "x.csv", EXPORT + b"(2 rows)\n", new=2, total="21", rejects=[(4, "", fields(1))]),
    loaded("the sign that ended files in DOS", "x.csv", EXPORT + b"\x1a", new=2, total="21", rejects=[(4, "", fields(1))]),
    loaded(
        "zeros at the end, as a crash leaves them", "x.csv", EXPORT + bytes(4096), new=2, total="21", rejects=[(4, "", fields(1))]
    ),
    loaded("a record cut off at the end", "x.csv", EXPORT + b"3,ann,2024-05-0", new=2, total="21", rejects=[(4, "", fields(3))]),
    refused(
        "megabytes of zeros at the end",
        "x.csv",
        lambda: EXPORT + bytes(5 << 20),
        "line 4: a record longer than 4 MB; is a quote opened there and never closed?",
    ),
]

LENGTHS = [
    refused(
        "millions of records of one field, packed small",
        "x.csv.gz",
        lambda: gz(EXPORT + b"x\n" * 8_000_000),
        "line 4 and 25,000 more within 4 MB cannot be read: the first has 1 fields where the header has 4",
        source={"max_rejects": 0.5},
    ),
    loaded("a record of just 4 MB", "x.csv", lambda: HEADER + of_length(MEGABYTES_4), new=1, total="1"),
    refused("a record over 4 MB", "x.csv", lambda: EXPORT + of_length(MEGABYTES_4 + 2), "line 4: a record longer than 4 MB; …"),
    refused(
        "a record over 4 MB, in quotes and on two lines",
        "x.csv",
        lambda: EXPORT + of_length(MEGABYTES_4 + 3).replace(b"aa,", b'a\n",').replace(b"1,aa", b'1,"a'),
        "line 4: a record longer than 4 MB; …",
    ),
    refused("a header over 4 MB", "x.csv", lambda: b"x" * (MEGABYTES_4 + 1) + EXPORT, "line 1: a record longer than 4 MB; …"),
]

DIALECTS = [
    loaded(
        "semicolons and decimal commas",
        "x.csv",
        timed(b'id;who;at;amount\n1;Lee, Ann;@;1,50\n2;"a;b";@;-,5\n3;ann;@;1.234,50\n4;ann;@;1.5\n'),
        new=2,
        total="1",
        kept={"who": ["Lee, Ann", "a;b"], "amount": ["1.50", "-0.50"]},
        rejects=[
            (4, "amount", '"1.234,50" is not a number with a decimal ","'),
            (5, "amount", '"1.5" is not a number with a decimal ","'),
        ],
        csv={"delimiter": ";", "decimal": ","},
    ),
    loaded(
        "decimal commas in quotes that are not declared",
        "x.csv",
        HEADER + ONE + timed(b'2,ann,@,"1,50"\n3,ann,@,1,50\n'),
        new=1,
        total="1",
        rejects=[(3, "amount", '"1,50" is not a number'), (4, "", fields(5))],
    ),
    loaded("bars", "x.csv", EXPORT.replace(b",", b"|"), new=2, total="21", csv={"delimiter": "|"}),
    loaded(
        "tabs",
        "x.csv",
        timed(b'id\twho\tat\tamount\n1\t"a\tb"\t@\t1.00\n2\t\t@\t20\n'),
        new=2,
        total="1",
        kept={"who": ["a\tb", None]},
        csv={"delimiter": "\t"},
    ),
    loaded(
        "a delimiter beyond ASCII",
        "x.csv",
        EXPORT.decode().replace(",", "§").replace("ann", "a,n").encode(),
        new=2,
        total="21",
        kept={"who": ["a,n", "bob"]},
        csv={"delimiter": "§"},
    ),
    loaded(
        "a quote beyond ASCII",
        "x.csv",
        EXPORT.decode().replace("ann", "’Lee, Ann’").encode(),
        new=2,
        total="21",
        kept={"who": ["Lee, Ann", "bob"]},
        csv={"quote": "’"},
    ),
    loaded(
        "words for nothing",
        "x.csv",
        HEADER + timed(b'1,NA,@,-\n2,na,@,"NA"\n3,ann,@,1\n-,ann,@,1\n5,ann,NA,1\n6,ann,@,NULL\n'),
        new=3,
        total="1",
        kept={"who": [None, "na", "ann"], "amount": [None, None, "1.00"]},
        rejects=[
            (5, "id", "is required and empty"),
            (6, "at", "is empty in a record that is final"),
            (7, "amount", '"NULL" is not a number'),
        ],
        csv={"null": ["", "NA", "-"]},
    ),
    loaded(
        "an empty cell where another word says nothing",
        "x.csv",
        HEADER + timed(b"1,,@,NA\n2,ann,@,\n,ann,@,1\n3,ann,@,1\n"),
        new=2,
        total="1",
        rejects=[(3, "amount", '"" is not a number'), (4, "id", "is required and empty")],
        kept={"amount": [None, "1.00"]},
        csv={"null": ["NA"]},
    ),
]

ROWS = [*LINE_ENDS, *FIELDS, *LENGTHS, *DIALECTS]
