"""Parquet: numbers and texts of its types become exactly the values of ours, and a "line" is a row."""

from __future__ import annotations

from decimal import Decimal

from tests.hostile.parquet_bytes import x

NO_NUMBER = " is not a number"

ROWS = [
    x(
        "64 bits",
        "integer",
        lambda pa: pa.int64(),
        [2**63 - 1, -(2**63), 0, None],
        ["9223372036854775807", "-9223372036854775808", "0", None],
    ),
    x(
        "64 bits without a sign",
        "integer",
        lambda pa: pa.uint64(),
        [2**64 - 1, 7],
        ["7"],
        {1: '"18446744073709551615" does not fit in 64 bits'},
    ),
    x("integers as text", "string", lambda pa: pa.int32(), [7, -7, None], ["7", "-7", None]),
    x("integers as decimals and doubles as integers", "decimal(18,2)", lambda pa: pa.int8(), [7, -7], ["7.00", "-7.00"]),
    x(
        "decimals of more places, all of them zeros or not",
        "decimal(18,2)",
        lambda pa: pa.decimal128(30, 6),
        [Decimal("1.500000"), Decimal("1.005000"), Decimal("-12345678901234.25")],
        ["1.50", "-12345678901234.25"],
        {2: '"1.005000" has more than 2 decimal places'},
    ),
    x(
        "zero in a decimal of many places",
        "decimal(18,2)",
        lambda pa: pa.decimal128(38, 18),
        [Decimal(0), Decimal("2.5")],
        ["0.00", "2.50"],
    ),
    x(
        "decimals near nothing",
        "decimal(38,18)",
        lambda pa: pa.decimal128(38, 18),
        [Decimal("0.000000000000000001"), Decimal("-0.00000012")],
        ["1E-18", "-1.20000000000E-7"],
    ),
    x(
        "decimals of 76 digits",
        "decimal(38,0)",
        lambda pa: pa.decimal256(76, 2),
        [Decimal("9" * 38), Decimal("9" * 39), Decimal("0.01")],
        ["9" * 38],
        {2: f'"{"9" * 39}.…" does not fit decimal(38,0)', 3: '"0.01" has decimal places'},
    ),
    x(
        "doubles as decimals",
        "decimal(18,2)",
        lambda pa: pa.float64(),
        [0.1, 1e7, 123456789.25, -0.0, 0.0, 0.1 + 0.2, float("nan"), float("inf")],
        ["0.10", "10000000.00", "123456789.25", "0.00", "0.00"],
        {6: '"0.30000000000000004" has more than 2 decimal places', 7: f'"nan"{NO_NUMBER}', 8: f'"inf"{NO_NUMBER}'},
    ),
    x(
        "doubles too fine for a decimal",
        "decimal(18,2)",
        lambda pa: pa.float64(),
        [0.001, 1e-7],
        [],
        {1: '"0.001" has more than 2 decimal places', 2: '"0.0000001" has more than 2 decimal places'},
    ),
    x(
        "big doubles as decimals",
        "decimal(38,2)",
        lambda pa: pa.float64(),
        [1e15, 1e16, 1.5e20],
        ["1000000000000000.00", "10000000000000000.00", "150000000000000000000.00"],
    ),
    x(
        "doubles as doubles",
        "double",
        lambda pa: pa.float64(),
        [0.1, 1e300, 5e-324, float("-inf"), float("nan"), None],
        ["0.1", "1e+300", "5e-324", None],
        {4: f'"-inf"{NO_NUMBER}', 5: f'"nan"{NO_NUMBER}'},
    ),
    x(
        "floats of 32 bits as decimals",
        "decimal(18,2)",
        lambda pa: pa.float32(),
        [0.1, 0.25, 1.005],
        ["0.10", "0.25"],
        {3: '"1.005" has more than 2 decimal places'},
    ),
    x("doubles as integers", "integer", lambda pa: pa.float64(), [5.0, 1.5], ["5"], {2: '"1.5" is not an integer'}),
    x(
        "big doubles as integers",
        "integer",
        lambda pa: pa.float64(),
        [1e15, 1e18],
        ["1000000000000000", "1000000000000000000"],
    ),
    x("booleans", "boolean", lambda pa: pa.bool_(), [True, False, None], ["true", "false", None]),
    x("booleans as integers", "integer", lambda pa: pa.bool_(), [True, None], [None], {1: '"true" is not an integer'}),
    x(
        "texts of several Arrow types",
        "string",
        lambda pa: pa.large_string(),
        ["ann", "", None, "Zoë\n"],
        ["ann", None, None, "Zoë\n"],
    ),
    x(
        "a dictionary of texts",
        "string",
        lambda pa: pa.dictionary(pa.int8(), pa.string()),
        ["ann", "bob", None, "ann", ""],
        ["ann", "bob", None, "ann", None],
    ),
    x(
        "a dictionary of decimals",
        "decimal(18,2)",
        lambda pa: pa.dictionary(pa.int8(), pa.string()),
        ["1.50", "x"],
        ["1.50"],
        {2: f'"x"{NO_NUMBER}'},
    ),
    x(
        "control characters",
        "string",
        lambda pa: pa.string(),
        ["a\x00b", "a\x85b", "ok"],
        ["ok"],
        {1: '"a\x00b" holds control characters', 2: '"a\x85b" holds control characters'},
    ),
    x("bytes that are UTF-8", "string", lambda pa: pa.binary(), [b"ann", "Zoë".encode(), None], ["ann", "Zoë", None]),
    x("texts as views", "string", lambda pa: pa.string_view(), ["ann", "", None], ["ann", None, None]),
    x(
        "doubles as text",
        "string",
        lambda pa: pa.float64(),
        [8400000001.0, 1e15],
        ["8400000001", "1000000000000000"],
    ),
    x("a column of nothing", "decimal(18,2)", lambda pa: pa.null(), [None, None], [None, None]),
]
