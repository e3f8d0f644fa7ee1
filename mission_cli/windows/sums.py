"""Sums of doubles over spans of days. Such a sum depends on its order, so it is made in the order of the days. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl


@dataclass(frozen=True, slots=True)
class Span:
    """Days that suppliers share, both bounds included."""

    number: int
    first: date
    through: date


def sums_of_spans(rows: pl.DataFrame, spans: Sequence[Span], name: str) -> pl.DataFrame:
    """The sums of a column over the days of each span, as if one day after the other were added.

    `rows`: `_day`, supplier_id and the column, at most one row of a supplier and day. Grain of the answer: `_span_no`,
    supplier_id, where the sum is not 0. All suppliers are added up at once, a day at a time, and spans that
    begin together share the work.
    """
    ending: dict[date, dict[date, list[int]]] = defaultdict(lambda: defaultdict(list))
    for span in spans:
        ending[span.first][span.through].append(span.number)
    days = rows["_day"].unique().sort().to_list()
    wide = rows.pivot("_day", on_columns=days, index="supplier_id", values=name, maintain_order=True)
    found = {day: wide[str(day)].fill_null(0.0) for day in days}
    parts = [pl.DataFrame(schema={"_span_no": pl.Int32, "supplier_id": pl.String, name: pl.Float64})]
    for first, numbers in ending.items():
        for through, sums in _running(found, first, sorted(numbers)):
            summed = pl.DataFrame({"supplier_id": wide["supplier_id"], name: sums})
            parts += [summed.select(pl.lit(number, pl.Int32).alias("_span_no"), pl.all()) for number in numbers[through]]
    return pl.concat(parts).filter(pl.col(name) != 0)


def _running(found: Mapping[date, pl.Series], first: date, ends: Sequence[date]) -> Iterator[tuple[date, pl.Series]]:
    """The sums from a day through each of `ends`; of those before any value nothing."""
    sums: pl.Series | None = None
    days = iter([day for day in found if first <= day <= ends[-1]])
    day = next(days, None)
    for through in ends:
        while day is not None and day <= through:
            sums = found[day] if sums is None else sums + found[day]
            day = next(days, None)
        if sums is not None:
            yield through, sums
