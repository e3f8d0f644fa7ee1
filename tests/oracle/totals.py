"""What a supplier's metrics and formulas come to over some days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction

from tests.oracle.language import Expression
from tests.oracle.metrics import Counted, Days, Formula, Metric, Valued
from tests.oracle.sources import Source


class Totals:
    """All orders that count, by source and supplier; the values of a supplier's orders are worked out once per metric."""

    def __init__(self, sources: Mapping[str, Source], metrics: Mapping[str, Metric]) -> None:
        self.metrics = metrics
        self.counted = {name: source.counted() for name, source in sources.items()}
        self.values: dict[tuple[str, str], list[Valued]] = {}

    def sources_of(self, names: Iterable[str]) -> set[str]:
        """Those that the metrics use, through formulas of any depth."""
        found: set[str] = set()
        for metric in (self.metrics[name] for name in names):
            found |= {metric.source} if isinstance(metric, Counted) else self.sources_of(metric.formula.names)
        return found

    def suppliers(self, names: Iterable[str], first: date, last: date) -> set[str]:
        """Whoever has a final order on these days in a source of these metrics, let through by a `where` or not."""
        sources = self.sources_of(names)
        orders = [(s, order.day) for name in sources for s, orders in self.counted[name].items() for order in orders]
        return {supplier for supplier, day in orders if day is not None and first <= day <= last}

    def has_orders(self, supplier: str, names: Iterable[str], first: date, last: date) -> bool:
        return bool(self.days_with_orders(supplier, names, first, last))

    def days_with_orders(self, supplier: str, names: Iterable[str], first: date, last: date) -> list[date]:
        orders = [order for name in self.sources_of(names) for order in self.counted[name].get(supplier, [])]
        return sorted({order.day for order in orders if order.day is not None and first <= order.day <= last})

    def valued(self, name: str, metric: Counted, supplier: str) -> list[Valued]:
        if (name, supplier) not in self.values:
            self.values[name, supplier] = metric.valued(self.counted[metric.source].get(supplier, []))
        return self.values[name, supplier]

    def total(self, name: str, supplier: str, first: date, last: date) -> float | None:
        """A double at the very end."""
        metric = self.metrics[name]
        if isinstance(metric, Counted):
            total = metric.total([o for o in self.valued(name, metric, supplier) if first <= o.day <= last])
        elif metric.over:
            total = metric.over.total(self.days_of_formula(metric, supplier, first, last))
        else:
            value = self.formula(metric.formula, supplier, first, last)
            total = metric.default if value is None else Fraction(value)
        return None if total is None else float(total)

    def days_of_formula(self, metric: Formula, supplier: str, first: date, last: date) -> Days:
        """Each day that would be somebody's window of one day, that is, has a final order; and there gives a value."""
        days = self.days_with_orders(supplier, metric.formula.names, first, last)
        values = {day: self.formula(metric.formula, supplier, day, day) for day in days}
        return {day: Fraction(value) for day, value in values.items() if value is not None}

    def formula(self, formula: Expression, supplier: str, first: date, last: date) -> float | None:
        """On totals of the window, in doubles."""
        value = formula({name: self.total(name, supplier, first, last) for name in formula.names})
        return None if value is None else value + 0.0  # no negative zero
