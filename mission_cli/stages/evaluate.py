"""Stage 3: partitions → results as of each day, where anything that goes into them changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from mission_cli.conditions.judge import results_sql
from mission_cli.formula.emit import identifier
from mission_cli.formula.rules import rules_meaning
from mission_cli.formula.usage import mission_sources
from mission_cli.model.project import Project
from mission_cli.stages.context import Context
from mission_cli.stages.parallel import in_order
from mission_cli.store.database import Database, exact_path, in_memory
from mission_cli.store.files import Draft, Published, Publisher
from mission_cli.store.layout import results_folder
from mission_cli.windows.ranges import ReportedWindow, needed_days, windows_as_of
from mission_cli.windows.totals import roll_totals

_WORK_AT_ONCE = 3_000_000
_DAYS_AT_ONCE = 62


def evaluate(context: Context, as_of_days: Sequence[date]) -> None:
    """Publish the results as of the days, in their order, some days in one commit."""
    rules = rules_meaning(context.project)
    meanings = _meanings(context, rules, as_of_days)
    done = context.ledger.evaluation_meanings()
    todo = [day for day in as_of_days if done.get(day) != meanings[day]]
    context.report.unchanged += [day for day in as_of_days if done.get(day) == meanings[day]]
    context.watch.begin("evaluate", len(todo))
    jobs = (partial(compute_results, _task(context, portion)) for portion in _portions(context, todo))
    for published in in_order(jobs):
        made = {as_of: (meanings[as_of], file) for as_of, file in published.items()}
        with context.database.transaction():
            context.obsolete += context.ledger.replace_evaluations(rules, made)
        context.report.evaluated += list(made)
        context.publish()
        context.watch.advance(len(made))


def _meanings(context: Context, rules: str, as_of_days: Sequence[date]) -> dict[date, str]:
    """As-of day → fingerprint of the rules, the suppliers and every partition that goes into its results."""
    digests = context.ledger.partition_digests()
    suppliers = context.ledger.supplier_file() if any(m.suppliers is not None for m in context.project.missions) else None
    sources = {mission.id: sorted(mission_sources(context.project, mission)) for mission in context.project.missions}
    meanings = {}
    for as_of in as_of_days:
        needed: dict[str, set[date]] = {}
        for reported in windows_as_of(context.project.missions, as_of):
            for source in sources[reported.mission.id]:
                needed.setdefault(source, set()).update(reported.window.days_through(as_of))
        inputs = [
            (source, [(day.toordinal(), digest) for day in sorted(days) if (digest := digests.get(source, {}).get(day))])
            for source, days in sorted(needed.items())
        ]
        meanings[as_of] = hashlib.sha256(repr((rules, suppliers, inputs)).encode()).hexdigest()[:16]
    return meanings


def _portions(context: Context, as_of_days: Sequence[date]) -> Iterator[list[date]]:
    """As-of days that are evaluated together, bounded by the rows that they come to."""
    rows = context.ledger.mean_partition_rows()
    portion: list[date] = []
    work = 0.0
    for as_of in as_of_days:
        cost = sum(_work(reported, rows) for reported in windows_as_of(context.project.missions, as_of))
        if portion and (work + cost > _WORK_AT_ONCE or len(portion) == _DAYS_AT_ONCE):
            yield portion
            portion, work = [], 0.0
        portion.append(as_of)
        work += cost
    if portion:
        yield portion


def _work(reported: ReportedWindow, rows: float) -> float:
    """A guess at the rows of one window: partition rows to roll up, or result rows, whichever are more."""
    days = (reported.through - reported.window.start).days + 1
    return rows * max(days / 4, len(reported.mission.conditions) * min(days, 8))


@dataclass(frozen=True, slots=True)
class EvaluationTask:
    """As-of days to evaluate together. `partitions`: source → day → file; `suppliers`: their published file, if any."""

    project: Project
    data: Path
    as_of_days: tuple[date, ...]
    partitions: dict[str, dict[date, Path]]
    suppliers: Path | None


def compute_results(task: EvaluationTask) -> dict[date, Published]:
    """Evaluate and publish the results as of each day, from published files alone, with an engine of its own.

    Grain of a file: mission, supplier, window, condition, sorted so; it may have no rows.
    """
    windows = [window for as_of in task.as_of_days for window in windows_as_of(task.project.missions, as_of)]
    engine = in_memory(task.project.timezone)
    _make_suppliers(engine, task)
    roll_totals(engine, task.project, windows, task.partitions)
    frame = engine.frame(results_sql(task.project))
    parts = {key[0]: part for key, part in frame.partition_by("as_of", as_dict=True, maintain_order=True).items()}
    empty = frame.clear()
    publisher = Publisher(task.data)
    published = publisher.write([Draft(results_folder(day), "results", parts.get(day, empty)) for day in task.as_of_days])
    publisher.settle()
    return dict(zip(task.as_of_days, published, strict=True))


def _make_suppliers(engine: Database, task: EvaluationTask) -> None:
    """The table that missions select suppliers from; empty while no export of them could be taken."""
    suppliers = task.project.suppliers
    if suppliers is None:
        return
    if task.suppliers is None:
        typed = ", ".join(f"{identifier(column.name)} {column.data_type.sql}" for column in suppliers.columns)
        engine.execute(f"CREATE TABLE suppliers ({typed})")
    else:
        engine.execute(
            "CREATE TABLE suppliers AS SELECT * FROM read_parquet(?, hive_partitioning = false)", [exact_path(task.suppliers)]
        )


def _task(context: Context, as_of_days: Sequence[date]) -> EvaluationTask:
    files = context.ledger.partition_files()
    needed = needed_days(context.project, as_of_days)
    partitions = {
        source: {day: context.layout.data / files[source][day] for day in sorted(days) if day in files.get(source, {})}
        for source, days in needed.items()
    }
    known = context.ledger.supplier_file()
    suppliers = context.layout.data / known[1] if known is not None else None
    return EvaluationTask(context.project, context.layout.data, tuple(as_of_days), partitions, suppliers)
