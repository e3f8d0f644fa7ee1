"""Staged rows → orders and duplicates of their source, by key, in one transaction of the caller's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from mission_cli.formula.emit import identifier
from mission_cli.model.expression import Type
from mission_cli.model.project import Source
from mission_cli.store.database import Database
from mission_cli.store.statements import columns, statement

_TEMPORARY = ("versions", "contents", "ranked", "losers")


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
    """Merge `staged` into the source's orders; what does not stand, staged or stored, goes to its duplicates."""
    orders, duplicates = orders_table(source.id), duplicates_table(source.id)
    for name in ("merge_versions", "merge_contents"):
        database.execute(statement(name, **_fragments(source, name)))
    alike = database.rows("SELECT count(*) FROM contents") != [(0,)]
    for name in ("merge_ranked", "merge_losers"):
        database.execute(statement(name, **_fragments(source, name, alike=alike)))
    counts = _counts(database)
    days = database.rows(
        "SELECT DISTINCT _day FROM (SELECT _day FROM losers UNION ALL SELECT s._day FROM staged AS s"
        " SEMI JOIN ranked AS w ON w._wins AND NOT w._stored AND w._rid = s.rowid)"
    )
    database.execute(f"DELETE FROM {orders} WHERE rowid IN (SELECT _rid FROM ranked WHERE _stored AND NOT _wins)")
    database.execute(
        f"INSERT INTO {orders} BY NAME SELECT s.* FROM staged AS s"
        " SEMI JOIN ranked AS w ON w._wins AND NOT w._stored AND w._rid = s.rowid"
    )
    database.execute(f"INSERT INTO {duplicates} BY NAME SELECT * FROM losers")
    for table in (*_TEMPORARY, "staged"):
        database.execute(f"DROP TABLE {table}")
    return Merged(counts, sorted(day for (day,) in days))


def _counts(database: Database) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for batch, did, count in database.rows("SELECT _batch, _did, count(*) FROM ranked WHERE NOT _stored GROUP BY ALL"):
        counts[batch][did] = count
    return dict(counts)


def _fragments(source: Source, name: str, *, alike: bool = True) -> dict[str, str]:
    """What the statements of the merge need to know of a source. Without `updated` the later arrival is the newer version.

    `alike`: some versions share key and `updated`, so that content must be looked at; else `updated` itself is the rank.
    """
    key = columns(source.key)
    alias = {"merge_versions": ("o.", "s."), "merge_contents": ("a.", "v.")}.get(name, ("l.", "w."))
    dated = source.updated is not None
    arrived = f"PARTITION BY {key} ORDER BY _arrival"
    return {
        "orders": orders_table(source.id),
        "key": key,
        "key_of_orders": columns(source.key, "o."),
        "same_key": " AND ".join(f"{alias[0]}{identifier(k)} = {alias[1]}{identifier(k)}" for k in source.key),
        "columns": columns((column.name for column in source.columns), "r."),
        "updated": _updated(source, ""),
        "updated_of_orders": _updated(source, "o."),
        "has_updated": "TRUE" if dated else "FALSE",
        "rank": _rank(source, key) if alike else "_updated",
        "best_before": f"max(_rank) OVER ({arrived} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
        if dated
        else f"lag(_rank) OVER ({arrived})",
        "is_newer": "_rank > _before" if dated else "TRUE",
    }


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
