"""Missions of the simulated marketplace: as many as asked, in windows of the lengths asked, as missions.toml and for peers.

The peers are given the same missions as plain records, from which they put together SQL as its author would by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
DAY = timedelta(days=1)
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
SIGNS = {"GT": ">", "GTE": ">=", "LTE": "<="}
SOURCES = {
    "offers": ("sent", "accepted", "rejected", "answer_seconds"),
    "orders": ("completed", "driver_cancels", "peak_trips", "fares", "discounts", "distance_km"),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """`over` / `under` (or `over` alone) held against a target; each is a sum of the `metrics`."""

    name: str
    over: tuple[str, ...]
    under: tuple[str, ...]
    operator: str
    target: float

    @property
    def formula(self) -> str:
        over, under = " + ".join(self.over), " + ".join(self.under)
        return f"{over} / ({under})" if len(self.under) > 1 else f"{over} / {under}" if under else over

    @property
    def metrics(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.over + self.under))


@dataclass(frozen=True, slots=True)
class Mission:
    """`start` and `end` of a fixed window only. `suppliers`: an expression over city and tier, or who had orders."""

    id: str
    kind: str
    grace_days: int
    suppliers: str | None
    conditions: tuple[Condition, ...]
    weekday: int = 0
    start: date = date.min
    end: date = date.max

    def window(self, day: date) -> tuple[date, date] | None:
        """First and last day of the window that holds the day."""
        if self.kind == "week":
            start = day - DAY * ((day.weekday() - self.weekday) % 7)
            return start, start + 6 * DAY
        if self.kind == "month":
            start = day.replace(day=1)
            return start, (start + 31 * DAY).replace(day=1) - DAY
        return (self.start, self.end) if self.start <= day <= self.end else None

    def windows(self, as_of: date) -> list[tuple[date, date]]:
        """Those that have a result as of a day: the running one, and those that ended less than their grace ago."""
        found = {self.window(as_of - DAY * back) for back in range(self.grace_days + 1)}
        return sorted(window for window in found if window is not None)

    @property
    def sources(self) -> tuple[str, ...]:
        named = {metric for condition in self.conditions for metric in condition.metrics}
        return tuple(source for source, metrics in SOURCES.items() if named.intersection(metrics))


def missions(count: int, last_day: date, shortest: int = 7, longest: int = 60) -> list[Mission]:
    """`count` missions, every second with a fixed window, of the lengths from `shortest` to `longest`, all seen as of the
    last day; the others by week or month where those lengths lie between, else fixed, too."""
    kinds = [*(["week"] if shortest <= 7 < longest else []), *(["month"] if shortest <= 28 and longest >= 31 else [])]
    made = []
    for n in range(count):
        length = shortest + round((longest - shortest) * (n / max(count - 1, 1)))
        kind = kinds[n // 2 % len(kinds)] if kinds and n % 2 == 0 else "fixed"
        share = {"week": 7, "month": 30}.get(kind, length) / 7
        end = last_day + DAY * (n % 5 - 1)  # some ended the day before and are in their grace, some have days to go
        dates = {"start": end - DAY * (length - 1), "end": end} if kind == "fixed" else {"weekday": n // 2 % 7}
        suppliers = "city = 'SGN' AND tier >= 2" if n % 5 == 3 else None
        conditions = _conditions(n, share)
        made.append(Mission(f"m{n:03}_{kind}", kind, (2, 1, 3, 2)[n % 4], suppliers, conditions, **dates))
    return made


def _conditions(n: int, weeks: float) -> tuple[Condition, ...]:
    """One to three conditions, whose targets grow with the window."""
    shapes: Sequence[tuple[Condition, ...]] = (
        (
            Condition("AR", ("accepted",), ("sent",), "GT", 0.7),
            Condition("trips", ("completed",), (), "GTE", round(30 * weeks)),
        ),
        (
            Condition("fares", ("fares",), (), "GTE", round(1_500_000 * weeks)),
            Condition("cancels", ("driver_cancels",), ("completed", "driver_cancels"), "LTE", 0.05),
        ),
        (Condition("peak", ("peak_trips",), (), "GTE", round(8 * weeks)),),
        (
            Condition("km", ("distance_km",), (), "GTE", round(150 * weeks)),
            Condition("discounted", ("discounts",), ("fares", "discounts"), "LTE", 0.2),
            Condition("trips", ("completed",), (), "GTE", round(20 * weeks)),
        ),
        (
            Condition("pace", ("answer_seconds",), ("accepted",), "LTE", 8),
            Condition("rejected", ("rejected",), (), "LTE", round(2 * weeks)),
        ),
        (
            Condition("AR", ("accepted",), ("sent",), "GT", 0.8),
            Condition("mean_fare", ("fares",), ("completed",), "GTE", 40_000),
        ),
    )
    return shapes[n % len(shapes)]


def missions_toml(made: Sequence[Mission]) -> str:
    return "\n".join(_mission_toml(mission) for mission in made)


def _mission_toml(mission: Mission) -> str:
    window = {
        "week": f'kind = "week", start = "{WEEKDAYS[mission.weekday]}"',
        "month": 'kind = "month"',
        "fixed": f'kind = "fixed", start = {mission.start}, end = {mission.end}',
    }[mission.kind]
    lines = [f"[missions.{mission.id}]", f"window = {{ {window} }}", f"grace_days = {mission.grace_days}"]
    lines += [f'suppliers = "{mission.suppliers}"'] if mission.suppliers else []
    for condition in mission.conditions:
        lines += ["", f"[[missions.{mission.id}.conditions]]", f'name = "{condition.name}"', f'formula = "{condition.formula}"']
        lines += [f'type = "{condition.operator}"', f"val = {condition.target}"]
    return "\n".join(lines) + "\n"


def write_project(folder: Path, made: Sequence[Mission], metrics: str | None = None) -> None:
    """metrics.toml and missions.toml of a project; `metrics` instead of the ten of this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.toml").write_text(metrics or (HERE / "metrics.toml").read_text())
    (folder / "missions.toml").write_text(missions_toml(made))
