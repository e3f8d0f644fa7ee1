"""Random small marketplaces: two TOML files and a few exports that both the tool and `naive` can read.

What the contract leaves open stays out: two contents of a key with one `updated`, wall clocks that come twice or never,
sums of doubles that depend on their order (doubles are multiples of 1/8), cells such as "NA" or " 5 ".

Hypothesis draws one short byte string per order version, metric, mission, ...; each byte picks from a list of choices
(`Dice`). That is ten times faster than a draw per field, and shrinks every field to its first choice all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.oracle.exports import (
    BOOKS,
    CENTERS,
    DAY,
    SUPPLIERS,
    Dice,
    Setting,
    exports,
    rolls,
    shape_of,
    source_toml,
    table,
)


@dataclass(frozen=True, repr=False)
class Marketplace:
    metrics_toml: str
    missions_toml: str
    files: dict[str, str]  # path inside the project: text
    as_of: list[date]

    def texts(self) -> dict[str, str]:
        return {"metrics.toml": self.metrics_toml, "missions.toml": self.missions_toml, **self.files}

    def write(self, folder: Path) -> Path:
        """Into an empty or a missing folder, which comes back."""
        for name, text in self.texts().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8"))
        return folder

    def __repr__(self) -> str:
        texts = "".join(f"\n---- {name}\n{text}" for name, text in self.texts().items())
        return f"<Marketplace as of {', '.join(map(str, self.as_of))}{texts}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Hypothesis asks here; by itself it would print each text as one long line."""
        printer.text(repr(self))


PREDICATES = [
    "status = 'DONE'",
    "STATUS <> 'CANCELED'",
    "status IN ('DONE', 'PARTNER')",
    "status not in ('DONE')",
    "kind = 'o''brien'",
    "kind LIKE '%b%'",
    "kind NOT LIKE 'x_'",
    "kind IS NULL",
    "kind is not null",
    "kind > 'x'",
    "kind LIKE 'X%'",
    "status NOT LIKE 'done'",
    "qty > 1",
    "qty BETWEEN 1 AND 3",
    "qty NOT BETWEEN 2 AND 3",
    "qty * 2 - 1 >= 3",
    "qty / parts > 1",
    "-qty < -1",
    "fare >= 10.5",
    "fare - coalesce(discount, 0) > 0",
    "fare + discount = 0.3",
    "fare != 0.1",
    "fare - discount < 5",
    "discount IS NULL",
    "discount IN (0, 0.2, 1.25)",
    "discount NOT IN (0, 10)",
    "score >= 0.125",
    "score <> 1.5",
    "coalesce(qty, parts) < 2",
    "flag",
    "flag = TRUE",
    "NOT flag",
    "coalesce(kind, 'x') = 'x'",
]
WHERES = [
    "{0}",
    "NOT ({0})",
    "{0} AND {1}",
    "{0} or {1}",
    "{0} OR {1} AND {2}",
    "({0} OR {1}) AND {2}",
    "NOT {0} OR {1}",
    "NOT ({0} AND {1}) AND {2}",
]
EXPRESSIONS = {
    "integer": ["qty", "qty * 2", "qty - 3", "-qty", "coalesce(qty, 1)", "qty * parts", "(qty + parts) * 2 - 1"],
    "decimal": [
        "fare",
        "fare - coalesce(discount, 0)",
        "Fare * qty",
        "-fare",
        "discount",
        "score",
        "fare * 0.5",
        "qty",
    ],
    "decimal(18,2)": ["fare", "fare - coalesce(discount, 0)", "fare * -2", "qty", "discount"],
    "double": ["score", "score * 2", "score / 4", "qty / parts", "score - qty", "qty"],
}
VALUES: dict[str, list[Any]] = {
    "integer": [1, 1, 2, -1, 0],
    "decimal": [Decimal("0.1"), 1, Decimal("-2.75"), 0],
    "decimal(18,2)": [Decimal("0.1"), 1, Decimal("0.25")],
    "double": [1, 0.5, -2.75],
}
FORMULAS = [
    "{0}",
    "{0} / {1}",
    "{0} - {1}",
    "({0} + {1}) / {2}",
    "1 - {0} / {1}",
    "-{0}",
    "{0} * 2 - {1}",
    "{0} / 3",
    "2 * ({0} - {1}) / ({0} + {1})",
    "{0} / ({1} - {1})",
    "-({0} - 0.5) * {1}",
    "{0} - {1} - {2}",
    "{0} / {1} / {2}",
]
TARGETS = [1, 0, 2, 3, -1, 10, 0.5, 0.3, 0.7, 0.3, 1.5, 100, 1e3, 0.8, 0.1]
WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
MISSION_IDS = ["b_week", "A", "m2", "m10"]

METRICS = st.lists(rolls(9), min_size=1, max_size=4)
RATIOS = st.lists(rolls(5), max_size=3)
MISSIONS = st.lists(st.tuples(rolls(5), st.lists(rolls(8), min_size=1, max_size=3)), min_size=1, max_size=4)
AS_OFS = st.lists(rolls(3), min_size=1, max_size=5)
SETTINGS = rolls(5)
SHAPES = rolls(6)


def setting_of(dice: Dice) -> Setting:
    zone, day_start = dice.pick(*CENTERS), dice.pick("00:00", "00:00", "05:00", "02:30", "12:00", "23:30")
    return Setting(zone, day_start, dice.pick(0, 1))


def metric_toml(name: str, sources: Sequence[str], dice: Dice) -> str:
    data_type, source = dice.pick(*EXPRESSIONS), dice.pick(*sources)
    value, expression = dice.pick(*VALUES[data_type]), dice.pick(*EXPRESSIONS[data_type])
    counted = {"method": "single_value", "value": value}, {"method": "expression", "expression": expression}
    where = dice.pick(*WHERES).format(*(dice.pick(*PREDICATES) for _ in range(3)))
    options = dice.pick(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
    entries = {"source": source, **counted[options % 2], "where": where if options // 2 % 2 else None}
    default = (None, 0, 2)[options // 4]
    return table(f"[metrics.{name}]", {**entries, "data_type": data_type, "default_value": default})


def formula_of(names: Sequence[str], dice: Dice) -> str:
    template, chosen = dice.pick(*FORMULAS), [dice.pick(*names) for _ in range(3)]
    return template.format(*(dice.rarely(chosen, [name.upper() for name in chosen])))


def window_of(setting: Setting, dice: Dice) -> dict[str, Any]:
    kind, start, days = dice.pick("day", "week", "fixed", "month"), setting.day(dice), dice.pick(*range(49))
    if kind == "fixed":
        return {"kind": kind, "start": start, "end": start + days % 7 * DAY}
    return {"kind": kind, "start": WEEKDAYS[days % 7]} if kind == "week" else {"kind": kind}


def mission_toml(name: str, setting: Setting, head: bytes, rules: Sequence[bytes], names: Sequence[str]) -> str:
    dice = Dice(head)
    window, grace = window_of(setting, dice), dice.pick(None, 0, 1, 2, 3)
    text = table(f"[missions.{name}]", {"title": name, "window": window, "grace_days": grace})
    for n, drawn in enumerate(rules):
        dice = Dice(drawn)
        formula, kind = formula_of(names, dice), dice.pick("GTE", "GT", "LT", "LTE", "EQ", "NE")
        condition = {"name": f"c{n}", "formula": formula, "type": kind, "val": dice.pick(*TARGETS)}
        no_data = dice.pick(None, "unmet", "met")
        text += table(f"[[missions.{name}.conditions]]", {**condition, "no_data": no_data})
    return text


def as_of_day(setting: Setting, dice: Dice) -> date:
    """A day with orders or a little later; or about the month's end, up to the last of its grace."""
    day, later = setting.day(dice), dice.pick(*range(12))
    if later < 8:
        return day + timedelta(days=later // 2)
    next_month = (day.replace(day=1) + 31 * DAY).replace(day=1)
    return next_month + timedelta(days=later - 9)


@st.composite
def marketplaces(draw: st.DrawFn) -> Marketplace:
    """One or two sources, one to four metrics and up to three formulas over them, one to four missions."""
    dice = Dice(draw(SETTINGS))
    setting, owner = setting_of(dice), dice.pick(*range(len(SUPPLIERS)))
    shapes = [shape_of(name, Dice(draw(SHAPES))) for name in dice.pick(["orders"], ["orders", "offers"])]
    sources = [shape.name for shape in shapes]
    files: dict[str, str] = {}
    for shape in shapes:
        files |= exports(shape, setting, owner, draw(BOOKS))

    metrics = table("[project]", {"name": "random", "timezone": setting.timezone, "day_start": setting.day_start})
    metrics += "".join(map(source_toml, shapes))
    names: list[str] = []
    for n, drawn in enumerate(draw(METRICS)):
        metrics += metric_toml(f"m{n}", sources, Dice(drawn))
        names.append(f"m{n}")
    for n, drawn in enumerate(draw(RATIOS)):
        metrics += table(f"[metrics.f{n}]", {"method": "formula", "formula": formula_of(names, Dice(drawn))})
        names.append(f"f{n}")

    missions = ""
    for name, (head, rules) in zip(MISSION_IDS, draw(MISSIONS), strict=False):
        missions += mission_toml(name, setting, head, rules, names)
    as_of = sorted({as_of_day(setting, Dice(drawn)) for drawn in draw(AS_OFS)})
    return Marketplace(metrics, missions, files, as_of)
