"""Formulas of days, as SQL: evaluated on each day as if it were the window, then rolled over the days of the windows."""

from __future__ import annotations

from collections.abc import Collection

from mission_cli.formula.emit import identifier
from mission_cli.formula.graph import in_levels, reachable
from mission_cli.formula.roll_sql import daily_metrics, day_formula_value, day_value, one_day_value
from mission_cli.formula.totals_sql import first_layer, formula_value, with_default
from mission_cli.model.metrics import DailyMetric, DayFormulaMetric, FormulaMetric
from mission_cli.model.project import Project


def day_formulas(project: Project, used: Collection[str]) -> list[DayFormulaMetric]:
    """The used metrics that are formulas of days."""
    return [metric for metric in project.metrics if isinstance(metric, DayFormulaMetric) and metric.id in used]


def day_layers(project: Project, used: Collection[str]) -> list[str]:
    """Common table expressions ending in `by_day`, over `daily`: each used formula's value of the day.

    Grain of `by_day`: day and supplier, the sources together. The day's value of a formula of days is called as `day_value`
    says; under the metric's own name stands what other formulas see: its value over a window of that one day.
    """
    names = reachable(project.needs(), [metric.id for metric in day_formulas(project, used)])
    daily = daily_metrics(project, names)
    totals = "".join(f", any_value({one_day_value(m, identifier(m.id))}) AS {identifier(m.id)}" for m in daily)
    layers = [first_layer(daily, f"SELECT _day, supplier_id{totals} FROM daily GROUP BY ALL")]
    needs = {name: others for name, others in project.needs().items() if name in names}
    for number, level in enumerate(in_levels(needs)):
        metrics = [metric for name in level if not isinstance(metric := project.metric(name), DailyMetric)]
        inner = ", ".join(_of_the_day(metric) for metric in metrics)
        outer = "".join(f", {_of_one_day(metric)}" for metric in metrics if isinstance(metric, DayFormulaMetric))
        layers.append(f"level_{number + 1} AS (SELECT *{outer} FROM (SELECT *, {inner} FROM level_{number}))")
    return [*layers, f"by_day AS (SELECT * FROM level_{len(layers) - 1})"]


def rolled_days(metrics: Collection[DayFormulaMetric]) -> str:
    """The columns of each formula of days over the days of a group."""
    return ", ".join(f"{day_formula_value(metric)} AS {identifier(metric.id)}" for metric in metrics)


def _of_the_day(metric: FormulaMetric | DayFormulaMetric) -> str:
    value = formula_value(metric.formula)
    if isinstance(metric, DayFormulaMetric):
        return f"{value} AS {day_value(metric)}"
    return f"{with_default(value, metric.default)} AS {identifier(metric.id)}"


def _of_one_day(metric: DayFormulaMetric) -> str:
    value = f"CAST({one_day_value(metric, day_value(metric))} AS DOUBLE)"
    return f"{with_default(value, metric.default)} AS {identifier(metric.id)}"
