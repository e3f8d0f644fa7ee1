"""Texts: they are kept as they stand, but hold no control characters; what must be there is there."""

from __future__ import annotations

from tests.hostile.row import cells, loaded

CONTROL = " holds control characters"
EMPTY = "is required and empty"


def orders(*records: str, header: str = "id,who,at,amount") -> bytes:
    return "".join(f"{line}\n" for line in (header, *records)).encode()


CHARACTERS = [
    cells(
        "control characters below the blank",
        "string",
        turned_away={f"a{sign}b": CONTROL for sign in "\x00\x01\x07\x08\x0b\x0c\x0e\x1a\x1b\x1e\x7f"},
    ),
    cells("control characters beyond ASCII", "string", turned_away={f"a{sign}b": CONTROL for sign in "\x80\x85\x9b\x9f"}),
    cells("a control character alone", "string", turned_away={"\x00": CONTROL, "\x1b[31m": CONTROL}),
    cells(
        "tabs and line ends are text",
        "string",
        taken={text: text for text in ("a\tb", "a\nb", "a\r\nb", "a\rb", "\n", "\t")},
    ),
    cells(
        "blanks, quotes and everything that other programs take for something else",
        "string",
        taken={
            text: text
            for text in (
                " ",
                " a ",
                "\u00a0",
                "\u3000",
                "\u200b",
                "\u202eb",
                "\ufeff",
                "007",
                "1e3",
                "null",
                "NULL",
                "NaN",
                "true",
                "=1+1",
                "@a",
                "'",
                "''",
                "\\",
                "\\N",
                "\\u0041",
                "%s",
                "{}",
                "$a",
                "a;b",
                "a,b",
                "--",
                "'; DROP TABLE orders; --",
                "🏳️‍🌈",
                "\ufffe",
            )
        },
    ),
    cells("a text of a million characters", "string", taken={"é" * 1_000_000: "é" * 1_000_000}),
    cells(
        "what is not one of the words declared",
        {"type": "string", "one_of": ["DONE", "it's", "\u00e9"]},
        taken={"DONE": "DONE", "it's": "it's", "\u00e9": "\u00e9"},
        turned_away=dict.fromkeys(
            ["done", "DONE ", " DONE", "DON", "DONE\n", "'", "e\u0301", "ＤＯＮＥ"], " is not one of DONE, it's, \u00e9"
        ),
    ),
    loaded(
        "control characters in a column that nobody wants",
        "x.csv",
        orders("1,ann,2024-05-06T08:00:00Z,1.00,\x00\x1b", header="id,who,at,amount,note"),
        new=1,
        total="1",
    ),
]

REQUIRED = [
    loaded(
        "an empty key, an empty supplier, an empty amount",
        "x.csv",
        orders(
            ",ann,2024-05-06T08:00:00Z,1",
            '"",ann,2024-05-06T08:00:00Z,1',
            "3,,2024-05-06T08:00:00Z,1",
            "4,ann,2024-05-06T08:00:00Z,",
        ),
        new=2,
        kept={"id": ["3", "4"], "amount": ["1.00", None]},
        rejects=[(2, "id", EMPTY), (3, "id", EMPTY)],
    ),
    loaded(
        "a key of two columns, one of them empty",
        "x.csv",
        orders(
            "1,,ann,2024-05-06T08:00:00Z,1",
            "1,1,ann,2024-05-06T08:00:00Z,1",
            "1,01,ann,2024-05-06T08:00:00Z,1",
            header="id,leg,who,at,amount",
        ),
        new=1,
        duplicate=1,
        total="1",
        rejects=[(2, "leg", EMPTY)],
        columns={"leg": "integer"},
        source={"key": ["id", "leg"]},
    ),
    loaded(
        "cells that are required",
        "x.csv",
        orders("1,ann,2024-05-06T08:00:00Z,", "2,,2024-05-06T08:00:00Z,1", "3, ,2024-05-06T08:00:00Z,1"),
        new=1,
        total="1",
        kept={"who": [" "]},
        rejects=[(2, "amount", EMPTY), (3, "who", EMPTY)],
        columns={"who": {"type": "string", "required": True}, "amount": {"type": "decimal(18,2)", "required": True}},
    ),
    loaded(
        "of several bad cells in a record the first column is told",
        "x.csv",
        orders(",\x00,yesterday,x", "2,ann,yesterday,x", "3,ann,2024-05-06T08:00:00Z,x"),
        rejects=[
            (2, "id", EMPTY),
            (3, "at", '"yesterday" is not a timestamp like 2026-10-31T23:59:59Z'),
            (4, "amount", '"x" is not a number'),
        ],
    ),
    loaded(
        "a long cell is told by its beginning",
        "x.csv",
        orders(f"1,ann,2024-05-06T08:00:00Z,{'x' * 200_000}"),
        rejects=[(2, "amount", f'"{"x" * 40}…" is not a number')],
    ),
]

ROWS = [*CHARACTERS, *REQUIRED]
