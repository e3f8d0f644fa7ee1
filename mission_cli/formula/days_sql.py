"""Formulas of days, as SQL: evaluated on each day as if it were the window, then rolled over the days of the windows."""

from __future__ import annotations

from collections.abc import Collection

from mission_cli.formula.emit import identifier, over_totals
from mission_cli.formula.graph import in_levels, reachable
from mission_cli.formula.totals_sql import first_layer, formula_value, with_default
from mission_cli.model.expression import renamed
from mission_cli.model.project import DailyMetric, DayFormulaMetric, FormulaMetric, OverDays, Project

DAY_VALUE = "value"  # what `days_where` calls the day's value


def day_formulas(project: Project, used: Collection[str]) -> list[DayFormulaMetric]:
    """The used metrics that are formulas of days."""
    return [metric for metric in project.metrics if isinstance(metric, DayFormulaMetric) and metric.id in used]


def day_layers(project: Project, used: Collection[str], base: str) -> list[str]:
    """Common table expressions ending in `by_day`: the columns of `base`, and each used formula's value of the day.

    Grain of `base` and of `by_day`: day and supplier. `base` has the exact total of each used daily metric under its name. The
    day's value of a formula of days is called as `day_value` says; under the metric's own name stands what other formulas see:
    its value over a window of that one day.
    """
    names = reachable(project.needs(), [metric.id for metric in day_formulas(project, used)])
    layers = [first_layer([m for m in project.metrics if isinstance(m, DailyMetric) and m.id in names], base)]
    needs = {name: others for name, others in project.needs().items() if name in names}
    for number, level in enumerate(in_levels(needs)):
        metrics = [metric for name in level if not isinstance(metric := project.metric(name), DailyMetric)]
        inner = ", ".join(_of_the_day(metric) for metric in metrics)
        outer = "".join(f", {_of_one_day(metric)}" for metric in metrics if isinstance(metric, DayFormulaMetric))
        layers.append(f"level_{number + 1} AS (SELECT *{outer} FROM (SELECT *, {inner} FROM level_{number}))")
    return [*layers, f"by_day AS (SELECT * FROM level_{len(layers) - 1})"]


def day_value(metric: DayFormulaMetric) -> str:
    """The quoted name of the day's value."""
    return identifier(f"day:{metric.id}")


def day_totals(project: Project, used: Collection[str], base: str) -> str:
    """A query over `windows` (`_window_no`, `_start`, `_through`): each used formula of days over the days of each window.

    Grain: window and supplier that has a row on one of its days.
    """
    layers = ",\n".join(day_layers(project, used, base))
    rolled = ", ".join(f"{_rolled(metric)} AS {identifier(metric.id)}" for metric in day_formulas(project, used))
    return f"""WITH {layers}
SELECT w._window_no, d.supplier_id, {rolled}
FROM windows AS w JOIN by_day AS d ON d._day BETWEEN w._start AND w._through
GROUP BY ALL"""


def _of_the_day(metric: FormulaMetric | DayFormulaMetric) -> str:
    value = formula_value(metric.formula)
    if isinstance(metric, DayFormulaMetric):
        return f"{value} AS {day_value(metric)}"
    return f"{with_default(value, metric.default)} AS {identifier(metric.id)}"


def _of_one_day(metric: DayFormulaMetric) -> str:
    value = day_value(metric)
    match metric.over_days:
        case OverDays.COUNT:
            value = f"CASE WHEN {value} IS NOT NULL THEN 1.0::DOUBLE END"
        case OverDays.DAYS | OverDays.STREAK:
            value = f"CASE WHEN {value} IS NOT NULL THEN CASE WHEN {_fulfils(metric)} THEN 1.0::DOUBLE ELSE 0 END END"
        case _:
            pass
    return f"{with_default(value, metric.default)} AS {identifier(metric.id)}"


def _rolled(metric: DayFormulaMetric) -> str:
    """The aggregate over days; NULL when no day has a value. Sums of doubles depend on their order: it is that of the days."""
    value = day_value(metric)
    count = f"count({value})"
    match metric.over_days:
        case OverDays.SUM:
            rolled = f"sum({value} ORDER BY _day)"
        case OverDays.AVG:
            rolled = f"sum({value} ORDER BY _day) / {count}"
        case OverDays.COUNT:
            rolled = count
        case OverDays.MIN | OverDays.MAX:
            rolled = f"{metric.over_days}({value})"
        case OverDays.FIRST:
            rolled = f"arg_min({value}, _day)"
        case OverDays.LAST:
            rolled = f"arg_max({value}, _day)"
        case OverDays.DAYS:
            rolled = f"count(*) FILTER ({_fulfils(metric)})"
        case OverDays.STREAK:
            rolled = longest_run(f"list(_day ORDER BY _day) FILTER ({_fulfils(metric)})")
    return f"CASE WHEN {count} > 0 THEN CAST({rolled} AS DOUBLE) END"


def longest_run(days: str) -> str:
    """SQL for the most consecutive days in a sorted list: a day less its place is the same for all days of a run."""
    runs = f"list_transform({days}, lambda day, place: day - place::INTEGER)"
    return f"coalesce(list_max(map_values(list_aggregate({runs}, 'histogram'))), 0)"


def _fulfils(metric: DayFormulaMetric) -> str:
    assert metric.days_where is not None, "checked: days and streak have a condition"
    condition = renamed(metric.days_where.tree, {DAY_VALUE: f"day:{metric.id}"})
    return f"coalesce({over_totals(condition)}, FALSE)"
