"""Who would stand otherwise if running windows followed today's rules: worked out in memory, from what is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from mission_cli.daily.partition import partition_meanings
from mission_cli.model.calendar import DAY
from mission_cli.model.metrics import Method
from mission_cli.model.missions import Mission
from mission_cli.model.project import Project
from mission_cli.stages.context import Context
from mission_cli.stages.evaluate import evaluation_task
from mission_cli.stages.heal import compute_days, plans_of
from mission_cli.stages.results import EvaluationTask, Judge
from mission_cli.stages.rosters import KnownRosters
from mission_cli.store.entries import UNDATED
from mission_cli.store.layout import Layout
from mission_cli.windows.ranges import needed_days

_RANKS = {"voided": 0, "failed": 0, "active": 1, "closing": 1, "on_track": 2, "completed": 2}


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a supplier stands in a window: status, conditions met of all, and what is earned."""

    window_start: date
    window_end: date
    status: str
    met: int
    conditions: int
    earned: float | None

    @property
    def rank(self) -> tuple[int, float, float]:
        """The higher the better."""
        return _RANKS[self.status], self.earned or 0.0, self.met / self.conditions


@dataclass(frozen=True, slots=True)
class Moved:
    """A supplier who would stand otherwise by today's rules; None where it would have, or has, no row. `gains`: it would stand
    better."""

    mission: str
    supplier: str
    before: Stand | None
    after: Stand | None

    @property
    def gains(self) -> bool:
        """Whether it would stand better."""
        return _rank(self.after) > _rank(self.before)


def _rank(stand: Stand | None) -> tuple[int, float, float]:
    return stand.rank if stand is not None else (-1, 0.0, 0.0)


def gains_and_losses(context: Context, latest: date, missions: Sequence[str]) -> list[Moved] | None:
    """Suppliers in windows of the missions that are not decided as of the newest results, by mission and supplier. Of several
    such windows of a supplier the newest counts. None when Metabase would have to be asked."""
    today = context.today_rules
    chosen = [mission for mission in today.missions if mission.id in missions]
    with TemporaryDirectory(prefix="missionctl-plan-") as scratch:
        task = _by_todays_rules(context, replace(today, missions=tuple(chosen)), latest, Layout(Path(scratch)))
        if task is None:
            return None
        after = pl.concat([rows for _, rows in Judge(task).results([latest])])
    kept = [version.mission for version in context.versions if version.mission.id in missions]
    file = context.layout.data / context.ledger.evaluations.files()[latest]
    before = pl.read_parquet(file, glob=False, hive_partitioning=False)
    then, now = _stands(before, latest, kept or chosen), _stands(after, latest, chosen)
    moved = sorted(key for key in then.keys() | now.keys() if _rank(then.get(key)) != _rank(now.get(key)))
    return [Moved(*key, then.get(key), now.get(key)) for key in moved]


def _by_todays_rules(context: Context, project: Project, latest: date, place: Layout) -> EvaluationTask | None:
    """What today's rules make results from: partitions that they give otherwise are computed below `place`."""
    here = replace(context, project=project, as_in_files=None)
    rosters = KnownRosters.of(here)
    needed = needed_days(project, [latest], rosters.own_windows)
    plans = []
    for source in project.sources:
        stale = context.ledger.stale_days(source.id, partition_meanings(project, source.id))
        wanted = {day: why for day, why in stale.items() if day in needed.get(source.id, set()) and day != UNDATED}
        plans += plans_of(project, source, wanted)
    if any(metric.method is Method.METABASE for plan in plans for metric in plan.metrics):
        return None
    place.data.mkdir(parents=True)
    task = evaluation_task(here, [[latest]], rosters)
    partitions = {source: dict(found) for source, found in task.partitions.items()}
    for job, entries in compute_days(replace(here, layout=place), plans):
        for entry in entries:
            partitions[job.source.id].pop(entry.day, None)
            if entry.file is not None:
                partitions[job.source.id][entry.day] = place.data / entry.file
    return replace(task, partitions={source: dict(sorted(found.items())) for source, found in partitions.items()})


def _stands(rows: pl.DataFrame, latest: date, missions: Sequence[Mission]) -> dict[tuple[str, str], Stand]:
    """Mission and supplier → where it stands in the newest window that is not decided."""
    grace = {mission.id: mission.grace_days for mission in missions if mission.decides}
    found: dict[tuple[str, str], Stand] = {}
    mine = rows.filter(pl.col("mission_id").is_in(list(grace)))
    met = (pl.col("status") == "met").sum().alias("met")
    keys = ("mission_id", "supplier_id", "window_start", "window_end")
    stands = mine.group_by(keys).agg(pl.col("mission_status").first(), met, pl.len(), pl.col("earned").first()).sort(keys)
    for mission, supplier, start, end, status, count, of, earned in stands.iter_rows():
        if end + grace[mission] * DAY > latest:
            found[mission, supplier] = Stand(start, end, status, count, of, earned)
    return found
