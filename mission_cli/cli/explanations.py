"""An explanation as text for people: from the mission down to the orders, readable at 80 columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePosixPath

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from mission_cli.cli.tables import styled, table
from mission_cli.views.explanation import Explanation, LeftOut, MissionExplained, OrderExplained, Term
from mission_cli.views.words import number, target_text

_FEW = 10
_ROLES = {"gate": "gate: ", "guard": "guard: "}
_IN_DAY = {
    "count": "number of values",
    "min": "lowest value",
    "max": "highest value",
    "avg": "mean",
    "first": "first value",
    "last": "last value",
    "distinct": "different values",
}
_BY = {"sql": "its SQL", "python": "its Python", "metabase": "its Metabase card"}
_OVER_DAYS = {
    "sum": "sum over days",
    "count": "number of days with a value",
    "min": "lowest day",
    "max": "highest day",
    "avg": "mean over days",
    "first": "first day",
    "last": "last day",
    "distinct": "different values over days",
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
    if found.left is not None:
        yield Text(f"no longer in the suppliers' file as of {found.left}")
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
    if mission.rules_of is not None:
        yield _line(2, f"rules of {mission.rules_of} (kept: the window began under them; today's are others)")
    if mission.mission_status is None:
        yield _line(2, f"no result: {mission.because}")
    else:
        yield _line(2, Text.assemble(styled(mission.mission_status), f" ({mission.because})"))
    for correction in mission.corrections:
        yield _line(2, Text(correction, style="yellow"))
    if mission.require is not None:
        yield _line(2, f"requires {mission.require}")
    if mission.reward is not None:
        yield _line(2, f"reward {number(mission.reward)}: {mission.reward_note}")
    yield from _conditions(mission)
    yield from _terms(mission.terms)
    yield from _days(mission.terms)
    added = {term.metric for term in mission.terms if term.in_day == "sum"}
    yield from _orders(mission.orders, added, everything=everything)
    yield from _left_out(mission.left_out, everything=everything)


def _conditions(mission: MissionExplained) -> Iterator[RenderableType]:
    for condition in mission.conditions:
        tier = f" {condition.tier}" if condition.tier is not None else ""
        held = f"{condition.formula} {target_text(condition.type, condition.val, condition.val_high)}{tier}: "
        role = _ROLES.get(condition.role, "")
        yield _line(2, Text.assemble(f"{condition.name}  {role}{held}", styled(condition.status)), before=1)
        value = number(condition.value, condition.val)
        if condition.value is None:
            yield _line(4, condition.because)
        else:
            worked = condition.with_numbers if condition.with_numbers == value else f"{condition.with_numbers} = {value}"
            yield _line(4, f"{worked}; {condition.because}")
        if condition.target_note is not None:
            yield _line(4, f"{target_text(condition.type, condition.val, condition.val_high)} is {condition.target_note}")


def _terms(terms: Sequence[Term]) -> Iterator[RenderableType]:
    if not terms:
        return
    yield _line(2, "Metrics over the window", before=1)
    made = table("metric", "total", "how", right=("total",))
    for term in terms:
        made.add_row(term.metric, _short_number(term.total), _how(term))
    yield Padding(made, (0, 0, 0, 4))


def _how(term: Term) -> str:
    how = _made(term)
    return f"{how} ({term.detail})" if term.detail is not None else how


def _made(term: Term) -> str:
    """What the number is made of: a formula, or orders within days and days within the window."""
    if term.source is None and term.over_days is not None:
        default = "default_value: no day has a value; " if term.from_default else ""
        return f"{default}{_rolled(term)}: {term.formula} of each day"
    if term.formula is not None and term.from_default:
        return f"default_value: {term.formula} has no value ({term.with_numbers})"
    if term.formula is not None:
        return f"{term.formula} = {term.with_numbers}"
    default = "default_value: nothing counted; " if term.from_default else ""
    if term.method in _BY:
        orders = f"{term.source}, by {_BY[term.method]}"
    else:
        orders = f"{term.source} where {term.where}" if term.where else f"every final order of {term.source}"
    of_day = _IN_DAY.get(term.in_day or "", "")
    orders = orders.replace("every final order", "all final orders") if of_day else orders
    if term.in_day == term.over_days or (term.in_day, term.over_days) == ("count", "sum"):
        return f"{default}{f'{of_day} of ' if of_day else ''}{orders}"
    return f"{default}{_rolled(term)}: {f'{of_day} of ' if of_day else ''}{orders}"


def _rolled(term: Term) -> str:
    said = _OVER_DAYS[term.over_days or "sum"]
    return f"{said} {term.days_where}" if term.days_where else said


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


def _orders(orders: Sequence[OrderExplained], added: Collection[str], *, everything: bool) -> Iterator[RenderableType]:
    for source in dict.fromkeys(order.source for order in orders):
        own = [order for order in orders if order.source == source]
        counted = [order for order in own if order.counts or not order.filtered]
        lines = [
            (_moment(order.time, order.day), order.key, _adds(order, added) or "in the window", _from(order.file, order.line))
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


def _adds(order: OrderExplained, added: Collection[str]) -> str:
    """What the order gives to each metric: with a sign where it is added to others."""
    return ", ".join(f"{metric} {_signed(value) if metric in added else value}" for metric, value in order.counts.items())


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
