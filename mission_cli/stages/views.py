"""The views that people know from the old tables: `metric_supplier` and `mission_supplier`, over the published files."""

from __future__ import annotations

from mission_cli.formula.emit import text_literal
from mission_cli.stages.context import Context
from mission_cli.store.database import exact_path
from mission_cli.store.statements import statement


def make_views(context: Context) -> None:
    """Make the views that are not there, or name another place because the project was moved.

    They look at the files whenever they are asked, so nothing is to be done when files change. One over no files, or over
    partitions without metrics, cannot be made yet.
    """
    data = exact_path(context.layout.data.resolve())
    partitions = text_literal(f"{data}/metrics/*/*/*.parquet")
    results = text_literal(f"{data}/results/*/*.parquet")
    there = dict(context.database.rows("SELECT view_name, sql FROM duckdb_views() WHERE NOT internal"))
    if partitions not in there.get("metric_supplier", "") and _has_metrics(context, partitions):
        context.database.execute(statement("view_metric_supplier", files=partitions))
    if results not in there.get("mission_supplier", "") and context.ledger.evaluations.days():
        context.database.execute(statement("view_mission_supplier", files=results))


def _has_metrics(context: Context, partitions: str) -> bool:
    """Whether any partition has a column besides the supplier."""
    if not context.ledger.partition_files():
        return False
    sql = f"DESCRIBE SELECT * FROM read_parquet({partitions}, hive_partitioning = false, union_by_name = true)"
    return len(context.database.rows(sql)) > 1
