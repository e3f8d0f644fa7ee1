"""Sums over spans are those of adding one day after the other: of integers exactly, of doubles to the last bit."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission_cli.formula.roll_sql import count_of
from mission_cli.windows import sums
from mission_cli.windows.sums import Span, Sums

_FIRST = date(2026, 3, 1)
_DAYS = st.integers(0, 20).map(lambda n: _FIRST + timedelta(days=n))
_DOUBLES = st.floats(allow_nan=False, allow_infinity=False)
_VALUES = st.tuples(st.none() | st.integers(-(10**12), 10**12), st.none() | _DOUBLES)
_ROWS = st.dictionaries(st.tuples(_DAYS, st.sampled_from("abc")), _VALUES, max_size=40)
_SPANS = st.lists(st.tuples(_DAYS, st.integers(0, 20)), max_size=8)
_SCHEMA = {"_day": pl.Date, "supplier_id": pl.String, "fares": pl.Int64, "km": pl.Float64}

_Values = dict[tuple[date, str], tuple[int | None, float | None]]


@pytest.mark.parametrize("at_once", [2_000_000, 7])
@pytest.mark.parametrize("keep", [True, False])
@given(values=_ROWS, asked=_SPANS, before=_SPANS)
def test_like_a_loop(
    at_once: int, keep: bool, values: _Values, asked: list[tuple[date, int]], before: list[tuple[date, int]]
) -> None:
    rows = pl.DataFrame([(*key, *found) for key, found in values.items()], schema=_SCHEMA, orient="row")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sums, "_AT_ONCE", at_once)
        sums_of_rows = Sums(rows, ["fares", "km"], ["fares", "km"], keep=keep)
        for spans in map(_spans, (before, asked)):
            found = sums_of_rows.over(spans)
    assert found.schema == {
        "_span_no": pl.Int32,
        "supplier_id": pl.String,
        "fares": pl.Int64,
        "km": pl.Float64,
        count_of("fares"): pl.Int64,
        count_of("km"): pl.Int64,
    }
    assert sorted(map(repr, found.rows())) == sorted(map(repr, _looped(_spans(asked), values)))


def _spans(asked: list[tuple[date, int]]) -> list[Span]:
    return [Span(number, first, first + timedelta(days=more)) for number, (first, more) in enumerate(asked)]


def _looped(spans: list[Span], values: _Values) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for span in spans:
        for supplier in "abc":
            days = sorted(day for day, who in values if who == supplier and span.first <= day <= span.through)
            fares = [fare for day in days if (fare := values[day, supplier][0]) is not None]
            km = [value for day in days if (value := values[day, supplier][1]) is not None]
            total = 0.0
            for value in km:
                total += value
            if days:
                rows.append((span.number, supplier, sum(fares) if fares else None, total if km else None, len(fares), len(km)))
    return rows
