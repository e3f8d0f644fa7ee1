"""Which values metrics can have by the end of the window, from their values so far and the days ahead."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mission_cli.formula.reach.evaluate import Evaluator
from mission_cli.formula.reach.ranges import ANYTHING, INFINITE, NOTHING, Range, either, multiplied, point, with_default
from mission_cli.formula.reach.ratios import share_of
from mission_cli.model.columns import Column
from mission_cli.model.expression import Call, Type
from mission_cli.model.metrics import COMPOSED, DailyMetric, DayFormulaMetric, FormulaMetric, InDay, Metric, OverDays
from mission_cli.model.project import Project

_NEARLY = 1e-9  # means are rounded: they may lie that much, relatively, outside of the values they are of
_ONE_OR_MORE = Range(1.0, INFINITE)


@dataclass(frozen=True, slots=True)
class Ahead:
    """The days that may still bring orders. `begun` of them count already with what they brought so far."""

    days: float
    begun: int = 0


THE_WHOLE = Ahead(INFINITE)
"""A window that has not begun, of any length."""


@dataclass(slots=True)
class Futures:
    """The possible values of metrics. `now`: metric of days → its own value so far; None, not the default, when there is none.

    `running`: metric → the length of a streak that goes on through the last day that is over, where that is known.
    """

    project: Project
    now: Mapping[str, float | None]
    ahead: Ahead
    running: Mapping[str, int] = field(default_factory=dict)
    _found: dict[str, Range] = field(default_factory=dict)

    def of(self, name: str) -> Range:
        """The possible values of a metric at the end of the window."""
        if name not in self._found:
            metric = self.project.metric(name)
            default = float(metric.default) if metric.default is not None else None
            found = self._formula(metric) if isinstance(metric, FormulaMetric) else self._rolled(metric)
            self._found[name] = with_default(found, default)
        return self._found[name]

    def evaluator(self, names: tuple[str, ...]) -> Evaluator:
        """What evaluates a tree over these metrics."""
        return Evaluator({name: self.of(name) for name in names}, self._quotients)

    def _formula(self, metric: FormulaMetric) -> Range:
        return self.evaluator(metric.formula.names).number(metric.formula.tree)

    def _quotients(self, division: Call) -> Range:
        """A share lies between 0 and 1, and once something was missed, or hit, it cannot come all the way."""
        share = share_of(self.project, division)
        if share is None:
            return ANYTHING
        part, whole = self.now.get(share.part) or 0.0, share.orders(dict(self.now)) * share.unit
        low = math.nextafter(0.0, 1.0) if part > 0 else 0.0
        return Range(low, math.nextafter(1.0, 0.0) if whole > part else 1.0)

    def _rolled(self, metric: DailyMetric | DayFormulaMetric) -> Range:
        now, ahead = self.now.get(metric.id), self.ahead
        if not ahead.days:
            return point(now)
        day = day_values(self.project, metric)
        if now is None:
            return _first(metric.over_days, day, ahead.days)
        return _grown(metric, now, day, ahead, self.running.get(metric.id))


def static_ranges(project: Project) -> Futures:
    """What metrics can be in any window."""
    return Futures(project, {}, THE_WHOLE)


# ---------------------------------------------------------------- values of orders and of days


def order_values(project: Project, metric: DailyMetric) -> Range:
    """The values that an order can have for a metric of orders."""
    assert metric.expression is not None, "only metrics of orders have one"
    columns = {column.name: _column(column) for column in project.source(metric.source).columns}
    found = Evaluator(columns).number(metric.expression.tree)
    if metric.data_type.type is Type.DECIMAL and not found.is_point:
        ulp = 10.0**-metric.data_type.scale
        low = max(found.low - ulp, 0.0) if found.low >= 0 else found.low - ulp
        return replace(found, low=low, high=min(found.high + ulp, 0.0) if found.high <= 0 else found.high + ulp)
    return found


def _column(column: Column) -> Range:
    low = float(column.minimum) if column.minimum is not None else -INFINITE
    return Range(low, INFINITE, missing=not column.required)


def day_values(project: Project, metric: Metric) -> Range:
    """The values that a day can have, where it has one."""
    if isinstance(metric, DayFormulaMetric):
        return replace(_of_one_day(project, metric), missing=False)
    if not isinstance(metric, DailyMetric) or metric.expression is None:
        return replace(ANYTHING, missing=False)
    order = replace(order_values(project, metric), missing=False)
    if order.is_empty and metric.in_day not in (InDay.COUNT, InDay.DISTINCT):
        return NOTHING
    match metric.in_day:
        case InDay.SUM:
            return Range(order.low if order.low >= 0 else -INFINITE, order.high if order.high <= 0 else INFINITE)
        case InDay.COUNT | InDay.DISTINCT:
            return _ONE_OR_MORE
        case InDay.AVG:
            return _widened(order)
        case _:
            return order


def _of_one_day(project: Project, metric: DayFormulaMetric) -> Range:
    """The formula over windows of one day each."""
    seen: dict[str, Range] = {}

    def value(name: str) -> Range:
        if name not in seen:
            other = project.metric(name)
            if isinstance(other, DailyMetric):
                found = _seen_from_one_day(other, day_values(project, other))
            elif isinstance(other, DayFormulaMetric):
                found = _seen_from_one_day(other, _of_one_day(project, other))
            else:
                found = inner(other)
            seen[name] = with_default(found, float(other.default) if other.default is not None else None)
        return seen[name]

    def inner(formula: FormulaMetric | DayFormulaMetric) -> Range:
        names = {name: value(name) for name in formula.formula.names}
        return Evaluator(names, lambda division: _whole_share(project, division)).number(formula.formula.tree)

    return inner(metric)


def _whole_share(project: Project, division: Call) -> Range:
    return Range(0.0, 1.0) if share_of(project, division) is not None else ANYTHING


def _seen_from_one_day(metric: DailyMetric | DayFormulaMetric, day: Range) -> Range:
    match metric.over_days:
        case OverDays.COUNT:
            return Range(1.0, 1.0, missing=True)
        case OverDays.DAYS | OverDays.STREAK:
            return Range(0.0, 1.0, missing=True)
        case _:
            return replace(day, missing=True)


def _widened(a: Range, but: float = 0.0) -> Range:
    """With room for rounding at both bounds, except where they are exact."""
    if a.is_empty:
        return a
    low = a.low if a.low == but else a.low - abs(a.low) * _NEARLY
    return replace(a, low=low, high=a.high if a.high == but else a.high + abs(a.high) * _NEARLY)


# ---------------------------------------------------------------- over days


def _first(over_days: OverDays, day: Range, days: float) -> Range:
    """The window's value when there is none so far; perhaps there will be none."""
    if day.is_empty:
        return NOTHING
    match over_days:
        case OverDays.SUM:
            found = Range(*_sums(day, days, least=1))
        case OverDays.COUNT:
            found = Range(1.0, days)
        case OverDays.DAYS | OverDays.STREAK:
            found = Range(0.0, days)
        case OverDays.DISTINCT:
            found = _ONE_OR_MORE
        case OverDays.AVG:
            found = _widened(day)
        case _:
            found = day
    return replace(found, missing=True)


def _sums(day: Range, days: float, *, least: int) -> tuple[float, float]:
    """Bounds of the sum of `least` to `days` values."""
    return multiplied(day, Range(float(least), days))


def _grown(metric: DailyMetric | DayFormulaMetric, now: float, day: Range, ahead: Ahead, running: int | None) -> Range:
    """The window's value from what it is now."""
    if day.is_empty:
        return point(now)
    begun = 0 if _adds_up(metric) else ahead.begun
    match metric.over_days:
        case OverDays.SUM:
            return _grown_sum(metric, now, day, ahead.days, begun)
        case OverDays.COUNT | OverDays.DAYS | OverDays.STREAK:
            return _grown_count(metric, now, Ahead(ahead.days, begun), running)
        case OverDays.DISTINCT:
            return Range(now, INFINITE)
        case OverDays.MIN if not begun:
            return Range(min(now, day.low), now)
        case OverDays.MAX if not begun:
            return Range(now, max(now, day.high))
        case OverDays.FIRST if not ahead.begun:
            return point(now)
        case _:
            found = replace(either(point(now), day), missing=bool(begun))
            return _widened(found) if metric.over_days is OverDays.AVG else found


def _grown_sum(metric: DailyMetric | DayFormulaMetric, now: float, day: Range, days: float, begun: int) -> Range:
    low, high = _sums(day, days, least=0)
    gone = multiplied(day, Range(0.0, float(begun)))  # what begun days have brought may turn into anything else
    found = Range(now + low - gone[1], now + high - gone[0], missing=bool(begun))
    return found if now.is_integer() and _is_whole(metric) else _widened(found, now)


def _grown_count(metric: DailyMetric | DayFormulaMetric, now: float, ahead: Ahead, running: int | None) -> Range:
    """Days that count, at most one more for each that is left. A day that has a value of orders keeps having one."""
    lost = 0 if metric.over_days is OverDays.COUNT and _of_orders(metric) else ahead.begun
    most = now + ahead.days
    if metric.over_days is OverDays.STREAK and running is not None and not ahead.begun:
        most = max(now, running + ahead.days)
    return Range(now - lost, most, missing=bool(lost))


def _of_orders(metric: DailyMetric | DayFormulaMetric) -> bool:
    return isinstance(metric, DailyMetric) and metric.expression is not None


def _adds_up(metric: DailyMetric | DayFormulaMetric) -> bool:
    """Whether the window says of its orders what the day says of its own, so that a day that goes on only adds to it."""
    return isinstance(metric, DailyMetric) and _of_orders(metric) and COMPOSED[metric.in_day] is metric.over_days


def _is_whole(metric: DailyMetric | DayFormulaMetric) -> bool:
    return isinstance(metric, DailyMetric) and metric.day_type.type is Type.INTEGER
