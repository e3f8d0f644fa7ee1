"""New files of a source → accepted rows in the temporary table `staged`, rejects, and what each batch held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from mission_cli.formula.emit import identifier, over_orders, text_literal
from mission_cli.model.expression import Type
from mission_cli.model.project import Project, Source
from mission_cli.staging.casts import complaint, typed
from mission_cli.staging.records import records
from mission_cli.staging.text import Batch, Misfit, forget_text, stage_text
from mission_cli.store.database import Database
from mission_cli.store.statements import columns, statement

STAGED = "staged"
_REJECTS = {
    "source": pl.String,
    "batch": pl.Int32,
    "line": pl.Int64,
    "column_name": pl.String,
    "reason": pl.String,
    "raw": pl.String,
}


@dataclass(frozen=True, slots=True)
class Loading:
    """What became of the batches: records and rejected records of each, why some were refused, and the rejects themselves.

    `rejects`: grain record, the columns of the ledger's table.
    """

    records: dict[int, int]
    rejected: dict[int, int]
    refused: dict[int, str]
    rejects: pl.DataFrame


def stage(database: Database, project: Project, source: Source, batches: Sequence[Batch]) -> Loading:
    """Fill `staged`: `_batch`, `_line`, the typed columns, `_final`, `_day`.

    Writes nothing but temporary tables, and wants no transaction: a file that DuckDB's reader refuses would abort it.
    """
    text = stage_text(database, source, batches)
    printable = all(batch.content.printable for batch in batches)
    database.execute(_typed_statement(project, source, printable=printable))
    found = database.frame("SELECT _batch, _line, _column, _reason FROM staged_typed WHERE _reason IS NOT NULL")
    rejects = pl.concat([_cell_rejects(source, batches, found), _misfit_rejects(source, text.misfits)])
    rejected = dict(rejects.group_by("batch").len().iter_rows())
    refused = text.refused | _too_many(source, text.records, rejected)
    forget_text(database)
    _keep_accepted(database, standing=[number for number in text.records if number not in refused])
    return Loading(text.records, rejected, refused, rejects.sort("batch", "line"))


def _keep_accepted(database: Database, standing: list[int]) -> None:
    """Turn `staged_typed` into `staged`: accepted records of the batches that stand."""
    database.execute("DELETE FROM staged_typed WHERE _reason IS NOT NULL OR NOT list_contains(?, _batch)", [standing])
    database.execute(f"DROP TABLE IF EXISTS {STAGED}")
    database.execute(f"ALTER TABLE staged_typed RENAME TO {STAGED}")
    for column in ("_column", "_reason"):
        database.execute(f"ALTER TABLE {STAGED} DROP COLUMN {column}")


def _too_many(source: Source, counts: dict[int, int], rejected: dict[int, int]) -> dict[int, str]:
    """Batches with a larger share of rejected records than the source bears."""
    return {
        number: f"{bad} of {counts[number]} records rejected, more than max_rejects = {source.max_rejects.normalize():f} allows"
        for number, bad in rejected.items()
        if Decimal(bad) > source.max_rejects * counts[number]
    }


def _typed_statement(project: Project, source: Source, *, printable: bool) -> str:
    texts = {column.name: identifier(f"text:{column.name}") for column in source.columns}
    cells = [
        f"{text}, {typed(source.column(name), text, source.csv, printable=printable)} AS {identifier(name)}"
        for name, text in texts.items()
    ]
    complaints = [complaint(column, texts[column.name], source) for column in source.columns]
    return statement(
        "stage_typed",
        typed=", ".join(cells),
        texts=", ".join(f"{identifier(name)} AS {text}" for name, text in texts.items()),
        final=over_orders(source.final.tree) if source.final is not None else "TRUE",
        complaint=f"coalesce({', '.join(complaints)})",
        columns=columns(column.name for column in source.columns),
        time=identifier(source.time) if source.time else "TRUE",
        time_name=text_literal(source.column(source.time).header if source.time else ""),
        time_day=business_day(project, source, source.time),
        updated_day=business_day(project, source, source.updated),
    )


def business_day(project: Project, source: Source, name: str | None) -> str:
    """SQL for the business day of a column: a date is one already; a timestamp's is its local date, shifted; else none."""
    match source.column(name).data_type.type if name else None:
        case Type.DATE:
            return identifier(name or "")
        case Type.TIMESTAMP:
            local = f"timezone({text_literal(project.timezone)}, {identifier(name or '')})"
            return f"CAST({local} - INTERVAL {project.day_start} MINUTE AS DATE)"
        case _:
            return "CAST(NULL AS DATE)"


def _cell_rejects(source: Source, batches: Sequence[Batch], found: pl.DataFrame) -> pl.DataFrame:
    """The rejects with the text of each record, read again from the few files that have any."""
    rows = []
    by_number = {batch.number: batch for batch in batches}
    for (number,), part in found.group_by("_batch"):
        wanted = {line: (name, reason) for line, name, reason in part.select("_line", "_column", "_reason").iter_rows()}
        again = records(by_number[number].path, source.csv.delimiter)
        rows += [(source.id, number, r.line, *wanted[r.line], r.raw) for r in again if r.line in wanted]
    return pl.DataFrame(rows, schema=_REJECTS, orient="row")


def _misfit_rejects(source: Source, misfits: Sequence[Misfit]) -> pl.DataFrame:
    rows = [(source.id, misfit.batch, misfit.line, None, misfit.reason, misfit.raw) for misfit in misfits]
    return pl.DataFrame(rows, schema=_REJECTS, orient="row")
