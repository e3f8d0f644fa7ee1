"""What a condition is short of, in words: at the pace so far, per day that is left, or how much it still bears."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mission_cli.formula.reach.futures import Ahead, static_ranges
from mission_cli.formula.reach.pace import Needed, is_whole
from mission_cli.formula.reach.trends import Move, trend_of
from mission_cli.formula.reach.verdicts import Bounds, Outlook
from mission_cli.model.expression import Name
from mission_cli.model.metrics import DailyMetric, DayFormulaMetric, FormulaMetric, OverDays
from mission_cli.model.missions import Condition, Operator
from mission_cli.model.project import Project
from mission_cli.views.numbers import Standing
from mission_cli.views.words import number

_SHORT = 24  # characters of a description that serves as a noun


@dataclass(frozen=True, slots=True)
class Case:
    """A condition with a target, where it stands, what it can come to, and what is left."""

    project: Project
    condition: Condition
    bounds: Bounds
    value: float | None
    status: str
    holds: bool
    outlook: Outlook
    ahead: Ahead
    standing: Standing
    needed: Needed | None

    @property
    def grows(self) -> bool:
        """Whether the value only rises while the window goes on."""
        return trend_of(self.project, static_ranges(self.project), self.condition.formula.tree).moves == Move.RISES

    @property
    def is_whole(self) -> bool:
        """Whether the value is a whole number."""
        return is_whole(self.project, self.condition.formula.tree)


def missing_text(case: Case) -> str:
    """What is missing, or what is left, in a few words; empty where there is nothing to say."""
    if case.status == "no_data" or case.value is None:
        return "no data" if not case.ahead.days else "no data yet"
    if case.status == "low_volume" and case.condition.min_volume is not None:
        return _volume(case)
    if case.needed is not None and case.outlook is not Outlook.IMPOSSIBLE and (text := _of_the_next(case, case.needed)):
        return text
    match case.condition.operator:
        case Operator.GT | Operator.GTE:
            return _spare(case, case.value - case.bounds.low) if case.holds else _more(case, case.value)
        case Operator.LT | Operator.LTE:
            return _left(case, case.value) if case.holds else f"{number(case.value - case.bounds.low)} too much"
        case Operator.BETWEEN:
            return _between(case, case.value)
        case Operator.EQ:
            return _equal(case, case.value)
        case _:
            return "" if case.holds else f"must not stay at {number(case.bounds.low)}"


def share_done(condition: Condition, bounds: Bounds, value: float | None, *, holds: bool) -> float:
    """From 0 to 1: how much of the way is done, or with an upper limit how much of it is used."""
    target = bounds.low
    if value is None:
        return 0.0
    if condition.operator.sinks:
        return min(1.0, max(0.0, value / target)) if target > 0 else float(not holds)
    if holds or condition.operator is Operator.NE or target <= 0:
        return float(holds)
    return min(1.0, max(0.0, value / target))


def _volume(case: Case) -> str:
    volume = case.condition.min_volume
    assert volume is not None, "only asked with one"
    so_far = case.standing.values.get(volume.metric) or 0.0
    return f"judged from {volume.least.normalize():f} {noun(case.project, volume.metric)} on; {number(so_far)} so far"


def _of_the_next(case: Case, needed: Needed) -> str:
    share, of = needed.share, needed.of
    whole = " + ".join(share.whole) if len(share.whole) > 1 else noun(case.project, share.whole[0])
    if needed.rising:
        return _hits(needed, of, whole)
    part = noun(case.project, share.part)
    if needed.hits is None:
        return f"no {part} among the next {needed.all_of} {whole}, more than the usual {of}" if needed.all_of else ""
    if needed.hits == of:
        return f"holds whatever the next {of} {whole} are"
    return f"{f'at most {needed.hits}' if needed.hits else 'no'} {part} among the next {of} {whole}"


def _hits(needed: Needed, of: int, whole: str) -> str:
    if needed.hits is None:
        return f"needs all of the next {needed.all_of} {whole}, more than the usual {of}" if needed.all_of else ""
    if needed.hits == of:
        return f"needs all of the next {of} {whole}"
    if needed.holds:
        return f"can miss {of - needed.hits if needed.hits else 'all'} of the next {of} {whole}"
    return f"needs {needed.hits} of the next {of} {whole}"


def _spare(case: Case, spare: float) -> str:
    return "" if case.outlook is Outlook.REACHED else f"{number(spare)} to spare"


def _more(case: Case, value: float) -> str:
    """What a value that must be higher is short of."""
    strict, target = case.condition.operator is Operator.GT, case.bounds.low
    gap = (math.floor(target) + 1 if strict else math.ceil(target)) - value if case.is_whole else target - value
    if case.outlook is Outlook.IMPOSSIBLE or not case.ahead.days or not (case.grows or _is_sum(case)):
        return f"{number(gap)} short"
    return _growth(case, gap, over="more than " if strict and not case.is_whole else "")


def _growth(case: Case, gap: float, over: str = "") -> str:
    metric = _rolled(case)
    days = int(case.ahead.days)
    if metric is not None and metric.over_days is OverDays.STREAK:
        row = gap + (case.value or 0) - case.standing.running.get(metric.id, 0)
        return f"needs {number(row)} more days in a row"
    if metric is not None and metric.over_days in (OverDays.DAYS, OverDays.COUNT):
        of = f"{number(gap)} of" if gap < days else "all of"
        return f"needs {of} the next {days} days" if days > 1 else "needs the day that is left"
    each = math.ceil(gap / days) if case.is_whole else gap / days
    if case.is_whole and gap <= days > 1:
        return f"needs {number(gap)} more in {days} days"
    if days == 1:
        return f"needs {over}{number(gap)} more on the day that is left"
    return f"needs {over}{number(gap)} more, {number(each)} a day for {days} days"


def _left(case: Case, value: float) -> str:
    """How much more a value that must stay low can take."""
    strict, target = case.condition.operator is Operator.LT, case.bounds.low
    room = target - value
    if case.is_whole:
        room = (math.ceil(target) - 1 if strict else math.floor(target)) - value
    metric = _rolled(case)
    if not case.grows or (metric is not None and metric.over_days is OverDays.MAX):
        return _spare(case, room)
    if case.outlook is Outlook.REACHED:
        return ""
    return f"{'less than ' if strict and not case.is_whole else ''}{number(room)} left" if room else "none left"


def _between(case: Case, value: float) -> str:
    low, high = case.bounds.low, case.bounds.low if case.bounds.high is None else case.bounds.high
    if value > high:
        return f"{number(value - high)} too much"
    if value < low:
        if case.outlook is Outlook.IMPOSSIBLE or not case.ahead.days or not (case.grows or _is_sum(case)):
            return f"{number(low - value)} short"
        return f"{_growth(case, math.ceil(low) - value if case.is_whole else low - value)}, at most {number(high - value)}"
    return f"{number(high - value)} left" if case.grows and case.outlook is not Outlook.REACHED else ""


def _equal(case: Case, value: float) -> str:
    target = case.bounds.low
    if case.holds:
        return "" if case.outlook is Outlook.REACHED else f"must stay at {number(target)}"
    if value > target:
        return f"{number(value - target)} too much"
    if case.grows and case.ahead.days and case.outlook is not Outlook.IMPOSSIBLE:
        return f"needs exactly {number(target - value)} more"
    return f"{number(target - value)} short"


def _rolled(case: Case) -> DailyMetric | DayFormulaMetric | None:
    """The metric of days that the formula is, when it is nothing else."""
    tree = case.condition.formula.tree
    while isinstance(tree, Name):
        metric = case.project.metric(tree.name)
        if not isinstance(metric, FormulaMetric):
            return metric
        tree = metric.formula.tree
    return None


def _is_sum(case: Case) -> bool:
    metric = _rolled(case)
    return metric is not None and metric.over_days is OverDays.SUM


def noun(project: Project, name: str) -> str:
    """What a metric counts: its description when that is short, else its id."""
    text = project.metric(name).description
    if not text or len(text) > _SHORT or "\n" in text:
        return name
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
