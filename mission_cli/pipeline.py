"""The table of contents: exports → orders → daily partitions → windows → conditions → published results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.config.kept import DamagedRulesError
from mission_cli.model.calendar import DAY, NEVER, business_day, days
from mission_cli.model.errors import ConfigurationError, UsageError
from mission_cli.model.known import refuse_unknown
from mission_cli.model.project import Project
from mission_cli.stages.apply import Applied, find_kept, find_unread, restate_rules
from mission_cli.stages.context import Context, Report, Watch
from mission_cli.stages.corrections import open_corrections, settle
from mission_cli.stages.evaluate import evaluate
from mission_cli.stages.heal import heal
from mission_cli.stages.kept import follow_kept_rules, forget_when_restating, refuse_lost
from mission_cli.stages.load import load_sources
from mission_cli.stages.plan import RunPlan, plan_run
from mission_cli.stages.prune import Pruned, find_prunable, leftovers_of, remove_pruned
from mission_cli.stages.reached import find_reached, needed_days
from mission_cli.stages.restate import apply_corrections, days_to_refresh, refuse_unfinished
from mission_cli.stages.rosters import KnownRosters, load_rosters
from mission_cli.stages.stale import mark_stale
from mission_cli.stages.views import make_views
from mission_cli.store.database import DamagedDatabaseError, nothing_yet, opened, opened_to_read
from mission_cli.store.entries import REFUSED, UNDATED
from mission_cli.store.files import Publisher
from mission_cli.store.layout import Layout
from mission_cli.store.ledger import Ledger
from mission_cli.store.lock import held
from mission_cli.store.manifest import DamagedManifestError, read_manifest
from mission_cli.store.pruned import pruned
from mission_cli.store.seals import seal

if TYPE_CHECKING:
    import polars as pl

    from mission_cli.stages.audit.findings import Audit

MOST_MISSED_DAYS = 62  # that a daily run catches up; more are a backfill, which someone asks for


class Only(StrEnum):
    """Which days a backfill takes of those that it is asked for."""

    MISSING = "missing"
    STALE = "stale"
    ALL = "all"


def run_day(project: Project, as_of: date, command: str, now: datetime, watch: Watch) -> Report:
    """Load what is new, compute what is stale, publish the results as of one day, and of those before it that were missed."""

    def chosen(context: Context, _rosters: KnownRosters) -> list[date]:
        return _with_missed(context, as_of)

    asked = _Asked(chosen, lambda _: (as_of, as_of))
    return _run(project, asked, command, now, watch, lambda latest: _next_day(latest, as_of))


def _with_missed(context: Context, as_of: date) -> list[date]:
    """The as-of day, and those before it that were missed since the latest."""
    latest = context.ledger.evaluations.latest()
    missed = list(days(latest + DAY, as_of - DAY)) if latest is not None else []
    if len(missed) > MOST_MISSED_DAYS:
        context.watch.note(
            f"no results from {missed[0]} to {missed[-1]}: too many days to catch up in a run;"
            f" missionctl backfill --from {missed[0]} --to {missed[-1]} computes them"
        )
        missed = []
    return [*missed, as_of]


def plan(project: Project, as_of: date, command: str, now: datetime, watch: Watch) -> RunPlan:
    """What `run_day` would do. Nothing is changed."""
    layout, today = Layout(project.root), business_day(now, project.timezone, project.day_start)
    if layout.database.exists():
        with _read(project, command, now, watch) as context:
            follow_kept_rules(context)
            as_of_days = _with_missed(context, as_of)
            refuse_lost(context, min(as_of_days), max(as_of_days))
            return plan_run(context, as_of_days)
    with nothing_yet(project.timezone) as database:  # nor is there anything that another run could hold
        context = Context(project, layout, database, Ledger(database), Publisher(layout.data), watch, 0, today, today)
        return plan_run(context, [as_of])


def backfill(
    project: Project, first: date | None, last: date | None, only: Only | None, command: str, now: datetime, watch: Watch
) -> Report:
    """The same for each day from `first` to `last`, by default from the first that has results to the last; days whose results
    still stand are passed over, unless `only` is all."""

    def span(context: Context) -> tuple[date, date]:
        known = context.ledger.evaluations.days()
        begin, end = first or min(known, default=None), last or max(known, default=None)
        if begin is None or end is None:
            raise UsageError("there are no results yet; say which days with --from and --to")
        return begin, end

    def chosen(context: Context, rosters: KnownRosters) -> list[date]:
        asked = list(days(*span(context)))
        if only is Only.MISSING:
            there = {*context.ledger.evaluations.days(), *pruned(context.database).get("", ())}
            return [day for day in asked if day not in there]
        if only is Only.STALE:
            mark_stale(context, rosters)
            stale = context.ledger.evaluations.stale()
            return [day for day in asked if day in stale]
        return asked

    def surely(context: Context) -> tuple[date, date] | None:
        found = span(context)
        return found if only not in (Only.MISSING, Only.STALE) else None

    asked = _Asked(chosen, surely, again=only is Only.ALL)
    return _run(project, asked, command, now, watch, lambda latest: first or latest or date.min)


def verify(project: Project, command: str, now: datetime, watch: Watch, *, deep: bool) -> Audit:
    """Whether what lies in data/ is what the runs left; nothing is changed. `deep`: everything is computed again."""
    from mission_cli.stages.audit.audit import audit_everything, audit_without_database  # which no run needs

    layout = Layout(project.root)
    _refuse_empty(project.root)
    try:
        with _read(project, command, now, watch) as context:
            return audit_everything(context, deep=deep)
    except DamagedDatabaseError as error:
        return audit_without_database(layout, watch, error.what)


def _refuse_empty(root: Path) -> None:
    layout = Layout(root)
    if not layout.database.exists() and not layout.manifest.exists():
        raise UsageError(f'nothing was computed yet in {root}; start with "missionctl run" or "missionctl backfill"')


@contextmanager
def _read(project: Project, command: str, now: datetime, watch: Watch) -> Iterator[Context]:
    """Hold the project and read its ledger. Raises DamagedDatabaseError when it cannot be opened."""
    layout, today = Layout(project.root), business_day(now, project.timezone, project.day_start)
    with held(layout.lock, command, _instant(now)), opened_to_read(layout.database, layout.scratch, project.timezone) as database:
        yield Context(project, layout, database, Ledger(database), Publisher(layout.data), watch, 0, today, today)


def prune(project: Project, keep_days: int, command: str, now: datetime, watch: Watch, *, dry: bool) -> Pruned:
    """Remove what no window can need: see `find_prunable`; and files that nothing names. `dry`: only say what would go."""
    _refuse_empty(project.root)
    if dry:
        with _read(project, command, now, watch) as context:
            follow_kept_rules(context)
            found = find_prunable(context, keep_days)
            found.leftovers = leftovers_of(context)
            return found
    with _begun(project, command, now, watch, lambda latest: latest or UNDATED) as context:
        follow_kept_rules(context)
        if context.littered:  # what it computed is not published yet, and must not be in part
            raise UsageError("the last run was cut off or failed; what it left is removed now: run it again, then prune")
        found = find_prunable(context, keep_days)
        remove_pruned(context, found)
    gone = {name for name, _ in found.files}
    found.leftovers = [(name, size) for name, size in context.swept if name not in gone]
    return found


def restate(
    project: Project,
    mission: str,
    span: tuple[date, date | None],
    reason: str,
    command: str,
    now: datetime,
    watch: Watch,
    *,
    dry: bool,
) -> pl.DataFrame:
    """Put the open corrections of a mission's decisions as of a span of days in force, and make the results anew that show them;
    returns the corrections. `dry`: only tell them. Nothing is loaded."""
    _refuse_empty(project.root)
    refuse_unknown(mission, _with_decisions(project))
    first, last = span[0], span[1] or date.max
    if dry:
        with _read(project, command, now, watch) as context:
            return open_corrections(context, mission, first, last)
    with _begun(project, command, now, watch, lambda latest: latest or UNDATED) as context:
        refuse_unfinished(context)
        follow_kept_rules(context)
        rosters = KnownRosters.of(context)
        as_of_days = days_to_refresh(context, open_corrections(context, mission, first, last))
        if as_of_days:
            refuse_lost(context, min(as_of_days), max(as_of_days))
        reached = find_reached(context, as_of_days, rosters)
        heal(context, as_of_days, rosters, needed_days(context, reached.windows))
        evaluate(context, as_of_days, rosters)
        mark_stale(context, rosters)
        settle(context, reached, rosters)
        make_views(context)
        found = open_corrections(context, mission, first, last)
        apply_corrections(context, found, reason)
    return found


def _with_decisions(project: Project) -> list[str]:
    """The missions of the project, and those no longer in it that windows keep or that have corrections."""
    from mission_cli.views.corrections import published_corrections  # only here, and not for every run
    from mission_cli.views.published import Published

    there = [str(one.id) for one in project.missions]
    try:
        manifest = read_manifest(Layout(project.root).manifest)
    except DamagedManifestError:
        return there
    corrections = published_corrections(Published(Layout(project.root).data, manifest))
    return list(dict.fromkeys([*there, *manifest.kept, *corrections["mission_id"].unique().sort()]))


def apply(project: Project, mission: str | None, command: str, now: datetime, watch: Watch, *, dry: bool) -> Applied:
    """Let windows that keep older rules, of one mission or of all, follow those of today. `dry`: only say which."""
    _refuse_empty(project.root)
    if dry:
        with _read(project, command, now, watch) as context:
            return _to_apply(context, mission)
    with _begun(project, command, now, watch, lambda latest: latest or UNDATED) as context:
        if context.littered and context.has_unseen():  # which must not be published in part
            raise UsageError("the last run was cut off or failed: run it again, then apply")
        found, mistake = Applied(), None
        try:
            found = _to_apply(context, mission)
        except UsageError as error:  # told when the run has ended, since nothing failed that would have to be made whole
            mistake, context.refused = error, True
        restate_rules(context, found)
    if mistake is not None:
        raise mistake
    return found


def _to_apply(context: Context, mission: str | None) -> Applied:
    """What there is to apply, of one mission or all; of all even when the older rules are damaged, since it is the way out."""
    try:
        follow_kept_rules(context)
    except DamagedRulesError:
        if mission is not None:
            raise
        return find_unread(context)
    return find_kept(context, mission)


def _next_day(latest: date | None, as_of: date) -> date:
    """From when a roster counts that a daily run takes in: the first day not published yet, or the latest when there is none."""
    if latest is None:
        return as_of
    return latest + DAY if latest < as_of else latest


_Effective = Callable[[date | None], date]


@dataclass(frozen=True, slots=True)
class _Asked:
    """The as-of days of a run: which they are when everything is loaded, and between which they all lie, as far as it is known
    before. `again`: also those whose results stand."""

    chosen: Callable[[Context, KnownRosters], list[date]]
    span: Callable[[Context], tuple[date, date] | None]
    again: bool = False


def _run(project: Project, asked: _Asked, command: str, now: datetime, watch: Watch, effective: _Effective) -> Report:
    with _begun(project, command, now, watch, effective) as context:
        mistake = _mistaken(context, asked)
        if mistake is None:
            load_rosters(context)
            load_sources(context)
            rosters = KnownRosters.of(context)
            as_of_days = asked.chosen(context, rosters)
            if as_of_days:
                refuse_lost(context, min(as_of_days), max(as_of_days))
            reached = find_reached(context, as_of_days, rosters)
            heal(context, as_of_days, rosters, needed_days(context, reached.windows))
            evaluate(context, as_of_days, rosters, again=asked.again)
            mark_stale(context, rosters)
            settle(context, reached, rosters)
            make_views(context)
    if mistake is not None:  # told when the run has ended: nothing failed that would have to be made whole
        raise mistake
    return context.report


def _mistaken(context: Context, asked: _Asked) -> ConfigurationError | UsageError | None:
    """Let windows follow the rules that they keep; what is wrong with what is asked for, or with these rules for those that are
    not decided yet, before anything is loaded."""
    forget_when_restating(context)
    follow_kept_rules(context)
    latest = context.ledger.evaluations.latest()
    try:
        if latest is not None:
            refuse_lost(context, latest + DAY, NEVER)
        if (span := asked.span(context)) is not None:
            refuse_lost(context, *span)
    except (ConfigurationError, UsageError) as error:
        context.refused = True
        return error
    return None


@contextmanager
def _begun(project: Project, command: str, now: datetime, watch: Watch, effective: _Effective) -> Iterator[Context]:
    """Hold the project, open its ledger, and record how the block ended. `effective`: newest as-of day → that of rosters."""
    layout = Layout(project.root)
    with held(layout.lock, command, _instant(now)), opened(layout.database, layout.scratch, project.timezone) as database:
        ledger = Ledger(database)
        littered = ledger.was_cut_off()
        run = ledger.begin_run(command, now.astimezone(UTC).replace(tzinfo=None))
        context = Context(
            project,
            layout,
            database,
            ledger,
            Publisher(layout.data),
            watch,
            run,
            business_day(now, project.timezone, project.day_start),
            effective(ledger.evaluations.latest()),
            littered=littered,
        )
        try:
            if littered:
                context.sweep()  # here for room on the disk; at the end again, when readers have let go of the rest
            yield context
            _end(context)
        except BaseException:
            with suppress(Exception):  # what went wrong first is what the operator must see
                _record(context, "failed")
                context.publish_state()
            raise


def _instant(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _end(context: Context) -> None:
    """The ledger says last that the run is done: until then the next one sweeps up after it."""
    with context.database.transaction():
        _record(context, "failed" if context.refused and context.littered else REFUSED if context.refused else "done")
        context.publish()
        context.remove_obsolete()
        if context.littered:
            context.sweep()
        seal(context.database, context.layout.manifest)


def _record(context: Context, outcome: str) -> None:
    report = context.report
    counts = {
        "batches": report.batches,
        "partitions": sum(map(len, report.computed.values())),
        "evaluations": len(report.evaluated),
    }
    context.ledger.end_run(context.run, outcome, datetime.now(UTC).replace(tzinfo=None), counts)
