"""One condition, as SQL: its target for a supplier, whether it is reached, and how that counts. `_v0`, `_s0`, … by its place."""

from __future__ import annotations

from mission_cli.formula.emit import identifier, over_orders, text_literal
from mission_cli.formula.totals_sql import double_constant, formula_value
from mission_cli.model.missions import Condition, Operator, Role, Target

DEFAULT, SEGMENT, SUPPLIER = "default", "segment", "supplier"


def measured(place: int, condition: Condition) -> str:
    """Over `valued`: the condition's value, and whether there is too little of what its `min_volume` is about."""
    low = "FALSE"
    if condition.min_volume is not None:
        volume = condition.min_volume
        low = f"coalesce({identifier(volume.metric)} < {double_constant(volume.least)}, TRUE)"
    return f"{formula_value(condition.formula)} AS _v{place}, {low} AS _few{place}"


def segment_of(place: int, condition: Condition) -> str:
    """Over `suppliers`: the number of the first segment that fits, 0 when none does."""
    whens = "".join(f" WHEN {over_orders(s.where.tree)} THEN {number}" for number, s in enumerate(condition.segments, 1))
    return f"CASE{whens} ELSE 0 END AS _g{place}"


def targeted(place: int, condition: Condition, *, own: tuple[str, str] | None) -> str:
    """The bounds of the target, where it is from, and the tier that was reached, by number. `own`: columns of an own target."""
    if condition.tiers:
        steps = list(enumerate(condition.tiers, 1))[::-1]
        reached = " ".join(
            f"WHEN _v{place} {condition.operator.sign} {double_constant(tier.target)} THEN {number}" for number, tier in steps
        )
        tier = f"CASE WHEN _v{place} IS NULL OR _few{place} THEN 0 {reached} ELSE 0 END AS _r{place}"
        return f"NULL::DOUBLE AS _t{place}, NULL::DOUBLE AS _h{place}, '{DEFAULT}' AS _o{place}, {tier}"
    whens = [(f"_g{place} = {number}", segment.target) for number, segment in enumerate(condition.segments, 1)]
    mine = f" WHEN {_fits(condition, *own)} THEN " if own else ""
    bounds = [
        _chosen(mine and mine + column, [(w, _constant(t, high=high)) for w, t in whens], _constant(condition.target, high=high))
        for high, column in zip((False, True), own or ("", ""), strict=True)
    ]
    origin = _chosen(mine and f"{mine}'{SUPPLIER}'", [(when, f"'{SEGMENT}'") for when, _ in whens], f"'{DEFAULT}'")
    return f"{bounds[0]} AS _t{place}, {bounds[1]} AS _h{place}, {origin} AS _o{place}, 0 AS _r{place}"


def _fits(condition: Condition, low: str, high: str) -> str:
    """Whether there is an own target; one that was taken in for another operator, with a bound too few or too many, is none."""
    return f"{high} IS NOT NULL" if condition.operator is Operator.BETWEEN else f"{low} IS NOT NULL AND {high} IS NULL"


def _constant(target: Target, *, high: bool) -> str:
    value = target.high if high else target.low
    return double_constant(value) if value is not None else "NULL::DOUBLE"


def _chosen(mine: str, segments: list[tuple[str, str]], default: str) -> str:
    """A supplier's own before a segment's before the default."""
    whens = mine + "".join(f" WHEN {when} THEN {then}" for when, then in segments)
    return f"CASE{whens} ELSE {default} END" if whens else default


def status(place: int, condition: Condition) -> str:
    """No data is looked at first, too little volume next."""
    value = f"_v{place}"
    if condition.tiers:
        held = f"_r{place} > 0"
    elif condition.operator is Operator.BETWEEN:
        held = f"{value} BETWEEN _t{place} AND _h{place}"
    else:
        held = f"{value} {condition.operator.sign} _t{place}"
    few = f" WHEN _few{place} THEN 'low_volume'" if condition.min_volume is not None else ""
    return f"CASE WHEN {value} IS NULL THEN 'no_data'{few} WHEN {held} THEN 'met' ELSE 'unmet' END AS _s{place}"


def counts_as_met(place: int, condition: Condition) -> str:
    """Whether the status is one that counts as met."""
    words = ["met"]
    words += ["no_data"] if condition.no_data_counts_met else []
    words += ["low_volume"] if condition.min_volume is not None and condition.min_volume.below_counts_met else []
    return f"_s{place} IN ({', '.join(map(text_literal, words))}) AS _c{place}"


def condition_row(place: int, condition: Condition) -> str:
    """The columns of a result that are the condition's own, as a struct."""
    val, tier = f"_t{place}", "NULL::VARCHAR"
    if condition.tiers:
        targets = ", ".join(double_constant(t.target) for t in condition.tiers)
        val = f"[{targets}][greatest(_r{place}, 1)]"
        names = ", ".join(text_literal(t.name) for t in condition.tiers)
        tier = f"[{names}][nullif(_r{place}, 0)]"
    return (
        f"{{'condition': {text_literal(condition.name)}, 'value': _v{place}, 'type': {text_literal(condition.operator)},"
        f" 'val': {val}, 'val_high': _h{place}, 'status': _s{place}, 'tier': {tier}, 'role': {text_literal(condition.role)},"
        f" 'target_from': _o{place}}}"
    )


def broken(place: int, condition: Condition) -> str | None:
    """Whether the condition is a guard that does not hold; no data breaks none. None when it is no guard."""
    return f"_s{place} = 'unmet'" if condition.role is Role.GUARD else None
