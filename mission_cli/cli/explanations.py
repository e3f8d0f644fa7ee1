"""An explanation as text for people: from the mission down to the orders, readable at 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from mission_cli.cli.tables import styled, table
from mission_cli.model.missions import Operator
from mission_cli.views.explanation import Explanation, LeftOut, MissionExplained, OrderExplained, Term
from mission_cli.views.words import number

_FEW = 10
_BY = {"sql": "its SQL", "python": "its Python", "metabase": "its Metabase card"}
_OVER_DAYS = {
    "sum": "sum over days",
    "count": "number of days with a value",
    "min": "lowest day",
    "max": "highest day",
    "avg": "mean over days",
    "first": "first day",
    "last": "last day",
    "days": "number of days with",
    "streak": "most days in a row with",
}
_DAYS_WIDTH = 62  # of 80 columns, less the indent and the day


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
        yield _line(2, f"window {mission.window_start} to {mission.window_end}")
    if mission.mission_status is None:
        yield _line(2, f"no result: {mission.because}")
    else:
        yield _line(2, Text.assemble(styled(mission.mission_status), f" ({mission.because})"))
    yield from _conditions(mission)
    yield from _terms(mission.terms)
    yield from _days(mission.terms)
    yield from _orders(mission.orders, everything=everything)
    yield from _left_out(mission.left_out, everything=everything)


def _conditions(mission: MissionExplained) -> Iterator[RenderableType]:
    for condition in mission.conditions:
        target = f"{Operator(condition.type).sign} {number(condition.val)}"
        yield _line(2, Text.assemble(f"{condition.name}  {condition.formula} {target}: ", styled(condition.status)), before=1)
        value = number(condition.value, condition.val)
        if condition.value is None:
            yield _line(4, condition.because)
            continue
        worked = condition.with_numbers if condition.with_numbers == value else f"{condition.with_numbers} = {value}"
        yield _line(4, f"{worked}; {condition.because}")


def _terms(terms: Sequence[Term]) -> Iterator[RenderableType]:
    if not terms:
        return
    yield _line(2, "Metrics over the window", before=1)
    made = table("metric", "total", "how", right=("total",))
    for term in terms:
        made.add_row(term.metric, _short_number(term.total), _how(term))
    yield Padding(made, (0, 0, 0, 4))


def _how(term: Term) -> str:
    if term.over_days is not None:
        default = "default_value: no day has a value; " if term.from_default else ""
        return f"{default}{_OVER_DAYS[term.over_days]} {term.where or ''}: {term.formula} of each day".replace(" :", ":")
    if term.formula is not None and term.from_default:
        return f"default_value: {term.formula} has no value ({term.with_numbers})"
    if term.formula is not None:
        return f"{term.formula} = {term.with_numbers}"
    default = "default_value: nothing counted; " if term.from_default else ""
    if term.method in _BY:
        return f"{default}{term.source}, by {_BY[term.method]}"
    return f"{default}{term.source} where {term.where}" if term.where else f"{default}every final order of {term.source}"


def _days(terms: Sequence[Term]) -> Iterator[RenderableType]:
    daily = [term for term in terms if term.day_totals]
    days = sorted({day for term in daily for day in term.day_totals})
    if not days:
        return
    yield _line(2, "Day by day", before=1)
    for place, group in enumerate(_side_by_side(daily)):
        made = table("day", *(term.metric for term in group), right=tuple(term.metric for term in group))
        for day in days:
            made.add_row(f"{day:%a} {day}", *(term.day_totals.get(day, "") for term in group))
        yield Padding(made, (int(place > 0), 0, 0, 4))


def _side_by_side(terms: Sequence[Term]) -> Iterator[list[Term]]:
    """The terms in groups whose columns stand beside each other without breaking a number."""
    group: list[Term] = []
    taken = 0
    for term in terms:
        width = 2 + max(len(term.metric), *(len(total) for total in term.day_totals.values()))
        if group and taken + width > _DAYS_WIDTH:
            yield group
            group, taken = [], 0
        group.append(term)
        taken += width
    if group:
        yield group


def _orders(orders: Sequence[OrderExplained], *, everything: bool) -> Iterator[RenderableType]:
    for source in dict.fromkeys(order.source for order in orders):
        own = [order for order in orders if order.source == source]
        counted = [order for order in own if order.counts or not order.filtered]
        lines = [
            (_moment(order.time, order.day), order.key, _adds(order) or "in the window", _from(order.file, order.line))
            for order in counted
        ]
        yield from _listed(f"Counted from {source}", "adds", lines, everything=everything)
        filtered = [order for order in own if not order.counts and order.filtered]
        lines = [(_moment(order.time, order.day), order.key, _why(order), _from(order.file, order.line)) for order in filtered]
        yield from _listed(f"Final in {source}, but adding to nothing", "does not hold", lines, everything=everything)


def _listed(title: str, header: str, lines: Sequence[tuple[str, str, str, str]], *, everything: bool) -> Iterator[RenderableType]:
    """Records with the reason above the place that each came from."""
    if not lines:
        return
    newest = f", newest {_FEW} (--all for all)" if len(lines) > _FEW and not everything else ""
    yield _line(2, f"{title}: {len(lines)}{newest}", before=1)
    made = table("time", "key", f"{header} / from")
    for time, key, reason, place in lines if everything else lines[-_FEW:]:
        made.add_row(time, key, Text.assemble(reason, "\n", (place, "dim")))
    yield Padding(made, (0, 0, 0, 4))


def _adds(order: OrderExplained) -> str:
    return ", ".join(f"{metric} {_signed(value)}" for metric, value in order.counts.items())


def _why(order: OrderExplained) -> str:
    """The filters that the order fails; those of several metrics once each."""
    by_filter: dict[str, list[str]] = {}
    for metric, text in order.filtered.items():
        by_filter.setdefault(text, []).append(metric)
    return "; ".join(f"{', '.join(metrics)}: {text}" for text, metrics in by_filter.items())


def _left_out(records: Sequence[LeftOut], *, everything: bool) -> Iterator[RenderableType]:
    for source in dict.fromkeys(record.source for record in records):
        own = [record for record in records if record.source == source]
        inside = [record for record in own if not record.other_day]
        notable = [record for record in inside if everything or not record.routine]
        yield from _listed(f"Left out of {source}", "why", [_reason(record) for record in notable], everything=everything)
        routine = len(inside) - len(notable)
        if routine:
            yield _line(
                2, f"Left out of {source} as usual: {routine} open versions that came again when they were final", before=1
            )
        other = [_reason(record) for record in own if record.other_day]
        yield from _listed(f"Final in {source} a day before or after", "why", other, everything=everything)


def _reason(record: LeftOut) -> tuple[str, str, str, str]:
    why = f"{record.why} ({_short(record.winner)})" if record.winner else record.why
    return _moment(record.time, record.day), record.key, why, _from(record.file, record.line)


def _moment(time: str | None, day: object) -> str:
    return time or (str(day) if day is not None else "no date")


def _signed(value: str) -> str:
    return value if value.startswith("-") else f"+{value}"


def _from(file: str, line: int) -> str:
    return f"{PurePosixPath(file).name}:{line}"


def _short(place: str) -> str:
    return PurePosixPath(place).name


def _short_number(total: str | None) -> str:
    if total is None:
        return "no data"
    return total if len(total) <= 16 else number(float(total))


def _line(indent: int, text: str | Text, *, before: int = 0) -> Padding:
    """A line that keeps its indent where it goes on in a second one."""
    return Padding(text if isinstance(text, Text) else Text(text), (before, 0, 0, indent))
