"""Random suppliers files, and files of windows that suppliers have of their own."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.oracle.exports import DAY, SUPPLIERS, Dice, Setting, rolls, table

FILE = "data/exports/suppliers.csv"
# some never have an order, and some who have are not in the file
KNOWN = [*filter(None, SUPPLIERS), "nobody", "Z"]
ATTRIBUTES = {"city": "string", "tier": "integer", "joined": "date"}
SUPPLIER_RULES = [
    "tier >= 2",
    "city = 'SGN'",
    "city IN ('SGN', 'HAN') AND tier < 3",
    "NOT city = 'SGN' OR tier = 9",
    "City LIKE 'S%'",
    "joined >= DATE '2024-03-01'",
]
POPULATIONS = [*SUPPLIER_RULES, "tier IS NULL OR joined IS NOT NULL", "coalesce(tier, 9) > 1", "TRUE", "tier = 77"]

ROSTERS = st.lists(rolls(8), min_size=len(KNOWN), max_size=len(KNOWN))
WINDOWS = st.lists(rolls(11), max_size=12)


def csv_of(header: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def suppliers_toml() -> str:
    return table("[suppliers]", {"file": FILE, "key": "id", "alias": "phone", "columns": ATTRIBUTES})


def suppliers_csv(setting: Setting, drawn: Sequence[bytes]) -> str:
    rows = []
    for n, (supplier, dice) in enumerate(zip(KNOWN, map(Dice, drawn), strict=True)):
        there, city = dice.pick(True, True, True, False), dice.pick("SGN", "HAN", "", "sgn")
        tier, joined = dice.pick(1, 2, 3, "", 9), dice.pick(setting.day(dice), "", setting.day(dice))
        row = {"id": supplier, "phone": f"84{n:04}", "city": city, "tier": tier, "joined": joined, "note": "x"}
        rows += [row] if there else []
    return csv_of(["note", "id", "phone", *ATTRIBUTES], rows)


def assigned_csv(setting: Setting, drawn: Sequence[bytes], targets: dict[str, list[str]]) -> str:
    """Overlapping windows of a supplier, some rows twice, some targets empty; `targets` are choices by condition."""
    rows: dict[tuple[str, Any, Any], dict[str, Any]] = {}
    again = []
    for dice in map(Dice, drawn):
        supplier, start = dice.pick(*KNOWN), setting.day(dice)
        end = start + dice.pick(0, 1, 2, 3, 6, 20) * DAY
        own = {name: dice.pick("", *choices) for name, choices in targets.items()}
        row = {"supplier_id": supplier, "window_start": start, "window_end": end, **own}
        rows.setdefault((supplier, start, end), row)
        again += dice.rarely([], [rows[supplier, start, end]])
    return csv_of(["supplier_id", "window_start", "window_end", *targets], [*rows.values(), *again])
