"""The progress of a supplier as bars, at 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from rich.cells import cell_len, set_cell_size
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from mission_cli.cli.render import print_json, show
from mission_cli.cli.tables import styled
from mission_cli.model.text import printable
from mission_cli.views.progress import ConditionProgress, MissionProgress, Progress
from mission_cli.views.words import number, target_text

_BAR = 20
_NAME = 16  # columns of a name; a longer one has a line of its own
_FULL, _EMPTY = "█", "░"
_COLOURS = {"reached": "green", "open": "yellow", "impossible": "red"}


def print_progress(found: Progress, *, as_json: bool, color: bool) -> None:
    """Every running mission with a bar per condition; or all as JSON."""
    if as_json:
        print_json(asdict(found))
        return
    show(progress_parts(found), color=color)


def progress_parts(found: Progress) -> Iterator[RenderableType]:
    """The whole, from top to bottom."""
    who = f"Supplier {found.supplier_id}"
    yield Text(printable(f"{who}, alias {found.alias}" if found.alias else who), style="bold")
    yield Text(f"As of {found.as_of}")
    for note in found.notes:
        yield Text(f"Note: {note}", style="yellow")
    if not found.missions:
        yield Text("\nno mission is running")
    for mission in found.missions:
        yield from _mission(mission)


def _mission(mission: MissionProgress) -> Iterator[RenderableType]:
    title = mission.mission_id if mission.title == mission.mission_id else f"{mission.mission_id}: {mission.title}"
    yield Text(printable(f"\n{title}", keep="\n"), style="bold")
    yield _line(2, Text(_span(mission)))
    if mission.rules_of is not None:
        yield _line(2, Text(f"rules of {mission.rules_of} (kept: the window began under them)"))
    said = Text.assemble(styled(mission.status), f": {mission.standing}" if mission.standing else "")
    if mission.outlook == "impossible" and mission.impossible_since is not None:
        said.append(f"{';' if mission.standing else ','} impossible since {mission.impossible_since}", style="red")
    yield _line(2, said)
    if mission.require != "all":
        yield _line(2, Text(f"requires {mission.require}"))
    for condition in mission.conditions:
        yield from _condition(condition)


def _span(mission: MissionProgress) -> str:
    span = f"{mission.window_start} to {mission.window_end}"
    if mission.days_left is None:
        return f"{span}, rolling on"
    left = "ended" if not mission.days_left else f"{mission.days_left} day{'' if mission.days_left == 1 else 's'} left"
    return f"{span}, {left}, decided as of {mission.decided_on}"


def _condition(condition: ConditionProgress) -> Iterator[RenderableType]:
    colour = _COLOURS["reached" if condition.holds else condition.outlook]
    name = printable(condition.name)
    if cell_len(name) > _NAME:
        yield _line(2, Text(name))
        name = ""
    bar = Text.assemble((_bar(condition.share), colour))
    value = number(condition.value, condition.val)
    held = f"{value} {target_text(condition.type, condition.val, condition.val_high)}" if condition.value is not None else value
    yield _line(2, Text.assemble(set_cell_size(name, _NAME), "  ", bar, "  ", held, _marks(condition)))
    if said := _said(condition):
        yield _line(_NAME + 4, said)


def _bar(share: float) -> str:
    """Full only when it is done, and empty only when nothing is."""
    cells = int(share * _BAR)
    cells = max(cells, 1) if share > 0 else 0
    return _FULL * cells + _EMPTY * (_BAR - cells)


def _marks(condition: ConditionProgress) -> str:
    role = "" if condition.role == "goal" else f"  ({condition.role})"
    upcoming = next((tier.name for tier in condition.tiers if not tier.reached), None)
    reached = [tier.name for tier in condition.tiers if tier.reached]
    steps = [f"has {reached[-1]}"] if reached else []
    steps += [f"next {upcoming}"] if upcoming is not None else []
    return printable(role + (f"  {', '.join(steps)}" if steps else ""))


def _said(condition: ConditionProgress) -> Text:
    said = Text(printable(condition.missing))
    if condition.outlook == "impossible" and condition.impossible_since is not None:
        said.append(f"{', ' if condition.missing else ''}impossible since {condition.impossible_since}", style="red")
    elif unreachable := [tier.name for tier in condition.tiers if tier.outlook == "impossible"]:
        said.append(printable(f"{'; ' if condition.missing else ''}{', '.join(unreachable)} impossible"), style="red")
    return said


def _line(indent: int, text: Text) -> Padding:
    return Padding(text, (0, 0, 0, indent))
