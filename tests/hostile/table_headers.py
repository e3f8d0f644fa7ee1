"""Headers: columns are known by their names, wherever they stand; a file whose header is not right is refused."""

from __future__ import annotations

from tests.hostile.packing import EXPORT, HEADER, TWO
from tests.hostile.row import loaded, refused

LAST = b"3,ann,2024-05-06T08:00:00Z,x\n"  # a record to be rejected, to see which line it is said to be on
BAD = "is not a number"


def wide(columns: int) -> bytes:
    """An export of one order with columns that nobody wants before the four that are."""
    more = columns - 4
    header = ",".join([*(f"c{n}" for n in range(more)), "id", "who", "at", "amount"])
    return f"{header}\n{',' * more}1,ann,2024-05-06T08:00:00Z,1.00\n".encode()


TAKEN = [
    loaded(
        "columns in another order",
        "x.csv",
        b"amount,at,who,id\n1.00,2024-05-06T08:00:00Z,ann,1\n",
        new=1,
        total="1",
        kept={"id": ["1"]},
    ),
    loaded(
        "columns that nobody wants, one of them twice, one without a name",
        "x.csv",
        b"note,id,who,note,at,amount,\na,1,ann,b,2024-05-06T08:00:00Z,1.00,c\n",
        new=1,
        total="1",
    ),
    loaded(
        "a name in two cases",
        "x.csv",
        b"ID,id,who,at,Amount,amount\n7,1,ann,2024-05-06T08:00:00Z,9,1.00\n",
        new=1,
        total="1",
        kept={"id": ["1"]},
    ),
    loaded("a byte order mark before a quoted name", "x.csv", b'\xef\xbb\xbf"id",who,at,amount\n' + TWO, new=2, total="21"),
    loaded("every name in quotes", "x.csv", b'"id","who","at","amount"\r\n' + TWO, new=2, total="21"),
    loaded("blanks around names", "x.csv", b" id , who\t,at ,  amount\n" + TWO, new=2, total="21"),
    loaded(
        "a name of two lines, in quotes",
        "x.csv",
        b'id,who,at,amount,"how\nmuch"\n1,ann,2024-05-06T08:00:00Z,1.00,\n2,ann,2024-05-06T08:00:00Z,x,\n',
        new=1,
        total="1",
        rejects=[(4, "amount", f'"x" {BAD}')],
    ),
    loaded(
        "blank lines before the header",
        "x.csv",
        b"\n\r\n" + EXPORT + LAST,
        new=2,
        total="21",
        rejects=[(6, "amount", f'"x" {BAD}')],
    ),
    loaded("a header and no record", "x.csv", HEADER),
    loaded("a header without a line end and no record", "x.csv", HEADER.strip()),
    loaded("a header, blank lines and no record", "x.csv", HEADER + b"\n\n\n"),
    loaded("ten thousand columns", "x.csv", lambda: wide(10_000), new=1, total="1"),
    loaded(
        "names of the file that differ from ours",
        "x.csv",
        "id,who,at,amount,Größe (m²)\n1,ann,2024-05-06T08:00:00Z,1.00,7\n".encode(),
        new=1,
        total="1",
        kept={"x": ["7"]},
        columns={"x": {"type": "integer", "from": "Größe (m²)"}},
    ),
]

REFUSED = [
    refused(
        "a column is missing",
        "x.csv",
        b"id,who,at\n1,ann,2024-05-06T08:00:00Z\n",
        "its header has no column amount; it has id, who, at",
    ),
    refused(
        "two columns are missing",
        "x.csv",
        b"id,at\n1,2024-05-06T08:00:00Z\n",
        "its header has no column who, amount; it has id, at",
    ),
    refused(
        "a column under a name much like ours",
        "x.csv",
        b"id,who,at,amounts\n" + TWO,
        'its header has no column amount; it has id, who, at, amounts (did "amount" become "amounts"?)',
    ),
    refused(
        "a wanted column twice",
        "x.csv",
        b"id,who,at,amount,amount\n1,ann,2024-05-06T08:00:00Z,1.00,2.00\n",
        "its header names amount more than once",
    ),
    refused(
        "a wanted column twice, but for blanks",
        "x.csv",
        b"id,who,at,amount, amount\n1,ann,2024-05-06T08:00:00Z,1.00,2.00\n",
        "its header names amount more than once",
    ),
    refused(
        "one name in capitals",
        "x.csv",
        b"id,who,at,AMOUNT\n" + TWO,
        'its header has no column amount; it has id, who, at, AMOUNT (did "amount" become "AMOUNT"?)',
    ),
    refused(
        "all names in capitals",
        "x.csv",
        b"ID,WHO,AT,AMOUNT\n" + TWO,
        'its header has none of the columns id, who, at, amount; it has ID, WHO, AT, AMOUNT (did "id" become "ID"?)',
    ),
    refused("no header", "x.csv", TWO, "its header has none of the columns id, who, at, amount; it has 1, ann, …"),
    refused(
        "a comment before the header",
        "x.csv",
        b"# exported at night\n" + EXPORT,
        "its header has none of the columns id, who, at, amount; it has # exported at night; is the first line a header?",
    ),
    refused(
        "a line of Excel's before the header",
        "x.csv",
        b"sep=;\n" + EXPORT,
        "its header has none of the columns id, who, at, amount; it has sep=;; …",
    ),
    refused(
        "a line of blanks before the header",
        "x.csv",
        b"   \n" + EXPORT,
        "its header has none of the columns id, who, at, amount; …",
    ),
    refused(
        "another delimiter than declared",
        "x.csv",
        EXPORT.replace(b",", b";"),
        "its header has none of the columns id, who, at, amount; it has id;who;at;amount; …",
    ),
    refused("two byte order marks", "x.csv", b"\xef\xbb\xbf" * 2 + EXPORT, "its header has no column id; it has …"),
    refused("no byte at all", "x.csv", b"", "is empty: not even a header"),
    refused("a byte order mark alone", "x.csv", b"\xef\xbb\xbf", "is empty: not even a header"),
    refused("line ends alone", "x.csv", b"\n\r\n\n", "is empty: not even a header"),
    refused(
        "zeros alone, as a crash leaves them", "x.csv", bytes(4096), "its header has none of the columns id, who, at, amount; …"
    ),
    refused("twenty thousand columns", "x.csv", lambda: wide(20_000), "its header has 20,000 columns, more than 10,000"),
    refused(
        "a name in Latin-1",
        "x.csv",
        "id,who,at,amount,Größe\n".encode("latin-1") + TWO,
        'its header is not UTF-8: "id,who,at,amount,Gr\\xf6\\xdfe"; if it is Latin-1, say so with csv = { encoding = "latin-1" }',
    ),
    refused(
        "a quote in the header that is never closed",
        "x.csv",
        b'id,"who,at,amount\n' + TWO,
        "line 1: a quote is opened and never closed",
    ),
    refused(
        "text after a closing quote in the header",
        "x.csv",
        b'id,"who"m,at,amount\n' + TWO,
        "line 1: text stands after a closing quote",
    ),
    refused(
        "signs that steer terminals in the header",
        "x.csv",
        b"\x1b[2Jid,who,at,amount\n" + TWO,
        "its header has no column id; it has …",
        says=[r"it has \x1b[2Jid, who, at, amount"],
    ),
    refused(
        "a page of HTML",
        "x.csv",
        b"<!DOCTYPE html>\n<html><body>504 Gateway Time-out</body></html>\n",
        "its header has none of the columns id, who, at, amount; it has <!DOCTYPE html>; …",
    ),
]

ROWS = [*TAKEN, *REFUSED]
