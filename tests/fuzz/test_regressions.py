"""What fuzzing found in the loader, each as the smallest file that shows it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.fuzz.loader import Got, Loader
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


def test_a_byte_order_mark_that_begins_a_portion_is_text(tmp_path: Path) -> None:
    """Arrow takes it for the beginning of a file."""
    got = staged(tmp_path, source(), "1.csv", "order_id,at\n\ufeffA1,2024-05-06\n\ufeffA2,2024-05-06\n".encode())
    assert [row[0] for row in got.rows.values()] == ["\ufeffA1", "\ufeffA2"]


def test_a_byte_order_mark_after_a_record_with_too_many_fields_is_text(tmp_path: Path) -> None:
    got = staged(tmp_path, source(), "1.csv", "order_id,at\nx,y,z\n\ufeffA1,2024-05-06\n".encode())
    assert [row[0] for row in got.rows.values()] == ["\ufeffA1"]


def test_an_exponent_beyond_all_bounds_is_no_number(tmp_path: Path) -> None:
    """Python's Decimal raises for it; one record must not end the run."""
    lines = [f'{{"order_id": "{n}", "at": "2024-05-06", "fare": {text}}}' for n, text in enumerate(("1e99999999999999999999", "2"))]
    spec = source(Column("fare", "decimal", "fare", UTC, 18, 2))
    got = staged(tmp_path, spec, "1.jsonl", "\n".join(lines).encode())
    assert {line: column for line, (column, _, _) in got.rejects.items()} == {1: "fare"}
    assert got.rows[2][2] == 2
