"""What one order adds to a metric, as SQL: used by the partition kernel and, for the same numbers, by explanations."""

from __future__ import annotations

from mission_cli.formula.emit import over_orders
from mission_cli.model.expression import Type
from mission_cli.model.project import DailyMetric


def order_value(metric: DailyMetric) -> str:
    """SQL over a source's columns: the order's value, NULL when `where` filters it or it has none."""
    assert metric.expression is not None, "a SQL metric has no value per order"
    value = f"TRY_CAST({over_orders(metric.expression.tree)} AS {metric.data_type.total_sql})"
    if metric.data_type.type is Type.DOUBLE:
        value = f"CASE WHEN isfinite({value}) THEN {value} END"
    if metric.where is None:
        return value
    return f"CASE WHEN {over_orders(metric.where.tree)} THEN {value} END"
