"""The views that people know from the old tables: `metric_supplier` and `mission_supplier`, over the published files."""

from __future__ import annotations

from mission_cli.formula.emit import identifier, text_literal
from mission_cli.stages.context import Context
from mission_cli.store.statements import statement


def make_views(context: Context) -> None:
    """Make both views anew, naming the metrics and the place of the project as they are now."""
    data = context.layout.data.resolve()
    metrics = [
        f"SELECT date, supplier_id, {text_literal(metric)} AS metric_id, CAST({identifier(metric)} AS DOUBLE) AS value FROM files"
        f" WHERE source = {text_literal(source)} AND {identifier(metric)} IS NOT NULL"
        for source, metric in _published_metrics(context)
    ]
    if metrics:
        union = " UNION ALL ".join(metrics)
        context.database.execute(
            statement("view_metric_supplier", files=text_literal(f"{data}/metrics/*/*/*.parquet"), metrics=union)
        )
    if context.ledger.evaluation_meanings():
        context.database.execute(statement("view_mission_supplier", files=text_literal(f"{data}/results/*/*.parquet")))


def _published_metrics(context: Context) -> list[tuple[str, str]]:
    published = context.ledger.partition_files()
    return [
        (source.id, m.id)
        for source in context.project.sources
        if source.id in published
        for m in context.project.daily_metrics(source.id)
    ]
