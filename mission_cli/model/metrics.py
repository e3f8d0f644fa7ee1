"""Metrics: what a supplier's number of a day is, and what becomes of a window's days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from mission_cli.model.columns import DataType
from mission_cli.model.expression import Expression, Type

MetricId = NewType("MetricId", str)


class Method(StrEnum):
    """How the number of a supplier's day comes about."""

    SINGLE_VALUE = "single_value"
    EXPRESSION = "expression"
    SQL = "sql"
    PYTHON = "python"
    METABASE = "metabase"


class InDay(StrEnum):
    """What becomes of the values of a day's orders."""

    SUM = "sum"
    COUNT = "count"
    MIN = "min"
    MAX = "max"
    AVG = "avg"
    FIRST = "first"
    LAST = "last"
    DISTINCT = "distinct"


class OverDays(StrEnum):
    """What becomes of a window's daily values: of those days that have one."""

    SUM = "sum"
    COUNT = "count"
    MIN = "min"
    MAX = "max"
    AVG = "avg"
    FIRST = "first"
    LAST = "last"
    DISTINCT = "distinct"
    DAYS = "days"
    STREAK = "streak"


COMPOSED = {word: OverDays(word.value) for word in InDay} | {InDay.COUNT: OverDays.SUM}
"""What composes with a word of the day: together they say of the window's orders what the word says of a day's."""


@dataclass(frozen=True, slots=True)
class DailyMetric:
    """A metric kept in the partitions of its source: one number per supplier and business day, rolled over days.

    `expression` is the value of one order (of `single_value` a constant). Without it the day's numbers come from elsewhere:
    `code` is the text of `file`, SQL or Python with a `function` in it; `card` a question of Metabase. `days_where` is a
    condition over `value`, the day's: of `days` how many days fulfil it, of `streak` how many in a row. `days`: of an older
    meaning, the days whose partitions hold it, which are those of windows that keep it; None: all.
    """

    id: MetricId
    description: str
    source: str
    method: Method
    data_type: DataType
    default: Decimal | None
    where: Expression | None = None
    expression: Expression | None = None
    file: str = ""
    code: str = ""
    function: str = ""
    card: int = 0
    in_day: InDay = InDay.SUM
    over_days: OverDays = OverDays.SUM
    days_where: Expression | None = None
    days: frozenset[date] | None = None

    @property
    def names_strangers(self) -> bool:
        """Whether its numbers may be of suppliers without a final order that day; then partitions have a column `_ordered`."""
        return self.method is Method.METABASE

    @property
    def origin(self) -> str:
        """Where the day's numbers come from, for messages."""
        if self.card:
            return f"metrics.{self.id}: Metabase card {self.card}"
        return f"{self.file}:{self.function}" if self.function else self.file

    @property
    def day_type(self) -> DataType:
        """The type of a day's value: an integer where orders or values are counted, a double where it is a mean."""
        if self.in_day in (InDay.COUNT, InDay.DISTINCT):
            return DataType(Type.INTEGER)
        return DataType(Type.DOUBLE) if self.in_day is InDay.AVG else self.data_type

    @property
    def state(self) -> tuple[str, ...]:
        """What partitions keep beside the day's value, where the window's cannot be made from that: parts of column names."""
        return _STATES.get((self.in_day, self.over_days), ())

    @property
    def total_type(self) -> Type:
        """The type of a window's value."""
        if self.over_days in (OverDays.COUNT, OverDays.DISTINCT, OverDays.DAYS, OverDays.STREAK):
            return Type.INTEGER
        return Type.DOUBLE if self.over_days is OverDays.AVG else self.day_type.type


_STATES = {
    (InDay.AVG, OverDays.AVG): ("sum", "count"),
    (InDay.FIRST, OverDays.FIRST): ("time",),
    (InDay.LAST, OverDays.LAST): ("time",),
    (InDay.DISTINCT, OverDays.DISTINCT): ("values",),
}


def state_column(metric: str, part: str) -> str:
    """The name of a column of merge state; no metric can be called so."""
    return f"{metric}.{part}"


@dataclass(frozen=True, slots=True)
class FormulaMetric:
    """A formula over other metrics, evaluated on window totals."""

    id: MetricId
    description: str
    formula: Expression
    default: Decimal | None


@dataclass(frozen=True, slots=True)
class DayFormulaMetric:
    """A formula over other metrics, evaluated on each day's values as if the day were the window; then `over_days`.

    `days_where` as of a daily metric.
    """

    id: MetricId
    description: str
    formula: Expression
    default: Decimal | None
    over_days: OverDays
    days_where: Expression | None


Metric = DailyMetric | FormulaMetric | DayFormulaMetric
