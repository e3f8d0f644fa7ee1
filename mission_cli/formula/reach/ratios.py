"""Shares: a division in which all that is counted above is counted below too, so that it lies between 0 and 1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from mission_cli.model.columns import Column
from mission_cli.model.expression import Call, Literal, Name, Node, canonical
from mission_cli.model.metrics import DailyMetric, FormulaMetric, InDay, Method, OverDays
from mission_cli.model.project import Project

_STRICT = ("=", "<>", "<", "<=", ">", ">=", "in", "between", "like")  # NULL, so not TRUE, when what they are about is NULL


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`: of one metric that counts the same orders and others, or of several, `part` among them, added up.

    `unit` is what one order adds to each of them.
    """

    part: str
    whole: tuple[str, ...]
    unit: float

    def after(self, now: dict[str, float | None], hits: int, misses: int) -> dict[str, float | None]:
        """The numbers after so many more orders of the part, and of the rest of the whole."""
        then = dict(now)
        other = next((name for name in self.whole if name != self.part), self.part)
        added = {self.part: hits} | {other: misses if len(self.whole) > 1 else hits + misses}
        for name, orders in added.items():
            then[name] = (then.get(name) or 0.0) + orders * self.unit
        return then

    def orders(self, now: dict[str, float | None]) -> float:
        """How many orders the whole has so far."""
        return sum(now.get(name) or 0.0 for name in self.whole) / self.unit


def share_of(project: Project, division: Call) -> Share | None:
    """The division as a share, when it can be shown to be one of orders that count alike."""
    above, below = (_plain(project, arg) for arg in division.args)
    part = _counting(project, above)
    terms = [_counting(project, _plain(project, term)) for term in _summands(below)]
    if part is None or None in terms:
        return None
    whole = [term for term in terms if term is not None]
    names: list[str] = [metric.id for metric in whole]
    units = {unit_of(metric) for metric in (part, *whole)}
    if len(units) != 1 or len(set(names)) != len(names):
        return None
    contained = part.id in names if len(names) > 1 else part.id not in names and _within(project, part, whole[0])
    return Share(part.id, tuple(names), units.pop() or 1.0) if contained else None


def share_in(project: Project, tree: Node) -> tuple[Share, bool] | None:
    """The one share that a formula is made of, moved and scaled by constants only; and whether the formula rises with it."""
    match tree:
        case Name(name=name):
            metric = project.metric(name)
            return share_in(project, metric.formula.tree) if isinstance(metric, FormulaMetric) else None
        case Call(op="/" as op, args=(first, other)) if (sign := _sign(other)) is None or not sign:
            found = share_of(project, tree)
            return (found, True) if found is not None else None
        case Call(op="+" | "-" | "*" | "/" as op, args=(first, other)):
            return _through(project, op, first, other)
        case Call(op="negative", args=(first,)):
            inner = share_in(project, first)
            return (inner[0], not inner[1]) if inner is not None else None
        case _:
            return None


def _through(project: Project, op: str, first: Node, other: Node) -> tuple[Share, bool] | None:
    """Past an operation with a constant."""
    first_sign, other_sign = _sign(first), _sign(other)
    if (first_sign is None) == (other_sign is None):
        return None
    inner = share_in(project, first if first_sign is None else other)
    sign = first_sign if first_sign is not None else other_sign
    if inner is None or sign is None or (op in "*/" and not sign):
        return None
    turns = (sign < 0) if op in "*/" else op == "-" and first_sign is not None
    return inner[0], inner[1] is not turns


def _sign(node: Node) -> int | None:
    """-1, 0 or 1 of a constant number; None for anything else."""
    match node:
        case Literal(value=int() | Decimal() as value) if not isinstance(value, bool):
            return (value > 0) - (value < 0)
        case Call(op="negative", args=(inner,)):
            sign = _sign(inner)
            return -sign if sign is not None else None
        case _:
            return None


def _plain(project: Project, node: Node) -> Node:
    """What a name stands for, where that is a formula without a default."""
    while isinstance(node, Name):
        metric = project.metric(node.name)
        if not isinstance(metric, FormulaMetric) or metric.default is not None:
            break
        node = metric.formula.tree
    return node


def _summands(node: Node) -> Iterator[Node]:
    if isinstance(node, Call) and node.op == "+":
        for arg in node.args:
            yield from _summands(arg)
    else:
        yield node


def _counting(project: Project, node: Node) -> DailyMetric | None:
    """The metric that a name is, when each order adds the same to it and nothing else does."""
    metric = project.metric(node.name) if isinstance(node, Name) else None
    return metric if isinstance(metric, DailyMetric) and unit_of(metric) is not None else None


def unit_of(metric: DailyMetric) -> float | None:
    """What each order that counts adds to the metric over the window; None when that differs, or other things count."""
    tree = metric.expression.tree if metric.expression is not None else None
    if tree is None or metric.over_days is not OverDays.SUM or metric.default not in (None, 0):
        return None
    if metric.in_day is InDay.COUNT:
        return 1.0
    value = tree.value if isinstance(tree, Literal) else None
    fixed = metric.method is Method.SINGLE_VALUE and metric.in_day is InDay.SUM and isinstance(value, int | Decimal)
    return float(value) if fixed and isinstance(value, int | Decimal) and value > 0 else None


# ---------------------------------------------------------------- orders of one metric among those of another


def _within(project: Project, part: DailyMetric, whole: DailyMetric) -> bool:
    """Whether each order that counts for the part counts for the whole."""
    if part.source != whole.source:
        return False
    columns = {column.name: column for column in project.source(part.source).columns}
    given = [*_conjuncts(part), *_has_value(part)]
    return all(
        _always(wanted, columns) or any(_implies(known, wanted) for known in given)
        for wanted in [*_conjuncts(whole), *_has_value(whole)]
    )


def _conjuncts(metric: DailyMetric) -> list[Node]:
    return list(_split("and", metric.where.tree)) if metric.where is not None else []


def _has_value(metric: DailyMetric) -> list[Node]:
    """Of a metric that counts values: that there is one."""
    if metric.in_day is not InDay.COUNT or metric.expression is None:
        return []
    return [Call("not", (Call("is_null", (metric.expression.tree,), 0),), 0)]


def _split(op: str, node: Node) -> Iterator[Node]:
    if isinstance(node, Call) and node.op == op:
        for arg in node.args:
            yield from _split(op, arg)
    else:
        yield node


def _always(node: Node, columns: dict[str, Column]) -> bool:
    """Whether it holds for each row that is taken in at all: by what its column is declared to be."""
    match node:
        case Literal(value=True):
            return True
        case Call(op="not", args=(Call(op="is_null", args=(Literal(value=value),)),)):
            return value is not None
        case Call(op="not", args=(Call(op="is_null", args=(Name(name=name),)),)):
            return columns[name].required
        case Call(op="or"):
            return any(_always(part, columns) for part in _split("or", node))
        case _:
            found = _one_of(node)
            column = columns.get(found[0]) if found is not None else None
            if found is None or column is None:
                return False
            return column.required and bool(column.one_of) and {f"text:{word!r}" for word in column.one_of} <= found[1]


def _implies(known: Node, wanted: Node) -> bool:
    """Whether what is TRUE of `known` is TRUE of `wanted`. Only plain cases are seen."""
    if canonical(known) == canonical(wanted):
        return True
    if isinstance(wanted, Call) and wanted.op == "or":
        return any(_implies(known, part) for part in _split("or", wanted))
    if isinstance(known, Call) and known.op == "or":
        return all(_implies(part, wanted) for part in _split("or", known))
    match wanted:
        case Call(op="not", args=(Call(op="is_null", args=(inner,)),)):
            return isinstance(known, Call) and known.op in _STRICT and canonical(known.args[0]) == canonical(inner)
    mine, other = _one_of(known), _one_of(wanted)
    return mine is not None and other is not None and mine[0] == other[0] and mine[1] <= other[1]


def _one_of(node: Node) -> tuple[str, set[str]] | None:
    """`column = 'A'` or `column IN ('A', 'B')`: the column and the values."""
    match node:
        case Call(op="=" | "in", args=(Name(name=name), *values)) if all(isinstance(v, Literal) for v in values):
            return name, {canonical(value) for value in values}
        case _:
            return None
