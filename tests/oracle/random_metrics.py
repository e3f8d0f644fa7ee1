"""Random metrics: every legal pair of `day` and `over_days`, formulas over windows and over days."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.oracle.exports import Dice, rolls, table
from tests.oracle.metrics import DAY_WORDS, OVER_WORDS

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
ANYTHING = ["kind", "status", "coalesce(kind, 'x')", "at", "flag", "qty > 1", "qty", "fare", "score", "fare - discount"]
DAYS_WHERE = ["value >= 1", "value > 0", "value = 2", "value < 1", "value BETWEEN 1 AND 20", "NOT value = 0", "value <> 0.1"]
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
CHOICES = [
    "CASE WHEN {0} > {1} THEN {0} ELSE {2} END",
    "CASE WHEN {0} > {1} THEN {2} END",
    "greatest({0}, {1})",
    "least({0}, {1}, {2})",
    "coalesce({0}, {1}, 0)",
]
TEMPLATES = [*FORMULAS, *CHOICES]
# what gives multiples of a power of two for such multiples, so that no sum of doubles depends on its order
EXACT_FORMULAS = ["{0}", "{0} - {1}", "{0} * 2 - {1}", "({0} + {1}) / 2", "-{0}", "coalesce({0} * 0.5, 1)", *CHOICES]

METRICS = st.lists(rolls(13), min_size=1, max_size=5)
DAY_FORMULAS = st.lists(rolls(9), max_size=2)
RATIOS = st.lists(rolls(6), max_size=3)


class Pool(NamedTuple):
    """Names for formulas; the values of the `exact` ones are multiples of a power of two."""

    names: list[str]
    exact: list[str]


def overs(day: str) -> list[str]:
    """What may be said over the days of such values."""
    wrong = {"distinct": ["sum"], "avg": ["sum", "distinct"]}.get(day, ["distinct"])
    return [word for word in OVER_WORDS if word not in wrong]


def rolled(dice: Dice, words: Sequence[str | None]) -> dict[str, Any]:
    """Options of what is rolled over days."""
    word, where, default = dice.pick(*words), dice.pick(*DAYS_WHERE), dice.pick(None, 0, 2)
    return {"over_days": word, "days_where": where if word in ("days", "streak") else None, "default_value": default}


def metric(name: str, sources: Sequence[str], dice: Dice, *, sums: bool) -> tuple[str, bool]:
    """Its text, and whether it is exact; `sums` leaves out everything but sums of sums."""
    data_type, source = dice.pick(*EXPRESSIONS), dice.pick(*sources)
    value, choice = dice.pick(*VALUES[data_type]), dice.pick(*range(40))
    where = dice.pick(*WHERES).format(*(dice.pick(*PREDICATES) for _ in range(3)))
    options, day = dice.pick(0, 1, 2, 3), dice.pick(None, None, *DAY_WORDS)
    if sums:
        day, over = None, {"default_value": dice.pick(None, 0, 2)}
    else:
        over = rolled(dice, [None, *overs(day or "sum")])  # None: what composes with the day's
    if day in ("count", "distinct"):
        data_type, value = "integer", 1
    expressions = ANYTHING if day in ("count", "distinct") else EXPRESSIONS[data_type]
    expression = expressions[choice % len(expressions)]
    counted = {"method": "single_value", "value": value}, {"method": "expression", "expression": expression}
    entries = {"source": source, **counted[options % 2], "where": where if options // 2 else None, "day": day}
    text = table(f"[metrics.{name}]", {**entries, "data_type": data_type, **over})
    return text, is_exact(data_type, day or "sum", over.get("over_days") or day or "sum")


def is_exact(data_type: str, day: str, over: str) -> bool:
    if over in ("count", "distinct", "days", "streak"):
        return True
    return "avg" not in (day, over) and data_type in ("integer", "double")


def formula_of(names: Sequence[str], dice: Dice, templates: Sequence[str] = TEMPLATES) -> str:
    template, chosen = dice.pick(*templates), [dice.pick(*names) for _ in range(3)]
    return template.format(*(dice.rarely(chosen, [name.upper() for name in chosen])))


def ratio(name: str, pool: Pool, dice: Dice) -> str:
    formula, default = formula_of(pool.names, dice), dice.pick(None, None, None, 0, 2)
    return table(f"[metrics.{name}]", {"method": "formula", "formula": formula, "default_value": default})


def day_formula(name: str, pool: Pool, dice: Dice) -> tuple[str, bool]:
    """Sums and means only of what is exact."""
    exact = bool(pool.exact) and dice.pick(True, True, False)
    formula = formula_of(pool.exact, dice, EXACT_FORMULAS) if exact else formula_of(pool.names, dice)
    over = rolled(dice, [word for word in overs("sum") if exact or word not in ("sum", "avg")])
    head = {"method": "formula", "grain": "day", "formula": formula}
    text = table(f"[metrics.{name}]", {**head, **over})
    return text, is_exact("double" if exact else "decimal", "sum", over["over_days"])


def metrics_of(draw: st.DrawFn, sources: Sequence[str], *, sums: bool) -> tuple[str, Pool]:
    """Metrics, formulas over them, and formulas over days of all of these."""
    text, pool = "", Pool([], [])

    def add(name: str, found: tuple[str, bool]) -> str:
        pool.names.append(name)
        if found[1]:
            pool.exact.append(name)
        return found[0]

    for n, drawn in enumerate(draw(METRICS)):
        text += add(f"m{n}", metric(f"m{n}", sources, Dice(drawn), sums=sums))
    for n, drawn in enumerate(draw(RATIOS)):
        text += add(f"f{n}", (ratio(f"f{n}", pool, Dice(drawn)), False))
    for n, drawn in enumerate([] if sums else draw(DAY_FORMULAS)):
        text += add(f"d{n}", day_formula(f"d{n}", pool, Dice(drawn)))
    return text, pool
