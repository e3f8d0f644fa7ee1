"""JSON lines: numbers are taken digit by digit as they are written, exponents written out."""

from __future__ import annotations

from tests.hostile.json_text import line, lines, xs
from tests.hostile.row import loaded

STRANGE = ("NaN", "Infinity", "-Infinity", "007", "+1", ".5", "1.", "0x10", "1_000", "１", "1,5")
NO_INTEGER = " is not an integer"

NUMBERS = [
    loaded(
        "numbers of more digits than a double has",
        "x.jsonl",
        xs(
            "12345678901234567.89",
            "0.1",
            "99999999999999999999999999999.123456789",
            "-0.0",
            "1e3",
            "1.5E-2",
            "12E+2",
            "0.30000000000000000",
            '"7.5"',
        ),
        new=9,
        total="9",
        kept={
            "x": [
                "12345678901234567.890000000",
                "0.100000000",
                "99999999999999999999999999999.123456789",
                "0E-9",
                "1000.000000000",
                "0.015000000",
                "1200.000000000",
                "0.300000000",
                "7.500000000",
            ]
        },
        columns={"x": "decimal(38,9)"},
    ),
    loaded(
        "numbers that are no decimal(38,9)",
        "x.jsonl",
        xs("1e-10", "1e30", "1e999999", "1e-999999", '"1e3"', '"1,5"', "true", "1"),
        new=1,
        total="1",
        rejects=[
            (1, "x", '"0.0000000001" has more than 9 decimal places'),
            (2, "x", '"1000000000000000000000000000000" does not fit decimal(38,9)'),
            (3, "x", '"1e999999" is not a number'),
            (4, "x", '"1e-999999" is not a number'),
            (5, "x", '"1e3" is not a number'),
            (6, "x", '"1,5" is not a number'),
            (7, "x", '"true" is not a number'),
        ],
        columns={"x": "decimal(38,9)"},
    ),
    loaded(
        "integers",
        "x.jsonl",
        xs(
            "9223372036854775807",
            "1e3",
            '"12"',
            "-0",
            "null",
            '""',
            "9223372036854775808",
            "1.0",
            "1.5",
            "1e-1",
            "true",
            '" 1"',
            "9" * 5000,
        ),
        new=6,
        total="6",
        kept={"x": ["9223372036854775807", "1000", "12", "0", None, None]},
        rejects=[
            (7, "x", '"9223372036854775808" does not fit in 64 bits'),
            (8, "x", f'"1.0"{NO_INTEGER}'),
            (9, "x", f'"1.5"{NO_INTEGER}'),
            (10, "x", f'"0.1"{NO_INTEGER}'),
            (11, "x", f'"true"{NO_INTEGER}'),
            (12, "x", f'" 1"{NO_INTEGER}'),
            (13, "x", f'"{"9" * 40}…" does not fit in 64 bits'),
        ],
        columns={"x": "integer"},
    ),
    loaded(
        "doubles",
        "x.jsonl",
        xs("0.1", "1e-7", "12345678901234567890", "1e999", "1e-400"),
        new=3,
        total="3",
        kept={"x": ["0.1", "1e-07", "1.2345678901234567e+19"]},
        rejects=[(4, "x", '"1e999" does not fit a double'), (5, "x", f'"0.{"0" * 38}…" does not fit a double')],
        columns={"x": "double"},
    ),
    loaded(
        "numbers and booleans where text is declared are kept as they are written",
        "x.jsonl",
        xs("1", "1.10", "-0.50", "true", "false", '"é\\u00e9\\ud83d\\ude95"', '" "', '"a\\n\\tb"'),
        new=8,
        total="8",
        kept={"x": ["1", "1.10", "-0.50", "true", "false", "éé🚕", " ", "a\n\tb"]},
        columns={"x": "string"},
    ),
    loaded(
        "booleans",
        "x.jsonl",
        xs("true", "false", "null", '"yes"', "1", "0", "2", '"TRUE "'),
        new=6,
        total="6",
        kept={"x": ["true", "false", None, "true", "true", "false"]},
        rejects=[(7, "x", '"2" is not a boolean'), (8, "x", '"TRUE " is not a boolean')],
        columns={"x": "boolean"},
    ),
    loaded(
        "numbers that JSON does not know",
        "x.jsonl",
        lines(*(line(1, number) for number in STRANGE), line(2)),
        new=1,
        total="1",
        rejects=[
            (1, "", "is not JSON: NaN"),
            (2, "", "is not JSON: Infinity"),
            (3, "", "is not JSON: -Infinity"),
            *((n, "", "is not JSON: …") for n in range(4, 12)),
        ],
    ),
    loaded(
        "the options of CSV do not apply",
        "x.jsonl",
        lines(line(1, "1.5"), line(2, '"NA"'), line(3, '"1,5"')),
        new=1,
        total="1.5",
        rejects=[(2, "amount", '"NA" is not a number'), (3, "amount", '"1,5" is not a number')],
        csv={"decimal": ",", "delimiter": ";", "null": ["", "NA"], "encoding": "latin-1", "timestamp_format": ["%d/%m/%Y"]},
    ),
]

EXTREMES = [
    loaded(
        "exponents beyond reason",
        "x.jsonl",
        xs("1e99999999999999999999", "-1e-99999999999999999999", "1e1000000", "1")
        + lines(line(5, more=', "note": 1e99999999999999999999')),
        new=2,
        total="2",
        kept={"x": ["1.0", None]},
        rejects=[
            (1, "x", '"1e99999999999999999999" does not fit a double'),
            (2, "x", '"-1e-99999999999999999999" does not fit a double'),
            (3, "x", '"1e1000000" does not fit a double'),
        ],
        columns={"x": "double"},
    ),
]

ROWS = [*NUMBERS, *EXTREMES]
