"""Parquet files as wholes: their columns, their ends and their sizes."""

from __future__ import annotations

from tests.hostile.packing import EXPORT, changed, gz
from tests.hostile.parquet_bytes import orders, parquet, typed, with_x
from tests.hostile.row import loaded, refused


def two() -> bytes:
    return parquet(orders(2))


def of_a_million_rows() -> bytes:
    import pyarrow as pa

    same = 1_100_000
    nobody = pa.nulls(same, pa.string())
    return parquet(dict.fromkeys(("id", "who", "at", "amount"), nobody))


def long_text_in_every_row() -> bytes:
    """A text of a megabyte that stands in the file once, and in 3000 rows."""
    import pyarrow as pa

    words = pa.DictionaryArray.from_arrays(pa.array([0] * 3000, pa.int32()), pa.array(["a" * 1_000_000]))
    return parquet(orders(3000, x=words), compression="zstd")


def renamed(**names: str) -> bytes:
    return parquet({names.get(name, name): values for name, values in orders(1).items()})


def named_twice() -> bytes:
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = orders(1)
    arrays = [pa.array(values) for values in (*columns.values(), columns["amount"])]
    file = io.BytesIO()
    pq.write_table(pa.table(arrays, names=[*columns, "amount"]), file)
    return file.getvalue()


def with_a_page_turned() -> bytes:
    """One bit of a text turned, in pages that carry checksums."""
    content = parquet(
        orders(2, who=["first supplier", "other supplier"]), write_page_checksum=True, compression="none", use_dictionary=False
    )
    return changed(content, content.index(b"\x0e\0\0\0other supplier") + 4)


COLUMNS = [
    loaded(
        "columns in another order, and others",
        "x.parquet",
        lambda: parquet({"tags": [["a"], []], **dict(reversed(orders(2).items())), "more": [{"a": 1}, None]}),
        new=2,
        total="2",
    ),
    loaded("no row", "x.parquet", lambda: parquet({name: typed(lambda pa: pa.string(), []) for name in orders(0)})),
    loaded(
        "several groups of rows",
        "x.parquet",
        lambda: parquet(orders(5, who=["ann", "", None, "ann", "a\x1b"]), row_group_size=2),
        new=4,
        total="2",
        kept={"who": ["ann", None, None, "ann"]},
        rejects=[(5, "who", '"a\x1b" holds control characters')],
    ),
    loaded("numbers as keys", "x.parquet", lambda: parquet(orders(2, id=[7, 8])), new=2, total="2", kept={"id": ["7", "8"]}),
    loaded(
        "an empty key",
        "x.parquet",
        lambda: parquet(orders(3, id=["", None, "3"])),
        new=1,
        total="1",
        rejects=[(1, "id", "is required and empty"), (2, "id", "is required and empty")],
    ),
    refused(
        "a column is missing",
        "x.parquet",
        lambda: renamed(amount="amounts"),
        'its schema has no column amount; it has id, who, at, amounts (did "amount" become "amounts"?)',
    ),
    refused(
        "a name in capitals",
        "x.parquet",
        lambda: renamed(who="WHO"),
        'its schema has no column who; it has id, WHO, at, amount (did "who" become "WHO"?)',
    ),
    refused("a name twice", "x.parquet", named_twice, "its schema names amount more than once"),
    refused(
        "lists",
        "x.parquet",
        with_x(lambda pa: pa.list_(pa.int64()), [[1]]),
        'its column "x" is a list<…',
        columns={"x": "integer"},
    ),
    refused(
        "structs",
        "x.parquet",
        with_x(lambda pa: pa.struct({"value": pa.int64()}), [{"value": 1}]),
        'its column "x" is a struct<…',
        columns={"x": "integer"},
    ),
    refused(
        "times of day",
        "x.parquet",
        with_x(lambda pa: pa.time64("us"), [1]),
        'its column "x" is a time64[us], which is not a single value of ours',
        columns={"x": "string"},
    ),
    refused(
        "bytes that are no text",
        "x.parquet",
        lambda: parquet(orders(1, who=[b"\xff\x00"])),
        "its Parquet is damaged near row 1: Invalid UTF8 payload",
    ),
    refused(
        "keys of sixteen bytes",
        "x.parquet",
        with_x(lambda pa: pa.uuid(), [b"\xff" * 16]),
        'its column "x" is a fixed_size_binary[16], which is not a single value of ours',
        columns={"x": "string"},
    ),
    refused(
        "a text over 4 MB",
        "x.parquet",
        lambda: parquet(orders(2, x=["a", "b" * (5 << 20)])),
        "row 2: …",
        columns={"x": "string"},
    ),
    refused(
        "a long text that thousands of rows refer to",
        "x.parquet",
        long_text_in_every_row,
        "…",
        columns={"x": "string"},
    ),
]

DAMAGE = [
    refused("no byte at all", "x.parquet", b"", "its Parquet is damaged: …"),
    refused("marks at both ends and nothing between", "x.parquet", b"PAR1PAR1", "its Parquet is damaged: …"),
    refused("garbage", "x.parquet", bytes(range(256)) * 8, "its Parquet is damaged: …"),
    refused("CSV", "x.parquet", EXPORT, "its Parquet is damaged: …"),
    refused("gzip", "x.parquet", lambda: gz(two()), "its Parquet is damaged: …"),
    refused("cut off", "x.parquet", lambda: two()[:-20], "its Parquet is damaged: …"),
    refused("the first half", "x.parquet", lambda: two()[: len(two()) // 2], "its Parquet is damaged: …"),
    refused("something after its end", "x.parquet", lambda: two() + b"\n", "its Parquet is damaged: …"),
    refused("a footer of zeros", "x.parquet", lambda: two()[:-200] + bytes(192) + two()[-8:], "its Parquet is damaged: …"),
    refused(
        "a footer longer than the file", "x.parquet", lambda: two()[:-8] + b"\xff\xff\xff\x7fPAR1", "its Parquet is damaged: …"
    ),
    refused(
        "a footer of negative length", "x.parquet", lambda: two()[:-8] + b"\xff\xff\xff\xffPAR1", "its Parquet is damaged: …"
    ),
    refused("pages of zeros", "x.parquet", lambda: two()[:4] + bytes(150) + two()[154:], "its Parquet is damaged…"),
    refused("a bit turned in a page that carries a checksum", "x.parquet", with_a_page_turned, "its Parquet is damaged: …"),
    refused(
        "a text that is not UTF-8",
        "x.parquet",
        lambda: parquet(orders(1, who=["Zoë"])).replace("Zoë".encode(), b"Zo\xff\xff"),
        "its Parquet is damaged…",
    ),
    refused(
        "more than a million rows of nothing",
        "x.parquet",
        of_a_million_rows,
        "says to hold 1,100,000 rows, more than its size can: a decompression bomb?",
    ),
    refused("Parquet named .csv", "x.csv", two, "is a Parquet file; its name must say so (.parquet)"),
    refused("Parquet named .jsonl", "x.jsonl", two, "is a Parquet file; its name must say so (.parquet)"),
    refused("Parquet named .csv.gz", "x.csv.gz", two, "its gzip archive cannot be unpacked: Not a gzipped file (b'PA')"),
]

ROWS = [*COLUMNS, *DAMAGE]
