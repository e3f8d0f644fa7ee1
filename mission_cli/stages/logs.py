"""What a load turned away, published for readers: rejects, and versions of orders that do not stand."""

from __future__ import annotations

from collections.abc import Iterator

from mission_cli.formula.emit import identifier
from mission_cli.model.project import Source
from mission_cli.stages.context import Context
from mission_cli.staging.load import REJECTS
from mission_cli.store.files import Draft
from mission_cli.store.layout import log_folder
from mission_cli.store.statements import columns, statement

_ROWS_AT_ONCE = 500_000


def keep_rejects(context: Context, source: Source) -> None:
    """Enter the staged rejects in the ledger, and publish them. The batches must be in the ledger already."""
    context.database.execute(f"INSERT INTO rejects BY NAME SELECT * FROM {REJECTS}")
    _publish(context, source, "rejects", statement("log_rejects"), REJECTS)
    context.database.execute(f"DROP TABLE {REJECTS}")


def keep_duplicates(context: Context, source: Source) -> None:
    """Publish what lost in the last merge."""
    fragments = {
        "key": columns(source.key, "l."),
        "supplier": f"CAST(l.{identifier(source.supplier)} AS VARCHAR)",
        "updated": f"CAST(l.{identifier(source.updated)} AS VARCHAR)" if source.updated else "CAST(NULL AS VARCHAR)",
    }
    _publish(context, source, "duplicates", statement("log_duplicates", **fragments), "losers")
    context.database.execute("DROP TABLE losers")


def _publish(context: Context, source: Source, kind: str, query: str, table: str) -> None:
    """Publish the rows of a query over a temporary table, a bounded number per file."""
    for after in _steps(context, table):
        frame = context.database.frame(query, [_ROWS_AT_ONCE, after])
        numbers = frame["batch"].unique().to_list()
        stem = f"batch-{min(numbers):06d}"
        (published,) = context.publisher.write([Draft(log_folder(kind, source.id), stem, frame)])
        context.publisher.settle()
        context.ledger.add_log(source.id, kind, numbers, published)


def _steps(context: Context, table: str) -> Iterator[int]:
    ((rows,),) = context.database.rows(f"SELECT count(*) FROM {table}")
    return iter(range(0, rows, _ROWS_AT_ONCE))
