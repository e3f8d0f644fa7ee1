"""Random small marketplaces: two TOML files and a few exports that both the tool and `naive` can read.

What the contract leaves open stays out: two contents of a key with one `updated`, wall clocks that come twice or never,
sums of doubles that depend on their order (doubles are multiples of 1/8), cells such as "NA" or " 5 ".

Hypothesis draws one short byte string per order version, metric, mission, ...; each byte picks from a list of choices
(`Dice`). That is ten times faster than a draw per field, and shrinks every field to its first choice all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.oracle.exports import BOOKS, CENTERS, DAY, SUPPLIERS, Dice, Setting, exports, rolls, shape_of, source_toml, table
from tests.oracle.random_metrics import metrics_of
from tests.oracle.random_missions import MISSION_IDS, MISSIONS, World, as_of_day, mission
from tests.oracle.random_suppliers import FILE, ROSTERS, suppliers_csv, suppliers_toml


@dataclass(frozen=True, repr=False)
class Marketplace:
    metrics_toml: str
    missions_toml: str
    exports: dict[str, str]  # path inside the project: text
    others: dict[str, str]  # the suppliers file and the files of assigned windows
    as_of: list[date]

    def texts(self) -> dict[str, str]:
        return {"metrics.toml": self.metrics_toml, "missions.toml": self.missions_toml, **self.exports, **self.others}

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


AS_OFS = st.lists(rolls(3), min_size=1, max_size=5)
SETTINGS = rolls(7)
SHAPES = rolls(6)


def setting_of(dice: Dice) -> Setting:
    zone, day_start = dice.pick(*CENTERS), dice.pick("00:00", "00:00", "05:00", "02:30", "12:00", "23:30")
    return Setting(zone, day_start, dice.pick(0, 1))


@st.composite
def marketplaces(draw: st.DrawFn, *, sums: bool = False) -> Marketplace:
    """One or two sources, one to five metrics and up to five formulas over them, one to four missions.

    `sums` leaves out everything but sums of sums and formulas over them.
    """
    dice = Dice(draw(SETTINGS))
    setting, owner = setting_of(dice), dice.pick(*range(len(SUPPLIERS)))
    names, suppliers = dice.pick(["orders"], ["orders", "offers"]), dice.pick(True, True, False)
    in_a_row = dice.pick(False, True)
    shapes = [shape_of(name, Dice(draw(SHAPES))) for name in names]
    files: dict[str, str] = {}
    for shape in shapes:
        files |= exports(shape, setting, owner, draw(BOOKS))

    metrics = table("[project]", {"name": "random", "timezone": setting.timezone, "day_start": setting.day_start})
    metrics += "".join(map(source_toml, shapes))
    metrics += suppliers_toml() if suppliers else ""
    text, pool = metrics_of(draw, [shape.name for shape in shapes], sums=sums)

    others = {FILE: suppliers_csv(setting, draw(ROSTERS))} if suppliers else {}
    missions, world = "", World(setting, pool, suppliers)
    for name, (head, rules, rows) in zip(MISSION_IDS, draw(MISSIONS), strict=False):
        one, assigned = mission(name, world, head, rules, rows)
        missions, others = missions + one, others | assigned
    as_of = sorted({as_of_day(setting, Dice(drawn)) for drawn in draw(AS_OFS)})
    if in_a_row:
        as_of = [as_of[0] + n * DAY for n in range(len(as_of))]
    return Marketplace(metrics + text, missions, files, others, as_of)
