"""Days → sums over spans of days, of all suppliers at once. Pure.

The rows of a source are spread over a grid of days and suppliers. A sum of integers is then what all days through the end of a
span come to, less what those before its begin do, however many spans there are. A sum of doubles depends on its order, so there
it is made day by day; spans that begin together share the work.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

import polars as pl

from mission_cli.formula.roll_sql import count_of

_AT_ONCE = 2_000_000  # places of a grid, or rows of the answer


@dataclass(frozen=True, slots=True)
class Span:
    """Days that suppliers share, both bounds included."""

    number: int
    first: date
    through: date


def sums_of_spans(
    rows: pl.DataFrame, spans: Sequence[Span], columns: Sequence[str], counted: Collection[str] = ()
) -> pl.DataFrame:
    """The sums of some columns, each Int64 or Float64, over the days of each span.

    `rows`: `_day`, supplier_id and the columns, at most one row of a supplier and day. Sums of integers must have room in
    64 bits. Grain of the answer: `_span_no`, supplier_id with a row on any of the days; the columns, NULL where there is no
    value, and of those `counted` their `count_of`.
    """
    days = rows["_day"].unique().sort().to_list()
    suppliers = rows["supplier_id"].n_unique()
    parts = 1 + suppliers * max(len(days), len(spans)) // _AT_ONCE
    if parts == 1:
        return _sums(rows, days, spans, columns, counted)
    part_of = rows["supplier_id"].hash() % parts
    return pl.concat(_sums(rows.filter(part_of == part), days, spans, columns, counted) for part in range(parts))


def _sums(
    rows: pl.DataFrame, days: list[date], spans: Sequence[Span], columns: Sequence[str], counted: Collection[str]
) -> pl.DataFrame:
    grid = _Grid(rows, days, spans)
    present = grid.differences(pl.repeat(1, rows.height, dtype=pl.Int64, eager=True))
    sums, counts = {}, {}
    for name in columns:
        values = rows[name]
        sums[name] = (grid.running if values.dtype == pl.Float64 else grid.differences)(values)
        if values.null_count() > 0:
            counts[name] = grid.differences(values.is_not_null().cast(pl.Int64))
    known = [pl.when(counts[name] > 0).then(pl.col(name)) for name in counts]
    numbers = [counts.get(name, present).alias(count_of(name)) for name in counted]
    frame = pl.DataFrame({"_span_no": grid.numbers(), "supplier_id": grid.suppliers_of_spans(), **sums})
    return frame.with_columns(*known, *numbers).filter(present > 0)


class _Grid:
    """Places of days and suppliers, the suppliers of the first day first; and between which days the spans lie."""

    def __init__(self, rows: pl.DataFrame, days: list[date], spans: Sequence[Span]) -> None:
        self._suppliers = rows["supplier_id"].unique()
        self._size, self._days = len(self._suppliers), len(days)
        at = pl.DataFrame({"_day": days, "_at": range(len(days))}, schema={"_day": pl.Date, "_at": pl.Int64})
        of_day = rows.select("_day").join(at, on="_day", how="left", maintain_order="left")["_at"]
        of_supplier = rows["supplier_id"].cast(pl.Enum(self._suppliers)).to_physical().cast(pl.Int64)
        self._places = (of_day * self._size + of_supplier).cast(pl.UInt32)
        self._bounds = [(bisect_left(days, span.first), bisect_right(days, span.through)) for span in spans]
        self._spans = spans

    def differences(self, values: pl.Series) -> pl.Series:
        """Sums of integers: span by span those of all suppliers."""
        before = list(accumulate(self._by_day(values), initial=self._nothing(values)))
        return self._joined([before[end] - before[begin] for begin, end in self._bounds], values)

    def running(self, values: pl.Series) -> pl.Series:
        """Sums of doubles, made in the order of the days."""
        by_day, ends = self._by_day(values), defaultdict(set)
        for begin, end in self._bounds:
            ends[begin].add(end)
        sums = {}
        for begin, wanted in ends.items():
            for end, found in enumerate(accumulate(by_day[begin : max(wanted)], initial=self._nothing(values)), begin):
                if end in wanted:
                    sums[begin, end] = found
        nothing = self._nothing(values)
        return self._joined([sums.get(bounds, nothing) for bounds in self._bounds], values)

    def numbers(self) -> pl.Series:
        """The number of the span of each sum."""
        parts = [pl.repeat(span.number, self._size, dtype=pl.Int32, eager=True) for span in self._spans]
        return pl.concat(parts) if parts else pl.Series(dtype=pl.Int32)

    def suppliers_of_spans(self) -> pl.Series:
        """The supplier of each sum."""
        return pl.concat([self._suppliers] * len(self._spans)) if self._spans else self._suppliers.clear()

    def _by_day(self, values: pl.Series) -> list[pl.Series]:
        spread = pl.zeros(self._size * self._days, dtype=values.dtype, eager=True)
        spread = spread.scatter(self._places, values.fill_null(0))
        return [spread[day * self._size : (day + 1) * self._size] for day in range(self._days)]

    def _nothing(self, values: pl.Series) -> pl.Series:
        return pl.zeros(self._size, dtype=values.dtype, eager=True)

    def _joined(self, sums: list[pl.Series], values: pl.Series) -> pl.Series:
        return pl.concat(sums) if sums else pl.Series(dtype=values.dtype)
