"""What `missionctl results` must come to, worked out row by row with the standard library alone.

Every number is a Fraction until a formula turns the window totals into doubles; every order is looked at again for
every window. What lies outside the scope (metrics by sql, python, metabase, broken suppliers files) raises OutOfScope.

The rooms beside this one: `language` (expressions), `cells`, `sources` (orders), `metrics` and `totals` (numbers),
`suppliers`, `windows`, `missions` (statuses), `rewards`.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.oracle.language import Row, Value, only
from tests.oracle.metrics import metric_of
from tests.oracle.missions import Mission, Verdict
from tests.oracle.rewards import Decision, earned, paid
from tests.oracle.sources import Source
from tests.oracle.suppliers import Suppliers
from tests.oracle.totals import Totals
from tests.oracle.windows import Assigned, Period, assigned_rows, is_reported, reported_windows, since

HEAD = ["as_of", "mission_id", "supplier_id", "window_start", "window_end", "mission_status"]
TAIL = ["condition", "value", "type", "val", "status", "tier", "role", "target_from", "earned", "reward"]
COLUMNS = [*HEAD, *TAIL]


class Case(NamedTuple):
    """A supplier's window, and the targets that are his own in it."""

    supplier: str
    start: date
    end: date
    own: dict[str, str]


class Outcome(NamedTuple):
    """How a case stands as of a day."""

    case: Case
    values: list[float | None]
    verdicts: list[Verdict]
    status: str
    earned: Fraction | None


class Project:
    """A project directory, its exports read once; ask `results` for as many days as you like.

    The suppliers file is the one that is there, known from the beginning, unless `rosters` says which content a run
    as of which day loaded.
    """

    def __init__(self, folder: Path, rosters: Iterable[tuple[date, str]] | None = None) -> None:
        metrics = tomllib.loads((folder / "metrics.toml").read_text("utf-8"), parse_float=Decimal)
        missions = tomllib.loads((folder / "missions.toml").read_text("utf-8"), parse_float=Decimal)
        only(metrics, "project sources metrics suppliers", "metrics.toml")
        only(metrics["project"], "name timezone day_start", "project")
        hours, minutes = map(int, metrics["project"].get("day_start", "00:00").split(":"))
        clock = ZoneInfo(metrics["project"]["timezone"]), timedelta(hours=hours, minutes=minutes)
        self.sources = {name: Source(folder, name, table, *clock) for name, table in metrics["sources"].items()}
        self.missions = [Mission(name, table) for name, table in sorted(missions.get("missions", {}).items())]
        self.suppliers = Suppliers(folder, metrics.get("suppliers"), rosters)
        self.assigned = {m.name: assigned_file(folder, m) for m in self.missions if m.window["kind"] == "assigned"}
        found = {name.lower(): metric_of(name, table) for name, table in metrics.get("metrics", {}).items()}
        self.totals = Totals(self.sources, found)
        self.judged: dict[tuple[str, date], list[Outcome]] = {}

    # ------------------------------------------------------------ who, and which windows

    def cases(self, mission: Mission, as_of: date) -> Iterator[Case]:
        """All windows that are reported as of a day."""
        kind = mission.window["kind"]
        if kind == "assigned":
            yield from self.cases_assigned(mission, as_of)
        elif kind == "since":
            yield from self.cases_since(mission, as_of)
        else:
            for period in reported_windows(mission.window, as_of, mission.grace):
                for supplier in self.population(mission, period, as_of):
                    yield Case(supplier, *period, {})

    def population(self, mission: Mission, period: Period, as_of: date) -> set[str]:
        """Of a window of the calendar."""
        if mission.suppliers is None:
            return self.totals.suppliers(mission.names(), period[0], min(period[1], as_of))
        return {s for s in self.suppliers.everyone(as_of) if self.matches(mission, s, period[0], as_of)}

    def matches(self, mission: Mission, supplier: str, start: date, as_of: date) -> bool:
        return mission.suppliers is not None and self.suppliers.match(mission.suppliers, supplier, as_of, start)

    def cases_since(self, mission: Mission, as_of: date) -> Iterator[Case]:
        """Of everybody who has the date: those who match, or without a rule whoever has orders in his window."""
        for supplier in self.suppliers.everyone(as_of):
            last_known = self.suppliers.row(supplier, as_of, date.min) or {}
            start = last_known[mission.window["field"].lower()]
            if start is None or self.suppliers.row(supplier, as_of, start) is None:
                continue
            period = since(start, mission.window["days"])
            there = self.matches(mission, supplier, start, as_of)
            if mission.suppliers is None:
                there = self.totals.has_orders(supplier, mission.names(), start, min(period[1], as_of))
            if there and is_reported(period, as_of, mission.grace):
                yield Case(supplier, *period, {})

    def cases_assigned(self, mission: Mission, as_of: date) -> Iterator[Case]:
        """Every row stands, orders or not, unless a rule is there that its supplier does not match."""
        for row in self.assigned[mission.name]:
            there = mission.suppliers is None or self.matches(mission, row.supplier, row.start, as_of)
            if there and is_reported((row.start, row.end), as_of, mission.grace):
                yield Case(*row)

    # ------------------------------------------------------------ how they stand

    def outcomes(self, mission: Mission, as_of: date) -> list[Outcome]:
        if (mission.name, as_of) not in self.judged:
            cases = sorted(self.cases(mission, as_of), key=lambda case: case[:3])
            self.judged[mission.name, as_of] = [self.outcome(mission, case, as_of) for case in cases]
        return self.judged[mission.name, as_of]

    def outcome(self, mission: Mission, case: Case, as_of: date) -> Outcome:
        """Over the window's days up to the as-of day."""
        days = case.supplier, case.start, min(case.end, as_of)
        attributes = self.suppliers.attributes(case.supplier, as_of, case.start)
        values = [self.totals.formula(condition.formula, *days) for condition in mission.conditions]
        verdicts = []
        for condition, value in zip(mission.conditions, values, strict=True):
            volume = self.totals.total(condition.volume["metric"].lower(), *days) if condition.volume else None
            verdicts.append(condition.judge(value, volume, case.own.get(condition.name, ""), attributes))
        status, money = mission.status((case.start, case.end), as_of, verdicts), None
        if status == "completed" and mission.rewards:
            money = earned(mission, verdicts, lambda formula: self.totals.formula(formula, *days))
        return Outcome(case, values, verdicts, status, money)

    # ------------------------------------------------------------ what they are paid

    def decisions(self, mission: Mission, as_of: date) -> list[Decision]:
        """Windows that end with their grace on this very day, and are completed."""
        found = [(outcome.case, outcome.earned) for outcome in self.outcomes(mission, as_of)]
        return [Decision(as_of, c.supplier, c.start, c.end, money) for c, money in found if money is not None]

    def paid(self, mission: Mission, as_of: date, published: Iterable[date]) -> dict[tuple[str, date, date], Fraction]:
        """What was decided on days without results is not known to anybody."""
        days = {day for day in published if day < as_of} | {as_of} if mission.limits else {as_of}
        return paid((decision for day in days for decision in self.decisions(mission, day)), mission.limits)

    # ------------------------------------------------------------ rows

    def results(self, as_of: date, published: Iterable[date] = ()) -> list[dict[str, Any]]:
        """As of a day, when results of these days (and of the day itself) are published: limits ask for them."""
        published = list(published)
        return [row for mission in self.missions for row in self.mission_rows(mission, as_of, published)]

    def mission_rows(self, mission: Mission, as_of: date, published: list[date]) -> Iterator[dict[str, Any]]:
        rewards = self.paid(mission, as_of, published)
        for outcome in self.outcomes(mission, as_of):
            supplier, start, end, _ = outcome.case
            money = outcome.earned, None if outcome.earned is None else rewards[supplier, start, end]
            for c, value, v in zip(mission.conditions, outcome.values, outcome.verdicts, strict=True):
                head = as_of, mission.name, supplier, start, end, outcome.status
                tail = c.name, value, c.type, v.val, v.status, v.tier and v.tier.name, c.role, v.target_from
                yield dict(zip(COLUMNS, (*head, *tail, *map(as_float, money)), strict=True))


def as_float(number: Fraction | None) -> float | None:
    return None if number is None else float(number)


def assigned_file(folder: Path, mission: Mission) -> list[Assigned]:
    return assigned_rows(folder / mission.window["file"])


# ---------------------------------------------------------------- what the tests call


def evaluate(project_dir: Path, as_of: date, published: Iterable[date] = ()) -> list[dict[str, Any]]:
    """The rows of `missionctl results --date AS_OF --format csv`, sorted; dates as dates, value None for no data."""
    return Project(project_dir).results(as_of, published)


def accounting(project_dir: Path) -> dict[str, Counter[str]]:
    """By source: records, rejected, orders (distinct accepted keys), and records in refused files."""
    return {name: source.counts for name, source in Project(project_dir).sources.items()}


def orders_of(project_dir: Path, source: str) -> dict[Value, Row]:
    """The newest accepted version of every key (a tuple where the key is a list), final or not."""
    return {key: order.row for key, order in Project(project_dir).sources[source].orders.items()}
