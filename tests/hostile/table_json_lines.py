"""JSON lines: an object per line; a line that is none, or says nothing clear, is rejected by itself."""

from __future__ import annotations

from tests.hostile.json_text import TIME, line, lines
from tests.hostile.packing import EXPORT, gz
from tests.hostile.row import loaded, refused

OBJECTS = [
    loaded(
        "other names, lacking names, another order, null and nothing",
        "x.jsonl",
        lines(
            f'{{"amount": 1, {TIME}, "note": {{"a": [1, {{}}]}}, "id": 1, "who": "ann"}}',
            f'{{"id": "2", {TIME}}}',
            f'{{"id": "3", "who": null, {TIME}, "amount": ""}}',
            f'{{"who": "ann", {TIME}, "amount": 1}}',
            "{}",
        ),
        new=3,
        total="1",
        kept={"id": ["1", "2", "3"], "who": ["ann", None, None], "amount": ["1.00", None, None]},
        rejects=[(4, "id", "is required and empty"), (5, "id", "is required and empty")],
    ),
    refused(
        "a name that no record has",
        "x.jsonl",
        lines(line(1), line(2)).replace(b'"amount"', b'"amonut"'),
        "no record names amount; if it is always empty, write it as null",
    ),
    refused(
        "a name in capitals", "x.jsonl", lines(line(1), line(2)).replace(b'"amount"', b'"Amount"'), "no record names amount; …"
    ),
    loaded("a name that one record has", "x.jsonl", lines(line(1).replace("amount", "amonut"), line(2)), new=2, total="1"),
    loaded(
        "names twice in an object",
        "x.jsonl",
        lines(line(1, more=', "amount": 2'), line(2, more=', "\\u0061mount": 1'), line(3, more=', "a": 1, "a": 1'), line(4)),
        new=1,
        total="1",
        rejects=[
            (1, "", 'names "amount" more than once'),
            (2, "", 'names "amount" more than once'),
            (3, "", 'names "a" more than once'),
        ],
    ),
    loaded(
        "what is no object",
        "x.jsonl",
        lines("[1]", '"text"', "5", "null", "true", line(1), "[" + line(2) + "]"),
        new=1,
        total="1",
        rejects=[(n, "", "is not an object { … }") for n in (1, 2, 3, 4, 5, 7)],
    ),
    loaded(
        "lists and objects where values are wanted",
        "x.jsonl",
        lines(line(1, "[1]"), line(2, '{"value": 1}'), line(3, who="[]"), line(4, more=', "tags": ["a"]')),
        new=1,
        total="1",
        rejects=[
            (1, "amount", "holds a list, not a value"),
            (2, "amount", "holds an object, not a value"),
            (3, "who", "holds a list, not a value"),
        ],
    ),
    loaded(
        "a hundred thousand brackets",
        "x.jsonl",
        lines(line(1, "[" * 100_000), line(2, more=f', "note": {"[" * 100_000}{"]" * 100_000}'), '{"a":' * 100_000, line(3)),
        new=1,
        total="1",
        rejects=[(n, "", "is nested too deeply") for n in (1, 2, 3)],
    ),
    loaded(
        "half a surrogate pair",
        "x.jsonl",
        lines(
            line(1, who='"\\ud800"'),
            line(2, who='"a\\udc00b"'),
            line(3, who='"\\ud83d\\ude95"'),
            line(4, more=', "note": "\\ud800"'),
        ),
        new=2,
        total="2",
        kept={"who": ["🚕", "ann"]},
        rejects=[(1, "who", "holds half of a surrogate pair"), (2, "who", "holds half of a surrogate pair")],
    ),
    loaded(
        "half a surrogate pair in a name that stands there twice",
        "x.jsonl",
        lines(line(1, more=', "\\ud800": 1, "\\ud800": 2'), line(2)),
        new=1,
        total="1",
        rejects=[(1, "", "names …")],
    ),
    loaded(
        "control characters",
        "x.jsonl",
        lines(
            line(1, who='"a\\u0000b"'),
            line(2, who='"a\\u001bb"'),
            line(3, who='"a\\u0085b"'),
            line(4, who='"a\x1bb"'),
            line(5, who='"a\tb"'),
            line(6, who='"a\x85b"'),
        ),
        rejects=[
            (1, "who", '"a\x00b" holds control characters'),
            (2, "who", '"a\x1bb" holds control characters'),
            (3, "who", '"a\x85b" holds control characters'),
            (4, "", "is not JSON: Invalid control character at …"),
            (5, "", "is not JSON: Invalid control character at …"),
            (6, "who", '"a\x85b" holds control characters'),
        ],
    ),
    loaded(
        "three hundred thousand names in an object, the last of them twice",
        "x.jsonl",
        lambda: lines(line(1, more="".join(f', "{n}": 1' for n in range(300_000)) + ', "299999": 1'), line(2)),
        new=1,
        total="1",
        rejects=[(1, "", 'names "299999" more than once')],
    ),
]

LINES = [
    loaded(
        "broken lines",
        "x.jsonl",
        lines(
            line(1)[:-1],
            line(2) + ",",
            line(3) * 2,
            line(4).replace('"', "'"),
            line(5)[:-1] + ",}",
            "// " + line(6),
            line(7),
            "{",
            "id,who,at,amount",
            line(8)[:40],
        ),
        new=1,
        total="1",
        rejects=[(n, "", "is not JSON: …") for n in (1, 2, 3, 4, 5, 6, 8, 9, 10)],
    ),
    loaded(
        "lines that are not UTF-8",
        "x.jsonl",
        lines(line(1))
        + line(2).replace("ann", "Zoé").encode("latin-1")
        + b"\n"
        + lines(line(3, more=', "note": "\ud800"'), line(4)),
        new=2,
        total="2",
        rejects=[(2, "", "is not UTF-8: byte 0xe9 at 23"), (3, "", "is not UTF-8: byte 0xed at …")],
    ),
    loaded(
        "blank lines, blanks, CRLF and no line end at the end",
        "x.jsonl",
        b"\n\r\n  \t\n" + (line(1) + "\r\n \r\n  " + line(2, "x") + " \n\n" + line(3)).encode(),
        new=2,
        total="2",
        rejects=[(6, "", "is not JSON: …")],
    ),
    loaded("a byte order mark", "x.jsonl", b"\xef\xbb\xbf" + lines(line(1)), new=1, total="1"),
    loaded(
        "a byte order mark in the middle",
        "x.jsonl",
        lines(line(1)) + b"\xef\xbb\xbf" + lines(line(2)),
        new=1,
        total="1",
        rejects=[(2, "", "is not JSON: …")],
    ),
    loaded("no byte at all", "x.jsonl", b""),
    loaded("line ends alone", "x.jsonl", b"\n\n\r\n"),
    loaded(
        "packed, in two members",
        "x.jsonl.gz",
        gz(lines(line(1))[:20]) + gz(lines(line(1))[20:] + lines(line(2, "x"))),
        new=1,
        total="1",
        rejects=[(2, "", "is not JSON: …")],
    ),
    refused(
        "a line over 4 MB",
        "x.jsonl",
        lambda: lines(line(1), line(2, more=f', "note": "{"x" * (4 << 20)}"'), line(3)),
        "line 2: longer than 4 MB",
    ),
    loaded(
        "a line of almost 4 MB",
        "x.jsonl",
        lambda: lines(line(1), line(2, more=f', "note": "{"x" * ((4 << 20) - 200)}"'), line(3)),
        new=3,
        total="3",
    ),
    loaded(
        "one list of all records, on several lines",
        "x.jsonl",
        b"[\n" + lines(line(1) + ",", line(2)) + b"]\n",
        new=1,
        total="1",
        rejects=[(n, "", "is not JSON: …") for n in (1, 2, 4)],
    ),
    loaded(
        "every line is broken",
        "x.jsonl",
        lines(line(1)[:-1], line(2)[:-1]),
        rejects=[(n, "", "is not JSON: …") for n in (1, 2)],
    ),
    loaded(
        "CSV",
        "x.jsonl",
        EXPORT,
        rejects=[(n, "", "is not JSON: …") for n in (1, 2, 3)],
    ),
    refused(
        "UTF-16",
        "x.jsonl",
        lines(line(1)).decode().encode("utf-16"),
        "is UTF-16; export it as UTF-8",
    ),
    refused(
        "UTF-16 without a mark",
        "x.jsonl",
        lines(line(1)).decode().encode("utf-16-le"),
        "is UTF-16; …",
    ),
    refused("gzip", "x.jsonl", gz(lines(line(1))), "is a gzip archive; …"),
]

ROWS = [*OBJECTS, *LINES]
