"""What a run would do: files to load, days to compute, results to make, each with why. Nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from mission_cli.stages.context import Context
from mission_cli.stages.evaluate import data_fingerprints, days_to_evaluate
from mission_cli.stages.heal import days_to_compute
from mission_cli.stages.load import plan_source
from mission_cli.stages.rosters import KnownRosters, rosters_to_load
from mission_cli.staging.files import ExportFile
from mission_cli.store.ledger import UNDATED
from mission_cli.windows.ranges import needed_days

NEW, FORGOTTEN, OTHER_DATA, OTHER_RULES, DAYS_AGAIN = "new", "pruned", "data changed", "rules changed", "days are computed again"


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A file whose content was not taken in yet; of a source, or of suppliers or assigned windows."""

    source: str
    file: str
    bytes: int


@dataclass(slots=True)
class RunPlan:
    """What a run as of a day would do, as far as it can be known before the files are read.

    `days`: source → day → why it is to be computed. `results`: as-of day → why its results are to be made. `stale`: as-of days
    whose results later data reaches, which only a backfill makes anew. `again`: sources that are loaded again as a whole.
    """

    as_of: date
    files: list[WaitingFile] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    days: dict[str, dict[date, str]] = field(default_factory=dict)
    results: dict[date, str] = field(default_factory=dict)
    stale: list[date] = field(default_factory=list)


def plan_run(context: Context, as_of_days: Sequence[date]) -> RunPlan:
    """What a run of the as-of days would do. Raises UsageError where the run would refuse to begin."""
    rosters = KnownRosters.of(context)
    found = RunPlan(max(as_of_days))
    _files(found, context)
    for part in days_to_compute(context, as_of_days, rosters):
        days = {day: why for day, (_, why) in sorted(part.stale.items()) if day != UNDATED}
        if days:
            found.days.setdefault(part.source.id, {}).update(days)
    found.results = _results(found, context, as_of_days, rosters)
    found.stale = [day for day in context.ledger.stale_evaluations() if day not in found.results]
    return found


def _files(found: RunPlan, context: Context) -> None:
    for source in context.project.sources:
        plan = plan_source(context, source)
        found.files += [_waiting(file) for file in plan.todo]
        found.again += [source.id] if plan.again else []
    found.files += [_waiting(file) for file in rosters_to_load(context)]


def _waiting(file: ExportFile) -> WaitingFile:
    return WaitingFile(file.source, file.name, file.stamp.bytes)


def _results(found: RunPlan, context: Context, as_of_days: Sequence[date], rosters: KnownRosters) -> dict[date, str]:
    ledger = context.ledger
    known, before = ledger.evaluation_meanings(), ledger.evaluation_data()
    now = data_fingerprints(context, as_of_days, rosters)
    todo = set(days_to_evaluate(context, as_of_days, rosters))
    why = {}
    for day in as_of_days:
        if day not in known:
            why[day] = NEW
        elif day in todo:
            why[day] = OTHER_DATA if before[day] != now[day] else OTHER_RULES
        elif any(needed & found.days.get(source, {}).keys() for source, needed in _needed(context, day, rosters)):
            why[day] = DAYS_AGAIN
    return why


def _needed(context: Context, day: date, rosters: KnownRosters) -> list[tuple[str, set[date]]]:
    return list(needed_days(context.project, [day], rosters.own_windows).items())
