"""Options that verbs share, and what was asked before the verb."""

from __future__ import annotations

import os
import re
import shlex
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from mission_cli.cli.exits import say
from mission_cli.model.errors import UsageError

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Asked:
    """The project's directory, and whether to print in colour."""

    root: Path
    color: bool


def parse_day(text: str) -> date:
    """A day written like 2026-10-31, of a year in which windows can be counted."""
    try:
        if re.fullmatch(r"(19|2\d)\d{2}-\d{2}-\d{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise typer.BadParameter(f'"{text}" is not a day; write it like 2026-10-31')


FirstDay = Annotated[date | None, typer.Option("--from", parser=parse_day, metavar="DAY", help="The first as-of day.")]
LastDay = Annotated[date | None, typer.Option("--to", parser=parse_day, metavar="DAY", help="The last as-of day.")]
Day = Annotated[date | None, typer.Option("--date", parser=parse_day, metavar="DAY", help="The as-of day, like 2026-10-31.")]
MissionName = Annotated[str | None, typer.Option("--mission", metavar="ID", help="Only this mission.")]
SupplierName = Annotated[str | None, typer.Option("--supplier", metavar="ID", help="Only this supplier, by id or alias.")]
SourceName = Annotated[str | None, typer.Option("--source", metavar="ID", help="Only this source.")]
BatchNumber = Annotated[int | None, typer.Option("--batch", metavar="N", help="Only this batch (see status --batches).")]
Export = Annotated[Path | None, typer.Option("--export", metavar="FILE", help="Write all of them to a file, as CSV or .parquet.")]
Limit = Annotated[int, typer.Option("--limit", min=1, metavar="N", help="At most N on the screen.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def asked(context: typer.Context) -> Asked:
    """What stood before the verb."""
    found = context.find_object(Asked)
    assert found is not None, "the callback of the application always sets it"
    return found


def one_of(text: str | None, words: type[Word], option: str) -> Word | None:
    """The word that stands after an option."""
    if text is None:
        return None
    try:
        return words(text)
    except ValueError:
        raise typer.BadParameter(f'{option}: "{text}" is not known; choose {", ".join(words)}') from None


def refuse_span(first: date | None, last: date | None, *, needed: bool) -> None:
    """Refuse days that are no span; without `needed` both ends may be open."""
    for option, day in (("--from", first), ("--to", last)):
        if day is None and needed:
            raise typer.BadParameter(f"{option} is missing; give both days, or --only missing, stale or all")
    if first is not None and last is not None and last < first:
        raise typer.BadParameter(f"--to {last} lies before --from {first}")


def project_root(given: Path | None) -> Path:
    """The project directory: --project, else MISSIONCTL_PROJECT, else the current one."""
    root = given or Path(os.environ.get("MISSIONCTL_PROJECT") or ".")
    if not root.is_dir():
        raise UsageError(f"{root} is not a directory; name the project directory with --project")
    return root


def yesterday(timezone: str, day_start: int) -> date:
    """The last business day that has ended by now, there."""
    from mission_cli.model.calendar import business_day

    return business_day(now(), timezone, day_start) - timedelta(days=1)


def tell_when_ahead(as_of: date, timezone: str, day_start: int) -> None:
    """Say so when a day has not ended yet there."""
    if as_of > yesterday(timezone, day_start):
        say(f"{as_of} has not ended yet: its results are those of the data so far")


def now() -> datetime:
    """This instant; the one place where the clock is read for what users see."""
    return datetime.now(UTC)


def command_line() -> str:
    """The command as it was typed, for the ledger and the lock."""
    return shlex.join(["missionctl", *sys.argv[1:]])
