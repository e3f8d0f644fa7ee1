"""The views that people know from the old tables: `metric_supplier` and `mission_supplier`, over the published files."""

from __future__ import annotations

from mission_cli.formula.emit import text_literal
from mission_cli.stages.context import Context
from mission_cli.store.statements import statement


def make_views(context: Context) -> None:
    """Make both views anew, naming the place of the project as it is now; one over no files, or no metrics, is left out."""
    data = context.layout.data.resolve()
    partitions = text_literal(f"{data}/metrics/*/*/*.parquet")
    if context.ledger.partition_files() and _has_metrics(context, partitions):
        context.database.execute(statement("view_metric_supplier", files=partitions))
    if context.ledger.evaluation_meanings():
        context.database.execute(statement("view_mission_supplier", files=text_literal(f"{data}/results/*/*.parquet")))


def _has_metrics(context: Context, partitions: str) -> bool:
    """Whether any partition has a column besides the supplier."""
    sql = f"DESCRIBE SELECT * FROM read_parquet({partitions}, hive_partitioning = false, union_by_name = true)"
    return len(context.database.rows(sql)) > 1
