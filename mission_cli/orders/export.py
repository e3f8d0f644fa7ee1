"""Days of a source → Parquet: the final orders (evidence, and input of the partition kernel), and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from mission_cli.model.project import Source
from mission_cli.orders.merge import duplicates_table, orders_table
from mission_cli.store.database import Database
from mission_cli.store.files import Draft, Publisher
from mission_cli.store.layout import left_out_folder, orders_folder
from mission_cli.store.statements import columns, statement

_ROWS_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class DayFiles:
    """The names of the two files of a day; None where the day has no such records."""

    orders: str | None
    left_out: str | None


def in_portions(database: Database, source: Source, days: Sequence[date]) -> Iterator[list[date]]:
    """The days in groups whose records fit in memory together; a day is never split."""
    _want(database, days)
    counts = dict(
        database.rows(f"SELECT _day, count(*) FROM {orders_table(source.id)} JOIN wanted_days USING (_day) GROUP BY _day")
    )
    portion: list[date] = []
    rows = 0
    for day in days:
        rows += counts.get(day, 0)
        if portion and rows > _ROWS_AT_ONCE:
            yield portion
            portion, rows = [], counts.get(day, 0)
        portion.append(day)
    if portion:
        yield portion


@dataclass(frozen=True, slots=True)
class DayRecords:
    """Records of some days, by day: final orders and those left out, in no order yet."""

    days: Sequence[date]
    orders: dict[date, pl.DataFrame]
    left_out: dict[date, pl.DataFrame]


def read_days(database: Database, source: Source, days: Sequence[date]) -> DayRecords:
    """Everything that is dated to the days."""
    if not days:
        return DayRecords(days, {}, {})
    _want(database, days)
    fragments = {
        "orders": orders_table(source.id),
        "duplicates": duplicates_table(source.id),
        "columns": columns((column.name for column in source.columns), "o."),
    }
    orders = database.frame(statement("export_orders", **fragments))
    return DayRecords(days, _by_day(orders), _by_day(database.frame(statement("export_left_out", **fragments))))


def _want(database: Database, days: Sequence[date]) -> None:
    """Make `wanted_days` of them, to join with: the engine looks only at the rows between the first and the last."""
    database.replace_temporary("wanted_days", pl.DataFrame({"_day": days}, schema={"_day": pl.Date}))


def publish_days(publisher: Publisher, source: Source, records: DayRecords) -> dict[date, DayFiles]:
    """Write the two files of each day, sorted by supplier, time and key; the caller settles them."""
    by = [name for name in (source.supplier, source.time, *source.key) if name]
    versions = [*by, "_why", "_file", "_line"]
    orders = [Draft(orders_folder(source.id, day), "orders", _sorted(part, by)) for day, part in records.orders.items()]
    left_out = [
        Draft(left_out_folder(source.id, day), "left_out", _sorted(part, versions)) for day, part in records.left_out.items()
    ]
    files = publisher.write(orders + left_out)
    written = {draft.folder: file.name for draft, file in zip(orders + left_out, files, strict=True)}
    return {
        day: DayFiles(written.get(orders_folder(source.id, day)), written.get(left_out_folder(source.id, day)))
        for day in records.days
    }


def _sorted(records: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    return records.sort(by, nulls_last=True)


def _by_day(frame: pl.DataFrame) -> dict[date, pl.DataFrame]:
    parts = frame.partition_by("_day", maintain_order=True, as_dict=True)
    return {key[0]: part for key, part in parts.items()}
