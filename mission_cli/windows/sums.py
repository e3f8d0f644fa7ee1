"""Days → sums over spans of days, of all suppliers at once. Pure.

The rows of a source are spread over a grid of days and suppliers. A sum of integers is then what all days through the end of a
span come to, less what those before its begin do, however many spans there are. A sum of doubles depends on its order, so there
it is made day by day; spans that begin together share the work.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

import polars as pl

from mission_cli.formula.roll_sql import count_of

_AT_ONCE = 2_000_000  # places of a grid, or rows of the answer
_KEPT = 32_000_000  # places of all grids of columns that are kept for more spans


@dataclass(frozen=True, slots=True)
class Span:
    """Days that suppliers share, both bounds included."""

    number: int
    first: date
    through: date


class Sums:
    """The sums of some columns, each Int64 or Float64, over spans of days.

    `rows`: `_day`, supplier_id and the columns, at most one row of a supplier and day. Sums of integers must have room in
    64 bits. `keep`: what the days come to is kept for more spans, unless it is too much for memory.
    """

    def __init__(self, rows: pl.DataFrame, columns: Sequence[str], counted: Collection[str] = (), *, keep: bool = False) -> None:
        self._rows, self._columns, self._counted, self._keep = rows, columns, counted, keep
        self._days: list[date] = rows["_day"].unique().sort().to_list()
        self._suppliers = _suppliers_of(rows)
        self._kept: _Grid | None = None

    def over(self, spans: Sequence[Span]) -> pl.DataFrame:
        """Grain: `_span_no`, supplier_id with a row on any of the days; the columns, NULL where there is no value, and of those
        `counted` their `count_of`."""
        if self._kept is None and self._keep and self._places * (1 + 2 * len(self._columns)) <= _KEPT:
            self._kept = _Grid(self._rows, self._days, self._suppliers, keep=True)
            self._rows = self._rows.clear()
        if self._kept is not None:
            found = self._of(self._kept, spans)
            self._kept.let_go()
            return found
        parts = 1 + max(self._places, len(self._suppliers) * len(spans)) // _AT_ONCE
        if parts == 1:
            return self._of(_Grid(self._rows, self._days, self._suppliers), spans)
        part_of = self._rows["supplier_id"].hash() % parts
        some = (self._rows.filter(part_of == part) for part in range(parts))
        return pl.concat(self._of(_Grid(rows, self._days, _suppliers_of(rows)), spans) for rows in some)

    @property
    def _places(self) -> int:
        return len(self._suppliers) * len(self._days)

    def _of(self, grid: _Grid, spans: Sequence[Span]) -> pl.DataFrame:
        bounds = [(bisect_left(self._days, span.first), bisect_right(self._days, span.through)) for span in spans]
        present = grid.rows_in(bounds)
        sums = {name: grid.sums(name, bounds) for name in self._columns}
        counts = {name: grid.counts(name, bounds) for name in self._columns if grid.has_gaps(name)}
        known = [pl.when(counts[name] > 0).then(pl.col(name)) for name in counts]
        numbers = [counts.get(name, present).alias(count_of(name)) for name in self._counted]
        frame = pl.DataFrame({"_span_no": grid.numbers(spans), "supplier_id": grid.suppliers_of(spans), **sums})
        return frame.with_columns(*known, *numbers).filter(present > 0)


def _suppliers_of(rows: pl.DataFrame) -> pl.Series:
    """In the order of partitions, so that the places of a day's rows ascend."""
    return rows["supplier_id"].unique().sort()


_Bounds = Sequence[tuple[int, int]]
"""From the place of a day to that before which the span ends."""


class _Grid:
    """Places of days and suppliers, the suppliers of the first day first. `keep`: what was spread over them, too."""

    def __init__(self, rows: pl.DataFrame, days: list[date], suppliers: pl.Series, *, keep: bool = False) -> None:
        self._keep = keep
        self._suppliers, self._size, self._days = suppliers, len(suppliers), len(days)
        at = pl.DataFrame({"_day": days, "_at": range(len(days))}, schema={"_day": pl.Date, "_at": pl.Int64})
        of_day = rows.select("_day").join(at, on="_day", how="left", maintain_order="left")["_at"]
        of_supplier = rows["supplier_id"].cast(pl.Enum(suppliers)).to_physical().cast(pl.Int64)
        places = (of_day * self._size + of_supplier).cast(pl.UInt32)
        nowhere = pl.repeat(None, self._size * len(days), dtype=pl.UInt32, eager=True)
        self._row_at = nowhere.scatter(places, pl.Series(range(rows.height), dtype=pl.UInt32))
        self._spread = rows.drop("_day", "supplier_id").rechunk()[self._row_at]
        self._gaps = {one.name for one in self._spread if one.null_count() > self._row_at.null_count()}
        self._known: dict[str, list[pl.Series]] = {}

    def let_go(self) -> None:
        """Forget the rows, when all that there is to know of them was asked once and is kept."""
        self._spread, self._row_at = self._spread.clear(), self._row_at.clear()

    def sums(self, name: str, bounds: _Bounds) -> pl.Series:
        """The sums of a column: span by span those of all suppliers."""
        if self._spread.schema[name] == pl.Float64:
            return self._running(name, bounds)
        return self._differences(f"sum:{name}", lambda: self._spread[name].fill_null(0), bounds)

    def counts(self, name: str, bounds: _Bounds) -> pl.Series:
        """The numbers of values of a column."""
        return self._differences(f"count:{name}", lambda: self._spread[name].is_not_null().cast(pl.Int64), bounds)

    def rows_in(self, bounds: _Bounds) -> pl.Series:
        """The numbers of rows."""
        return self._differences("rows", lambda: self._row_at.is_not_null().cast(pl.Int64), bounds)

    def has_gaps(self, name: str) -> bool:
        """Whether some rows have no value of a column."""
        return name in self._gaps

    def numbers(self, spans: Sequence[Span]) -> pl.Series:
        """The number of the span of each sum."""
        parts = [pl.repeat(span.number, self._size, dtype=pl.Int32, eager=True) for span in spans]
        return pl.concat(parts) if parts else pl.Series(dtype=pl.Int32)

    def suppliers_of(self, spans: Sequence[Span]) -> pl.Series:
        """The supplier of each sum."""
        return pl.concat([self._suppliers] * len(spans)) if spans else self._suppliers.clear()

    def _differences(self, key: str, values: Callable[[], pl.Series], bounds: _Bounds) -> pl.Series:
        """Sums of integers, from what all days before each day come to."""
        before = self._once(key, lambda: list(accumulate(self._of_days(values()), initial=self._nothing(pl.Int64))))
        return _joined([before[end] - before[begin] for begin, end in bounds], pl.Int64)

    def _running(self, name: str, bounds: _Bounds) -> pl.Series:
        """Sums of doubles, made in the order of the days."""
        by_day = self._once(f"day:{name}", lambda: self._of_days(self._spread[name].fill_null(0)))
        ends = defaultdict(set)
        for begin, end in bounds:
            ends[begin].add(end)
        nothing, sums = self._nothing(pl.Float64), {}
        for begin, wanted in ends.items():
            for end, found in enumerate(accumulate(by_day[begin : max(wanted)], initial=nothing), begin):
                if end in wanted:
                    sums[begin, end] = found
        return _joined([sums.get(both, nothing) for both in bounds], pl.Float64)

    def _once(self, key: str, made: Callable[[], list[pl.Series]]) -> list[pl.Series]:
        found = self._known.get(key) or made()
        if self._keep:
            self._known[key] = found
        return found

    def _of_days(self, values: pl.Series) -> list[pl.Series]:
        """A series of all suppliers for each day."""
        return [values[day * self._size : (day + 1) * self._size] for day in range(self._days)]

    def _nothing(self, kind: type[pl.DataType]) -> pl.Series:
        return pl.zeros(self._size, dtype=kind, eager=True)


def _joined(sums: list[pl.Series], kind: type[pl.DataType]) -> pl.Series:
    return pl.concat(sums) if sums else pl.Series(dtype=kind)
