"""Encodings: text is read as declared; a record that is not UTF-8 is rejected by itself."""

from __future__ import annotations

import codecs

from tests.hostile.packing import EXPORT, HEADER, gz
from tests.hostile.row import loaded, refused

TIME = b"2024-05-06T08:00:00Z"
ZOE = "id,who,at,amount\n1,Zoë,2024-05-06T08:00:00Z,1.00\n2,Jürgen,2024-05-06T08:00:00Z,20.00\n"
LATIN_1, UTF_16 = {"encoding": "latin-1"}, {"encoding": "utf-16"}


def whom(*names: bytes) -> bytes:
    """An export of an order of 1.00 for each name."""
    return HEADER + b"".join(b"%d,%s,%s,1.00\n" % (n, name, TIME) for n, name in enumerate(names, start=1))


IN_UTF_8 = [
    loaded(
        "one record in Latin-1",
        "x.csv",
        whom("Zoé".encode(), b"Zo\xe9", b"ann"),
        new=2,
        total="2",
        rejects=[(3, "", 'is not UTF-8: byte 0xe9 in "2,Zo\\xe9,2024-05-0"')],
    ),
    loaded(
        "bytes that are not UTF-8 in a column that nobody wants",
        "x.csv",
        HEADER.replace(b"\n", b",note\n") + b"1,ann,2024-05-06T08:00:00Z,1.00,\xff\n2,ann,2024-05-06T08:00:00Z,1.00,ok\n",
        new=1,
        total="1",
        rejects=[(2, "", "is not UTF-8: byte 0xff in …")],
    ),
    loaded(
        "bytes that only look like UTF-8: overlong, half a surrogate, beyond Unicode",
        "x.csv",
        whom(b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"ann"),
        new=1,
        total="1",
        rejects=[
            (2, "", "is not UTF-8: byte 0xc0 …"),
            (3, "", "is not UTF-8: byte 0xed …"),
            (4, "", "is not UTF-8: byte 0xf4 …"),
        ],
    ),
    loaded(
        "not UTF-8 within quotes, on the second line of a record",
        "x.csv",
        whom(b'"a\n\xe9"', b'"b\nc"', b"\xe9"),
        new=1,
        total="1",
        kept={"who": ["b\nc"]},
        rejects=[(2, "", "is not UTF-8: byte 0xe9 …"), (6, "", "is not UTF-8: byte 0xe9 …")],
    ),
    loaded(
        "the file ends in the middle of a character",
        "x.csv",
        whom(b"ann") + "2,bob,2024-05-06T08:00:00Z,1€".encode()[:-1],
        new=1,
        total="1",
        rejects=[(3, "", "is not UTF-8: byte 0xe2 …")],
    ),
    loaded(
        "characters of every length, and some that are taken for line ends elsewhere",
        "x.csv",
        whom("Zoë".encode(), "名字".encode(), "🚕".encode(), "a\u2028b".encode(), "a\u2029b".encode(), "\ufffd".encode()),
        new=6,
        total="6",
        kept={"who": ["Zoë", "名字", "🚕", "a\u2028b", "a\u2029b", "\ufffd"]},
    ),
    loaded(
        "the same letter composed and not",
        "x.csv",
        whom("\u00e9".encode(), "e\u0301".encode()),
        new=2,
        total="2",
        kept={"who": ["\u00e9", "e\u0301"]},
    ),
    refused(
        "UTF-16 little-endian with a mark",
        "x.csv",
        codecs.BOM_UTF16_LE + EXPORT.decode().encode("utf-16-le"),
        'is UTF-16; say so with csv = { encoding = "utf-16" }',
    ),
    refused(
        "UTF-16 big-endian with a mark",
        "x.csv",
        codecs.BOM_UTF16_BE + EXPORT.decode().encode("utf-16-be"),
        'is UTF-16; say so with csv = { encoding = "utf-16" }',
    ),
    refused(
        "UTF-16 little-endian without a mark",
        "x.csv",
        EXPORT.decode().encode("utf-16-le"),
        'is UTF-16; say so with csv = { encoding = "utf-16" }',
    ),
    refused(
        "UTF-16 big-endian without a mark",
        "x.csv",
        EXPORT.decode().encode("utf-16-be"),
        'is UTF-16; say so with csv = { encoding = "utf-16" }',
    ),
]

DECLARED = [
    loaded("Latin-1", "x.csv", ZOE.encode("latin-1"), new=2, total="21", kept={"who": ["Zoë", "Jürgen"]}, csv=LATIN_1),
    loaded(
        "Windows-1252 declared as Latin-1",
        "x.csv",
        whom("Müller".encode("cp1252"), "Müller’s".encode("cp1252"), b"5 \x80"),
        new=1,
        total="1",
        kept={"who": ["Müller"]},
        rejects=[(3, "who", '"Müller\x92s" holds control characters'), (4, "who", '"5 \x80" holds control characters')],
        csv=LATIN_1,
    ),
    refused(
        "UTF-8 with a mark declared as Latin-1",
        "x.csv",
        ZOE.encode("utf-8-sig"),
        "its header has no column id; it has ï»¿id, …",
        csv=LATIN_1,
    ),
    refused("UTF-16 declared as Latin-1", "x.csv", ZOE.encode("utf-16"), "its header has …", csv=LATIN_1),
    loaded(
        "UTF-16 little-endian",
        "x.csv",
        codecs.BOM_UTF16_LE + ZOE.encode("utf-16-le"),
        new=2,
        total="21",
        kept={"who": ["Zoë", "Jürgen"]},
        csv=UTF_16,
    ),
    loaded(
        "UTF-16 big-endian",
        "x.csv",
        codecs.BOM_UTF16_BE + ZOE.encode("utf-16-be"),
        new=2,
        total="21",
        kept={"who": ["Zoë", "Jürgen"]},
        csv=UTF_16,
    ),
    loaded(
        "UTF-16 without a mark",
        "x.csv",
        ZOE.encode("utf-16-le"),
        new=2,
        total="21",
        kept={"who": ["Zoë", "Jürgen"]},
        csv=UTF_16,
    ),
    loaded(
        "UTF-16 with line ends and quotes of its own",
        "x.csv",
        ZOE.replace("Zoë", '"Zo\r\në, 🚕"').encode("utf-16"),
        new=2,
        total="21",
        kept={"who": ["Zo\r\në, 🚕", "Jürgen"]},
        csv=UTF_16,
    ),
    refused(
        "UTF-16 cut off in the middle of a character", "x.csv", ZOE.encode("utf-16")[:-1], "is not UTF-16 near byte …", csv=UTF_16
    ),
    refused(
        "half a surrogate pair in UTF-16",
        "x.csv",
        ZOE.replace("ë", "\ud800").encode("utf-16", "surrogatepass"),
        "is not UTF-16 near byte 44",
        csv=UTF_16,
    ),
    refused("UTF-8 declared as UTF-16", "x.csv", ZOE.encode(), "is not UTF-16 near byte …", csv=UTF_16),
    refused("a file of no bytes declared as UTF-16", "x.csv", b"", "is empty: not even a header", csv=UTF_16),
    loaded("gzip of UTF-16", "x.csv.gz", gz(ZOE.encode("utf-16")), new=2, total="21", csv=UTF_16),
]

ROWS = [*IN_UTF_8, *DECLARED]
