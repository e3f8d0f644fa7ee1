"""The tool's CSV of results, read back and held against the rows of `naive.evaluate`."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from datetime import date
from typing import Any

from tests.oracle.missions import target_of
from tests.oracle.naive import COLUMNS, HEAD


def parse_results(text: str) -> list[dict[str, Any]]:
    """The tool's CSV in the shape of `evaluate`; columns after the promised ones are left out."""
    convert: dict[str, Callable[[str], Any]] = {
        **dict.fromkeys(("as_of", "window_start", "window_end"), date.fromisoformat),
        **dict.fromkeys(("value", "earned", "reward"), lambda text: float(text) if text else None),
        "val": target_of,
        "tier": lambda text: text or None,
    }
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    return [{name: convert.get(name, str)(row[name]) for name in COLUMNS} for row in rows]


def differences(got: list[dict[str, Any]], want: list[dict[str, Any]], tolerance: float = 1e-9) -> list[str]:
    """One line for each row that is missing, unexpected, out of order, or not the same.

    Only `value` has the tolerance, a relative one; 0 asks for the very double.
    """
    there, here = [key_of(row) for row in got], [key_of(row) for row in want]
    if there != here:
        lines = [f"unexpected {key}" for key in there if key not in here]
        lines += [f"missing {key}" for key in here if key not in there]
        return lines or ["the same rows in another order, or some of them twice"]
    return [f"got {g}\nwanted {w}" for g, w in zip(got, want, strict=True) if not same(g, w, tolerance)]


def key_of(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in (*HEAD[:-1], "condition"))


def same(got: dict[str, Any], want: dict[str, Any], tolerance: float) -> bool:
    a, b = got["value"], want["value"]
    near = a == b if a is None or b is None else math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance / 1000)
    return near and {**got, "value": b} == want
