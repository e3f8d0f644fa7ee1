"""One supplier's rows in the published files: partitions, orders with what each adds, and records that were left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl

from mission_cli.formula.effective import version_column
from mission_cli.formula.emit import identifier, over_orders
from mission_cli.formula.metric_sql import order_value
from mission_cli.formula.rules import metric_meanings
from mission_cli.model.calendar import DAY, Window
from mission_cli.model.errors import UsageError
from mission_cli.model.expression import Expression, Type
from mission_cli.model.metrics import DailyMetric
from mission_cli.model.project import Project, Source
from mission_cli.store.database import Database, exact_path, first_line
from mission_cli.store.entries import UNDATED
from mission_cli.views.explanation import LeftOut, OrderExplained
from mission_cli.views.published import Published, read_published, unreadable

_MOMENTS = (Type.DATE, Type.TIMESTAMP)  # shown as the engine writes them: it knows more years than Python


@dataclass(frozen=True, slots=True)
class Evidence:
    """Reads one supplier's part of what is published, with an in-memory engine in the project's time zone."""

    project: Project
    published: Published
    engine: Database
    supplier: str

    def day_rows(self, source: str, columns: Sequence[str], days: Iterable[date]) -> pl.DataFrame | None:
        """The supplier's rows in the partitions of some days: `_day`, supplier_id and columns; None when there is none."""
        entries = self.published.manifest.days.get(source, {})
        found = []
        for day in sorted(days):
            file = entries[day].metrics if day in entries else None
            rows = read_published(self.published.path(file), supplier=self.supplier) if file is not None else None
            if rows is not None and not rows.is_empty():
                held = self._held(columns, rows.columns)
                if missing := [name for name in held.values() if name not in rows.columns]:
                    raise newer(f"metric {missing[0].partition('.')[0]}", day)
                named = (pl.col(there).alias(name) for name, there in held.items())
                found.append(rows.select(pl.lit(day).alias("_day"), "supplier_id", *named))
        return pl.concat(found) if found else None

    def _held(self, columns: Sequence[str], there: Sequence[str]) -> dict[str, str]:
        """Column → what it is called in a partition: where that holds several meanings of a metric, the one of these rules."""
        if not any("@" in name for name in there):
            return {name: name for name in columns}
        meanings = metric_meanings(self.project)
        older = {name: version_column(name, meanings) for name in columns}
        return {name: older[name] if older[name] in there else name for name in columns}

    def orders(self, source: Source, metrics: list[DailyMetric], days: Iterable[date]) -> list[OrderExplained]:
        """The supplier's final orders of the days, each with what it adds to the metrics and which filter it fails."""
        frame = self._records(source, "orders", days, self._values(metrics))
        by_order = [metric for metric in metrics if metric.expression is not None]
        found = []
        for row in frame.iter_rows(named=True):
            counts: dict[str, str] = {
                m.id: of_order(row[f"_value:{m.id}"]) for m in by_order if row[f"_value:{m.id}"] is not None
            }
            filtered: dict[str, str] = {m.id: _failing(m, row) for m in by_order if m.id not in counts}
            if missing := [column.name for column in source.columns if column.name not in row]:
                raise newer(f"column {missing[0]}", row["_day"])
            columns = {column.name: row[column.name] for column in source.columns}
            found.append(
                OrderExplained(
                    source.id, row["_day"], row["_key"], row["_time"], columns, counts, filtered, row["_file"], row["_line"]
                )
            )
        return found

    def left_out(self, source: Source, days: Iterable[date]) -> list[LeftOut]:
        """The supplier's records dated to the days, or without any date, that do not count: not final, or not the newest."""
        frame = self._records(source, "left_out", [*days, UNDATED], "")
        found = []
        for row in frame.iter_rows(named=True):
            winner = f"{row['_winner_file']}:{row['_winner_line']}" if row["_winner_file"] else None
            why = _not_final(source, row) if row["_why"] == "not final" else _SAID[row["_why"]]
            routine = row["_why"] == "superseded" and not row["_final"]
            day = None if row["_day"] == UNDATED else row["_day"]
            found.append(LeftOut(source.id, day, row["_key"], row["_time"], why, row["_file"], row["_line"], winner, routine))
        return found

    def other_days(self, source: Source, window: Window, through: date) -> list[LeftOut]:
        """The supplier's final orders of the day before the window and the day after its last day that counts."""
        after = "is after the window" if through == window.end else "is after the as-of day"
        found = []
        for day, why in ((window.start - DAY, "is before the window"), (through + DAY, after)):
            for row in self._records(source, "orders", [day], "").iter_rows(named=True):
                said = f"other day: {day} {why}"
                found.append(LeftOut(source.id, day, row["_key"], row["_time"], said, row["_file"], row["_line"], other_day=True))
        return found

    def _values(self, metrics: list[DailyMetric]) -> str:
        by_order = [m for m in metrics if m.expression is not None]
        values = [f"{order_value(m)} AS {identifier(f'_value:{m.id}')}" for m in by_order]
        wheres = [f"{over_orders(m.where.tree)} AS {identifier(f'_where:{m.id}')}" for m in by_order if m.where is not None]
        return ", ".join(values + wheres)

    def _records(self, source: Source, kind: str, days: Iterable[date], more: str) -> pl.DataFrame:
        """The supplier's rows in the files of some days, sorted by day, time and key. `more`: further columns, as SQL."""
        entries = self.published.manifest.days.get(source.id, {})
        days_of_files = sorted(day for day in days if day in entries and getattr(entries[day], kind) is not None)
        names = [getattr(entries[day], kind) for day in days_of_files]
        if not names:
            return pl.DataFrame()
        key = " || ' / ' || ".join(f"coalesce(CAST({identifier(k)} AS VARCHAR), '')" for k in source.key)
        time, order = identifier(source.time), ", ".join(f"o.{identifier(k)}" for k in source.key)
        paths = [self.published.path(name) for name in names]
        shown = ", ".join(
            f"CAST({identifier(c.name)} AS VARCHAR) AS {identifier(c.name)}"
            for c in source.columns
            if c.data_type.type in _MOMENTS
        )
        query = (
            f"SELECT * REPLACE ({shown}), {key} AS _key, left(CAST({time} AS VARCHAR), 16) AS _time{', ' + more if more else ''}"
            f" FROM read_parquet(?, hive_partitioning = false) AS o WHERE CAST({identifier(source.supplier)} AS VARCHAR) = ?"
            f" ORDER BY _day, o.{time}, {order}"
        )
        try:
            return self.engine.frame(query, [[exact_path(path) for path in paths], self.supplier])
        except duckdb.BinderException as error:
            raise newer(f"source {source.id}", max(days_of_files)) from error
        except duckdb.Error as error:
            raise unreadable(paths[0] if len(paths) == 1 else paths[0].parent.parent, first_line(error)) from error


_SAID = {
    "superseded": "superseded by a newer version",
    "duplicate": "duplicate of the same record",
    "conflict": "superseded: same update time as the version that counts, other content",
}


def newer(what: str, day: date) -> UsageError:
    """What to tell when the configuration names something that the computed days do not hold yet."""
    return UsageError(
        f"the definition of {what} is newer than the day {day} as it was computed;"
        " compute it again first (missionctl run --date …), then explain"
    )


def of_order(value: object) -> str:
    """A value of an order as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(value) if isinstance(value, int | float | Decimal) else str(value)


def _failing(metric: DailyMetric, row: Mapping[str, Any]) -> str:
    """Why an order adds nothing to a metric, with the values that decide it."""
    if metric.where is not None and not _holds_value(metric, row):
        return f"{metric.where.text} ({_values_of(metric.where, row)})"
    assert metric.expression is not None, "a SQL metric has no value per order"
    return f"{metric.expression.text} has no value ({_values_of(metric.expression, row)})"


def _holds_value(metric: DailyMetric, row: Mapping[str, Any]) -> bool:
    """Whether `where` let the order through, so that the value itself is what is missing."""
    return bool(row[f"_where:{metric.id}"])


def _not_final(source: Source, row: Mapping[str, Any]) -> str:
    assert source.final is not None, "without `final` every order is final"
    return f"not final: {_values_of(source.final, row)}"


def _values_of(expression: Expression, row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} is {'empty' if row[name] is None else row[name]}" for name in expression.names)


def plain(value: object) -> str:
    """A number as people write it: no exponent, no needless zeros."""
    if isinstance(value, int):
        return str(value)
    text = f"{value:f}" if not isinstance(value, float) else repr(value)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
