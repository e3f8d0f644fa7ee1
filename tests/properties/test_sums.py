"""Sums of doubles over spans are those of adding one day after the other, to the last bit."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from mission_cli.windows.sums import Span, sums_of_spans

_FIRST = date(2026, 3, 1)
_DAYS = st.integers(0, 20).map(lambda n: _FIRST + timedelta(days=n))
_NUMBERS = st.floats(allow_nan=False, allow_infinity=True)
_ROWS = st.dictionaries(st.tuples(_DAYS, st.sampled_from("abc")), st.one_of(st.none(), _NUMBERS), max_size=40)
_SPANS = st.lists(st.tuples(_DAYS, st.integers(0, 20)), max_size=8)


@given(_ROWS, _SPANS)
def test_like_a_loop(values: dict[tuple[date, str], float | None], asked: list[tuple[date, int]]) -> None:
    spans = [Span(number, first, first + timedelta(days=more)) for number, (first, more) in enumerate(asked)]
    rows = pl.DataFrame(
        [(day, supplier, value) for (day, supplier), value in values.items()],
        schema={"_day": pl.Date, "supplier_id": pl.String, "km": pl.Float64},
        orient="row",
    )
    found = {(number, supplier): value for number, supplier, value in sums_of_spans(rows, spans, "km").rows()}
    for span in spans:
        for supplier in "abc":
            total = 0.0
            for day in sorted(day for day, who in values if who == supplier and span.first <= day <= span.through):
                total += values[day, supplier] or 0.0
            assert repr(found.get((span.number, supplier), 0.0)) == repr(total + 0.0)


def test_nothing_to_add_up() -> None:
    nothing = pl.DataFrame(schema={"_day": pl.Date, "supplier_id": pl.String, "km": pl.Float64})
    assert sums_of_spans(nothing, [Span(1, _FIRST, _FIRST)], "km").is_empty()
    assert sums_of_spans(nothing, [], "km").schema == {"_span_no": pl.Int32, "supplier_id": pl.String, "km": pl.Float64}
