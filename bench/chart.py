"""A picture for the terminal: points on logarithmic axes, one mark per series, joined by dots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import log10

MARKS = "●○■□▲△"
Points = Sequence[tuple[float, float]]


def drawn(title: str, series: Mapping[str, Points], width: int = 56, height: int = 13) -> str:
    """The picture, with the range of each axis and the marks' meaning."""
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points]
    across, up = _scale(min(xs), max(xs), width - 1), _scale(min(ys), max(ys), height - 1)
    cells = [[" "] * width for _ in range(height)]
    for mark, points in zip(MARKS, series.values(), strict=False):
        places = sorted((across(x), up(y)) for x, y in points)
        for (left, low), (right, high) in pairwise(places):
            for column in range(left + 1, right):
                row = round(low + (high - low) * (column - left) / (right - left))
                if cells[row][column] == " ":
                    cells[row][column] = "·"
        for column, row in places:
            cells[row][column] = mark
    lines = [f"{'':>9}│{''.join(row)}".rstrip() for row in reversed(cells)]
    lines[0] = f"{_short(max(ys)):>7} s" + lines[0][9:]
    lines[-1] = f"{_short(min(ys)):>7} s" + lines[-1][9:]
    axis = f"{'':>9}└{'─' * width}"
    ends = f"{'':>10}{_short(min(xs))}{_short(max(xs)):>{width - len(_short(min(xs)))}}"
    legend = "   ".join(f"{mark} {name}" for mark, name in zip(MARKS, series, strict=False))
    return "\n".join([title, *lines, axis, ends, f"{'':>10}{legend}"])


def _scale(low: float, high: float, steps: int) -> Callable[[float], int]:
    span = log10(high / low) if high > low else 1.0
    return lambda value: round(log10(value / low) / span * steps)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def exponent(points: Points) -> float:
    """The slope of the straight line through the points' logarithms: 1 means twice as much for twice as many."""
    xs, ys = [log10(x) for x, _ in points], [log10(y) for _, y in points]
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True)) / sum((x - middle_x) ** 2 for x in xs)
