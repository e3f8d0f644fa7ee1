"""The partition kernel: day orders in, one Parquet file per day out.

A plain, picklable function that needs no handle of the working database, so it can run in any executor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from mission_cli.daily.in_day import day_columns, has_room, stored_columns
from mission_cli.daily.python_metric import python_values
from mission_cli.daily.sql_metric import MAX_SECONDS, sql_values
from mission_cli.formula.emit import identifier
from mission_cli.formula.metric_sql import order_value
from mission_cli.model.errors import UsageError
from mission_cli.model.metrics import DailyMetric, Method
from mission_cli.model.project import Project
from mission_cli.store.database import Database, exact_path, kernel_engine
from mission_cli.store.entries import Meanings
from mission_cli.store.files import Draft, Published, Publisher
from mission_cli.store.layout import metrics_folder

_FORMAT = "3"  # raise it when the same metrics give other bytes
_ORDERS_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class PartitionTask:
    """Days of one source to compute. `orders`: day → its orders file, relative to data/; metrics sorted by id.

    What other systems say of days before `today` is final.
    """

    data: Path
    source: str
    supplier: str
    time: str
    key: tuple[str, ...]
    timezone: str
    metrics: tuple[DailyMetric, ...]
    orders: tuple[tuple[date, str], ...]
    today: date


def partition_metrics(project: Project, source: str, day: date | None = None) -> tuple[DailyMetric, ...]:
    """The metrics of a source's partitions, in the order of their columns; with a `day` also older ones that only it holds."""
    held = (metric for metric in project.daily_metrics(source) if metric.days is None or day in metric.days)
    return tuple(sorted(held, key=lambda metric: metric.id))


def partition_meanings(project: Project, source: str) -> Meanings:
    """Fingerprints of what the partitions of a source should hold."""
    others = {day for metric in project.daily_metrics(source) for day in metric.days or ()}
    default = partition_meaning(partition_metrics(project, source), project.timezone)
    known: dict[tuple[DailyMetric, ...], str] = {}
    found = {}
    for day in others:
        metrics = partition_metrics(project, source, day)
        if metrics not in known:
            known[metrics] = partition_meaning(metrics, project.timezone)
        found[day] = known[metrics]
    return Meanings(default, found)


def partition_meaning(metrics: tuple[DailyMetric, ...], timezone: str) -> str:
    """Fingerprint of what the numbers in a partition mean; descriptions, defaults and layout of the TOML are no part of it."""
    parts = [
        (
            m.id,
            m.method,
            m.data_type.sql,
            m.where and m.where.canonical,
            m.expression and m.expression.canonical,
            m.code,
            m.function,
            m.card,
            m.in_day,
            m.state,
        )
        for m in metrics
    ]
    return hashlib.sha256(repr((_FORMAT, timezone, parts)).encode()).hexdigest()[:16]


def compute_partitions(task: PartitionTask) -> dict[date, Published | None]:
    """Compute and publish the partition of each day; None for a day without any supplier.

    Grain: supplier_id (text), one column per metric, NULL where no order of the day counts, and what `DailyMetric.state` tells.
    Integers are BIGINT, decimals DECIMAL(38,s), exact; doubles are summed in the order of time and key. Where Metabase may name
    suppliers without an order that day, `_ordered` tells the others from them.
    """
    if not task.orders:
        return {}
    publisher = Publisher(task.data)
    totals = _totals(task)
    ordered = ["_ordered"] if any(metric.names_strangers for metric in task.metrics) else []
    totals = totals.with_columns(pl.lit(value=True).alias(name) for name in ordered)
    for metric in task.metrics:
        if metric.method in (Method.SQL, Method.PYTHON):
            totals = totals.join(_of_orders(task, metric, totals), on=["_day", "supplier_id"], how="left")
        elif metric.method is Method.METABASE:
            totals = totals.join(_of_card(task, metric), on=["_day", "supplier_id"], how="full", coalesce=True)
    totals = totals.with_columns(pl.col(name).fill_null(value=False) for name in ordered)
    stored = [column for metric in task.metrics for column in stored_columns(metric)]
    totals = totals.select("_day", "supplier_id", *ordered, *stored).sort("_day", "supplier_id")
    parts = {key[0]: part.drop("_day") for key, part in totals.partition_by("_day", as_dict=True, maintain_order=True).items()}
    written = publisher.write([Draft(metrics_folder(task.source, day), "metrics", part) for day, part in parts.items()])
    publisher.settle()
    return dict.fromkeys(day for day, _ in task.orders) | dict(zip(parts, written, strict=True))


def _totals(task: PartitionTask) -> pl.DataFrame:
    """What the orders of each supplier and day come to. Many orders are taken in parts, each supplier's in one."""
    files = [exact_path(task.data / name) for _, name in task.orders]
    database = kernel_engine(task.timezone)
    ((rows,),) = database.rows("SELECT count(*) FROM read_parquet(?, hive_partitioning = false)", [files])
    parts = -(-rows // _ORDERS_AT_ONCE)
    chosen = [f" AND hash({identifier(task.supplier)}) % {parts} = {part}" for part in range(parts)] if parts > 1 else [""]
    return pl.concat([_aggregated(task, _order_values(task, database, files, suppliers)) for suppliers in chosen])


def _aggregated(task: PartitionTask, orders: pl.DataFrame) -> pl.DataFrame:
    columns = [
        column
        for metric in task.metrics
        if metric.expression is not None
        for column in day_columns(metric, has_room=has_room(orders[metric.id]))
    ]
    return orders.group_by("_day", "supplier_id").agg(*columns)


def _order_values(task: PartitionTask, database: Database, files: Sequence[str], suppliers: str) -> pl.DataFrame:
    """One row per order that has a supplier: `_day`, `supplier_id`, `_time` where it is needed, and per metric its value or NULL
    when it does not count. The orders of a supplier stand as in the files of the days: by day, time and key. `suppliers`: SQL
    that chooses some."""
    values = [f", {order_value(metric)} AS {identifier(metric.id)}" for metric in task.metrics if metric.expression is not None]
    if any("time" in metric.state for metric in task.metrics):
        values.append(f", CAST({identifier(task.time)} AS TIMESTAMPTZ) AS _time")
    supplier = identifier(task.supplier)
    return database.frame(
        f"SELECT _day, CAST({supplier} AS VARCHAR) AS supplier_id{''.join(values)}"
        f" FROM read_parquet(?, hive_partitioning = false) WHERE {supplier} IS NOT NULL{suppliers}",
        [files],
    )


def _of_orders(task: PartitionTask, metric: DailyMetric, totals: pl.DataFrame) -> pl.DataFrame:
    """What the user's SQL or Python makes of each day's orders. Raises UsageError for a supplier that has none that day."""
    parts = []
    for day, name in task.orders:
        if metric.method is Method.SQL:
            values = sql_values(metric, task.source, task.data / name, task.timezone, MAX_SECONDS)
        else:
            values = python_values(metric, task.data / name, task.timezone)
        parts.append(_dated(values, day))
    found = pl.concat(parts)
    strange = found.join(totals, on=["_day", "supplier_id"], how="anti")
    if not strange.is_empty():
        day, supplier, _ = strange.row(0)
        raise UsageError(
            f'{metric.origin}: gives supplier "{supplier}" on {day}, who has no final order of {task.source} that day'
        )
    return found.rename({"value": metric.id})


def _of_card(task: PartitionTask, metric: DailyMetric) -> pl.DataFrame:
    """What a Metabase card says of each day."""
    from mission_cli.daily.metabase_metric import card_values

    parts = [_dated(card_values(metric, day, task.data, keep=day < task.today), day) for day, _ in task.orders]
    return pl.concat(parts).rename({"value": metric.id})


def _dated(values: pl.DataFrame, day: date) -> pl.DataFrame:
    return values.select(pl.lit(day).alias("_day"), "supplier_id", "value")
