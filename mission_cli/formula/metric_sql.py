"""What one order adds to a metric, as SQL: used by the partition kernel and, for the same numbers, by explanations."""

from __future__ import annotations

from mission_cli.formula.emit import over_orders
from mission_cli.model.columns import DataType
from mission_cli.model.expression import Type
from mission_cli.model.metrics import DailyMetric, InDay


def order_value(metric: DailyMetric) -> str:
    """SQL over a source's columns: the order's value, NULL when `where` filters it or it has none.

    Of metrics that count, orders or different values, it is whatever the expression gives; else a number of the metric's type.
    """
    assert metric.expression is not None, "a SQL metric has no value per order"
    value = over_orders(metric.expression.tree)
    kind = metric.data_type
    if metric.in_day in (InDay.COUNT, InDay.DISTINCT):
        value = value if metric.expression.type is not Type.NULL else "CAST(NULL AS BIGINT)"
        kind = DataType(metric.expression.type)
    else:
        value = f"TRY_CAST({value} AS {kind.total_sql})"
    if kind.type is Type.DOUBLE:
        value = f"CASE WHEN isfinite({value}) THEN {value} + 0 END"
    if metric.where is None:
        return value
    return f"CASE WHEN {over_orders(metric.where.tree)} THEN {value} END"
