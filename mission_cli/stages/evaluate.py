"""Stage 3: partitions → results as of each day, of the missions where anything that goes into them changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import groupby

import polars as pl

from mission_cli.model.missions import Mission
from mission_cli.model.project import Project
from mission_cli.stages.context import Context
from mission_cli.stages.decisions import date_results, keep_decided
from mission_cli.stages.fingerprints import digest_of, earlier_awards_meaning, made_from, other_missions
from mission_cli.stages.kept import keep_rules, rules_now
from mission_cli.stages.parallel import WORKERS, in_order
from mission_cli.stages.results import NO_AWARDS, EvaluationTask, compute_results
from mission_cli.stages.rosters import KnownRosters
from mission_cli.store.entries import Evaluation, MadeFrom
from mission_cli.store.files import digest_of as digest_of_file
from mission_cli.windows.ranges import ReportedWindow, needed_days, windows_as_of

_WORK_AT_ONCE = 3_000_000
_DAYS_AT_ONCE = 62
_GROUPS_AT_ONCE = 8

Made = dict[date, dict[str, MadeFrom]]
"""As-of day → mission → what its results are made from."""


def evaluate(context: Context, as_of_days: Sequence[date], rosters: KnownRosters, *, again: bool = False) -> None:
    """Publish the results as of the days, in their order, some days in one commit. `again`: also of those that still stand."""
    ledger, rules, now = context.ledger.evaluations, rules_now(context.today_rules), made_from(context, as_of_days, rosters)
    then = {} if again else ledger.made_from(as_of_days)
    todo = list(as_of_days) if again else standing_no_more(context, then, now)
    unchanged = [day for day in as_of_days if day not in set(todo)]
    context.report.unchanged += unchanged
    _stand_by_todays_rules(context, unchanged, rules)
    context.watch.begin("evaluate", len(todo))
    standing = _standing(context, todo, then, now)
    jobs = (
        partial(compute_results, evaluation_task(context, groups, rosters, standing[groups[0][0]]))
        for groups in portions(context, standing, rosters)
    )
    limited = bool(_limited(context.project))  # then what a portion pays depends on the ones before: one after the other
    for outcome in (job() for job in jobs) if limited else in_order(jobs):
        awards = {day: _award_digest(context.project, outcome.awards, day) for day in outcome.published}
        before_it = ledger.award_digests()
        with context.database.transaction():
            keep_decided(context, outcome.published)
            ledger.replace_awards(list(outcome.published), standing[min(outcome.published)], outcome.awards)
            others = {day: digest for day, digest in before_it.items() if day not in awards}
            before = others | {day: digest for day, digest in awards.items() if digest}
            made = {
                day: Evaluation(now[day], earlier_awards_meaning(before, day, awards[day]), awards[day], file)
                for day, file in outcome.published.items()
            }
            context.obsolete += ledger.replace(rules, made)
            date_results(context, list(made))
            keep_rules(context, list(made), outcome.windows, rules)
            moved = [day for day, digest in awards.items() if digest != before_it.get(day, "")]
            ledger.mark_later_awards(moved, list(made), context.ledger.next_batch() - 1)
        context.report.evaluated += list(made)
        context.publish()
        context.watch.advance(len(made))


def _stand_by_todays_rules(context: Context, as_of_days: Sequence[date], rules: str) -> None:
    """In a project whose windows all follow today's rules, results that stand are as good as made by these, so that nobody is
    told to make them anew. Where windows keep rules it counts by which the results were made first."""
    ledger = context.ledger.evaluations
    made_by = ledger.rules()
    older = [day for day in as_of_days if made_by[day] != rules]
    if older and not context.today_rules.keeps:
        with context.database.transaction():
            ledger.set_rules(older, rules)


def standing_no_more(context: Context, then: Made, now: Made) -> list[date]:
    """The days whose results do not stand: something that goes into them changed, or what was awarded before may change."""
    ledger = context.ledger.evaluations
    awards, earlier = ledger.award_digests(), ledger.earlier_meanings()
    todo: list[date] = []
    for day, missions in now.items():
        own = awards.get(day, "")
        stands = then.get(day) == missions and earlier[day] == earlier_awards_meaning(awards, day, own)
        if not stands or (todo and own):
            todo.append(day)
    return todo


def _standing(context: Context, todo: Sequence[date], then: Made, now: Made) -> dict[date, frozenset[str]]:
    """As-of day → the missions whose rows are taken over from the results that there are, if these are what they were.

    Not those with limits: what they pay depends on other days."""
    files = context.ledger.evaluations.entries()
    unlimited = {str(mission.id) for mission in context.project.missions} - {str(m.id) for m in _limited(context.project)}
    found = {}
    for day in todo:
        same = unlimited - other_missions(now[day], then[day]) if day in then else set()
        found[day] = frozenset(same) if same and _is_sound(context, *files[day]) else frozenset()
    return found


def _is_sound(context: Context, name: str, digest: str) -> bool:
    """Whether a published file holds what it did; else nothing of it is taken over."""
    path = context.layout.data / name
    return path.exists() and digest_of_file(path) == digest


def _limited(project: Project) -> list[Mission]:
    return [mission for mission in project.missions if mission.limits is not None]


def _award_digest(project: Project, awards: pl.DataFrame, day: date) -> str:
    """Fingerprint of what missions with limits awarded on a day; empty when nothing."""
    limited = [mission.id for mission in _limited(project)]
    rows = awards.filter((pl.col("decided_on") == day) & pl.col("mission_id").is_in(limited)).rows()
    return digest_of(rows) if rows else ""


def portions(context: Context, standing: Mapping[date, frozenset[str]], rosters: KnownRosters) -> Iterator[list[list[date]]]:
    """As-of days that are evaluated with one reading of partitions, in groups that are in memory together; the same missions
    stand on all of them. `standing`: the days in their order → those missions.

    With limits it is one group, since what a group pays depends on the ones before.
    """
    for stand, days in groupby(standing, standing.__getitem__):
        groups = list(_groups(context, list(days), stand, rosters))
        together = 1 if _limited(context.project) else min(_GROUPS_AT_ONCE, -(-len(groups) // (2 * WORKERS)))
        yield from (groups[first : first + together] for first in range(0, len(groups), together))


def _groups(
    context: Context, as_of_days: Sequence[date], standing: frozenset[str], rosters: KnownRosters
) -> Iterator[list[date]]:
    """Days in groups, bounded by the rows that they come to."""
    rows = context.ledger.mean_partition_rows()
    group: list[date] = []
    work = 0.0
    for as_of in as_of_days:
        cost = sum(_work(window, rows, standing) for window in windows_as_of(context.project, as_of, rosters.own_windows))
        if group and (work + cost > _WORK_AT_ONCE or len(group) == _DAYS_AT_ONCE):
            yield group
            group, work = [], 0.0
        group.append(as_of)
        work += cost
    yield group


def _work(reported: ReportedWindow, rows: float, standing: frozenset[str]) -> float:
    """A guess at the rows of one window: partition rows to roll up, or result rows, whichever are more."""
    days, conditions = (reported.through - reported.window.start).days + 1, len(reported.mission.conditions)
    suppliers = rows if reported.owners is None else reported.owners
    return suppliers * (conditions if reported.mission.id in standing else max(days / 4, conditions * min(days, 8)))


def evaluation_task(
    context: Context, groups: Sequence[Sequence[date]], rosters: KnownRosters, standing: frozenset[str] = frozenset()
) -> EvaluationTask:
    """What the results as of groups of days are made from, as the ledger has it. `standing`: missions that are taken over from
    the results that there are."""
    as_of_days = [day for group in groups for day in group]
    missions = tuple(mission for mission in context.project.missions if mission.id not in standing)
    project = replace(context.project, missions=missions)
    files = context.ledger.partition_files()
    needed = needed_days(project, as_of_days, rosters.own_windows)
    partitions = {
        source: {day: context.layout.data / files[source][day] for day in sorted(days) if day in files.get(source, {})}
        for source, days in needed.items()
    }
    limited = [mission.id for mission in _limited(project)]
    ledger = context.ledger.evaluations
    awards = ledger.earlier_awards(limited, max(as_of_days), as_of_days) if limited else NO_AWARDS
    results = ledger.files() if standing else {}
    return EvaluationTask(
        project,
        context.layout.data,
        tuple(map(tuple, groups)),
        partitions,
        rosters.of_days(as_of_days),
        awards,
        standing=standing,
        before={day: context.layout.data / results[day] for day in as_of_days if standing},
    )
