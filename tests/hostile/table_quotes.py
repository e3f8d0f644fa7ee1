"""Quotes as Python's csv.reader(strict=True) has them: in some fields they say where it ends, in others they are text."""

from __future__ import annotations

from tests.hostile.packing import HEADER
from tests.hostile.row import loaded, refused

TIME = "2024-05-06T08:00:00Z"
BAD = '"x" is not a number'
SINGLE, NONE = {"quote": "'"}, {"quote": ""}


def whom(*names: str) -> bytes:
    """An export of an order of 1.00 for each name, which stands there as it is given."""
    lines = ["id,who,at,amount", *(f"{n},{name},{TIME},1.00" for n, name in enumerate(names, start=1))]
    return "".join(f"{line}\n" for line in lines).encode()


LAST = f"9,ann,{TIME},x\n".encode()  # a record to be rejected, to see which line it is said to be on


def after_a_portion() -> bytes:
    """Sixteen megabytes and more, with a quoted line end every now and then, and a bad cell near the end."""
    pad = " " * 200_000
    lines = [f'{n},"ann\nlee",{TIME},1.00,{pad}\n' for n in range(90)]
    lines[88] = f'88,"ann\nlee",{TIME},x,{pad}\n'
    return ("id,who,at,amount,pad\n" + "".join(lines)).encode()


TAKEN = [
    loaded(
        "delimiters, line ends and doubled quotes within quotes",
        "x.csv",
        whom('"Lee, Ann"', '"Ann\nLee"', '"Ann\r\nLee"', '"Ann ""the"" Lee"', '""""', '""', '"\r"', '",""\n"""') + LAST,
        new=8,
        total="7",
        kept={"who": ["Lee, Ann", "Ann\nLee", "Ann\r\nLee", 'Ann "the" Lee', '"', None, "\r", ',"\n"']},
        rejects=[(14, "amount", BAD)],
    ),
    loaded(
        "quotes in the middle of unquoted fields are text",
        "x.csv",
        whom('5" tape', 'a"b"', 'a""', "a\"b'c", ' "ann"') + LAST,
        new=5,
        total="5",
        kept={"who": ['5" tape', 'a"b"', 'a""', "a\"b'c", ' "ann"']},
        rejects=[(7, "amount", BAD)],
    ),
    loaded(
        "a quote after a blank opens nothing",
        "x.csv",
        whom(' "Lee, Ann"', "bob"),
        new=1,
        total="1",
        rejects=[(2, "", "has 5 fields where the header has 4")],
    ),
    loaded(
        "every field in quotes, the last line without an end",
        "x.csv",
        f'"id","who","at","amount"\r\n"1","ann","{TIME}","1.00"'.encode(),
        new=1,
        total="1",
    ),
    loaded(
        "empty lines within quotes",
        "x.csv",
        whom('"\n\n\nann\n\n"') + LAST,
        new=1,
        total="1",
        kept={"who": ["\n\n\nann\n\n"]},
        rejects=[(8, "amount", BAD)],
    ),
    loaded("quotes beyond what is read at once", "x.csv", after_a_portion, new=89, total="89", rejects=[(178, "amount", BAD)]),
    loaded(
        "quotes that are text, with a quote declared as '",
        "x.csv",
        whom('"ann', "'Lee, \"Ann\"'", "'O''Neill'", "it's"),
        new=4,
        total="4",
        kept={"who": ['"ann', 'Lee, "Ann"', "O'Neill", "it's"]},
        csv=SINGLE,
    ),
    loaded(
        "quotes that are text, with no quote declared",
        "x.csv",
        whom('"ann', '"bob"', 'a"b', '"Lee, Ann"'),
        new=3,
        total="3",
        kept={"who": ['"ann', '"bob"', 'a"b']},
        rejects=[(5, "", "has 5 fields where the header has 4")],
        csv=NONE,
    ),
]

REFUSED = [
    refused("text after a closing quote", "x.csv", whom("bob", '"ann"x', "cid"), "line 3: text stands after a closing quote"),
    refused("a blank after a closing quote", "x.csv", whom('"ann" ', "cid"), "line 2: text stands after a closing quote"),
    refused("quotes escaped by backslashes", "x.csv", whom('"Ann \\"the\\" Lee"'), "line 2: text stands after a closing quote"),
    refused(
        "text after a closing quote, after a record of three lines",
        "x.csv",
        whom('"a\nb\nc"', '"ann"x'),
        "line 5: text stands after a closing quote",
    ),
    refused("a quote that is never closed", "x.csv", whom("bob", '"ann', "cid"), "line 3: a quote is opened and never closed"),
    refused(
        "a quote as the last sign", "x.csv", HEADER + f'1,ann,{TIME},"'.encode(), "line 2: a quote is opened and never closed"
    ),
    refused(
        "a quote that is closed by the next record's",
        "x.csv",
        whom('"ann', '"bob"', "cid"),
        "line 2: text stands after a closing quote",
    ),
    refused("a ' that is never closed", "x.csv", whom("'ann"), "line 2: a quote is opened and never closed", csv=SINGLE),
    refused(
        "a quote that is never closed, megabytes before the end",
        "x.csv",
        lambda: whom("bob", '"ann', *["cid"] * 120_000),
        "line 3: a record longer than 4 MB; is a quote opened there and never closed?",
    ),
    refused(
        "a quote that is never closed, in a text that is not UTF-8",
        "x.csv",
        HEADER + b'1,"\xe9\n',
        "line 2: a quote is opened and never closed",
    ),
]

ROWS = [*TAKEN, *REFUSED]
