"""Days of a source → Parquet: the final orders (evidence, and input of the partition kernel), and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from mission_cli.formula.emit import identifier
from mission_cli.model.project import Source
from mission_cli.orders.merge import duplicates_table, orders_table
from mission_cli.orders.sorting import sorted_rows
from mission_cli.store.database import Database
from mission_cli.store.files import MOST_ROWS, Draft, Publisher
from mission_cli.store.layout import left_out_folder, orders_folder
from mission_cli.store.statements import columns, statement

_ROWS_AT_ONCE = 100_000
_ROWS_OF_A_BATCH = 100_000


@dataclass(frozen=True, slots=True)
class DayFiles:
    """The names of the two files of a day; None where the day has no such records."""

    orders: str | None
    left_out: str | None


@dataclass(frozen=True, slots=True)
class Days:
    """Days whose records fit in memory together, or a single one. `rows`: how many records they are."""

    days: list[date]
    rows: int

    @property
    def too_large(self) -> bool:
        """Whether the records are not to be held in memory; then it is one day."""
        return self.rows > MOST_ROWS


def in_portions(database: Database, source: Source, days: Sequence[date]) -> Iterator[Days]:
    """The days in groups; a day is never split."""
    _want(database, days)
    counts: dict[date, int] = dict.fromkeys(days, 0)
    for table in (orders_table(source.id), duplicates_table(source.id)):
        for day, count in database.rows(f"SELECT _day, count(*) FROM {table} JOIN wanted_days USING (_day) GROUP BY _day"):
            counts[day] += count
    portion: list[date] = []
    rows = 0
    for day in days:
        if portion and rows + counts[day] > _ROWS_AT_ONCE:
            yield Days(portion, rows)
            portion, rows = [], 0
        portion.append(day)
        rows += counts[day]
    if portion:
        yield Days(portion, rows)


@dataclass(frozen=True, slots=True)
class DayRecords:
    """Records of some days: final orders and those left out, with their `_day`, in no order yet. `written`: of days that are in
    files already."""

    days: Sequence[date]
    orders: pl.DataFrame = field(default_factory=pl.DataFrame)
    left_out: pl.DataFrame = field(default_factory=pl.DataFrame)
    written: dict[date, DayFiles] = field(default_factory=dict)


def read_days(database: Database, source: Source, days: Sequence[date]) -> DayRecords:
    """Everything that is dated to the days."""
    if not days:
        return DayRecords(days)
    _want(database, days)
    orders, left_out = (database.frame(_query(source, name)) for name in ("export_orders", "export_left_out"))
    return DayRecords(days, orders, left_out)


def write_day(database: Database, publisher: Publisher, source: Source, day: date) -> DayRecords:
    """The same of a day that is too large for memory: its records go from the database, which sorts them, into the two files."""
    _want(database, [day])
    names: list[str | None] = []
    for file, name, by in (
        (publisher.begin(orders_folder(source.id, day), "orders"), "export_orders", _by(source)),
        (publisher.begin(left_out_folder(source.id, day), "left_out"), "export_left_out", _by_version(source)),
    ):
        order = ", ".join(f"{identifier(name)} ASC NULLS LAST" for name in by)
        for part in database.frames(f"SELECT * FROM ({_query(source, name)}) ORDER BY {order}", _ROWS_OF_A_BATCH):
            file.add(part)
        names.append(publisher.finish([file])[0].name if file.rows else None)
    publisher.settle()
    return DayRecords([day], written={day: DayFiles(*names)})


def _query(source: Source, name: str) -> str:
    fragments = {
        "orders": orders_table(source.id),
        "duplicates": duplicates_table(source.id),
        "columns": columns((column.name for column in source.columns), "o."),
    }
    return statement(name, **fragments)


def _want(database: Database, days: Sequence[date]) -> None:
    """Make `wanted_days` of them, to join with: the engine looks only at the rows between the first and the last."""
    database.replace_temporary("wanted_days", pl.DataFrame({"_day": days}, schema={"_day": pl.Date}))


def publish_days(publisher: Publisher, source: Source, records: DayRecords) -> dict[date, DayFiles]:
    """Write the two files of each day, sorted by supplier, time and key; the caller settles them."""
    by, by_version = _by(source), _by_version(source)
    orders = [Draft(orders_folder(source.id, day), "orders", part) for day, part in _sorted(records.orders, source, by)]
    left_out = [
        Draft(left_out_folder(source.id, day), "left_out", part) for day, part in _sorted(records.left_out, source, by_version)
    ]
    files = publisher.write(orders + left_out)
    written = {draft.folder: file.name for draft, file in zip(orders + left_out, files, strict=True)}
    return {
        day: DayFiles(written.get(orders_folder(source.id, day)), written.get(left_out_folder(source.id, day)))
        for day in records.days
    } | records.written


def _by(source: Source) -> list[str]:
    """What final orders are sorted by; no two are alike in it."""
    return [*_by_supplier_and_time(source), *source.key]


def _by_supplier_and_time(source: Source) -> list[str]:
    return [name for name in (source.supplier, source.time) if name]


def _by_version(source: Source) -> list[str]:
    """What versions of orders are sorted by. A file that was written anew has lines of the same name and number twice."""
    by = [*_by(source), "_why", "_file", "_line"]
    return [*by, *(column.name for column in source.columns if column.name not in by), "_winner_file", "_winner_line"]


def _sorted(records: pl.DataFrame, source: Source, by: Sequence[str]) -> list[tuple[date, pl.DataFrame]]:
    """The records of each day, sorted."""
    if records.is_empty():
        return []
    first = _by_supplier_and_time(source)
    rows = sorted_rows(records, ["_day", *first], by[len(first) :])
    return [(key[0], part) for key, part in rows.partition_by("_day", maintain_order=True, as_dict=True).items()]
