"""Which way formulas can move while a window goes on, whatever orders come: asked of guards that should not recover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Flag, auto

from mission_cli.formula.reach.futures import Futures, day_values, static_ranges
from mission_cli.formula.reach.ranges import INFINITE, Range
from mission_cli.formula.reach.ratios import share_of
from mission_cli.formula.reach.verdicts import Bounds, held
from mission_cli.model.expression import Call, Literal, Name, Node, names
from mission_cli.model.metrics import FormulaMetric, OverDays
from mission_cli.model.missions import Condition, Operator, Target
from mission_cli.model.project import Project


class Move(Flag):
    """What may happen to a value that is there."""

    NONE = 0
    RISES = auto()
    FALLS = auto()
    VANISHES = auto()

    @property
    def turned(self) -> Move:
        """Of the negative of the value."""
        kept = self & Move.VANISHES
        return kept | (Move.FALLS if Move.RISES in self else Move.NONE) | (Move.RISES if Move.FALLS in self else Move.NONE)


BOTH_WAYS = Move.RISES | Move.FALLS


@dataclass(frozen=True, slots=True)
class Trend:
    """How a value may move, and what it can be at all."""

    moves: Move
    range: Range


def is_irreversible(project: Project, condition: Condition, *, own_targets: bool = False) -> bool:
    """Whether the condition, once `unmet`, stays so until the window ends. Only ever said when it is sure.

    `own_targets`: suppliers may have targets of their own, which are not known here.
    """
    futures = static_ranges(project)
    tree = condition.formula.tree
    while isinstance(tree, Name) and isinstance(metric := project.metric(tree.name), FormulaMetric) and metric.default is None:
        tree = metric.formula.tree
    targets = [condition.target, *(segment.target for segment in condition.segments)]
    trend = _plain_trend(project, futures, tree, condition, targets, own_targets=own_targets)
    if condition.min_volume is not None:
        volume = trend_of(project, futures, Name(condition.min_volume.metric, 0))
        if volume.moves & (Move.FALLS | Move.VANISHES):
            return False
    if Move.VANISHES in trend.moves:
        return False
    share = isinstance(tree, Call) and tree.op == "/" and share_of(project, tree) is not None
    return all(
        _stays_unmet(trend, condition.operator, Bounds.of(target), known=not own_targets)
        or (share and not own_targets and _never_whole_again(condition.operator, Bounds.of(target)))
        for target in targets
    )


def recovering_metrics(project: Project, condition: Condition) -> list[str]:
    """The metrics of the condition's formula, or of its volume, that can move so that it is no longer unmet."""
    futures = static_ranges(project)
    used = condition.formula.names
    moving = [name for name in used if trend_of(project, futures, Name(name, 0)).moves]
    if condition.operator.climbs or condition.operator.sinks:
        climbs = condition.operator.climbs
        good = Move.VANISHES | (Move.RISES if climbs else Move.FALLS)
        moving = [name for name in moving if trend_of(project, futures, Name(name, 0)).moves & good] or moving
    return moving


def _stays_unmet(trend: Trend, operator: Operator, target: Bounds, *, known: bool) -> bool:
    rises, falls = Move.RISES in trend.moves, Move.FALLS in trend.moves
    if operator.sinks or operator.climbs or not trend.moves:
        return not (falls if operator.sinks else rises if operator.climbs else trend.moves)
    if operator is Operator.NE or not known:
        return False
    high = target.low if target.high is None else target.high
    return (trend.range.low >= target.low and not falls) or (trend.range.high <= high and not rises)


def _never_whole_again(operator: Operator, target: Bounds) -> bool:
    """Of a share: whether all of it, or none, is asked for. One miss, or one hit, and it is lost."""
    everything, nothing = target.low >= 1, (target.low if target.high is None else target.high) <= 0
    match operator:
        case Operator.GTE:
            return everything
        case Operator.LTE:
            return nothing
        case Operator.EQ | Operator.BETWEEN:
            return everything or nothing
        case _:
            return False


def _plain_trend(
    project: Project, futures: Futures, tree: Node, condition: Condition, targets: Sequence[Target], *, own_targets: bool
) -> Trend:
    """Of a metric by itself whose default is never unmet, as it moves once it has a value of its own."""
    whole = trend_of(project, futures, tree)
    if not isinstance(tree, Name) or own_targets:
        return whole
    default = project.metric(tree.name).default
    if default is None:
        return whole
    at = Range(float(default), float(default))
    holds = all(held(condition.operator, at, Bounds.of(target)).yes for target in targets)
    return replace(_rolled_trend(project, futures, tree.name), range=whole.range) if holds else whole


def trend_of(project: Project, futures: Futures, node: Node) -> Trend:
    """How the value of a tree can move."""
    found = futures.evaluator(names(node)).number(node)
    match node:
        case Literal():
            return Trend(Move.NONE, found)
        case Name(name=name):
            return _metric_trend(project, futures, name)
        case Call(op=op, args=args):
            parts = [trend_of(project, futures, arg) for arg in args]
            still = not any(part.moves or part.range.missing for part in parts)
            return Trend(Move.NONE if still else _moves(op, parts), found)


def _metric_trend(project: Project, futures: Futures, name: str) -> Trend:
    """With the jump from the default to the first value."""
    metric, found = project.metric(name), futures.of(name)
    own = _rolled_trend(project, futures, name)
    if metric.default is None:
        return Trend(own.moves, found)
    default, back = float(metric.default), Move.VANISHES in own.moves
    moves = own.moves & BOTH_WAYS
    if own.range.high > default or (back and own.range.low < default):
        moves |= Move.RISES
    if own.range.low < default or (back and own.range.high > default):
        moves |= Move.FALLS
    return Trend(moves, found)


def _rolled_trend(project: Project, futures: Futures, name: str) -> Trend:
    """Without the default; `range` is that of values of its own."""
    metric = project.metric(name)
    if isinstance(metric, FormulaMetric):
        return trend_of(project, futures, metric.formula.tree)
    day = day_values(project, metric)
    match metric.over_days:
        case OverDays.SUM:
            moves = (Move.RISES if day.high > 0 else Move.NONE) | (Move.FALLS if day.low < 0 else Move.NONE)
            return Trend(moves, Range(day.low if day.low >= 0 else -INFINITE, day.high if day.high <= 0 else INFINITE))
        case OverDays.COUNT | OverDays.DISTINCT:
            return Trend(Move.RISES, Range(1.0, INFINITE))
        case OverDays.DAYS | OverDays.STREAK:
            return Trend(Move.RISES, Range(0.0, INFINITE))
        case OverDays.MAX:
            return Trend(Move.RISES, day)
        case OverDays.MIN:
            return Trend(Move.FALLS, day)
        case OverDays.FIRST:
            return Trend(Move.NONE, day)
        case _:
            return Trend(BOTH_WAYS if day.low != day.high else Move.NONE, day)


def _moves(op: str, parts: Sequence[Trend]) -> Move:
    """How an operation moves with its arguments."""
    first, last = parts[0], parts[-1]
    every = Move.NONE
    for part in parts:
        every |= part.moves
    match op:
        case "+" | "ceil()" | "floor()" | "round()":
            return every
        case "-":
            return first.moves | last.moves.turned
        case "negative":
            return every.turned
        case "sqrt()":
            return every | (Move.VANISHES if first.range.low < 0 and Move.FALLS in every else Move.NONE)
        case "*":
            return _of_product(first, last)
        case "/":
            return _of_quotient(first, last)
        case "abs()" if first.range.low >= 0:
            return every
        case "least()" | "greatest()":
            return _of_choice(op, parts, every)
        case _:
            return BOTH_WAYS | Move.VANISHES


def _of_choice(op: str, parts: Sequence[Trend], every: Move) -> Move:
    """What was not there is looked at once it appears; what vanishes no longer is."""
    if any(part.range.missing for part in parts):
        every |= Move.FALLS if op == "least()" else Move.RISES
    return every | (BOTH_WAYS if Move.VANISHES in every else Move.NONE)


def _of_product(first: Trend, last: Trend) -> Move:
    signs = _sign(first), _sign(last)
    if None in signs:
        return BOTH_WAYS | (first.moves | last.moves) & Move.VANISHES
    return (first.moves if signs[1] == 1 else first.moves.turned) | (last.moves if signs[0] == 1 else last.moves.turned)


def _sign(part: Trend) -> int | None:
    """1 where nothing below 0 is possible, -1 where nothing above, None where both are."""
    return 1 if part.range.low >= 0 else -1 if part.range.high <= 0 else None


def _of_quotient(above: Trend, below: Trend) -> Move:
    """A divisor that keeps its sign and grows draws the quotient to 0; one that shrinks drives it away, and may come to 0."""
    sign, top = _sign(below), _sign(above)
    divisor = below.moves if sign == 1 else below.moves.turned  # of its size
    vanishes = (above.moves | below.moves) & Move.VANISHES
    if sign is None or (Move.FALLS in divisor and below.range.low <= 0 <= below.range.high):
        vanishes = Move.VANISHES
    if sign is None or (top is None and divisor & BOTH_WAYS):
        return BOTH_WAYS | vanishes
    with_divisor = divisor.turned if top == sign else divisor
    return (above.moves if sign == 1 else above.moves.turned) | with_divisor | vanishes
