"""Rows in the order of several columns, of which the first become one whole number: numbers are sorted in half the time. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

_BITS = 62  # one less than a number has, so that no step overflows


def sorted_rows(rows: pl.DataFrame, first: Sequence[str], others: Sequence[str]) -> pl.DataFrame:
    """The rows in the order of the columns, `first` ones first, NULL last; like `DataFrame.sort`, but that rows which are alike
    in all columns may stand in any order.

    The other columns are looked at only of rows that are alike in the first.
    """
    rows = rows.rechunk()  # to gather from chunks takes ten times as long
    place = _place(rows, first)
    if place is None:
        return rows.sort(*first, *others, nulls_last=True)
    order = place.arg_sort()
    return rows[_with_ties(rows, place, order, others) if others else order]


def _with_ties(rows: pl.DataFrame, place: pl.Series, order: pl.Series, others: Sequence[str]) -> pl.Series:
    """The order, in which those rows that have the same place are put in that of the other columns."""
    placed = place.gather(order)
    alike = (placed == placed.shift(1)).fill_null(value=False)
    tied = (alike | alike.shift(-1, fill_value=False)).arg_true()
    chosen = order.gather(tied)
    among = rows[chosen].select(pl.arg_sort_by(place.gather(chosen), *others, nulls_last=True)).to_series()
    return order.scatter(tied, chosen.gather(among))


def _place(rows: pl.DataFrame, names: Sequence[str]) -> pl.Series | None:
    """A number for each row, which is greater where the row comes later; None when 62 bits are not enough, or a column is of a
    kind that has no such numbers."""
    place, room = pl.zeros(rows.height, dtype=pl.Int64, eager=True), _BITS
    for name in names:
        values = _numbered(rows[name])
        least, most = (values.min(), values.max()) if values is not None else (None, None)
        if values is None or not isinstance(least, int | None) or not isinstance(most, int | None):
            return None
        missing = (most or 0) - (least or 0) + 1
        room -= missing.bit_length()
        if room < 0:
            return None
        place = place * (1 << missing.bit_length()) + (values.cast(pl.Int64) - (least or 0)).fill_null(missing)
    return place


def _numbered(values: pl.Series) -> pl.Series | None:
    """The values as whole numbers in the same order; a text is its place among all of them."""
    if values.dtype == pl.String:
        return values.cast(pl.Enum(values.drop_nulls().unique().sort())).to_physical()
    return values.to_physical() if values.dtype.is_integer() or values.dtype.is_temporal() else None
