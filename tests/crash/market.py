"""A small marketplace: two sources, four suppliers, five days, and the commands that are cut off on it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

FIRST = date(2024, 5, 6)  # a Monday
SUPPLIERS = ("ann", "bob", "cid", "dee")
_LONG_AGO = datetime(2024, 6, 1).timestamp()

METRICS = """\
[project]
name = "crash"
timezone = "Asia/Ho_Chi_Minh"

[sources.offers]
files = "data/exports/offers/*.jsonl"
key = "offer_id"
supplier = "supplier_id"
time = "closed_at"
updated = "closed_at"

[sources.offers.columns]
offer_id = { type = "string", required = true }
supplier_id = { type = "string", required = true }
response = { type = "string", one_of = ["ACCEPTED", "REJECTED"] }
closed_at = { type = "timestamp", required = true }

[sources.orders]
files = "data/exports/orders/*.csv"
key = "order_id"
supplier = "supplier_id"
time = "final_at"
updated = "updated_at"
final = "status IN ('DONE', 'CANCELED')"
max_rejects = 0.5

[sources.orders.columns]
order_id = { type = "string", required = true }
supplier_id = { type = "string" }
status = { type = "string", required = true, one_of = ["OPEN", "DONE", "CANCELED"] }
final_at = { type = "timestamp" }
updated_at = { type = "timestamp", required = true }
fare = { type = "decimal(18,2)", min = 0 }

[metrics.offered]
source = "offers"
method = "single_value"
value = 1
data_type = "integer"
default_value = 0

[metrics.accepted]
source = "offers"
method = "single_value"
value = 1
where = "response = 'ACCEPTED'"
data_type = "integer"
default_value = 0

[metrics.acceptance]
method = "formula"
formula = "accepted / offered"

[metrics.trips]
source = "orders"
method = "single_value"
value = 1
where = "status = 'DONE'"
data_type = "integer"
default_value = 0

[metrics.fares]
source = "orders"
method = "expression"
expression = "fare"
where = "status = 'DONE'"
data_type = "decimal(18,2)"

[metrics.late_trips]
source = "orders"
method = "sql"
file = "sql/late_trips.sql"
data_type = "integer"
default_value = 0

[suppliers]
file = "data/exports/suppliers.csv"
key = "supplier_id"
alias = "phone"
columns = { city = "string", tier = "integer" }
"""

MISSIONS = """\
[missions.week]
window = { kind = "week", start = "MON" }
grace_days = 1

[[missions.week.conditions]]
name = "acceptance"
formula = "acceptance"
type = "GT"
val = 0.5

[[missions.week.conditions]]
name = "trips"
formula = "trips"
type = "GTE"
val = 6

[missions.day]
window = { kind = "day" }
suppliers = "tier >= 2"

[[missions.day.conditions]]
name = "fares"
formula = "fares + late_trips"
type = "GTE"
val = 20
"""

PAID = """
[missions.paid]
window = { kind = "day" }
reward = "10 * trips"
limits = { per_supplier = 45 }

[[missions.paid.conditions]]
name = "trips"
formula = "trips"
type = "GTE"
val = 1
"""

LATE_TRIPS = """\
SELECT supplier_id, count(*) AS value FROM orders
WHERE status = 'DONE' AND extract(hour FROM final_at) >= 11 GROUP BY supplier_id
"""


def _orders_of(day: int) -> str:
    """The orders of a day, one of them still open; the late end of one of the day before; a duplicate, a reject."""
    lines = ["order_id,supplier_id,status,final_at,updated_at,fare"]
    at = FIRST + timedelta(days=day)
    for index, supplier in enumerate(SUPPLIERS):
        for hour in range(9, 12 - (index + day) % 2):
            stamp = f"{at}T{hour:02}:{index:02}:00+07:00"
            lines.append(f"{supplier}-{day}-{hour},{supplier},DONE,{stamp},{stamp},{10 + day}.{index}{hour % 10}")
    lines += [lines[1], f"bad-{day},ann,DONE,{at}T09:00:00+07:00,{at}T09:00:00+07:00,lots"]
    lines.append(f"open-{day},bob,OPEN,,{at}T20:00:00+07:00,")
    if day:
        before = at - timedelta(days=1)
        lines.append(f"open-{day - 1},bob,DONE,{before}T23:30:00+07:00,{at}T01:00:00+07:00,7.00")
        lines.append(f"ann-{day - 1}-9,ann,CANCELED,{before}T09:00:00+07:00,{at}T02:00:00+07:00,0.00")
    return "\n".join(lines) + "\n"


def _offers_of(day: int) -> str:
    at = FIRST + timedelta(days=day)
    rows = []
    for index, supplier in enumerate(SUPPLIERS[:3]):
        for hour in range(9, 13):
            response = "REJECTED" if (hour + index + day) % 3 == 0 else "ACCEPTED"
            values = (f"f-{supplier}-{day}-{hour}", supplier, response, f"{at}T{hour:02}:00:00+07:00")
            named = zip(("offer_id", "supplier_id", "response", "closed_at"), values, strict=True)
            rows.append("{" + ", ".join(f'"{name}": "{value}"' for name, value in named) + "}")
    return "\n".join(rows) + "\n"


def _suppliers(version: int) -> str:
    lines = ["supplier_id,phone,city,tier"]
    lines += [f"{name},8490000{index},SGN,{1 + (index + version) % 3}" for index, name in enumerate(SUPPLIERS)]
    return "\n".join(lines) + "\n"


def put(path: Path, text: str) -> None:
    """A file as if it had lain there for long, so that its time stamp is trusted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    os.utime(path, (_LONG_AGO, _LONG_AGO))


def put_day(root: Path, day: int) -> None:
    """The exports of a day, counted from 0."""
    put(root / f"data/exports/orders/orders_{day}.csv", _orders_of(day))
    put(root / f"data/exports/offers/offers_{day}.jsonl", _offers_of(day))


def put_project(root: Path) -> None:
    """The project with the exports of the first two days."""
    put(root / "metrics.toml", METRICS)
    put(root / "missions.toml", MISSIONS)
    put(root / "sql/late_trips.sql", LATE_TRIPS)
    put(root / "data/exports/suppliers.csv", _suppliers(0))
    for day in range(2):
        put_day(root, day)


def put_third_day(root: Path) -> None:
    """What is there the next morning: another day, which changes the day before, and other suppliers."""
    put_day(root, 2)
    put(root / "data/exports/suppliers.csv", _suppliers(1))


def put_last_days(root: Path) -> None:
    """Three more days."""
    for day in range(2, 5):
        put_day(root, day)


def put_other_meaning(root: Path) -> None:
    """Another definition of the orders, which are loaded again, and of a metric of the offers."""
    changed = METRICS.replace("status IN ('DONE', 'CANCELED')", "status = 'DONE'")
    changed = changed.replace("where = \"response = 'ACCEPTED'\"", "where = \"response <> 'REJECTED' OR supplier_id = 'cid'\"")
    assert changed.count("\n") == METRICS.count("\n")
    put(root / "metrics.toml", changed)


def put_paid_days(root: Path) -> None:
    """The last days, and a mission that pays."""
    put_last_days(root)
    put(root / "missions.toml", MISSIONS + PAID)


def put_late(root: Path) -> None:
    """An order of the first day that moves to another supplier, and one of the second day that nobody knew of."""
    lines = ["order_id,supplier_id,status,final_at,updated_at,fare"]
    for order, supplier, day in (("ann-0-10", "dee", 0), ("late-1", "cid", 1)):
        stamp = f"{FIRST + timedelta(days=day)}T10:00:00+07:00"
        lines.append(f"{order},{supplier},DONE,{stamp},{FIRST + timedelta(days=5)}T09:00:00+07:00,25.00")
    put(root / "data/exports/orders/orders_5.csv", "\n".join(lines) + "\n")


def put_nothing(_: Path) -> None:
    """No more than was there."""


def as_of(day: int) -> str:
    """The day with this number, as it is written."""
    return (FIRST + timedelta(days=day)).isoformat()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A command that is cut off. `before`: the scenario whose end it begins with, and what is put there first; None: nothing was
    ever run. `yesterday`: the as-of day whose results must stay readable."""

    name: str
    words: tuple[str, ...]
    before: str | None
    prepare: Callable[[Path], None]
    yesterday: str | None


_WHOLE = ("backfill", "--from", as_of(0), "--to", as_of(4))
_RESTATE = ("restate", "--mission", "paid", "--from", as_of(0), "--to", as_of(3))
SCENARIOS = (
    Scenario("first", ("run", "--date", as_of(1)), None, put_project, None),
    Scenario("run", ("run", "--date", as_of(2)), "first", put_third_day, as_of(1)),
    Scenario("backfill", _WHOLE, "first", put_last_days, as_of(1)),
    Scenario("changed", _WHOLE, "backfill", put_other_meaning, as_of(4)),
    Scenario("paid", _WHOLE, "first", put_paid_days, as_of(1)),
    Scenario("late", ("run", "--date", as_of(5)), "paid", put_late, as_of(4)),
    Scenario("restated", (*_RESTATE, "--reason", "they asked"), "late", put_nothing, as_of(5)),
    Scenario("apply", ("apply", "--restate"), "changed", put_other_meaning, as_of(4)),
    Scenario("reworked", ("backfill", "--only", "stale"), "apply", put_other_meaning, as_of(4)),
)


def copied(source: Path, target: Path) -> None:
    """Put a project exactly as it was in the place of another."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
