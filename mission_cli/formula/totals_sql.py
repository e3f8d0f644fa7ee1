"""Metrics over window totals, as SQL in double precision: used to judge missions and, for the same numbers, to explain them."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from graphlib import TopologicalSorter

from mission_cli.formula.emit import identifier, over_totals, text_literal
from mission_cli.model.expression import Expression, Type
from mission_cli.model.project import DailyMetric, FormulaMetric, Project


def value_layers(project: Project, used: Collection[str], base: str) -> list[str]:
    """Common table expressions ending in `valued`: the columns of `base` and every used metric as DOUBLE, defaults in.

    `base` is a query that gives the exact total of each used daily metric under its name, and any other columns.
    A formula stands in the layer after those it needs, so a shared one is computed once. Whether it is finite is asked of its
    column, in a layer of its own: within one expression it would have to be computed twice.
    """
    daily = [metric for metric in project.metrics if isinstance(metric, DailyMetric) and metric.id in used]
    casts = ", ".join(f"{_daily(metric)} AS {identifier(metric.id)}" for metric in daily)
    replaced = f"* REPLACE ({casts})" if casts else "*"
    layers = [f"level_0 AS (SELECT {replaced} FROM ({base}))"]
    for number, level in enumerate(formula_levels(project, used)):
        loose = ", ".join(f"{over_totals(m.formula.tree, loose=True)} AS {identifier(m.id)}" for m in level)
        own = ", ".join(f"{_with_default(_finite(identifier(m.id)), m.default)} AS {identifier(m.id)}" for m in level)
        layers.append(f"loose_{number + 1} AS (SELECT *, {loose} FROM level_{number})")
        layers.append(f"level_{number + 1} AS (SELECT * REPLACE ({own}) FROM loose_{number + 1})")
    return [*layers, f"valued AS (SELECT * FROM level_{len(layers) // 2})"]


def formula_levels(project: Project, used: Collection[str]) -> list[list[FormulaMetric]]:
    """The used formula metrics in levels: each needs only daily metrics and earlier levels."""
    needs = project.needs()
    sorter = TopologicalSorter({name: [n for n in names if n in needs] for name, names in needs.items() if name in used})
    sorter.prepare()
    levels = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        levels.append([metric for name in ready if isinstance(metric := project.metric(name), FormulaMetric)])
        sorter.done(*ready)
    return levels


def formula_value(formula: Expression) -> str:
    """SQL for the value of a formula over `valued`, where all is finite; NULL for NaN, infinity and overflow, and never -0."""
    return f"(CAST({over_totals(formula.tree)} AS DOUBLE) + 0)"


def double_constant(value: Decimal) -> str:
    """A number of the configuration as a DOUBLE."""
    return f"CAST({text_literal(f'{value:f}')} AS DOUBLE)"


def _daily(metric: DailyMetric) -> str:
    total = identifier(metric.id)
    return _with_default(_finite(total) if metric.data_type.type is Type.DOUBLE else f"CAST({total} AS DOUBLE)", metric.default)


def _finite(name: str) -> str:
    """A column of type DOUBLE; NULL for NaN and infinity, and never -0."""
    return f"CASE WHEN isfinite({name}) THEN {name} + 0 END"


def _with_default(sql: str, default: Decimal | None) -> str:
    return sql if default is None else f"coalesce({sql}, {double_constant(default)})"
