"""What fuzzing found in the loader, each as the smallest file that shows it."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mission_cli.staging.readers.parquet_file import parquet_jobs
from mission_cli.staging.readers.portion import UnreadableFile
from tests.fuzz.loader import Got, Loader
from tests.fuzz.mutate import bit_flipped
from tests.fuzz.spec import Column, Spec

UTC = "UTC"
ID = Column("order_id", "string", "order_id", UTC, required=True)
DAY = Column("at", "date", "at", UTC)


def source(*columns: Column, **options: Any) -> Spec:
    """A source of orders with a date, and some more columns."""
    defaults: dict[str, Any] = {"timezone": UTC, "day_start": 0, "updated": "", "final": "", "max_rejects": Decimal(1)}
    return Spec(columns=(ID, DAY, *columns), key=("order_id",), supplier="order_id", time="at", **(defaults | options))


def staged(folder: Path, spec: Spec, name: str, content: bytes, portion: int | None = None) -> Got:
    """What the loader makes of one file."""
    path = folder / name
    path.write_bytes(content)
    return Loader(spec, folder).stage([(1, path)], portion=portion)[1]


def parquet(columns: dict[str, Any]) -> bytes:
    """A file of the columns, compressed as others do it."""
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def test_a_byte_order_mark_that_begins_a_portion_is_text(tmp_path: Path) -> None:
    """Arrow takes it for the beginning of a file."""
    got = staged(tmp_path, source(), "1.csv", "order_id,at\n\ufeffA1,2024-05-06\n\ufeffA2,2024-05-06\n".encode())
    assert [row[0] for row in got.rows.values()] == ["\ufeffA1", "\ufeffA2"]


def test_a_byte_order_mark_after_a_record_with_too_many_fields_is_text(tmp_path: Path) -> None:
    got = staged(tmp_path, source(), "1.csv", "order_id,at\nx,y,z\n\ufeffA1,2024-05-06\n".encode())
    assert [row[0] for row in got.rows.values()] == ["\ufeffA1"]


def test_an_exponent_beyond_all_bounds_is_no_number(tmp_path: Path) -> None:
    """Python's Decimal raises for it; one record must not end the run."""
    lines = [
        f'{{"order_id": "{n}", "at": "2024-05-06", "fare": {text}}}' for n, text in enumerate(("1e99999999999999999999", "2"))
    ]
    spec = source(Column("fare", "decimal", "fare", UTC, 18, 2))
    got = staged(tmp_path, spec, "1.jsonl", "\n".join(lines).encode())
    assert {line: column for line, (column, _, _) in got.rejects.items()} == {1: "fare"}
    assert got.rows[2][2] == 2


def test_small_decimals_of_parquet_are_numbers(tmp_path: Path) -> None:
    """Arrow writes them with an exponent: a zero of nine places is 0E-9."""
    fares = [Decimal("0E-9"), Decimal("0.000000001"), None, Decimal("-123.5")]
    rows = {"order_id": [*"abcd"], "at": ["2024-05-06"] * 4, "fare": pa.array(fares, pa.decimal128(18, 9))}
    spec = source(Column("fare", "decimal", "fare", UTC, 18, 9))
    got = staged(tmp_path, spec, "1.parquet", parquet(rows))
    assert [row[2] for row in got.rows.values()] == fares


def test_large_and_small_floats_of_parquet_are_numbers(tmp_path: Path) -> None:
    """From 10 ** 15 on and below a millionth Arrow writes them with an exponent."""
    rows = {"order_id": [1e15, 2.0], "at": ["2024-05-06"] * 2, "n": [3e15, 4.0], "fare": [1e-7, 5e20], "d": [1e-300, 1e300]}
    kinds = (Column("n", "integer", "n", UTC), Column("fare", "decimal", "fare", UTC, 38, 7), Column("d", "double", "d", UTC))
    got = staged(tmp_path, source(*kinds), "1.parquet", parquet(rows))
    assert [row[:1] + row[2:5] for row in got.rows.values()] == [
        ("1000000000000000", 3 * 10**15, Decimal("0.0000001"), "1e-300"),
        ("2", 4, Decimal(5 * 10**20), "1e+300"),
    ]


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        ("Australia/Lord_Howe", "2024-04-07T01:45:00", "2024-04-06T14:45:00Z"),  # back by half an hour
        ("Antarctica/Troll", "2024-10-27T02:30:00", "2024-10-27T00:30:00Z"),  # by two hours
        ("America/Caracas", "2007-12-09T02:45:00", "2007-12-09T06:45:00Z"),  # by half an hour, for good
        ("Europe/Berlin", "2024-10-27T02:30:00", "2024-10-27T00:30:00Z"),
        ("Europe/Berlin", "2024-03-31T02:30:00", "2024-03-31T01:30:00Z"),  # skipped
    ],
)
def test_a_wall_clock_time_that_comes_twice_is_the_first_however_far_clocks_go_back(
    tmp_path: Path, zone: str, wall: str, instant: str
) -> None:
    spec = source(Column("made", "timestamp", "made", zone, says_timezone=True))
    got = staged(tmp_path, spec, "1.csv", f"order_id,at,made\na,2024-05-06,{wall}\nb,2024-05-06,{instant}\n".encode())
    assert got.rows[2][2] == got.rows[3][2]


@pytest.mark.parametrize("offset", ["Z", " Z", "UTC", " UTC", "+00", " +00", "-0000", " -0000", "+00:00", " +00:00"])
def test_an_offset_may_stand_after_a_blank(tmp_path: Path, offset: str) -> None:
    """As Ruby on Rails writes it, for one. DuckDB's own cast takes none, but for UTC, which it takes with a blank only."""
    got = staged(
        tmp_path,
        source(Column("made", "timestamp", "made", "Asia/Tokyo", says_timezone=True)),
        "1.csv",
        f"order_id,at,made\na,2024-05-06,2024-05-06 08:00:00.5{offset}\n".encode(),
    )
    assert got.rows[2][2] == 1_714_982_400_500_000


@pytest.mark.parametrize(
    ("written", "text", "is_taken"),
    [
        ("%d/%m/%Y %H:%M", "06/05/2024 08:00", True),
        ("%d/%m/%Y %H:%M", "6/5/2024 8:00", True),
        ("%d/%m/%Y %H:%M", "infinity", False),  # DuckDB alone takes it for 1900-01-01
        ("%d/%m/%Y %H:%M", "-infinity", False),
        ("%d/%m/%Y %H:%M", "epoch", False),
        ("%d/%m/%Y %H:%M", "06/05/24 08:00", False),  # for the year 24
        ("%d/%m/%Y %H:%M", " 06/05/2024 08:00 ", False),
        ("%d/%m/%y %H:%M", "06/05/24 08:00", True),
        ("%Y-%j", "2023-365", True),
        ("%Y-%j", "2023-366", False),  # for 2024-01-01
        ("%Y-%j", "2024-366", True),
        ("%d %b %Y %H:%M:%S.%f", " 6 May 2024 08:00:00.5", False),
        ("%d %b %Y %H:%M:%S.%f", "6  may 2024 08:00:00.5", True),
        ("%d.%m.%Y %H:%M %z", "06.05.2024 08:00 +05:30", True),
        ("%d.%m.%Y %H:%M %z", "06.05.2024 08:00 +99:99", False),
        ("%d.%m.%Y %H:%M %z", "06.05.2024 08:00 +05:30:15", False),
    ],
)
def test_a_time_in_a_format_is_taken_as_it_is_written(tmp_path: Path, written: str, text: str, is_taken: bool) -> None:
    spec = source(Column("made", "timestamp", "made", UTC), formats=(written,))
    got = staged(tmp_path, spec, "1.csv", f"order_id,at,made\na,2024-05-06,{text}\n".encode())
    assert {line: column for line, (column, _, _) in got.rejects.items()} == ({} if is_taken else {2: "made"})


@pytest.mark.parametrize(
    ("column", "minimum", "taken", "refused"),
    [
        (Column("n", "decimal", "n", UTC, 38, 0), "0.5", "1", "0"),
        (Column("n", "decimal", "n", UTC, 38, 0), "-0.5", "0", "-1"),
        (Column("n", "decimal", "n", UTC, 38, 0), "0.5", "9" * 38, "-" + "9" * 38),
        (Column("n", "decimal", "n", UTC, 4, 2), "0.001", "0.01", "0.00"),
        (Column("n", "decimal", "n", UTC, 4, 2), "-1e30", "-99.99", ""),
        (Column("n", "integer", "n", UTC), "0.00000000000000000001", "9223372036854775807", "-9223372036854775808"),
        (Column("n", "integer", "n", UTC), "1e30", "", "9223372036854775807"),
        (Column("n", "integer", "n", UTC), "5000000000000000000", "5000000000000000000", "4999999999999999999"),
        (Column("n", "decimal", "n", UTC, 38, 0), "1e38", "", "9" * 38),
        (Column("n", "integer", "n", UTC), "-9223372036854775808", "-9223372036854775808", ""),
        (Column("n", "double", "n", UTC), "0.1", "0.1", "0.09999999999999999"),
        (Column("n", "double", "n", UTC), "-1e300", "-1e300", "-1.1e300"),
    ],
)
def test_a_minimum_of_more_places_than_the_column_ends_no_run(
    tmp_path: Path, column: Column, minimum: str, taken: str, refused: str
) -> None:
    """DuckDB compares both in a type that may not hold the value, and raises."""
    spec = source(replace(column, minimum=Decimal(minimum)))
    got = staged(tmp_path, spec, "1.csv", f"order_id,at,n\na,2024-05-06,{taken}\nb,2024-05-06,{refused}\n".encode())
    assert list(got.rejects) == ([3] if refused else [])


@pytest.mark.parametrize("name", ["1.csv.gz", "1.csv.zst", "1.jsonl.gz"])
def test_an_archive_of_no_bytes_is_refused(tmp_path: Path, name: str) -> None:
    """Python's gzip reads it as an archive of nothing, so that a file cut at its first byte would be loaded as empty."""
    got = staged(tmp_path, source(), name, b"")
    assert got.refused == f"is empty: not even a {'zstd' if name.endswith('zst') else 'gzip'} archive"


def test_a_line_feed_in_quotes_ends_no_portion_of_lines_that_end_in_carriage_returns(tmp_path: Path) -> None:
    """Portions were cut at the last line feed, wherever the last carriage return was, so that this one held up all others."""
    lines = ["order_id,at", '"a\nb",2024-05-06', *(f"A{n},2024-05-06" for n in range(400))]
    spec = source(longest=1000)
    got = staged(tmp_path, spec, "1.csv", "\r".join(lines).encode(), portion=64)
    assert (got.refused, got.records) == (None, 401)


@pytest.mark.parametrize("quote", ["«", '"', ""])  # read with care, and quickly
@pytest.mark.parametrize(("letters", "is_taken"), [(300, True), (340, False)])
def test_the_length_of_a_record_is_one_of_bytes_however_it_is_read(
    tmp_path: Path, quote: str, letters: int, is_taken: bool
) -> None:
    text = f"order_id,at\n{quote}{'€' * letters}{quote},2024-05-06\nb,2024-05-06\n"
    got = staged(tmp_path, source(longest=1000, quote=quote), "1.csv", text.encode())
    assert (got.refused is None) == is_taken


def test_a_page_of_parquet_that_says_to_hold_more_values_shifts_no_other(tmp_path: Path) -> None:
    """Checksums of pages do not cover their headers. Every bit of one is turned over, in a row group that others follow."""
    out = io.BytesIO()
    names = [f"A{number}" if number % 3 else None for number in range(15)]
    table = pa.table({"order_id": pa.array(names), "at": ["2024-05-06"] * 15})
    pq.write_table(table, out, row_group_size=5, use_dictionary=False, write_page_checksum=True, compression="none")
    content = out.getvalue()
    first = pq.ParquetFile(out).metadata.row_group(1).column(0).data_page_offset * 8
    path, orders = tmp_path / "1.parquet", Loader(source(), tmp_path).source
    for bit in range(first, first + 25 * 8):
        path.write_bytes(bit_flipped(content, bit))
        cells: list[str | None] = []
        with suppress(UnreadableFile):
            portions = [job() for job in parquet_jobs(path, orders)]
            cells = [cell for portion in portions for cell in portion.cells[0].to_pylist()]
        assert cells in ([], names), bit


def test_a_record_with_a_list_for_a_value_names_its_columns(tmp_path: Path) -> None:
    """It was told that no record names them."""
    got = staged(tmp_path, source(), "1.jsonl", b'{"order_id": "a", "at": ["2024-05-06"]}\n')
    assert got.refused is None
    assert {line: reject[:2] for line, reject in got.rejects.items()} == {1: ("at", "holds a list, not a value")}
