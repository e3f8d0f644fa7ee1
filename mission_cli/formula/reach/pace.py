"""How much of what is to come must go which way, at the pace so far. Every answer is the exact one for the formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mission_cli.formula.reach.futures import Ahead, Futures
from mission_cli.formula.reach.ratios import Share, share_in
from mission_cli.formula.reach.verdicts import Bounds, held, value_of
from mission_cli.model.expression import Call, Literal, Name, Node, Type
from mission_cli.model.metrics import DailyMetric, FormulaMetric, OverDays
from mission_cli.model.missions import Condition
from mission_cli.model.project import Project

_MOST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Needed:
    """Of the next `of` orders of the whole, the pace so far, `hits` must count for the part (`rising`), or `hits` at most may.

    `hits` is None when even all of them, or none of them, are not enough; then the next `all_of` in a row would be, and None when
    there is no such number. `holds`: the condition is met now.
    """

    share: Share
    rising: bool
    holds: bool
    of: int
    hits: int | None
    all_of: int | None


def needed(
    project: Project, condition: Condition, bounds: Bounds, now: Mapping[str, float | None], elapsed_days: int, days_left: int
) -> Needed | None:
    """What a condition on a share asks of the orders ahead; None when it is no such condition, or no pace is known yet.

    `now` as of futures: own values of metrics.
    """
    found = share_in(project, condition.formula.tree)
    if found is None or days_left <= 0 or not (condition.operator.climbs or condition.operator.sinks):
        return None
    share, with_part = found
    rising = with_part is condition.operator.climbs
    numbers = dict(now)
    so_far = share.orders(numbers)
    if not so_far or any(_is_missing(project, name, numbers) for name in (share.part, *share.whole)):
        return None
    of = max(1, int(so_far / elapsed_days * days_left + 0.5))

    def holds_after(hits: int, misses: int) -> bool:
        futures = Futures(project, share.after(numbers, hits, misses), Ahead(0))
        return held(condition.operator, value_of(futures, condition), bounds).yes

    if rising:
        hits = smallest(lambda k: holds_after(k, of - k), of)
        run = None if hits is not None else smallest(lambda n: holds_after(n, 0), _MOST)
    else:
        misses = smallest(lambda k: holds_after(of - k, k), of)
        hits = None if misses is None else of - misses
        run = None if hits is not None else smallest(lambda n: holds_after(0, n), _MOST)
    return Needed(share, rising, holds_after(0, 0), of, hits, run)


def _is_missing(project: Project, name: str, now: Mapping[str, float | None]) -> bool:
    return now.get(name) is None and project.metric(name).default is None


def is_whole(project: Project, tree: Node) -> bool:
    """Whether all values of a formula are whole numbers."""
    match tree:
        case Literal(value=value):
            return isinstance(value, int) and not isinstance(value, bool)
        case Name(name=name):
            metric = project.metric(name)
            if metric.default is not None and metric.default != int(metric.default):
                return False
            if isinstance(metric, FormulaMetric):
                return is_whole(project, metric.formula.tree)
            counts = metric.over_days in (OverDays.COUNT, OverDays.DAYS, OverDays.STREAK)
            return counts or (isinstance(metric, DailyMetric) and metric.total_type is Type.INTEGER)
        case Call(op=op, args=args):
            keeps = op in ("+", "-", "*", "negative", "abs()", "least()", "greatest()")
            return op in ("ceil()", "floor()", "round()") or (keeps and all(is_whole(project, arg) for arg in args))


def smallest(holds: Callable[[int], bool], most: int) -> int | None:
    """The smallest number up to `most` of which it holds, where it goes on holding from there; None when it never does."""
    if not holds(most):
        return None
    low, high = -1, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
