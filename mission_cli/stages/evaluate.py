"""Stage 3: partitions → results as of each day, where anything that goes into them changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from mission_cli.conditions.judge import results_queries, valued_sql
from mission_cli.conditions.limits import paid_sql
from mission_cli.conditions.population import listed_sql
from mission_cli.daily.partition import partition_meanings
from mission_cli.model.missions import Mission
from mission_cli.model.project import Project
from mission_cli.stages.context import Context
from mission_cli.stages.decisions import date_results, keep_decided
from mission_cli.stages.fingerprints import data_fingerprints, digest_of, inputs_of, meaning_of
from mission_cli.stages.kept import keep_rules, rules_now
from mission_cli.stages.paid import paid_by_versions
from mission_cli.stages.parallel import in_order
from mission_cli.stages.rosters import KnownRosters
from mission_cli.store.database import Database, in_memory
from mission_cli.store.entries import Evaluation
from mission_cli.store.files import Published, Publisher
from mission_cli.store.layout import results_folder
from mission_cli.windows.ranges import ReportedWindow, needed_days, windows_as_of
from mission_cli.windows.table import Rosters, make_windows
from mission_cli.windows.totals import roll_totals

_WORK_AT_ONCE = 3_000_000
_DAYS_AT_ONCE = 62
_MONEY = pl.Decimal(38, 9)
_AWARDS: dict[str, Any] = {
    "mission_id": pl.String,
    "decided_on": pl.Date,
    "supplier_id": pl.String,
    "window_start": pl.Date,
    "window_end": pl.Date,
    "earned": _MONEY,
    "reward": _MONEY,
}
NO_AWARDS = pl.DataFrame(schema=_AWARDS)


def evaluate(context: Context, as_of_days: Sequence[date], rosters: KnownRosters, *, again: bool = False) -> None:
    """Publish the results as of the days, in their order, some days in one commit. `again`: also of those that still stand."""
    rules = rules_now(context.today_rules)
    data = data_fingerprints(context, as_of_days, rosters)
    inputs = inputs_of(context, data, rosters)
    todo = list(as_of_days) if again else _todo(context, as_of_days, inputs)
    context.report.unchanged += [day for day in as_of_days if day not in set(todo)]
    context.watch.begin("evaluate", len(todo))
    jobs = (partial(compute_results, evaluation_task(context, portion, rosters)) for portion in _portions(context, todo, rosters))
    limited = bool(_limited(context.project))  # then what a portion pays depends on the ones before: one after the other
    for outcome in (job() for job in jobs) if limited else in_order(jobs):
        awards = {day: _award_digest(context.project, outcome.awards, day) for day in outcome.published}
        before_it = context.ledger.award_digests()
        with context.database.transaction():
            keep_decided(context, outcome.published)
            context.ledger.replace_awards(list(outcome.published), outcome.awards)
            others = {day: digest for day, digest in before_it.items() if day not in awards}
            before = others | {day: digest for day, digest in awards.items() if digest}
            made = {
                day: Evaluation(meaning_of(inputs[day], before, day, awards[day]), data[day], awards[day], file)
                for day, file in outcome.published.items()
            }
            context.obsolete += context.ledger.replace_evaluations(rules, made)
            date_results(context, list(made))
            keep_rules(context, list(made), outcome.windows, rules)
            moved = [day for day, digest in awards.items() if digest != before_it.get(day, "")]
            context.ledger.mark_later_awards(moved, list(made), context.ledger.next_batch() - 1)
        context.report.evaluated += list(made)
        context.publish()
        context.watch.advance(len(made))


def days_to_evaluate(context: Context, as_of_days: Sequence[date], rosters: KnownRosters) -> list[date]:
    """The days of which `evaluate` would make the results now."""
    return _todo(context, as_of_days, inputs_of(context, data_fingerprints(context, as_of_days, rosters), rosters))


def _todo(context: Context, as_of_days: Sequence[date], inputs: Mapping[date, str]) -> list[date]:
    """The days whose results do not stand: something that goes into them changed, or what was awarded before may change."""
    done, awards = context.ledger.evaluation_meanings(), context.ledger.award_digests()
    todo: list[date] = []
    for day in as_of_days:
        stands = done.get(day) == meaning_of(inputs[day], awards, day, awards.get(day, ""))
        if not stands or (todo and day in awards):
            todo.append(day)
    return todo


def _limited(project: Project) -> list[Mission]:
    return [mission for mission in project.missions if mission.limits is not None]


def _award_digest(project: Project, awards: pl.DataFrame, day: date) -> str:
    """Fingerprint of what missions with limits awarded on a day; empty when nothing."""
    limited = [mission.id for mission in _limited(project)]
    rows = awards.filter((pl.col("decided_on") == day) & pl.col("mission_id").is_in(limited)).rows()
    return digest_of(rows) if rows else ""


def _portions(context: Context, as_of_days: Sequence[date], rosters: KnownRosters) -> Iterator[list[date]]:
    """As-of days that are evaluated together, bounded by the rows that they come to."""
    rows = context.ledger.mean_partition_rows()
    portion: list[date] = []
    work = 0.0
    for as_of in as_of_days:
        cost = sum(_work(reported, rows) for reported in windows_as_of(context.project, as_of, rosters.own_windows))
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
    suppliers = rows if reported.owners is None else reported.owners
    return suppliers * max(days / 4, len(reported.mission.conditions) * min(days, 8))


@dataclass(frozen=True, slots=True)
class EvaluationTask:
    """As-of days to evaluate together. `partitions`: source → day → file; `awards`: what missions with limits awarded on
    other days before, in the columns of the ledger; `decided_only`: of windows that are decided as of the days, no others."""

    project: Project
    data: Path
    as_of_days: tuple[date, ...]
    partitions: dict[str, dict[date, Path]]
    rosters: Rosters
    awards: pl.DataFrame
    decided_only: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """The results as of each day, published; what they award, in the columns of the ledger; and every mission_id, window_start
    and window_end in them."""

    published: dict[date, Published]
    awards: pl.DataFrame
    windows: pl.DataFrame


def compute_results(task: EvaluationTask) -> Outcome:
    """Evaluate and publish the results as of each day, from published files alone, with an engine of its own.

    Grain of a file: mission, supplier, window, condition, sorted so; it may have no rows.
    """
    publisher = Publisher(task.data)
    files = {day: publisher.begin(results_folder(day), "results") for day in task.as_of_days}
    awards: list[pl.DataFrame] = []
    windows: list[pl.DataFrame] = []
    for frame, awarded in evaluated(task):
        parts = _by_day(frame) if len(files) > 1 else dict.fromkeys(files, frame)
        for day, file in files.items():
            file.add(parts.get(day, frame.clear()))
        awards.append(awarded)
        windows.append(frame.select("mission_id", "window_start", "window_end").unique(maintain_order=True))
    published = publisher.finish(list(files.values()))
    publisher.settle()
    return Outcome(dict(zip(files, published, strict=True)), pl.concat(awards), pl.concat(windows))


def _by_day(results: pl.DataFrame) -> dict[date, pl.DataFrame]:
    return {key[0]: part for key, part in results.partition_by("as_of", as_dict=True, maintain_order=True).items()}


def evaluated(task: EvaluationTask) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """The results as of the days of a task, of some missions after the other, in the order of files, and what they award.
    Nothing is published."""
    engine = in_memory(task.project.timezone)
    judge(engine, task)
    for missions, query in results_queries(task.project):
        frame = engine.frame_planned_once(query)
        if any(mission.version for mission in missions):  # then windows of one mission come in several parts
            frame = frame.sort("mission_id", "supplier_id", "window_start", "window_end", maintain_order=True)
        awards = _awards(engine, task, missions, frame)
        yield _with_rewards(frame, awards), awards


def judge(engine: Database, task: EvaluationTask) -> None:
    """Fill the tables that results are read from: windows, totals, who is listed and values (of every metric)."""
    project = task.project
    make_windows(engine, project, task.as_of_days, task.rosters, decided_only=task.decided_only)
    roll_totals(engine, project, task.partitions)
    engine.execute(f"CREATE TEMP TABLE listed AS {listed_sql(project)}")
    engine.execute(f"CREATE TEMP TABLE valued AS {valued_sql(project)}")


def _awards(engine: Database, task: EvaluationTask, missions: Sequence[Mission], frame: pl.DataFrame) -> pl.DataFrame:
    """What the results of the missions award, after limits; one row per mission, window and supplier."""
    keys = ["mission_id", "as_of", "supplier_id", "window_start", "window_end"]
    earned = frame.filter(pl.col("earned") > 0).select(*keys, pl.col("earned").cast(_MONEY)).unique(maintain_order=True)
    earned = earned.rename({"as_of": "decided_on"})
    if earned.is_empty():
        return NO_AWARDS
    every = pl.concat([task.awards.drop("reward"), earned])
    engine.replace_temporary("awards", every)
    paid = paid_awards(engine, missions, task.awards)
    return paid.filter(pl.col("decided_on").is_in(list(task.as_of_days))).select(
        pl.col(name).cast(kind) for name, kind in _AWARDS.items()
    )


def paid_awards(engine: Database, missions: Sequence[Mission], earlier: pl.DataFrame) -> pl.DataFrame:
    """What limits leave of `awards`. `earlier`: those of them that are paid already, where a mission has versions."""
    versions = {mission.id for mission in missions if mission.version}
    plain = [mission for mission in missions if mission.id not in versions]
    paid = engine.frame(f"SELECT * FROM ({paid_sql(plain)}) ORDER BY ALL")
    if not versions:
        return paid
    awards = engine.frame("SELECT * FROM awards")
    return pl.concat([paid, *(paid_by_versions(awards, earlier, missions, name) for name in sorted(versions))]).sort(pl.all())


def _with_rewards(frame: pl.DataFrame, awards: pl.DataFrame) -> pl.DataFrame:
    """The results with `reward` beside `earned`: what the limits leave of it."""
    if awards.is_empty():
        paid = frame.with_columns(pl.lit(0.0).alias("reward"))
    else:
        keys = {"mission_id": "mission_id", "as_of": "decided_on"} | {k: k for k in ("supplier_id", "window_start", "window_end")}
        rewards = awards.select(*keys.values(), pl.col("reward").cast(pl.Float64))
        paid = frame.join(rewards, left_on=list(keys), right_on=list(keys.values()), how="left", maintain_order="left")
    reward = pl.when(pl.col("earned").is_not_null()).then(pl.col("reward").fill_null(0.0))
    return paid.with_columns(reward.alias("reward")).select(*frame.columns[:-1], "reward", frame.columns[-1])


def evaluation_task(context: Context, as_of_days: Sequence[date], rosters: KnownRosters) -> EvaluationTask:
    """What the results as of the days are made from, as the ledger has it."""
    project = context.project
    files = context.ledger.partition_files()
    needed = needed_days(project, as_of_days, rosters.own_windows)
    partitions = {
        source: {day: context.layout.data / files[source][day] for day in sorted(days) if day in files.get(source, {})}
        for source, days in needed.items()
    }
    limited = [mission.id for mission in _limited(project)]
    awards = context.ledger.earlier_awards(limited, max(as_of_days), as_of_days) if limited else NO_AWARDS
    known = rosters.of_days(as_of_days)
    return EvaluationTask(project, context.layout.data, tuple(as_of_days), partitions, known, awards)


@dataclass(frozen=True, slots=True)
class Standing:
    """As-of days that have results: those that would be made the same now; those whose data changed since; and those made by
    other rules than today's."""

    stand: list[date]
    changed: list[date]
    by_earlier_rules: list[date]


def standing_days(context: Context, rosters: KnownRosters) -> Standing:
    """Which results can be made again, to be the same."""
    if context.today_rules.keeps:
        return _standing_by_kept_rules(context, rosters)
    rules = rules_now(context.today_rules)
    made_by = context.ledger.evaluation_rules()
    days = sorted(day for day, made in made_by.items() if made == rules)
    inputs = inputs_of(context, data_fingerprints(context, days, rosters), rosters)
    changed = {*_todo(context, days, inputs), *(day for day in context.ledger.stale_evaluations() if day in inputs)}
    others = sorted(made_by.keys() - set(days))
    return Standing([day for day in days if day not in changed], sorted(changed), others)


def _standing_by_kept_rules(context: Context, rosters: KnownRosters) -> Standing:
    before = context.ledger.evaluation_data()
    days = sorted(before)
    data = data_fingerprints(context, days, rosters)
    todo, stale = set(_todo(context, days, inputs_of(context, data, rosters))), context.ledger.stale_evaluations()
    changed = {day for day in days if day in stale or (day in todo and data[day] != before[day])}
    waiting = _needing_others(context, [day for day in days if day not in changed and day not in todo], rosters)
    stand = [day for day in days if day not in changed and day not in todo and day not in waiting]
    return Standing(stand, sorted(changed), sorted((todo | waiting) - changed))


def _needing_others(context: Context, as_of_days: Sequence[date], rosters: KnownRosters) -> set[date]:
    """The as-of days that need partitions which were computed by earlier metrics, and may lack what kept rules are called now."""
    project = context.project
    stale = {str(s.id): context.ledger.stale_days(s.id, partition_meanings(project, s.id)).keys() for s in project.sources}
    if not any(stale.values()):
        return set()
    return {
        day
        for day in as_of_days
        if any(found & stale.get(source, set()) for source, found in needed_days(project, [day], rosters.own_windows).items())
    }


def compute_again(context: Context, as_of_days: Sequence[date], rosters: KnownRosters, data: Path) -> Iterator[Outcome]:
    """The results as of the days, published below another folder than the project's; the ledger is only read."""
    for portion in _portions(context, as_of_days, rosters):
        yield compute_results(replace(evaluation_task(context, portion, rosters), data=data))
