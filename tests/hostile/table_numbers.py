"""Numbers: a cell is taken exactly as it is written, or turned away with a reason."""

from __future__ import annotations

from tests.hostile.row import cells

NO_INTEGER, NO_NUMBER = " is not an integer", " is not a number"
TOO_FINE = " has more than 2 decimal places"
TOO_BIG_18_2 = " does not fit decimal(18,2)"
NO_DOUBLE = " does not fit a double"
ZEROS_50 = "0" * 50

INTEGERS = [
    cells(
        "integers of every usual form",
        "integer",
        taken={
            "0": "0",
            "-0": "0",
            "+7": "7",
            "007": "7",
            "-12": "-12",
            "9223372036854775807": "9223372036854775807",
            "-9223372036854775808": "-9223372036854775808",
            f"{ZEROS_50}5": "5",
        },
    ),
    cells(
        "integers beyond 64 bits",
        "integer",
        turned_away=dict.fromkeys(
            ["9223372036854775808", "-9223372036854775809", "18446744073709551616", "9" * 39], " does not fit in 64 bits"
        ),
    ),
    cells(
        "what is grouped, broken or raised is no integer",
        "integer",
        turned_away=dict.fromkeys(
            ["1,000", "1.000", "1 000", "1_000", "1'000", "1.0", "1.6", "1.", ".5", "1e3", "1E3", "0x10", "0b1", "1/2", "5%"],
            NO_INTEGER,
        ),
    ),
    cells(
        "what has blanks or signs too many is no integer",
        "integer",
        turned_away=dict.fromkeys(
            [" 1", "1 ", "1\n", "\t1", "1\u00a0", "+", "-", "--1", "+-1", "1-", "- 1", "(1)", "−1"], NO_INTEGER
        ),
    ),
    cells(
        "digits of other scripts and words are no integers",
        "integer",
        turned_away=dict.fromkeys(
            ["１", "١٢", "²", "½", "Ⅳ", "一", "NaN", "inf", "null", "NULL", "None", "true", "#REF!", "1\u200b", "O"], NO_INTEGER
        ),
    ),
]

DECIMALS = [
    cells(
        "decimals of every usual form",
        "decimal(18,2)",
        taken={
            "1.5": "1.50",
            "1.500": "1.50",
            ".5": "0.50",
            "-.25": "-0.25",
            "5.": "5.00",
            "+1.05": "1.05",
            "0012.30": "12.30",
            "-0.00": "0.00",
            "9999999999999999.99": "9999999999999999.99",
            "-9999999999999999.99": "-9999999999999999.99",
        },
    ),
    cells(
        "decimals with half a hundred zeros",
        "decimal(18,2)",
        taken={f"1.5{ZEROS_50}": "1.50", f"{ZEROS_50}1.5": "1.50", f"0.{ZEROS_50}": "0.00", f"-{ZEROS_50}.25{ZEROS_50}": "-0.25"},
    ),
    cells(
        "decimals with places too many",
        "decimal(18,2)",
        turned_away=dict.fromkeys(["1.005", "0.001", "-1.999", ".005", "1.0000000001", "9999999999999999.999"], TOO_FINE),
    ),
    cells(
        "decimals too big",
        "decimal(18,2)",
        turned_away=dict.fromkeys(["10000000000000000", "-10000000000000000.00", "9" * 38, f"1{'0' * 39}.00"], TOO_BIG_18_2),
    ),
    cells(
        "what is no decimal",
        "decimal(18,2)",
        turned_away=dict.fromkeys(
            ["1,5", "1,000.50", "1.000,50", "1e3", "1.5E2", "1.2.3", ".", "-", "+.", "$5", "5€", "(5)", "5-", "0x1p3", "１.５"],
            NO_NUMBER,
        ),
    ),
    cells(
        "words and blanks are no decimals",
        "decimal(18,2)",
        turned_away=dict.fromkeys(
            [" 1.5", "1.5 ", "1 .5", "1.5\r\n", "NaN", "nan", "Infinity", "-inf", "N/A", "-.", "٫5", "1٫5"], NO_NUMBER
        ),
    ),
    cells(
        "all the digits a decimal can have",
        "decimal(38,9)",
        taken={"12345678901234567890123456789.123456789": "12345678901234567890123456789.123456789", "0.000000001": "1E-9"},
        turned_away={
            "123456789012345678901234567890.1": " does not fit decimal(38,9)",
            "0.0000000001": " has more than 9 decimal places",
        },
    ),
    cells(
        "decimals without places",
        "decimal(6,0)",
        taken={"999999": "999999", "5.0": "5", "5.": "5", ".0": "0"},
        turned_away={
            "1000000": " does not fit decimal(6,0)",
            "0.5": " has decimal places",
            "5.10": " has decimal places",
            "1e3": NO_NUMBER,
        },
    ),
    cells(
        "decimals with a comma",
        "decimal(18,2)",
        taken={"1,5": "1.50", "-,5": "-0.50", "7": "7.00", "1,500": "1.50"},
        turned_away=dict.fromkeys(["1.5", "1.000,5", "1,000.5", "1,5,0", ","], ' is not a number with a decimal ","')
        | {"1,505": TOO_FINE},
        csv={"decimal": ",", "delimiter": ";"},
    ),
]

DOUBLES = [
    cells(
        "doubles of every usual form",
        "double",
        taken={
            "0.1": "0.1",
            "1e3": "1000.0",
            "-1.5E-3": "-0.0015",
            ".5": "0.5",
            "5.": "5.0",
            "+2": "2.0",
            "0e999": "0.0",
            "1.7976931348623157e308": "1.7976931348623157e+308",
            "5e-324": "5e-324",
            "9007199254740993": "9007199254740992.0",
        },
    ),
    cells(
        "doubles too big or too small",
        "double",
        turned_away=dict.fromkeys(["1e999", "-1e309", "9" * 310, "1e-400", "-0.1e-999"], NO_DOUBLE),
    ),
    cells(
        "what is no double",
        "double",
        turned_away=dict.fromkeys(
            [
                "nan",
                "NaN",
                "inf",
                "-Infinity",
                "1e",
                "e3",
                "1e+",
                "1e3.5",
                "1d",
                "1f",
                "0x1p3",
                "1,5",
                "1_0",
                " 1",
                "1 ",
                "--1",
                "１",
                ".",
            ],
            NO_NUMBER,
        ),
    ),
]

LIMITS = [
    cells(
        "below the least",
        {"type": "decimal(18,2)", "min": 0},
        taken={"0": "0.00", "-0.00": "0.00"},
        turned_away={"-0.01": " is below 0"},
    ),
    cells("integers below the least", {"type": "integer", "min": -3}, taken={"-3": "-3"}, turned_away={"-4": " is below -3"}),
    cells(
        "doubles below the least",
        {"type": "double", "min": 0.5},
        taken={"0.5": "0.5"},
        turned_away={"0.4999999999999999": " is below 0.5"},
    ),
    cells(
        "booleans",
        "boolean",
        taken={
            "true": "true",
            "TRUE": "true",
            "t": "true",
            "Yes": "true",
            "1": "true",
            "false": "false",
            "F": "false",
            "no": "false",
            "0": "false",
        },
        turned_away=dict.fromkeys(
            ["on", "y", "2", "-1", "1.0", "00", " true", "true ", "ja", "truе", "ＴＲＵＥ"], " is not a boolean"
        ),
    ),
    cells(
        "a sign that the program itself divides texts by",
        "integer",
        turned_away={"1\x1f2": NO_INTEGER},
    ),
]

ROWS = [*INTEGERS, *DECIMALS, *DOUBLES, *LIMITS]
