"""A marketplace with a mission of every kind of window, and ways in which its rules may change."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from tests.support import done

FIRST = date(2024, 4, 29)  # a Monday
SUPPLIERS = ("ann", "bob", "cid", "dee", "eve")

METRICS = """\
[project]
name = "kept"
timezone = "Asia/Ho_Chi_Minh"
rules = "keep"

[sources.orders]
files = "data/exports/orders/*.csv"
key = "order_id"
supplier = "supplier_id"
time = "final_at"
updated = "updated_at"

[sources.orders.columns]
order_id = { type = "string", required = true }
supplier_id = { type = "string" }
status = { type = "string", required = true }
final_at = { type = "timestamp" }
updated_at = { type = "timestamp", required = true }
fare = { type = "decimal(18,2)", min = 0 }

[metrics.trips]
source = "orders"
method = "single_value"
value = 1
where = "status = 'DONE'"
data_type = "integer"
default_value = 0

[metrics.orders]
source = "orders"
method = "single_value"
value = 1
data_type = "integer"
default_value = 0

[metrics.fares]
source = "orders"
method = "expression"
expression = "fare"
where = "status = 'DONE'"
data_type = "decimal(18,2)"

[metrics.mean_fare]
source = "orders"
method = "expression"
expression = "fare"
day = "avg"
data_type = "double"

[metrics.mornings]
source = "orders"
method = "sql"
file = "sql/mornings.sql"
data_type = "integer"
default_value = 0

[metrics.share]
method = "formula"
formula = "trips / orders"

[metrics.good_days]
method = "formula"
grain = "day"
formula = "trips / orders"
over_days = "days"
days_where = "value >= 0.6"

[suppliers]
file = "data/exports/suppliers.csv"
key = "supplier_id"
columns = { city = "string", tier = "integer", joined = "date" }
"""
SQL = "SELECT supplier_id, count(*) AS value FROM orders WHERE hour(final_at) < 12 GROUP BY supplier_id\n"

MISSIONS = """\
[missions.week]
window = { kind = "week", start = "MON" }
grace_days = 1
reward = "10 * trips"
[[missions.week.conditions]]
name = "share"
formula = "share"
type = "GT"
val = 0.5
[[missions.week.conditions]]
name = "trips"
formula = "trips"
type = "GTE"
tiers = [{ name = "some", val = 4, reward = 1 }, { name = "many", val = 12, reward = 5 }]

[missions.month]
window = { kind = "month" }
suppliers = "tier >= 2"
[[missions.month.conditions]]
name = "fares"
formula = "fares + mornings"
type = "GTE"
val = [{ where = "city = 'SGN'", val = 100 }, { val = 150 }]
[[missions.month.conditions]]
name = "days"
formula = "good_days"
type = "GTE"
val = 3

[missions.day]
window = { kind = "day" }
grace_days = 1
[[missions.day.conditions]]
name = "mean"
formula = "mean_fare"
type = "BETWEEN"
val = [5, 15]

[missions.sprint]
window = { kind = "fixed", start = 2024-05-02, end = 2024-05-09 }
[[missions.sprint.conditions]]
name = "trips"
formula = "trips"
type = "GTE"
val = 5
min_volume = { metric = "orders", val = 3 }

[missions.rolling]
window = { kind = "rolling", days = 3 }
[[missions.rolling.conditions]]
name = "trips"
formula = "trips"
type = "GTE"
val = 3

[missions.newcomers]
window = { kind = "since", field = "joined", days = 6 }
grace_days = 1
[[missions.newcomers.conditions]]
name = "trips"
formula = "trips"
type = "GTE"
val = 4

[missions.own]
window = { kind = "assigned", file = "data/exports/own.csv" }
[[missions.own.conditions]]
name = "fares"
formula = "fares"
type = "GT"
val = 20
"""
OWN = """\
supplier_id,window_start,window_end,fares
ann,2024-05-01,2024-05-08,35
bob,2024-05-04,2024-05-12,
cid,2024-05-10,2024-05-14,15
ann,2024-05-11,2024-05-15,10
"""
WHO = """\
supplier_id,city,tier,joined
ann,SGN,2,2024-05-01
bob,HAN,3,2024-05-03
cid,SGN,1,2024-05-05
dee,SGN,2,2024-05-08
eve,HAN,2,
"""

Texts = dict[str, str]
Change = Callable[[Texts], None]


def replaced(name: str, old: str, new: str) -> Change:
    """A change of one of the files."""

    def change(texts: Texts) -> None:
        assert old in texts[name], old
        texts[name] = texts[name].replace(old, new, 1)

    return change


CHANGES: dict[str, Change] = {
    "a target": replaced("missions.toml", "val = 0.5", "val = 0.6"),
    "a tier": replaced("missions.toml", 'name = "many", val = 12, reward = 5', 'name = "lots", val = 9, reward = "trips"'),
    "a filter": replaced("metrics.toml", 'where = "status = \'DONE\'"\ndata_type = "integer"', 'data_type = "integer"'),
    "an expression": replaced("metrics.toml", 'expression = "fare"\nwhere', 'expression = "fare * 2"\nwhere'),
    "a word of the day": replaced("metrics.toml", 'day = "avg"', 'day = "max"'),
    "SQL": replaced("sql/mornings.sql", "< 12", "< 10"),
    "a formula": replaced("metrics.toml", 'formula = "trips / orders"\n\n', 'formula = "(trips + 1) / orders"\n\n'),
    "a formula of days": replaced("metrics.toml", "value >= 0.6", "value >= 0.9"),
    "a default": replaced("metrics.toml", 'data_type = "integer"\ndefault_value = 0', 'data_type = "integer"\ndefault_value = 1'),
    "a population": replaced("missions.toml", "tier >= 2", "tier >= 1 AND city = 'SGN'"),
    "a segment": replaced("missions.toml", "city = 'SGN'\", val = 100", "city = 'HAN'\", val = 90"),
    "less grace": replaced("missions.toml", "grace_days = 1\nreward", "reward"),
    "more grace": replaced("missions.toml", 'kind = "day" }\ngrace_days = 1', 'kind = "day" }\ngrace_days = 3'),
    "a condition more": lambda texts: texts.update(
        {
            "missions.toml": texts["missions.toml"]
            + '[[missions.own.conditions]]\nname = "trips"\nformula = "trips"\ntype = "GT"\nval = 1\n'
        }
    ),
    "another name of a metric": lambda texts: texts.update(
        {name: text.replace("mean_fare", "usual_fare") for name, text in texts.items()}
    ),
    "a metric more": lambda texts: texts.update(
        {"metrics.toml": texts["metrics.toml"] + '[metrics.more]\nsource = "orders"\nmethod = "single_value"\nvalue = 2\n'}
    ),
    "a mission is gone": lambda texts: texts.update({"missions.toml": texts["missions.toml"].split("[missions.own]")[0]}),
    "a title": replaced("missions.toml", "[missions.month]\n", '[missions.month]\ntitle = "Of the month"\n'),
}
WINDOWS: dict[str, Change] = {
    "weeks from Sunday": replaced("missions.toml", 'start = "MON"', 'start = "SUN"'),
    "weeks become months": replaced("missions.toml", '{ kind = "week", start = "MON" }', '{ kind = "month" }'),
    "months become days": replaced("missions.toml", '{ kind = "month" }', '{ kind = "day" }'),
    "a longer sprint": replaced("missions.toml", "end = 2024-05-09", "end = 2024-05-20"),
    "another sprint": replaced("missions.toml", "start = 2024-05-02, end = 2024-05-09", "start = 2024-05-11, end = 2024-05-13"),
    "newcomers for longer": replaced("missions.toml", "days = 6", "days = 9"),
    "weeks become own": replaced(
        "missions.toml", '{ kind = "week", start = "MON" }', '{ kind = "since", field = "joined", days = 4 }'
    ),
    "own become weeks": replaced("missions.toml", '{ kind = "since", field = "joined", days = 6 }', '{ kind = "week" }'),
    "assigned become since": replaced(
        "missions.toml", '{ kind = "assigned", file = "data/exports/own.csv" }', '{ kind = "since", field = "joined", days = 5 }'
    ),
}


def texts() -> Texts:
    """The configuration before any change."""
    return {"metrics.toml": METRICS, "missions.toml": MISSIONS, "sql/mornings.sql": SQL}


def write(root: Path, found: Texts) -> None:
    """Put the configuration into a project."""
    for name, text in found.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")


def deliver(root: Path, seed: int, days: int) -> None:
    """The exports of the first days; each day has late versions of orders of the day before."""
    dice = random.Random(seed)
    folder = root / "data/exports/orders"
    folder.mkdir(parents=True, exist_ok=True)
    (root / "data/exports/suppliers.csv").write_text(WHO)
    (root / "data/exports/own.csv").write_text(OWN)
    for number in range(days):
        day = FIRST + timedelta(days=number)
        lines = ["order_id,supplier_id,status,final_at,updated_at,fare"]
        for supplier in SUPPLIERS:
            for order in range(dice.randrange(4)):
                at = f"{day}T{dice.randrange(24):02}:10:00+07:00"
                status = dice.choice(("DONE", "DONE", "CANCELED"))
                lines.append(f"{supplier}-{number}-{order},{supplier},{status},{at},{at},{dice.randrange(500, 2500) / 100:.2f}")
        (folder / f"{day}.csv").write_text("\n".join(lines) + "\n")


def day(number: int) -> str:
    """An as-of day, counted from 0."""
    return str(FIRST + timedelta(days=number))


def backfill(root: Path, first: int, last: int, *more: str) -> None:
    """Publish the results of some days."""
    done(root, "backfill", "--from", day(first), "--to", day(last), *more)


def results(root: Path, number: int) -> pl.DataFrame:
    """The results as of a day."""
    (file,) = (root / f"data/results/date={day(number)}").glob("*.parquet")
    return pl.read_parquet(file, hive_partitioning=False)


def copied(source: Path, target: Path) -> Path:
    """A project as it is, in another place."""
    shutil.copytree(source, target)
    return target


def spans(frame: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Mission, supplier and window of every row."""
    return iter(frame.select("mission_id", "supplier_id", "window_start", "window_end").rows())


def published(root: Path) -> dict[str, bytes]:
    """Every partition and result, by name."""
    found = [path for kind in ("metrics", "results") for path in (root / "data" / kind).rglob("*.parquet")]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}
