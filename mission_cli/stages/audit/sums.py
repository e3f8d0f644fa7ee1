"""The ledger adds up: small checks, each a query that gives a line per thing that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from mission_cli.formula.emit import identifier, text_literal
from mission_cli.orders.merge import duplicates_table, orders_table
from mission_cli.stages.audit.findings import DATABASE, RUN_AGAIN, Audit
from mission_cli.store.database import Database, first_line
from mission_cli.store.ledger import Ledger
from mission_cli.store.seals import SEALED, seals, seals_now

TABLES = "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary ORDER BY table_name"
_MANY = 5

_OF_THE_LEDGER = (
    """SELECT format('batch {} ({}): {} records, but {} accounted for', batch, file, records,
                     new + updated + duplicate + superseded + rejected)
       FROM batches WHERE status = 'loaded' AND records <> new + updated + duplicate + superseded + rejected ORDER BY batch""",
    """SELECT format('batch {} is there more than once', batch) FROM batches GROUP BY batch HAVING count(*) > 1 ORDER BY batch""",
    """SELECT format('batch {} ({}): {} of its records were rejected, but {} are kept', batch, b.file, b.rejected,
                     coalesce(kept, 0))
       FROM batches AS b LEFT JOIN (SELECT batch, count(*) AS kept FROM rejects GROUP BY batch) AS r USING (batch)
       WHERE if(b.status = 'loaded', coalesce(kept, 0) <> b.rejected, coalesce(kept, 0) > b.rejected) ORDER BY batch""",
    """SELECT format('{} rejects belong to batch {}, which is not there', count(*), batch)
       FROM rejects ANTI JOIN batches USING (batch) GROUP BY batch ORDER BY batch""",
    """SELECT format('run {} is missing', n) FROM range(1, (SELECT max(run) + 1 FROM runs)) AS r(n)
       WHERE n NOT IN (SELECT run FROM runs) ORDER BY n""",
    """SELECT format('batch {} belongs to run {}, which is not there', batch, run)
       FROM batches ANTI JOIN runs USING (run) ORDER BY batch""",
    """SELECT format('{} {}: there is a partition, but not the day', source, day)
       FROM partitions ANTI JOIN days USING (source, day) ORDER BY source, day""",
    """SELECT format('{} {}: the partition is of change {}, but the last is {}', source, day, p.change, d.change)
       FROM partitions AS p JOIN days AS d USING (source, day) WHERE p.change > d.change ORDER BY source, day""",
    """SELECT format('{} {}: there is more than one partition', source, day)
       FROM partitions GROUP BY source, day HAVING count(*) > 1 ORDER BY source, day""",
    """SELECT format('results as of {}: are there more than once', as_of)
       FROM evaluations GROUP BY as_of HAVING count(*) > 1 ORDER BY as_of""",
    """SELECT format('results of {} as of {}: are there more than once', mission, as_of)
       FROM evaluated_missions GROUP BY as_of, mission HAVING count(*) > 1 ORDER BY as_of, mission""",
    """SELECT format('missions were evaluated as of {}, but there are no results as of it', as_of)
       FROM (SELECT DISTINCT as_of FROM evaluated_missions) ANTI JOIN evaluations USING (as_of) ORDER BY as_of""",
    """SELECT format('the window {} to {} of {} keeps rules that are not there', window_start, window_end, mission)
       FROM window_rules ANTI JOIN (FROM book_rules JOIN rule_books USING (book)) USING (mission, book) ORDER BY ALL""",
    """SELECT format('the window {} to {} of {} keeps its rules more than once', window_start, window_end, mission)
       FROM window_rules GROUP BY mission, window_start, window_end HAVING count(*) > 1 ORDER BY ALL""",
    """SELECT format('roster {}: version {} is missing', roster, n)
       FROM (SELECT roster, unnest(range(min(version), max(version) + 1)) AS n FROM rosters GROUP BY roster)
       ANTI JOIN (SELECT roster, version AS n FROM rosters) USING (roster, n) ORDER BY roster, n""",
)
_OF_A_SOURCE = (
    """SELECT format('{name}: batch {} ({}) has {} records that were taken in, but {} are there', b.batch, b.file,
                     new + updated + duplicate + superseded, coalesce(found, 0))
       FROM (SELECT * FROM batches WHERE source = {text}) AS b
       FULL JOIN (SELECT _batch AS batch, count(*) AS found
                  FROM (SELECT _batch FROM {orders} UNION ALL SELECT _batch FROM {duplicates}) GROUP BY _batch) AS f USING (batch)
       WHERE b.batch IS NULL OR coalesce(found, 0) <> new + updated + duplicate + superseded ORDER BY b.batch""",
    """SELECT format('{name}: {} orders are there, but the batches brought {}', found, brought)
       FROM (SELECT count(*) AS found FROM {orders}),
            (SELECT coalesce(sum(new), 0)::BIGINT AS brought FROM batches WHERE source = {text}) WHERE found <> brought""",
    """SELECT format('{name} {}: records are dated to the day, but the day is not there', _day)
       FROM (SELECT _day FROM {orders} UNION SELECT _day FROM {duplicates})
       WHERE _day NOT IN (SELECT day FROM days WHERE source = {text}) ORDER BY _day""",
    """SELECT format('{name} {}: no record is dated to the day', day)
       FROM days WHERE source = {text} AND day NOT IN (SELECT _day FROM {orders} UNION SELECT _day FROM {duplicates})
       ORDER BY day""",
)


def unreadable_tables(audit: Audit, database: Database) -> bool:
    """Read every table to its end: the engine holds each block against its checksum. Whether any cannot be read."""
    failed = False
    for (table,) in database.rows(TABLES):
        try:
            database.rows(f"SELECT sum(hash(t)) FROM {identifier(table)} AS t")
        except duckdb.Error as error:
            audit.damaged(DATABASE, f"table {table} cannot be read: {first_line(error)}")
            failed = True
    return failed


def check_ledger(audit: Audit, database: Database) -> None:
    """Hold the ledger's tables against each other and against the orders."""
    there = {table for (table,) in database.rows(TABLES)}
    for sql in _OF_THE_LEDGER:
        tell(audit, [what for (what,) in database.rows(sql)])
    loaded = set(Ledger(database).sources())
    kept = {table.removeprefix("orders_") for table in there if table.startswith("orders_")}
    for source in sorted(loaded - kept):
        audit.damaged(DATABASE, f"{source}: its orders are not there")
    for source in sorted(kept - loaded):
        audit.damaged(DATABASE, f"{source}: there are orders, but not what they were read by (table source_meanings)")
    for source in sorted(kept):
        slots = {"orders": orders_table(source), "duplicates": duplicates_table(source), "text": text_literal(source)}
        for sql in _OF_A_SOURCE:
            tell(audit, [what for (what,) in database.rows(_filled(sql, name=source, **slots))])


def _filled(sql: str, **slots: str) -> str:
    """Not `str.format`: the statements have places of their own in braces."""
    for name, text in slots.items():
        sql = sql.replace("{" + name + "}", text)
    return sql


def tell(audit: Audit, found: Sequence[str]) -> None:
    """Add what is wrong with the ledger; of many of one kind the first."""
    for what in found[:_MANY]:
        audit.damaged(DATABASE, what)
    if len(found) > _MANY:
        audit.damaged(DATABASE, f"and {len(found) - _MANY} more like the last")


def check_seals(audit: Audit, database: Database, manifest: Path) -> None:
    """Hold the ledger and the manifest against what the last run left."""
    sealed = seals(database)
    if not sealed:
        audit.notes.append("the ledger and the manifest carry no digests yet; the next run records them")
        return
    now = seals_now(database, manifest) if manifest.exists() else {}
    if any(now[name].is_of_other_engine(found) for name, found in sealed.items() if name in now):
        audit.notes.append("the digests of the ledger are of another version of DuckDB; the next run records them anew")
        return
    for name in (*SEALED, manifest.name):
        before, here = sealed.get(name), now.get(name)
        if before is None:
            audit.damaged(DATABASE, f"table seals: the row of {name} is missing", RUN_AGAIN)
        elif here is not None and here != before:
            _changed(audit, name, before.rows, here.rows)


def _changed(audit: Audit, name: str, before: int, here: int) -> None:
    if name in SEALED:
        rows = f"{here:,} rows, and was left with {before:,}" if here != before else f"{here:,} rows, of which some changed"
        audit.damaged(DATABASE, f"table {name} is not what the last run left: it has {rows}")
    else:
        audit.damaged(f"data/{name}", "is not what the last run wrote", RUN_AGAIN)
