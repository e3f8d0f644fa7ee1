"""Windows keep the rules that they were first published with: which these are, and that they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import polars as pl

from mission_cli.config.kept import kept_project, rule_texts
from mission_cli.formula.effective import Version, effective, lost_columns
from mission_cli.formula.rules import book_of, mission_rules, rules_meaning, window_rule
from mission_cli.model.calendar import DAY, Window
from mission_cli.model.errors import ConfigurationError, StorageError
from mission_cli.model.missions import Mission
from mission_cli.model.problems import Problem
from mission_cli.model.project import Project
from mission_cli.stages.audit.findings import RESTORE
from mission_cli.stages.context import Context, Lost
from mission_cli.store.files import Draft
from mission_cli.store.kept import (
    add_book,
    books,
    forget_all_kept,
    has_book,
    has_new,
    keep_all,
    keep_new,
    kept_books,
    kept_windows,
)
from mission_cli.store.layout import RULES
from mission_cli.store.manifest import BookEntry
from mission_cli.windows.ranges import shared_windows


def follow_kept_rules(context: Context) -> None:
    """Let the run see, beside today's rules, the older ones that windows keep; see `effective`."""
    today = context.today_rules
    if not today.keeps:
        return
    versions = kept_versions(context)
    lost = [Lost(version, tuple(what)) for version in versions if (what := lost_columns(today, version))]
    gone = {(found.version.mission.id, found.version.rules) for found in lost}
    there = [version for version in versions if (version.mission.id, version.rules) not in gone]
    context.lost_rules, context.versions = lost, versions
    if versions:
        context.as_in_files = today
        project = effective(today, there)
        context.project = replace(project, missions=tuple(_without(mission, lost) for mission in project.missions))


def _without(mission: Mission, lost: Sequence[Lost]) -> Mission:
    """Windows whose rules can no longer be evaluated do not follow today's either."""
    windows = frozenset(w for found in lost if found.version.mission.id == mission.id for w in found.version.windows)
    return replace(mission, aside=mission.aside | windows) if windows and not mission.version else mission


def forget_when_restating(context: Context) -> None:
    """In a project whose windows all follow today's rules nothing is kept."""
    if not context.today_rules.keeps and kept_books(context.database):
        with context.database.transaction():
            context.obsolete += forget_all_kept(context.database)


def older_books(context: Context) -> dict[tuple[str, str], list[tuple[str, BookEntry]]]:
    """Mission and older rules that any window of it keeps → the books in which these are, the oldest first, and so are they."""
    known, rules = books(context.database), mission_rules(context.today_rules)
    named: dict[tuple[str, str], list[str]] = {}
    for mission, book in kept_books(context.database):
        if book not in known or mission not in known[book].missions:
            raise StorageError(f"{context.layout.database} does not have the rules that windows of {mission} keep; {RESTORE}")
        older = known[book].missions[mission]
        if older != rules.get(mission):
            named.setdefault((mission, older), []).append(book)
    order = list(known)
    by_age = {key: sorted(found, key=order.index) for key, found in named.items()}
    oldest_first = sorted(by_age, key=lambda key: (order.index(by_age[key][0]), key))
    return {key: [(book, known[book]) for book in by_age[key]] for key in oldest_first}


def kept_versions(context: Context) -> list[Version]:
    """The older rules that any window keeps, the oldest first. Raises DamagedRulesError."""
    older = older_books(context)
    files = {found[0][1].file for found in older.values()}
    projects = {file: kept_project(context.layout.data / file, context.today_rules.root) for file in files}
    versions = []
    for (mission, rules), found in older.items():
        project, windows = projects[found[0][1].file], kept_windows(context.database, mission, [book for book, _ in found])
        there = next(one for one in project.missions if one.id == mission)
        versions.append(Version(project, there, rules, found[0][1].since, windows))
    return versions


def refuse_lost(context: Context, first: date, last: date) -> None:
    """Refuse as-of days whose windows keep rules that can no longer be evaluated. Raises ConfigurationError."""
    problems = [problem for lost in context.lost_rules for problem in _problems(lost, first, last)]
    if problems:
        raise ConfigurationError(problems)


def _problems(lost: Lost, first: date, last: date) -> list[Problem]:
    mission = lost.version.mission
    running = [w for w in lost.version.windows if w.start <= last and first <= w.end + mission.grace_days * DAY]
    if not running:
        return []
    window = max(running, key=lambda window: window.end)
    until = window.end + mission.grace_days * DAY
    message = (
        f"is no longer there as it was, but the window {window.start} to {window.end} of missions.{mission.id} keeps rules that"
        f" read it, until it is decided as of {until}"
    )
    hint = (
        f'restore it until then, or let the window follow the rules of today: "missionctl apply --restate --mission {mission.id}"'
    )
    return [Problem("metrics.toml", 0, 0, what, message, hint) for what in lost.what]


def rules_now(project: Project) -> str:
    """Fingerprint of today's rules, as results are recorded with."""
    return book_of(mission_rules(project)) if project.keeps else rules_meaning(project)


def follows_other_rules(context: Context, mission: str, window: Window, before: str) -> bool:
    """Whether a decided window follows other rules than when it was decided; `before`: `rules_now` as it was then."""
    today = context.today_rules
    if before == rules_now(today):
        return False
    if not today.keeps:
        return True
    if any(one.version and one.id == mission and one.has(window) for one in context.project.missions):
        return False
    return _rules_then(context, mission, before) != mission_rules(today).get(mission)


def keep_only_todays(context: Context) -> None:
    """Record of all windows that they keep the rules of today, whose file is written again; nothing older stays. Part of the
    caller's transaction."""
    today = context.today_rules
    rules = mission_rules(today)
    known = books(context.database).get(book_of(rules))
    since = known.since if known is not None else context.ledger.evaluations.latest() or context.today
    (file,) = context.publisher.write([Draft(RULES, "rules", rule_texts(today))])
    context.publisher.settle()
    context.obsolete += keep_all(context.database, book_of(rules), list(rules))
    add_book(context.database, book_of(rules), since, rules, file)


def was_there(context: Context, mission: str, before: str) -> bool:
    """Whether a mission is known to have been there when `before` was `rules_now`."""
    return before == rules_now(context.today_rules) or _rules_then(context, mission, before) is not None


def was_to_decide(context: Context, mission: str, window: Window, day: date, before: str) -> bool:
    """Whether a window may have been decided as of a day when `before` was `rules_now`. Not when it is made, or decided, by later
    rules than the ones of then, which other windows of the mission keep."""
    then = _rules_then(context, mission, before)
    versions = [version for version in context.versions if version.mission.id == mission]
    place = next((place for place, version in enumerate(versions) if version.rules == then), None)
    if not context.today_rules.keeps or place is None:
        return True
    earlier = {version.rules for version in versions[: place + 1]}
    followed = [m for m in context.project.missions if m.id == mission and m.has(window) and m.decides_on(window.end) == day]
    was = versions[place].mission
    made = window_rule(was), was.grace_days
    return any(one.version in earlier or (window_rule(one), one.grace_days) == made for one in followed) or not followed


def _rules_then(context: Context, mission: str, before: str) -> str | None:
    book = books(context.database).get(before)
    return book.missions.get(mission) if book is not None else None


def keep_rules(context: Context, as_of_days: Sequence[date], windows: pl.DataFrame, book: str) -> None:
    """Record the rules of windows that were never published before: of shared ones all that are reported as of the days, of
    suppliers' own those with rows, `windows` (mission_id, window_start, window_end). Part of the caller's transaction.
    `book`: `rules_now`, by which the results were made; it is recorded though no window is new, since what was decided then is
    held against it.

    Windows that roll are not kept: each day's is another."""
    today = context.today_rules
    if not today.keeps:
        return
    own = [mission.id for mission in today.missions if mission.decides and mission.window.is_own]
    shared = {
        (str(mission.id), window.start, window.end)
        for mission in context.project.missions
        if mission.decides and not mission.window.is_own and not mission.version
        for day in as_of_days
        for window in shared_windows(mission, day)
    }
    reported = pl.DataFrame(sorted(shared), schema=windows.schema, orient="row")
    new = has_new(context.database, pl.concat([reported, windows.filter(pl.col("mission_id").is_in(own))]))
    if not has_book(context.database, book):
        (file,) = context.publisher.write([Draft(RULES, "rules", rule_texts(today))])
        context.publisher.settle()
        add_book(context.database, book, min(as_of_days), mission_rules(today), file)
    if new:
        keep_new(context.database, book)
