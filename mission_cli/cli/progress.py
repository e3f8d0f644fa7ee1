"""How far a run is: a bar on a terminal, plain lines elsewhere. Everything goes to standard error."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from mission_cli.cli.exits import say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_WORDS = {
    "load": "loading files",
    "compute": "computing days",
    "evaluate": "evaluating missions",
    "verify": "verifying files",
    "recompute": "computing again",
    "reevaluate": "evaluating again",
}


def watching(*, color: bool) -> PlainWatch | BarWatch:
    """The watch that fits where standard error goes."""
    return BarWatch(color=color) if sys.stderr.isatty() else PlainWatch()


class PlainWatch:
    """One line per stage that has work, as cron and log files want it."""

    def __enter__(self) -> PlainWatch:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, stage: str, total: int) -> None:
        """Say what begins, unless there is nothing to do."""
        if total:
            say(f"{_WORDS[stage]}: {total}")

    def advance(self, units: int) -> None:
        """Nothing: a line per unit would flood a log."""

    def note(self, text: str) -> None:
        """Say it."""
        say(text)


class BarWatch:
    """A bar per stage, with the time left."""

    def __init__(self, *, color: bool) -> None:
        self._color = color
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> BarWatch:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True, no_color=None if self._color else True)
        columns = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console)
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._progress is not None:
            self._progress.stop()

    def begin(self, stage: str, total: int) -> None:
        """A new bar, unless there is nothing to do."""
        if self._progress is not None and total:
            self._task = self._progress.add_task(_WORDS[stage], total=total)

    def advance(self, units: int) -> None:
        """Move the bar of the stage."""
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task, units)

    def note(self, text: str) -> None:
        """Print above the bars."""
        if self._progress is not None:
            self._progress.console.print(text, markup=False, highlight=False)
