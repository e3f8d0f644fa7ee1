"""Staged rows → orders and duplicates of their source, by key, in one transaction of the caller's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from mission_cli.formula.emit import identifier
from mission_cli.model.expression import Type
from mission_cli.model.project import Source
from mission_cli.store.database import Database
from mission_cli.store.statements import columns, statement

_TEMPORARY = ("stored", "contested", "versions", "contents", "ranked")


@dataclass(frozen=True, slots=True)
class Merged:
    """Per batch how many records were new, updated, duplicate, superseded; and every day whose records changed."""

    counts: dict[int, dict[str, int]]
    days: list[date]


def orders_table(source: str) -> str:
    """The quoted name of a source's orders."""
    return identifier(f"orders_{source}")


def duplicates_table(source: str) -> str:
    """The quoted name of the versions of a source's orders that do not stand."""
    return identifier(f"duplicates_{source}")


def make_tables(database: Database, source: Source) -> None:
    """The two tables of a source, when they are not there."""
    typed = ", ".join(f"{identifier(column.name)} {column.data_type.sql}" for column in source.columns)
    names = {"orders": orders_table(source.id), "duplicates": duplicates_table(source.id)}
    database.execute(statement("orders_tables", columns=typed, **names))


def drop_tables(database: Database, source: str) -> None:
    """Forget every record of a source, before its files are loaded again."""
    for table in (orders_table(source), duplicates_table(source)):
        database.execute(f"DROP TABLE IF EXISTS {table}")


def merge(database: Database, source: Source) -> Merged:
    """Merge `staged` into the source's orders; what does not stand, staged or stored, goes to its duplicates.

    Leaves the temporary table `losers`: what does not stand since this merge, as in the duplicates, and what it did on arrival.
    """
    orders, duplicates = orders_table(source.id), duplicates_table(source.id)
    database.execute(statement("merge_stored", **_fragments(source, "merge_stored")), _bounds(database, source))
    for name in ("merge_contested", "merge_versions", "merge_contents"):
        database.execute(statement(name, **_fragments(source, name)))
    alike = database.rows("SELECT count(*) FROM contents") != [(0,)]
    for name in ("merge_ranked", "merge_losers"):
        database.execute(statement(name, **_fragments(source, name, alike=alike)))
    counts = _counts(database)
    days = database.rows("SELECT DISTINCT _day FROM (SELECT _day FROM losers UNION ALL SELECT _day FROM staged)")
    database.execute(f"DELETE FROM {orders} WHERE rowid IN (SELECT _rid FROM ranked WHERE _stored AND NOT _wins)")
    with database.in_any_order():
        database.execute(statement("merge_insert", **_fragments(source, "merge_insert")))
    database.execute(f"INSERT INTO {duplicates} BY NAME SELECT * EXCLUDE (_did) FROM losers")
    for table in (*_TEMPORARY, "staged"):
        database.execute(f"DROP TABLE {table}")
    return Merged(counts, sorted(day for (day,) in days))


def _bounds(database: Database, source: Source) -> tuple[Any, ...]:
    """The least and greatest of the key's first column among the staged rows, as texts, since Python has other times than the
    engine, which passes over orders beyond them."""
    first = identifier(source.key[0])
    return database.rows(f"SELECT CAST(min({first}) AS VARCHAR), CAST(max({first}) AS VARCHAR) FROM staged")[0]


def _counts(database: Database) -> dict[int, dict[str, int]]:
    """Per batch what its records did; those whose keys nobody contests are new."""
    counts: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for batch, did, count in database.rows("SELECT _batch, _did, count(*) FROM ranked WHERE NOT _stored GROUP BY ALL"):
        counts[batch][did] += count
    for batch, count in database.rows("SELECT _batch, count(*) FROM staged GROUP BY _batch"):
        counts[batch]["new"] += count - sum(counts[batch].values())
    return {batch: dict(did) for batch, did in counts.items()}


def _fragments(source: Source, name: str, *, alike: bool = True) -> dict[str, str]:
    """What the statements of the merge need to know of a source. Without `updated` the later arrival is the newer version.

    `alike`: some versions share key and `updated`, so that content must be looked at; else `updated` itself is the rank.
    """
    key = columns(source.key)
    alias = {"merge_stored": ("o.", "s."), "merge_contents": ("a.", "v.")}.get(name, ("l.", "w."))
    dated = source.updated is not None
    arrived = f"PARTITION BY {key} ORDER BY _arrival"
    return {
        "orders": orders_table(source.id),
        "key": key,
        "key_of_orders": columns(source.key, "o."),
        "key_of_staged": columns(source.key, "s."),
        "first_of_key": identifier(source.key[0]),
        "its_type": source.column(source.key[0]).data_type.sql,
        "same_key": _equal(source, *alias),
        "same_key_as_staged": _equal(source, "s.", "c."),
        "columns": columns((column.name for column in source.columns), "r."),
        "updated_of_staged": _updated(source, "s."),
        "updated_of_orders": _updated(source, "o."),
        "has_updated": "TRUE" if dated else "FALSE",
        "rank": _rank(source, key) if alike else "_updated",
        "best_before": f"max(_rank) OVER ({arrived} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
        if dated
        else f"lag(_rank) OVER ({arrived})",
        "is_newer": "_rank > _before" if dated else "TRUE",
    }


def _equal(source: Source, left: str, right: str) -> str:
    return " AND ".join(f"{left}{identifier(k)} = {right}{identifier(k)}" for k in source.key)


def _updated(source: Source, alias: str) -> str:
    """SQL for a version's time of update; one without is older than any other."""
    if source.updated is None:
        return "NULL"
    kind = source.column(source.updated).data_type
    oldest = "-9223372036854775808" if kind.type is Type.INTEGER else "-infinity"
    return f"coalesce({alias}{identifier(source.updated)}, CAST('{oldest}' AS {kind.sql}))"


def _rank(source: Source, key: str) -> str:
    newness = "_updated, _content" if source.updated is not None else "_content"
    return f"dense_rank() OVER (PARTITION BY {key} ORDER BY {newness})"
