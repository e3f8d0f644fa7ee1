"""Days → window, as SQL: what becomes of a metric's daily values, and what one day alone comes to.

The columns of a row are those of a partition: the day's value under the metric's id, merge state under names with a dot.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

from mission_cli.formula.emit import identifier, over_totals
from mission_cli.model.columns import DataType
from mission_cli.model.expression import Type, renamed
from mission_cli.model.metrics import DailyMetric, DayFormulaMetric, FormulaMetric, OverDays, state_column
from mission_cli.model.project import Project

DAY_VALUE = "value"  # what `days_where` calls the day's value
_ROOMY_SCALE = 15  # up to here a sum of decimals has room for 23 digits before the point


def daily_metrics(project: Project, used: Collection[str]) -> list[DailyMetric]:
    """Those of the metrics that partitions hold, by id."""
    return sorted((m for m in project.metrics if isinstance(m, DailyMetric) and m.id in used), key=lambda m: m.id)


def rolled_metrics(project: Project) -> list[DailyMetric | DayFormulaMetric]:
    """The metrics that have a value per day, which a window rolls up; what they are made of is of no concern to the window."""
    return [metric for metric in project.metrics if not isinstance(metric, FormulaMetric)]


def partition_columns(metric: DailyMetric) -> list[str]:
    """The names of the metric's columns in a partition."""
    return [metric.id, *(state_column(metric.id, part) for part in metric.state)]


def ordered_in(source: str) -> str:
    """The quoted name of the column of window totals that tells whether the supplier has a final order of the source."""
    return identifier(f"ordered:{source}")


def day_value(metric: DailyMetric | DayFormulaMetric) -> str:
    """The quoted name of the day's value as a DOUBLE, which `days_where` is about."""
    return identifier(f"day:{metric.id}")


def day_columns(metric: DailyMetric) -> str:
    """SQL for the metric's columns of a day, from those of its partition."""
    own = ", ".join(map(identifier, partition_columns(metric)))
    return f"{own}, CAST({identifier(metric.id)} AS DOUBLE) AS {day_value(metric)}" if metric.days_where is not None else own


def absent_columns(metric: DailyMetric) -> str:
    """The same columns, without values, with their types."""
    kinds = {metric.id: metric.day_type.total_sql, **{state_column(metric.id, p): _state_type(metric, p) for p in metric.state}}
    own = ", ".join(f"CAST(NULL AS {kind}) AS {identifier(name)}" for name, kind in kinds.items())
    return f"{own}, CAST(NULL AS DOUBLE) AS {day_value(metric)}" if metric.days_where is not None else own


def daily_rows(metrics: Sequence[DailyMetric], parts: Sequence[str]) -> str:
    """A query of the days of all sources: grain source, day, supplier; the columns of all metrics, NULL for other sources'.

    `parts`: queries that give `_source`, `_day`, supplier_id, `_ordered` and, by name, the `day_columns` of some metrics.
    """
    typed = "".join(f", {absent_columns(metric)}" for metric in metrics)
    nobody = "SELECT '' AS _source, DATE '0001-01-01' AS _day, '' AS supplier_id, TRUE AS _ordered"
    return " UNION ALL BY NAME ".join([f"{nobody}{typed} WHERE FALSE", *parts])


def _state_type(metric: DailyMetric, part: str) -> str:
    assert metric.expression is not None, "only metrics of orders keep state"
    match part:
        case "count":
            return "BIGINT"
        case "sum":
            return metric.data_type.total_sql
        case "values":
            kind = metric.expression.type
            return f"{DataType(kind).sql if kind is not Type.NULL else 'BIGINT'}[]"
        case _:
            return "TIMESTAMPTZ"


def window_values(project: Project, used: Collection[str]) -> list[str]:
    """The columns of each used daily metric over the days of a group."""
    return [f"{window_value(metric)} AS {identifier(metric.id)}" for metric in daily_metrics(project, used)]


def window_value(metric: DailyMetric) -> str:
    """The aggregate over the days of a window; NULL when none has a value. Exact where the metric's type is."""
    value = identifier(metric.id)
    match metric.over_days:
        case OverDays.SUM:
            return _sum(metric, value)
        case OverDays.MIN | OverDays.MAX:
            return f"{metric.over_days}({value})"
        case OverDays.AVG:
            parts = [identifier(state_column(metric.id, part)) for part in metric.state]
            total, count = (parts[0], f"sum({parts[1]})") if parts else (value, f"count({value})")
            return f"CASE WHEN {count} > 0 THEN CAST({_sum(metric, total)} AS DOUBLE) / {count} END"
        case OverDays.FIRST | OverDays.LAST:
            moment = identifier(state_column(metric.id, "time")) if metric.state else "_day"
            return f"{_END[metric.over_days]}({value}, {moment})"
        case OverDays.DISTINCT:
            values = identifier(state_column(metric.id, "values"))
            return f"CASE WHEN count({value}) > 0 THEN len(list_distinct(flatten(list({values})))) END"
        case _:
            return _counted(metric, value)


def adds_up(metric: DailyMetric) -> bool:
    """Whether the window's value can be made of sums of columns, and of how many values were added: see `added_columns`."""
    roomy = metric.data_type.type is not Type.DECIMAL or metric.data_type.scale <= _ROOMY_SCALE
    return metric.over_days in (OverDays.SUM, OverDays.COUNT, OverDays.AVG) and roomy


def added_columns(metric: DailyMetric) -> list[str]:
    """The columns of a partition that are added up for a metric that `adds_up`."""
    return [state_column(metric.id, part) for part in metric.state] or [metric.id]


def counted_columns(metric: DailyMetric) -> list[str]:
    """Those of them whose `count_of` is asked for, too."""
    return [] if metric.state or metric.over_days is OverDays.SUM else [metric.id]


def count_of(column: str) -> str:
    """The name of the column that says how many values of another were added up."""
    return f"count:{column}"


def added_value(metric: DailyMetric) -> str:
    """The same as `window_value`, made of sums of `added_columns`, and their `count_of`. Sums of decimals are in units of their
    last place."""
    column, *others = added_columns(metric)
    count = identifier(count_of(column))
    total = _of_units(metric.data_type if metric.state else metric.day_type, identifier(column))
    match metric.over_days:
        case OverDays.SUM:
            return total
        case OverDays.AVG:
            number = identifier(others[0]) if others else count
            return f"CASE WHEN {number} > 0 THEN CAST({total} AS DOUBLE) / {number} END"
        case _:
            return f"CASE WHEN {count} > 0 THEN {count} END"


def _of_units(kind: DataType, total: str) -> str:
    match kind.type:
        case Type.DOUBLE:
            return total
        case Type.DECIMAL:
            place = f"CAST('{Decimal(1).scaleb(-kind.scale):f}' AS DECIMAL({kind.scale + 1},{kind.scale}))"
            return f"CAST(CAST({total} AS DECIMAL(19,0)) * {place} AS DECIMAL(38,{kind.scale}))"
        case _:
            return f"CAST({total} AS HUGEINT)"


def day_formula_value(metric: DayFormulaMetric) -> str:
    """The same of a formula of days, as a DOUBLE. Sums of doubles depend on their order: it is that of the days."""
    value = day_value(metric)
    count = f"count({value})"
    match metric.over_days:
        case OverDays.SUM:
            return f"sum({value} ORDER BY _day)"
        case OverDays.AVG:
            return f"CASE WHEN {count} > 0 THEN sum({value} ORDER BY _day) / {count} END"
        case OverDays.MIN | OverDays.MAX:
            return f"{metric.over_days}({value})"
        case OverDays.FIRST | OverDays.LAST:
            return f"{_END[metric.over_days]}({value}, _day)"
        case _:
            return f"CAST({_counted(metric, value)} AS DOUBLE)"


_END = {OverDays.FIRST: "arg_min", OverDays.LAST: "arg_max"}


def one_day_value(metric: DailyMetric | DayFormulaMetric, value: str) -> str:
    """What a window of one day comes to, where `value` is that of the day."""
    match metric.over_days:
        case OverDays.COUNT:
            return f"CASE WHEN {value} IS NOT NULL THEN 1 END"
        case OverDays.DAYS | OverDays.STREAK:
            return f"CASE WHEN {value} IS NOT NULL THEN CASE WHEN {fulfils(metric)} THEN 1 ELSE 0 END END"
        case _:
            return value


def fulfils(metric: DailyMetric | DayFormulaMetric) -> str:
    """Whether a day's value fulfils `days_where`; not when there is none."""
    assert metric.days_where is not None, "checked: days and streak have a condition"
    condition = renamed(metric.days_where.tree, {DAY_VALUE: f"day:{metric.id}"})
    return f"coalesce({over_totals(condition)}, FALSE)"


def _counted(metric: DailyMetric | DayFormulaMetric, value: str) -> str:
    match metric.over_days:
        case OverDays.DAYS:
            counted = f"count(*) FILTER ({fulfils(metric)})"
        case OverDays.STREAK:
            counted = longest_run(f"list(_day ORDER BY _day) FILTER ({fulfils(metric)})")
        case _:
            counted = f"count({value})"
    return f"CASE WHEN count({value}) > 0 THEN {counted} END"


def longest_run(days: str) -> str:
    """SQL for the most consecutive days in a sorted list: a day less its place is the same for all days of a run."""
    runs = f"list_transform({days}, lambda day, place: day - place::INTEGER)"
    return f"coalesce(list_max(map_values(list_aggregate({runs}, 'histogram'))), 0)"


def _sum(metric: DailyMetric, name: str) -> str:
    kind = metric.day_type if name == identifier(metric.id) else metric.data_type
    if kind.type is Type.DOUBLE:
        return f"sum({name} ORDER BY _day)"  # sums of doubles depend on their order
    if kind.type is Type.DECIMAL and kind.scale > _ROOMY_SCALE:
        return _careful_sum(name, kind.scale)
    return f"sum({name})"


def _careful_sum(name: str, scale: int) -> str:
    """A sum of decimals with so many places that it may exceed 38 digits, which stops the engine: then it is no data.

    Whole and broken parts are summed apart and put together where there is room; both stay exact.
    """
    whole = f"CAST(trunc({name}) AS DECIMAL(38,0))"
    broken = f"CAST({name} - trunc({name}) AS DECIMAL({scale},{scale}))"
    return f"TRY_CAST(sum({whole}) AS DECIMAL(38,{scale})) + TRY_CAST(sum({broken}) AS DECIMAL(38,{scale}))"
