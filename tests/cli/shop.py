"""A small project for the tests of the command line: two drivers, one week, one file of orders."""

from __future__ import annotations

from pathlib import Path

METRICS = """\
[project]
name = "shop"
timezone = "Asia/Ho_Chi_Minh"
day_start = "05:00"

[sources.orders]
files = ["data/exports/orders/*.csv"]
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

[metrics.mean_fare]
method = "formula"
formula = "fares / trips"

[suppliers]
file = "data/exports/suppliers.csv"
key = "supplier_id"
alias = "phone"
columns = { city = "string", tier = "integer" }
"""

MISSIONS = """\
[missions.week]
title = "Two trips a week"
window = { kind = "week", start = "MON" }
grace_days = 2

[[missions.week.conditions]]
name = "trips"
formula = "trips"
type = "GTE"
val = 2

[[missions.week.conditions]]
name = "mean"
formula = "mean_fare"
type = "GT"
val = 10.5

[missions.sprint]
window = { kind = "fixed", start = 2024-05-06, end = 2024-05-07 }
suppliers = "city = 'SGN' AND tier >= 2"

[[missions.sprint.conditions]]
name = "fares"
formula = "fares"
type = "GTE"
val = 20
"""

ORDERS = """\
order_id,supplier_id,status,final_at,updated_at,fare
A1,ann,DONE,2024-05-06T08:00:00,2024-05-06T08:00:00,10.00
A2,ann,OPEN,,2024-05-07T07:00:00,
A2,ann,DONE,2024-05-07T08:00:00,2024-05-07T08:00:00,12.50
A2,ann,DONE,2024-05-07T08:00:00,2024-05-07T08:00:00,12.50
A3,ann,OPEN,2024-05-07T09:00:00,2024-05-07T09:00:00,7.00
A4,ann,CANCELED,2024-05-07T10:00:00,2024-05-07T10:00:00,0.00
B1,bob,DONE,2024-05-07T08:30:00,2024-05-07T09:00:00,30.00
B2,bob,DONE,2024-05-06T04:59:59,2024-05-07T09:00:00,30.00
B3,bob,DONE,2024-05-07T08:30:00,2024-05-07T09:00:00,lots
B4,,CANCELED,2024-05-07T08:30:00,2024-05-07T09:00:00,
"""

SUPPLIERS = """\
supplier_id,phone,city,tier
ann,84900001,SGN,2
bob,84900002,SGN,1
cid,84900003,SGN,3
"""

EXPORTS = {"data/exports/orders/1.csv": ORDERS, "data/exports/suppliers.csv": SUPPLIERS}


def write_shop(root: Path, metrics: str = METRICS, missions: str = MISSIONS) -> Path:
    """The shop in an empty or missing folder, which comes back."""
    for name, text in {"metrics.toml": metrics, "missions.toml": missions, **EXPORTS}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return root


def replaced(text: str, old: str, new: str) -> str:
    """`text` with one place changed; it must be there."""
    assert old in text, old
    return text.replace(old, new, 1)


def snapshot(root: Path) -> dict[str, tuple[bytes, int]]:
    """Content and time stamp of every file below a folder."""
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
