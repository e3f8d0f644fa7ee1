"""A project of many kinds of metrics, and what a window of orders comes to, written down a second time in plain Python."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mission_cli.config.load import read_project
from mission_cli.formula.check import Scope, compile_text
from mission_cli.formula.graph import reachable
from mission_cli.model.expression import Expression, Type
from mission_cli.model.metrics import DailyMetric, DayFormulaMetric, FormulaMetric, InDay, OverDays
from mission_cli.model.project import Project
from tests.formula.python_evaluator import Evaluator

Orders = Sequence[Mapping[str, Any]]
Days = Sequence[Orders]
"""The days of a window, in their order."""

HEAD = """\
[project]
name = "world"
timezone = "UTC"

[sources.orders]
files = ["orders/*.csv"]
key = "id"
supplier = "supplier_id"
time = "at"

[sources.orders.columns]
id = { type = "string", required = true }
supplier_id = { type = "string" }
at = { type = "timestamp" }
kind = { type = "string", required = true, one_of = ["A", "B", "C"] }
n = { type = "integer", min = 0 }
z = { type = "integer" }

"""
ORDERS = {
    "all": "value = 1\ndefault_value = 0",
    "every": "value = 1\nwhere = \"kind IN ('A', 'B', 'C')\"\ndefault_value = 0",
    "a": "value = 1\nwhere = \"kind = 'A'\"\ndefault_value = 0",
    "a_or_b": "value = 1\nwhere = \"kind IN ('A', 'B')\"\ndefault_value = 0",
    "bare_a": "value = 1\nwhere = \"kind = 'A'\"",
    "known": 'value = 1\nwhere = "z IS NOT NULL"\ndefault_value = 0',
    "small": 'value = 1\nwhere = "z <= 2"\ndefault_value = 0',
    "fives": "value = 5\nwhere = \"kind = 'C'\"\ndefault_value = 0",
    "lost": "value = -1\nwhere = \"kind = 'B'\"\ndefault_value = 0",
    "good_days": 'value = 1\nwhere = "kind = \'A\'"\nover_days = "days"\ndays_where = "value >= 1"\ndefault_value = 0',
    "calm_days": 'value = 1\nover_days = "days"\ndays_where = "value <= 1"',
    "row": 'value = 1\nwhere = "kind = \'A\'"\nover_days = "streak"\ndays_where = "value >= 1"\ndefault_value = 0',
    "busiest": 'value = 1\nover_days = "max"\ndefault_value = 0',
    "quietest": 'value = 1\nover_days = "min"',
    "days": 'value = 1\nover_days = "count"\ndefault_value = 0',
}
EXPRESSIONS = {
    "sum_n": ("n", "default_value = 0"),
    "sum_z": ("z", ""),
    "count_z": ("z", 'day = "count"\ndefault_value = 0'),
    "max_n": ("n", 'day = "max"\ndefault_value = 0'),
    "max_z": ("z", 'day = "max"'),
    "min_z": ("z", 'day = "min"'),
    "min_n": ("n", 'day = "min"\ndefault_value = 2'),
    "first_z": ("z", 'day = "first"'),
    "last_n": ("n", 'day = "last"'),
    "kinds": ("kind", 'day = "distinct"\ndefault_value = 0'),
    "days_of_max": ("n", 'day = "max"\nover_days = "sum"'),
    "shifted": ("n + 2", 'day = "sum"\ndefault_value = 5'),
}
FORMULAS = {
    "rate": "a / all",
    "part": "a / (a + lost_b)",
    "mean_n": "sum_n / all",
    "percent": "100 * small / known",
    "misses": "1 - rate",
}
DAYWISE = {
    "rate_days": ("a / all", 'over_days = "days"\ndays_where = "value >= 0.5"\ndefault_value = 0'),
    "best_rate": ("a / all", 'over_days = "max"'),
    "rate_row": ("a_or_b / all", 'over_days = "streak"\ndays_where = "value >= 1"'),
}


def _metrics() -> str:
    head = 'source = "orders"\ndata_type = "integer"\n'
    texts = [f'[metrics.{name}]\nmethod = "single_value"\n{head}{rest}\n' for name, rest in ORDERS.items()]
    texts.append(f'[metrics.lost_b]\nmethod = "single_value"\n{head}value = 1\nwhere = "kind = \'B\'"\ndefault_value = 0\n')
    texts += [
        f'[metrics.{name}]\nmethod = "expression"\n{head}expression = "{text}"\n{rest}\n'
        for name, (text, rest) in EXPRESSIONS.items()
    ]
    texts += [f'[metrics.{name}]\nmethod = "formula"\nformula = "{text}"\n' for name, text in FORMULAS.items()]
    texts += [
        f'[metrics.{name}]\nmethod = "formula"\ngrain = "day"\nformula = "{text}"\n{rest}\n'
        for name, (text, rest) in DAYWISE.items()
    ]
    return HEAD + "\n".join(texts)


@cache
def project() -> Project:
    """The project; it has no missions."""
    with TemporaryDirectory() as name:
        (Path(name) / "metrics.toml").write_text(_metrics())
        (Path(name) / "missions.toml").write_text("[missions]\n")
        loaded = read_project(Path(name))
    assert loaded.project is not None
    assert not loaded.problems, loaded.problems
    return loaded.project


def formula(text: str) -> Expression:
    """A formula over the metrics."""
    return compile_text(text, Scope({metric.id: Type.DOUBLE for metric in project().metrics}, "metric"), "number")


_OVER_ORDERS, OVER_TOTALS = Evaluator("UTC", totals=False), Evaluator("UTC", totals=True)


@dataclass(frozen=True)
class Window:
    """The days of a window so far: what metrics and formulas come to."""

    days: Days

    def numbers(self, names: Collection[str] | None = None) -> dict[str, float | None]:
        """Every metric, or these and those that they need, defaults in."""
        found: dict[str, float | None] = {}
        wanted = reachable(project().needs(), names) if names is not None else None
        for metric in (metric for metric in project().metrics if wanted is None or metric.id in wanted):
            if isinstance(metric, FormulaMetric):
                value = _number(OVER_TOTALS.value(metric.formula.tree, found))
            else:
                value = _over_days(metric, [_day(metric, orders) for orders in self.days], self.days)
            found[metric.id] = _number(metric.default) if value is None and metric.default is not None else value
        return found

    def own(self) -> dict[str, float | None]:
        """Every metric of days, without defaults."""
        rolled = [metric for metric in project().metrics if not isinstance(metric, FormulaMetric)]
        return {metric.id: _over_days(metric, [_day(metric, orders) for orders in self.days], self.days) for metric in rolled}

    def value(self, expression: Expression) -> float | None:
        """A formula of the window."""
        return _number(OVER_TOTALS.value(expression.tree, self.numbers(expression.names)))

    def running(self) -> dict[str, int]:
        """Streak → its length up to the last day."""
        found = {}
        for metric in project().metrics:
            if not isinstance(metric, FormulaMetric) and metric.over_days is OverDays.STREAK:
                length = 0
                for orders in reversed(self.days):
                    if not _fulfils(metric, _day(metric, orders)):
                        break
                    length += 1
                found[metric.id] = length
        return found


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _order_values(metric: DailyMetric, orders: Orders) -> list[Any]:
    assert metric.expression is not None
    passed = [o for o in orders if metric.where is None or _OVER_ORDERS.value(metric.where.tree, o) is True]
    values = [_OVER_ORDERS.value(metric.expression.tree, order) for order in passed]
    return [value for value in values if value is not None]


def _day(metric: DailyMetric | DayFormulaMetric, orders: Orders) -> float | None:
    if isinstance(metric, DayFormulaMetric):
        return _number(OVER_TOTALS.value(metric.formula.tree, Window([orders]).numbers(metric.formula.names)))
    values = _order_values(metric, orders)
    if not values:
        return None
    match metric.in_day:
        case InDay.COUNT:
            return float(len(values))
        case InDay.DISTINCT:
            return float(len(set(values)))
        case InDay.FIRST | InDay.LAST:
            return float(values[0 if metric.in_day is InDay.FIRST else -1])
        case _:
            return float({InDay.SUM: sum, InDay.MIN: min, InDay.MAX: max}[metric.in_day](values))


def _fulfils(metric: DailyMetric | DayFormulaMetric, value: float | None) -> bool:
    assert metric.days_where is not None
    return value is not None and OVER_TOTALS.value(metric.days_where.tree, {"value": value}) is True


def _over_days(metric: DailyMetric | DayFormulaMetric, values: list[float | None], days: Days) -> float | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    match metric.over_days:
        case OverDays.SUM | OverDays.MIN | OverDays.MAX:
            return float({OverDays.SUM: sum, OverDays.MIN: min, OverDays.MAX: max}[metric.over_days](known))
        case OverDays.COUNT:
            return float(len(known))
        case OverDays.FIRST | OverDays.LAST:
            return known[0 if metric.over_days is OverDays.FIRST else -1]
        case OverDays.DISTINCT:
            assert isinstance(metric, DailyMetric)
            return float(len({value for orders in days for value in _order_values(metric, orders)}))
        case OverDays.DAYS:
            return float(sum(_fulfils(metric, value) for value in values))
        case _:
            longest = length = 0
            for value in values:
                length = length + 1 if _fulfils(metric, value) else 0
                longest = max(longest, length)
            return float(longest)


def decimal(number: float) -> Decimal:
    """A target as the configuration has it."""
    return Decimal(repr(number))
