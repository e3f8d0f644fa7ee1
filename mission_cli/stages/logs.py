"""What a load turned away, published for readers: rejects, and records that changed nothing."""

from __future__ import annotations

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
    context.database.execute(statement("log_rejects"))
    _publish(context, source, "rejects")
    context.database.execute(f"DROP TABLE {REJECTS}")


def keep_duplicates(context: Context, source: Source) -> None:
    """Publish what the last merge found to be duplicate, superseded or in conflict."""
    fragments = {
        "key": columns(source.key, "l."),
        "supplier": f"CAST(l.{identifier(source.supplier)} AS VARCHAR)",
        "updated": f"CAST(l.{identifier(source.updated)} AS VARCHAR)" if source.updated else "CAST(NULL AS VARCHAR)",
    }
    context.database.execute(statement("log_duplicates", **fragments))
    _publish(context, source, "duplicates")
    context.database.execute("DROP TABLE losers")


def _publish(context: Context, source: Source, kind: str) -> None:
    """Publish the temporary table of what is logged, sorted by batch and line, a bounded number of rows per file."""
    table = f"logged_{kind}"
    ((rows,),) = context.database.rows(f"SELECT count(*) FROM {table}")
    for after in range(0, rows, _ROWS_AT_ONCE):
        frame = context.database.frame(f"SELECT * FROM {table} ORDER BY batch, line LIMIT ? OFFSET ?", [_ROWS_AT_ONCE, after])
        numbers = frame["batch"].unique().to_list()
        (published,) = context.publisher.write([Draft(log_folder(kind, source.id), f"batch-{min(numbers):06d}", frame)])
        context.publisher.settle()
        context.ledger.add_log(source.id, kind, numbers, published)
    context.database.execute(f"DROP TABLE {table}")
