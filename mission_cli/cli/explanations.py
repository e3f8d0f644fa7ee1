"""An explanation as text for people: from the mission down to the orders, readable at 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TypeVar

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from mission_cli.cli.tables import styled, table
from mission_cli.model.project import Operator
from mission_cli.views.explanation import Explanation, LeftOut, MissionExplained, OrderExplained, Term
from mission_cli.views.words import number

T = TypeVar("T")
_FEW = 10


def explanation_parts(found: Explanation, *, everything: bool) -> Iterator[RenderableType]:
    """The whole explanation; without `everything` only the newest orders of each mission."""
    who = f"Supplier {found.supplier_id}"
    yield Text(f"{who}, alias {found.alias}" if found.alias else who, style="bold")
    if found.attributes:
        yield Text(", ".join(f"{name} {value}" for name, value in found.attributes.items() if value != found.alias))
    yield Text(f"As of {found.as_of}")
    for note in found.notes:
        yield Text(f"Note: {note}", style="yellow")
    for mission in found.missions:
        yield from _mission(mission, everything=everything)


def _mission(mission: MissionExplained, *, everything: bool) -> Iterator[RenderableType]:
    title = f"\n{mission.mission_id}: {mission.title}" if mission.title != mission.mission_id else f"\n{mission.mission_id}"
    yield Text(title, style="bold")
    if mission.window_start is not None:
        yield Text(f"  window {mission.window_start} to {mission.window_end}")
    if mission.mission_status is None:
        yield Text(f"  no result: {mission.because}")
    else:
        yield Text.assemble("  ", styled(mission.mission_status), f" ({mission.because})")
    yield from _conditions(mission)
    yield from _terms(mission.terms)
    yield from _days(mission.terms)
    yield from _orders(mission.orders, everything=everything)
    yield from _left_out(mission.left_out, everything=everything)


def _conditions(mission: MissionExplained) -> Iterator[RenderableType]:
    for condition in mission.conditions:
        target = f"{Operator(condition.type).sign} {number(condition.val)}"
        yield Text.assemble(f"\n  {condition.name}  {condition.formula} {target}: ", styled(condition.status))
        yield Text(f"    {condition.with_numbers} = {number(condition.value)}; {condition.because}")


def _terms(terms: Sequence[Term]) -> Iterator[RenderableType]:
    if not terms:
        return
    yield Text("\n  Metrics over the window")
    made = table("metric", "total", "how", right=("total",))
    for term in terms:
        made.add_row(term.metric, term.total or "no data", _how(term))
    yield Padding(made, (0, 0, 0, 4))


def _how(term: Term) -> str:
    if term.formula is not None:
        return f"{term.formula} = {term.with_numbers}"
    default = "default_value: nothing counted; " if term.from_default else ""
    if term.method == "sql":
        return f"{default}{term.source}, by its SQL"
    return f"{default}{term.source} where {term.where}" if term.where else f"{default}every final order of {term.source}"


def _days(terms: Sequence[Term]) -> Iterator[RenderableType]:
    daily = [term for term in terms if term.day_totals]
    days = sorted({day for term in daily for day in term.day_totals})
    if not days:
        return
    yield Text("\n  Day by day")
    made = table("day", *(term.metric for term in daily), right=tuple(term.metric for term in daily))
    for day in days:
        made.add_row(f"{day:%a} {day}", *(term.day_totals.get(day, "") for term in daily))
    yield Padding(made, (0, 0, 0, 4))


def _orders(orders: Sequence[OrderExplained], *, everything: bool) -> Iterator[RenderableType]:
    for source in dict.fromkeys(order.source for order in orders):
        own = [order for order in orders if order.source == source]
        counted = [order for order in own if order.counts]
        yield Text(f"\n  Orders of {source} that count: {len(counted)}{_newest(counted, everything=everything)}")
        made = table("time", "key", "adds", "from")
        for order in _shown(counted, everything=everything):
            adds = ", ".join(f"{metric} {_signed(value)}" for metric, value in order.counts.items())
            made.add_row(_moment(order.time, order.day), order.key, adds, _from(order.file, order.line))
        if counted:
            yield Padding(made, (0, 0, 0, 4))
        yield from _filtered([order for order in own if not order.counts and order.filtered], source, everything=everything)


def _filtered(orders: Sequence[OrderExplained], source: str, *, everything: bool) -> Iterator[RenderableType]:
    if not orders:
        return
    yield Text(f"\n  Orders of {source} in the window that add to nothing: {len(orders)}{_newest(orders, everything=everything)}")
    made = table("time", "key", "why", "from")
    for order in _shown(orders, everything=everything):
        why = "; ".join(f"{metric}: where {text} does not hold" for metric, text in order.filtered.items())
        made.add_row(_moment(order.time, order.day), order.key, why, _from(order.file, order.line))
    yield Padding(made, (0, 0, 0, 4))


def _left_out(records: Sequence[LeftOut], *, everything: bool) -> Iterator[RenderableType]:
    for source in dict.fromkeys(record.source for record in records):
        own = [record for record in records if record.source == source]
        yield Text(f"\n  Records of {source} left out: {len(own)}{_newest(own, everything=everything)}")
        kinds = {kind: sum(record.why.split(":")[0] == kind for record in own) for kind in dict.fromkeys(r.why.split(":")[0] for r in own)}
        yield Text("    " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()))
        made = table("time", "key", "why", "from")
        for record in _shown(own, everything=everything):
            why = f"{record.why} ({_short(record.winner)})" if record.winner else record.why
            made.add_row(_moment(record.time, record.day), record.key, why, _from(record.file, record.line))
        yield Padding(made, (0, 0, 0, 4))


def _shown(items: Sequence[T], *, everything: bool) -> Sequence[T]:
    return items if everything else items[-_FEW:]


def _newest(items: Sequence[object], *, everything: bool) -> str:
    return f", the newest {_FEW} (--all shows them all)" if len(items) > _FEW and not everything else ""


def _moment(time: str | None, day: object) -> str:
    return time or (str(day) if day is not None else "no date")


def _signed(value: str) -> str:
    return value if value.startswith("-") else f"+{value}"


def _from(file: str, line: int) -> str:
    return f"{PurePosixPath(file).name}:{line}"


def _short(place: str) -> str:
    return PurePosixPath(place).name
