"""The published files say the same as the ledger and the orders: records of a day, rejects, awards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mission_cli.formula.emit import text_literal
from mission_cli.orders.merge import duplicates_table, orders_table
from mission_cli.stages.audit.findings import DATABASE, Audit
from mission_cli.stages.audit.sums import TABLES, tell
from mission_cli.store.database import Database, exact_path
from mission_cli.store.ledger import Ledger

_MONEY = "DECIMAL(38,9)"


def check_days(audit: Audit, database: Database, data: Path, damaged: set[str]) -> None:
    """The orders and left-out records that were published of a day are as many as the working database dates to it."""
    there = set(database.rows(TABLES))
    for source in Ledger(database).sources():
        if (f"orders_{source}",) not in there:
            continue
        orders, duplicates = orders_table(source), duplicates_table(source)
        sql = f"""
            SELECT p.day, orders_file, left_out_file, coalesce(f.final, 0), coalesce(f.others, 0) + coalesce(d.others, 0)
            FROM partitions AS p JOIN days USING (source, day, change)
            LEFT JOIN (SELECT _day AS day, count(*) FILTER (_final) AS final, count(*) FILTER (NOT _final) AS others
                       FROM {orders} GROUP BY _day) AS f USING (day)
            LEFT JOIN (SELECT _day AS day, count(*) AS others FROM {duplicates} GROUP BY _day) AS d USING (day)
            WHERE source = ? ORDER BY day"""
        for day, first, second, final, others in database.rows(sql, [source]):
            for name, wanted, what in ((first, final, "final orders"), (second, others, "other records")):
                found = _rows_of(database, data, name) if name not in damaged else wanted
                if found != wanted:
                    file = f"data/{name}" if name else DATABASE
                    audit.damaged(file, f"{source} {day}: {found:,} {what} were published, but {wanted:,} are there")


def _rows_of(database: Database, data: Path, name: str | None) -> int:
    if name is None:
        return 0
    ((rows,),) = database.rows("SELECT count(*) FROM read_parquet(?, hive_partitioning = false)", [exact_path(data / name)])
    return int(rows)


def check_rejects(audit: Audit, database: Database, data: Path, damaged: set[str]) -> None:
    """Every reject that the ledger keeps stands in a published list, letter by letter."""
    files = [f for (f,) in database.rows("SELECT file FROM logs WHERE kind = 'rejects' ORDER BY file") if f not in damaged]
    listed = _selected(data, files, 'batch, line, "column", reason, raw', "NULL::INTEGER, NULL::BIGINT, NULL, NULL, NULL")
    sql = f"""
        SELECT format('reject of batch {{}}, line {{}}, is not as it was published', batch, line)
        FROM (SELECT batch, line, column_name, reason, raw FROM rejects EXCEPT ALL {listed}) ORDER BY batch, line"""
    if len(files) == len(database.rows("SELECT 1 FROM logs WHERE kind = 'rejects'")):
        tell(audit, [what for (what,) in database.rows(sql)])


def check_awards(audit: Audit, database: Database, data: Path, damaged: set[str]) -> None:
    """What the results award is what the ledger keeps, in the ledger's decimals; awards of pruned results stand alone."""
    files = [file for (file,) in database.rows("SELECT file FROM evaluations ORDER BY file")]
    if damaged.intersection(files):
        return
    columns = f"mission_id, as_of, supplier_id, window_start, window_end, earned::{_MONEY}, reward::{_MONEY}"
    nothing = f"NULL, NULL::DATE, NULL, NULL::DATE, NULL::DATE, NULL::{_MONEY}, NULL::{_MONEY}"
    results = _selected(data, files, columns, nothing, "earned > 0")
    awards = "SELECT mission_id, decided_on, supplier_id, window_start, window_end, earned, reward FROM awards"
    known = f"{awards} WHERE decided_on IN (SELECT as_of FROM evaluations)"
    awarded = f"SELECT DISTINCT * FROM ({results})"
    for more, fewer, says in (
        (known, awarded, "the results do not award it"),
        (awarded, known, "the table awards does not have it"),
    ):
        sql = f"""SELECT format('mission {{}}, decided on {{}}, supplier {{}}: an award of {{}}: {says}', mission_id, decided_on,
                               supplier_id, reward::VARCHAR)
                  FROM (SELECT * FROM ({more}) EXCEPT ALL SELECT * FROM ({fewer}))
                       AS t(mission_id, decided_on, supplier_id, window_start, window_end, earned, reward) ORDER BY ALL"""
        tell(audit, [what for (what,) in database.rows(sql)])
    tell(audit, list(_awards_of_no_day(database)))


def _awards_of_no_day(database: Database) -> Iterator[str]:
    known = "SELECT as_of FROM evaluations UNION ALL SELECT day FROM pruned WHERE source = ''"
    sql = f"SELECT decided_on, count(*) FROM awards WHERE decided_on NOT IN ({known}) GROUP BY decided_on ORDER BY decided_on"
    for day, count in database.rows(sql):
        yield f"{count:,} awards decided on {day}, as of which there are no results"


def _selected(data: Path, files: Sequence[str], columns: str, nothing: str, where: str = "TRUE") -> str:
    """A query over published files, or one that gives no rows where there are none."""
    if not files:
        return f"SELECT {nothing} WHERE FALSE"
    paths = ", ".join(text_literal(exact_path(data / file)) for file in files)
    return f"SELECT {columns} FROM read_parquet([{paths}], hive_partitioning = false) WHERE {where}"
