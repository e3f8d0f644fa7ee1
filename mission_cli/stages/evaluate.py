"""Stage 3: partitions → results as of each day, where anything that goes into them changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from mission_cli.conditions.judge import results_sql
from mission_cli.formula.rules import rules_meaning
from mission_cli.formula.usage import mission_sources
from mission_cli.stages.context import Context
from mission_cli.store.files import Draft
from mission_cli.store.layout import results_folder
from mission_cli.windows.ranges import ReportedWindow, windows_as_of
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
    for portion in _portions(context, todo):
        _evaluate(context, rules, {day: meanings[day] for day in portion})
        context.publish()
        context.watch.advance(len(portion))


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


def _evaluate(context: Context, rules: str, meanings: dict[date, str]) -> None:
    windows = [window for as_of in meanings for window in windows_as_of(context.project.missions, as_of)]
    roll_totals(context.database, context.project, windows, _partitions(context, windows))
    frame = context.database.frame(results_sql(context.project))
    parts = {key[0]: part for key, part in frame.partition_by("as_of", as_dict=True, maintain_order=True).items()}
    empty = frame.clear()
    drafts = [Draft(results_folder(as_of), "results", parts.get(as_of, empty)) for as_of in meanings]
    published = context.publisher.write(drafts)
    context.publisher.settle()
    made = dict(zip(meanings, zip(meanings.values(), published, strict=True), strict=True))
    with context.database.transaction():
        context.obsolete += context.ledger.replace_evaluations(rules, made)
    context.report.evaluated += list(made)


def _partitions(context: Context, windows: Sequence[ReportedWindow]) -> dict[str, dict[date, Path]]:
    files = context.ledger.partition_files()
    needed: dict[str, set[date]] = {}
    for reported in windows:
        for source in mission_sources(context.project, reported.mission):
            needed.setdefault(source, set()).update(reported.window.days_through(reported.as_of))
    return {
        source: {day: context.layout.data / files[source][day] for day in sorted(days) if day in files.get(source, {})}
        for source, days in needed.items()
    }
