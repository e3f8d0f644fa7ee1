"""Metrics over window totals, as SQL in double precision: used to judge missions and, for the same numbers, to explain them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

from mission_cli.formula.emit import identifier, over_totals, text_literal
from mission_cli.formula.graph import in_levels
from mission_cli.formula.roll_sql import rolled_metrics
from mission_cli.model.expression import Expression, Type
from mission_cli.model.metrics import DailyMetric, DayFormulaMetric, FormulaMetric
from mission_cli.model.project import Project


def value_layers(project: Project, used: Collection[str], base: str) -> list[str]:
    """Common table expressions ending in `valued`: the columns of `base` and every used metric as DOUBLE, defaults in.

    `base` is a query that gives the total of each used metric that is not a formula over the window (exact ones of daily
    metrics) under its name, and any other columns. A formula stands in the layer after those it needs, so a shared one is
    computed once. Whether it is finite is asked of its column, in a layer of its own: within one expression it would have to
    be computed twice.
    """
    layers = [first_layer([metric for metric in rolled_metrics(project) if metric.id in used], base)]
    for number, level in enumerate(formula_levels(project, used)):
        loose = ", ".join(f"{over_totals(m.formula.tree, loose=True)} AS {identifier(m.id)}" for m in level)
        own = ", ".join(f"{with_default(finite(identifier(m.id)), m.default)} AS {identifier(m.id)}" for m in level)
        layers.append(f"loose_{number + 1} AS (SELECT *, {loose} FROM level_{number})")
        layers.append(f"level_{number + 1} AS (SELECT * REPLACE ({own}) FROM loose_{number + 1})")
    return [*layers, f"valued AS (SELECT * FROM level_{len(layers) // 2})"]


def first_layer(metrics: Sequence[DailyMetric | DayFormulaMetric], base: str) -> str:
    """`level_0`: the metrics as DOUBLE, defaults in."""
    casts = ", ".join(f"{_rolled(metric)} AS {identifier(metric.id)}" for metric in metrics)
    return f"level_0 AS (SELECT {f'* REPLACE ({casts})' if casts else '*'} FROM ({base}))"


def formula_levels(project: Project, used: Collection[str]) -> list[list[FormulaMetric]]:
    """The used formula metrics of windows in levels: each needs only rolled metrics and earlier levels."""
    needs = {metric.id: metric.formula.names for metric in project.metrics if isinstance(metric, FormulaMetric)}
    levels = in_levels({name: names for name, names in needs.items() if name in used})
    return [[metric for name in level if isinstance(metric := project.metric(name), FormulaMetric)] for level in levels]


def formula_value(formula: Expression) -> str:
    """SQL for the value of a formula over `valued`, where all is finite; NULL for NaN, infinity and overflow, and never -0."""
    return f"(CAST({over_totals(formula.tree)} AS DOUBLE) + 0)"


def double_constant(value: Decimal) -> str:
    """A number of the configuration as a DOUBLE."""
    return f"CAST({text_literal(f'{value:f}')} AS DOUBLE)"


def _rolled(metric: DailyMetric | DayFormulaMetric) -> str:
    total = identifier(metric.id)
    exact = isinstance(metric, DailyMetric) and metric.total_type is not Type.DOUBLE
    return with_default(f"CAST({total} AS DOUBLE)" if exact else finite(total), metric.default)


def finite(name: str) -> str:
    """A column of type DOUBLE; NULL for NaN and infinity, and never -0."""
    return f"CASE WHEN isfinite({name}) THEN {name} + 0 END"


def with_default(sql: str, default: Decimal | None) -> str:
    """The value, or where there is none the metric's default."""
    return sql if default is None else f"coalesce({sql}, {double_constant(default)})"
