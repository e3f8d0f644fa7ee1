"""Rows are put in the order that sorting by every column gives."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission_cli.orders.sorting import sorted_rows

_MOMENTS = st.integers(-(10**15), 10**15) | st.integers(0, 3)
_TIMES = _MOMENTS.map(lambda n: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(microseconds=n))
_WHOLE = st.integers(0, 3) | st.sampled_from([-(2**63), 2**63 - 1])
_KINDS = {
    "text": (pl.String, st.text(max_size=2)),
    "whole": (pl.Int64, _WHOLE),
    "decimal": (pl.Decimal(18, 2), st.integers(0, 3).map(Decimal)),
    "date": (pl.Date, st.integers(0, 40_000).map(lambda n: date(1970, 1, 1) + timedelta(days=n))),
    "time": (pl.Datetime("us", "UTC"), _TIMES),
}


@pytest.mark.parametrize("supplier", ["text", "whole", "decimal"])
@pytest.mark.parametrize("time", ["date", "time"])
@given(data=st.data())
def test_like_sorting_by_every_column(supplier: str, time: str, data: st.DataObject) -> None:
    schema = {"supplier": _KINDS[supplier][0], "time": _KINDS[time][0], "key": pl.String}
    row = st.tuples(st.none() | _KINDS[supplier][1], st.none() | _KINDS[time][1], st.none() | st.text(max_size=2))
    rows = pl.DataFrame(data.draw(st.lists(row, max_size=30)), schema=schema, orient="row")
    assert sorted_rows(rows, ["supplier", "time"], ["key"]).equals(rows.sort("supplier", "time", "key", nulls_last=True))
