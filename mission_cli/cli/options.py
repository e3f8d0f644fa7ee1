"""Options that verbs share, and what was asked before the verb."""

from __future__ import annotations

import os
import re
import shlex
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from mission_cli.cli.exits import say
from mission_cli.model.errors import UsageError


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
