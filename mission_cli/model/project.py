"""The checked configuration: what metrics.toml and missions.toml mean. Everything here is valid, resolved and frozen."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NewType

from mission_cli.model.columns import Column
from mission_cli.model.expression import Expression
from mission_cli.model.metrics import DailyMetric, Metric
from mission_cli.model.missions import Mission

SourceId = NewType("SourceId", str)
SupplierId = NewType("SupplierId", str)


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """How the CSV files of a source are written. `timestamp_formats` are strptime formats; none means ISO 8601. Without a
    `quote` character every one stands for itself."""

    delimiter: str = ","
    null: tuple[str, ...] = ("",)
    decimal: str = "."
    timestamp_formats: tuple[str, ...] = ()
    quote: str = '"'
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of export. `key`, `supplier`, `time` and `updated` are names of columns."""

    id: SourceId
    files: tuple[str, ...]
    key: tuple[str, ...]
    supplier: str
    time: str
    updated: str | None
    final: Expression | None
    max_rejects: Decimal
    csv: CsvOptions
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column called `name`."""
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True, slots=True)
class Suppliers:
    """The file that says who the suppliers are. `columns` are its attributes, with key and alias as text."""

    file: str
    key: str
    alias: str | None
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """Everything the two files say. `day_start` in minutes after local midnight. `keeps`: windows keep the rules that they were
    first published with. `texts`: name → text of every file that the rules stand in, as they were read."""

    root: Path
    name: str
    timezone: str
    day_start: int
    sources: tuple[Source, ...]
    metrics: tuple[Metric, ...]
    suppliers: Suppliers | None
    missions: tuple[Mission, ...]
    keeps: bool = True
    texts: tuple[tuple[str, str], ...] = ()

    def source(self, source: str) -> Source:
        """The source called `source`."""
        return next(s for s in self.sources if s.id == source)

    def metric(self, metric: str) -> Metric:
        """The metric called `metric`."""
        return next(m for m in self.metrics if m.id == metric)

    def daily_metrics(self, source: str) -> tuple[DailyMetric, ...]:
        """The metrics kept in the partitions of a source, in the order of the file."""
        return tuple(m for m in self.metrics if isinstance(m, DailyMetric) and m.source == source)

    def needs(self) -> dict[str, tuple[str, ...]]:
        """Formula metric, of a window or of a day → the metrics it names."""
        return {m.id: m.formula.names for m in self.metrics if not isinstance(m, DailyMetric)}
