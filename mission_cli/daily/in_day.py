"""What becomes of the values of a supplier's orders within a day, as Polars aggregates over orders sorted by time and key."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from mission_cli.model.columns import DataType
from mission_cli.model.expression import Type
from mission_cli.model.metrics import DailyMetric, InDay, state_column

_MOST_UNITS = 10**37  # of the last place of a decimal of 38 digits


def has_room(values: pl.Series) -> bool:
    """Whether the sum of any of the values of orders surely fits in 38 digits; said of decimals alone."""
    if not isinstance(values.dtype, pl.Decimal):
        return False
    ends = [end for end in (values.min(), values.max()) if isinstance(end, Decimal)]
    return max((abs(int(end.scaleb(values.dtype.scale))) for end in ends), default=0) * len(values) < _MOST_UNITS


def day_columns(metric: DailyMetric, *, has_room: bool) -> list[pl.Expr]:
    """The day's value under the metric's id, NULL when no order counts, and the merge state that its window needs."""
    value = pl.col(metric.id)
    found = value.count() > 0
    match metric.in_day:
        case InDay.SUM:
            return [_sum(value, metric.data_type, has_room=has_room).alias(metric.id)]
        case InDay.COUNT:
            return [pl.when(found).then(value.count().cast(pl.Int64)).alias(metric.id)]
        case InDay.MIN:
            return [value.min()]
        case InDay.MAX:
            return [value.max()]
        case InDay.AVG:
            return _mean(metric, has_room=has_room)
        case InDay.FIRST | InDay.LAST:
            return _end(metric)
        case InDay.DISTINCT:
            values = value.drop_nulls().unique().sort()
            count = pl.when(found).then(value.drop_nulls().n_unique().cast(pl.Int64)).alias(metric.id)
            kept = [values.implode().alias(state_column(metric.id, part)) for part in metric.state]
            return [count, *kept]


def stored_columns(metric: DailyMetric) -> list[pl.Expr]:
    """The columns as partitions keep them."""
    kinds = {"sum": metric.data_type, "count": DataType(Type.INTEGER)}
    return [
        _stored(pl.col(metric.id), metric.day_type),
        *(
            _stored(column, kinds[part]) if part in kinds else column
            for part in metric.state
            for column in [pl.col(state_column(metric.id, part))]
        ),
    ]


def _mean(metric: DailyMetric, *, has_room: bool) -> list[pl.Expr]:
    """The mean as a double, of an exact sum where the type is exact. A sum that does not fit is no data, and has no count."""
    value = pl.col(metric.id)
    total, count = _sum(value, metric.data_type, has_room=has_room), value.count().cast(pl.Int64)
    if metric.data_type.type is Type.INTEGER:
        total = total.cast(pl.Int64, strict=False)
    mean = (total.cast(pl.Float64) / count).alias(metric.id)
    state = {"sum": total, "count": pl.when(total.is_not_null()).then(count)}
    return [mean, *(state[part].alias(state_column(metric.id, part)) for part in metric.state)]


def _end(metric: DailyMetric) -> list[pl.Expr]:
    """The value of the first or the last order that has one, and its time."""
    value = pl.col(metric.id)
    valued = value.drop_nulls()
    times = [pl.col("_time").filter(value.is_not_null()) for _ in metric.state]
    if metric.in_day is InDay.FIRST:
        return [valued.first(), *(time.first().alias(state_column(metric.id, "time")) for time in times)]
    return [valued.last(), *(time.last().alias(state_column(metric.id, "time")) for time in times)]


def _sum(value: pl.Expr, kind: DataType, *, has_room: bool) -> pl.Expr:
    """The sum of the values that count, NULL when none does. `has_room`: it is sure to fit, so that need not be asked."""
    match kind.type:
        case Type.INTEGER:
            total = value.cast(pl.Int128).sum()
        case Type.DOUBLE:
            total = value.drop_nulls().implode().list.sum()  # one list in a fixed order: the same whatever the threads
        case _ if has_room:
            total = value.sum()
        case _:
            room = 0.99 * 10.0 ** (38 - kind.scale)  # beyond 38 digits a sum would wrap around: it is no data
            fits = value.cast(pl.Float64).abs().sum() < room
            return pl.when((value.count() > 0) & fits).then(pl.when(fits).then(value).sum())
    return pl.when(value.count() > 0).then(total)


def _stored(column: pl.Expr, kind: DataType) -> pl.Expr:
    match kind.type:
        case Type.INTEGER:
            return column.cast(pl.Int64, strict=False)  # beyond 64 bits: no data
        case Type.DECIMAL:
            return column.cast(pl.Decimal(38, kind.scale))
        case _:
            return column.cast(pl.Float64)
