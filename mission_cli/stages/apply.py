"""Windows that keep older rules follow those of today from now on: what is forgotten, and which results that makes stale."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from mission_cli.formula.effective import Version
from mission_cli.formula.rules import mission_rules
from mission_cli.model.known import refuse_unknown
from mission_cli.stages.context import Context
from mission_cli.stages.kept import follow_kept_rules, keep_only_todays, older_books
from mission_cli.stages.rosters import KnownRosters
from mission_cli.store.kept import books, forget_kept, kept_windows
from mission_cli.windows.ranges import windows_as_of


@dataclass(frozen=True, slots=True)
class AppliedRules:
    """Windows of a mission that kept older rules. `since`: the first as-of day of which results were published by these;
    `running`: how many are not decided as of the newest results; `removed`: the mission is no longer there, so that they end."""

    mission: str
    since: date
    windows: int
    running: int
    removed: bool


@dataclass(slots=True)
class Applied:
    """What follows today's rules from now on, and the as-of days whose results are older than that. `unread`: files of older
    rules are damaged, and none of them is kept."""

    rules: list[AppliedRules] = field(default_factory=list)
    results: list[date] = field(default_factory=list)
    unread: bool = False


def find_kept(context: Context, mission: str | None) -> Applied:
    """What `restate_rules` would do, of one mission or all. Raises UsageError for a mission that is not known."""
    chosen = _chosen(context, mission)
    if not chosen:
        return Applied()
    latest = context.ledger.evaluations.latest() or date.min
    there = {one.id for one in context.today_rules.missions}
    found = Applied(results=_affected(context, {version.mission.id for version in chosen}))
    for version in chosen:
        name, grace = version.mission.id, version.mission.grace_days
        running = sum((window.end - latest).days + grace > 0 for window in version.windows)
        found.rules.append(AppliedRules(name, version.since, len(version.windows), running, name not in there))
    return found


def find_unread(context: Context) -> Applied:
    """The same of all missions where files of older rules are damaged: it is not known until when windows run beyond their end,
    and results as of every day since the first of them may be others."""
    latest = context.ledger.evaluations.latest() or date.min
    there = {one.id for one in context.today_rules.missions}
    found, first = Applied(unread=True), date.max
    for (name, _), named in older_books(context).items():
        windows = kept_windows(context.database, name, [book for book, _ in named])
        first = min([first, *(window.start for window in windows)])
        running = sum(window.end > latest for window in windows)
        found.rules.append(AppliedRules(name, named[0][1].since, len(windows), running, name not in there))
    found.results += (day for day in context.ledger.evaluations.days() if day >= first)
    return found


def restate_rules(context: Context, found: Applied) -> None:
    """Forget the older rules, and mark the results that they made as stale. Other missions' windows keep theirs."""
    now, known = mission_rules(context.today_rules), books(context.database)
    with context.database.transaction():
        missions = sorted({rules.mission for rules in found.rules})
        for mission in missions:
            older = [name for name, book in known.items() if book.missions.get(mission) != now.get(mission)]
            context.obsolete += forget_kept(context.database, mission, older)
        if found.unread:
            keep_only_todays(context)
        context.ledger.evaluations.mark_restated(missions, found.results)
    context.project, context.as_in_files, context.versions = context.today_rules, None, ()
    follow_kept_rules(context)


def _chosen(context: Context, mission: str | None) -> list[Version]:
    known = sorted({one.id for one in context.today_rules.missions} | {version.mission.id for version in context.versions})
    if mission is not None:
        refuse_unknown(mission, known)
    return [version for version in context.versions if mission in (None, version.mission.id)]


def _affected(context: Context, missions: set[str]) -> list[date]:
    """The as-of days that have results in which a window would follow other rules, or be another."""
    rosters = KnownRosters.of(context)
    older = [(v.mission.id, window) for v in context.versions if v.mission.window.is_own for window in v.windows]
    found = []
    for day in context.ledger.evaluations.days():
        now, then = (
            {(w.mission.key, w.window) for w in windows_as_of(project, day, rosters.own_windows) if w.mission.id in missions}
            for project in (context.today_rules, context.project)
        )
        hidden = any(name == key and other.overlaps(window) for key, window in then for name, other in older)
        if now != then or hidden:
            found.append(day)
    return found
