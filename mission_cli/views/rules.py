"""Which rules a published window follows: today's, or older ones that it keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from mission_cli.config.kept import kept_project
from mission_cli.formula.rules import book_of, mission_rules, rules_meaning, window_rule
from mission_cli.model.calendar import Window, days, window_of
from mission_cli.model.missions import Mission
from mission_cli.model.project import Project
from mission_cli.store.manifest import BookEntry
from mission_cli.views.published import Published


@dataclass(frozen=True, slots=True)
class Followed:
    """The rules of a mission's window, and the project that they stand in. `since`: of older ones, the first as-of day of which
    results were published by them. `registered`: it is recorded with which rules the window was published."""

    project: Project
    mission: Mission
    since: date | None = None
    registered: bool = False


@dataclass(frozen=True)
class Rules:
    """The rules of today, and those that the manifest says windows keep."""

    today: Project
    source: Published
    _kept: dict[str, Project] = field(default_factory=dict)

    @cached_property
    def _now(self) -> dict[str, str]:
        return mission_rules(self.today)

    def of(self, mission: str, window: Window | None) -> Followed | None:
        """The rules of a window; without one, today's. None when the mission is no longer there and nothing is kept of it."""
        here = next((one for one in self.today.missions if one.id == mission), None)
        book = self.source.manifest.book_of(mission, window) if self.today.keeps and window is not None else None
        if book is None or book.missions.get(mission) == self._now.get(mission):
            return Followed(self.today, here, registered=book is not None) if here is not None else None
        return self._by(book, mission)

    def makes_way_for(self, mission: Mission, window: Window, own: Callable[[Mission], Sequence[Window]]) -> Window | None:
        """The window by older rules because of which another one by these is not reported, if any. `own`: the supplier's windows
        by the rules of a mission."""
        named = [self.source.manifest.books[book] for book, _ in self.source.manifest.kept.get(mission.id, ())]
        for book in named if self.today.keeps and mission.decides else ():
            if book.missions.get(mission.id) == self._now.get(mission.id):
                continue
            older = self._by(book, mission.id).mission
            if window_rule(older) == window_rule(mission):
                continue
            spans = (
                own(older) if older.window.is_own else [window_of(older.window, day) for day in days(window.start, window.end)]
            )
            for span in spans:
                if span is not None and span.overlaps(window) and self.source.manifest.book_of(mission.id, span) == book:
                    return span
        return None

    def _by(self, book: BookEntry, mission: str) -> Followed:
        if book.file not in self._kept:
            self._kept[book.file] = _with_sources_of(self.today, kept_project(self.source.path(book.file), self.today.root))
        project = self._kept[book.file]
        return Followed(project, next(one for one in project.missions if one.id == mission), book.since, registered=True)

    def are_newer(self, as_of: date, followed: Followed) -> bool:
        """Whether today's rules of the mission are others than those that results as of a day were made by."""
        made_by = self.source.manifest.results[as_of].rules
        if not self.today.keeps:
            return made_by != rules_meaning(self.today)
        if followed.registered or made_by == book_of(self._now):
            return False
        then = self.source.manifest.books.get(made_by)
        return then is None or then.missions.get(followed.mission.id) != self._now[followed.mission.id]


def _with_sources_of(today: Project, then: Project) -> Project:
    """Older rules over the sources and suppliers of today: these have no versions."""
    here = {source.id: source for source in today.sources}
    sources = (*today.sources, *(source for source in then.sources if source.id not in here))
    suppliers = today.suppliers or then.suppliers
    return replace(then, sources=sources, suppliers=suppliers, timezone=today.timezone, day_start=today.day_start)
