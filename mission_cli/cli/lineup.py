"""The list of missions, a block for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mission_cli.cli.render import print_json, show
from mission_cli.model.text import printable
from mission_cli.views.missions import MissionEntry


def print_missions(entries: Sequence[MissionEntry], *, as_json: bool, color: bool) -> None:
    """A block per mission; or all as JSON."""
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    show((part for place, entry in enumerate(entries) for part in _block(entry, first=not place)), color=color)


def _block(entry: MissionEntry, *, first: bool) -> Iterator[RenderableType]:
    title = entry.mission_id if entry.title == entry.mission_id else f"{entry.mission_id}: {entry.title}"
    title += " (no longer in missions.toml)" if entry.removed else ""
    yield Text(("" if first else "\n") + printable(title), style="bold")
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(min_width=13, overflow="fold")
    made.add_column(overflow="fold")
    for name, text in _lines(entry):
        made.add_row(f"  {name}", printable(text))
    yield made


def _lines(entry: MissionEntry) -> Iterator[tuple[str, str]]:
    yield "window", entry.window + (f", {_counted(entry.grace_days, 'day')} of grace" if entry.grace_days else "")
    yield "suppliers", entry.suppliers
    if entry.population is not None and entry.windows is not None:
        yield "now in it", f"{_counted(entry.population, 'supplier')} in {_counted(entry.windows, 'window')} as of {entry.as_of}"
    for place, condition in enumerate(entry.conditions):
        role = "" if condition.role == "goal" else f" ({condition.role})"
        yield "conditions" if not place else "", f"{condition.name}: {condition.text}{role}"
    if entry.require != "all":
        yield "requires", entry.require
    if entry.reward is not None:
        yield "reward", entry.reward + (f"; {entry.limits}" if entry.limits else "")
    yield "decided next", _next(entry)
    for place, kept in enumerate(entry.kept):
        rules = f"{_counted(kept.windows, 'window')} by the rules of {kept.since}, until {kept.until}"
        yield "kept" if not place else "", rules


def _next(entry: MissionEntry) -> str:
    if entry.next_decision is not None:
        return f"as of {entry.next_decision}"
    return "never" if entry.window.startswith("rolling") else "nothing is due"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
