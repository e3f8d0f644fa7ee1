"""One condition, as SQL: its target for a supplier, whether it is reached, and how that counts.

Columns are named by the condition's place: `_v0` its value, `_few0` too little volume, `_g0` its segment, `_t0` and `_h0` the
bounds of its target, `_o0` where that is from, `_r0` the tier reached, `_s0` its status. What is the same for every supplier is
no column but a constant where it is used: an engine that plans a hundred missions feels each column.
"""

from __future__ import annotations

from dataclasses import dataclass

from mission_cli.conditions.words import DEFAULT, NO_WORD, SEGMENT, SUPPLIER, word
from mission_cli.formula.emit import identifier, over_orders
from mission_cli.formula.totals_sql import double_constant, formula_value
from mission_cli.model.missions import Condition, Operator, Role, Target


@dataclass(frozen=True, slots=True)
class Verdict:
    """The texts of one condition at its `place`. `assigned`: suppliers may have own targets, in `_own_low0` and `_own_high0`."""

    place: int
    condition: Condition
    assigned: bool

    @property
    def varies(self) -> bool:
        """Whether the target is not the same for all."""
        return (self.assigned or bool(self.condition.segments)) and not self.condition.tiers

    @property
    def measured(self) -> list[str]:
        """Over `valued`: the condition's value, and whether there is too little of what its `min_volume` is about."""
        found = [f"{formula_value(self.condition.formula)} AS _v{self.place}"]
        volume = self.condition.min_volume
        if volume is not None:
            low = f"coalesce({identifier(volume.metric)} < {double_constant(volume.least)}, TRUE)"
            found.append(f"{low} AS _few{self.place}")
        return found

    @property
    def segment(self) -> str:
        """Over `suppliers`: the number of the first segment that fits, 0 when none does."""
        numbered = enumerate(self.condition.segments, 1)
        whens = "".join(f" WHEN {over_orders(segment.where.tree)} THEN {number}" for number, segment in numbered)
        return f"CASE{whens} ELSE 0 END AS _g{self.place}"

    @property
    def targeted(self) -> list[str]:
        """The bounds of the target and where it is from, where these vary; the number of the tier that is reached."""
        if self.condition.tiers:
            return [self._reached]
        if not self.varies:
            return []
        whens = [(f"_g{self.place} = {number}", s.target) for number, s in enumerate(self.condition.segments, 1)]
        mine = f" WHEN {self._has_own} THEN " if self.assigned else ""
        bounds = [
            _chosen(
                mine and f"{mine}_own_{'high' if high else 'low'}{self.place}",
                [(when, _constant(target, high=high)) for when, target in whens],
                _constant(self.condition.target, high=high),
            )
            for high in (False, True)
        ]
        origin = _chosen(mine and mine + word(SUPPLIER), [(when, word(SEGMENT)) for when, _ in whens], word(DEFAULT))
        return [f"{bounds[0]} AS _t{self.place}", f"{bounds[1]} AS _h{self.place}", f"{origin} AS _o{self.place}"]

    @property
    def _has_own(self) -> str:
        """Whether there is an own target; one taken in for another operator, with a bound too few or too many, is none."""
        low, high = f"_own_low{self.place}", f"_own_high{self.place}"
        if self.condition.operator is Operator.BETWEEN:
            return f"{high} IS NOT NULL"
        return f"{low} IS NOT NULL AND {high} IS NULL"

    @property
    def _reached(self) -> str:
        value, sign = f"_v{self.place}", self.condition.operator.sign
        steps = list(enumerate(self.condition.tiers, 1))[::-1]
        whens = " ".join(f"WHEN {value} {sign} {double_constant(tier.target)} THEN {number}" for number, tier in steps)
        few = f" OR _few{self.place}" if self.condition.min_volume is not None else ""
        return f"CASE WHEN {value} IS NULL{few} THEN 0 {whens} ELSE 0 END AS _r{self.place}"

    @property
    def status(self) -> str:
        """No data is looked at first, too little volume next."""
        value, condition = f"_v{self.place}", self.condition
        if condition.tiers:
            held = f"_r{self.place} > 0"
        elif condition.operator is Operator.BETWEEN:
            held = f"{value} BETWEEN {self._low} AND {self._high}"
        else:
            held = f"{value} {condition.operator.sign} {self._low}"
        few = f" WHEN _few{self.place} THEN {word('low_volume')}" if condition.min_volume is not None else ""
        reached = f" WHEN {held} THEN {word('met')} ELSE {word('unmet')} END"
        return f"CASE WHEN {value} IS NULL THEN {word('no_data')}{few}{reached} AS _s{self.place}"

    @property
    def counts_as_met(self) -> str:
        """Whether the status is one that counts as met."""
        words = ["met"]
        words += ["no_data"] if self.condition.no_data_counts_met else []
        volume = self.condition.min_volume
        words += ["low_volume"] if volume is not None and volume.below_counts_met else []
        return f"(_s{self.place} IN ({', '.join(map(word, words))}))"

    @property
    def broken(self) -> str | None:
        """Whether the condition is a guard that does not hold; no data breaks none. None when it is no guard."""
        return f"_s{self.place} = {word('unmet')}" if self.condition.role is Role.GUARD else None

    @property
    def row(self) -> dict[str, str]:
        """The columns of a result that are the condition's own."""
        condition, val, tier = self.condition, self._low, NO_WORD
        if condition.tiers:
            targets = ", ".join(double_constant(t.target) for t in condition.tiers)
            val = f"[{targets}][greatest(_r{self.place}, 1)]"
            names = ", ".join(word(t.name) for t in condition.tiers)
            tier = f"[{names}][nullif(_r{self.place}, 0)]"
        return {
            "condition": word(condition.name),
            "value": f"_v{self.place}",
            "type": word(condition.operator),
            "val": val,
            "status": f"_s{self.place}",
            "tier": tier,
            "role": word(condition.role),
            "target_from": f"_o{self.place}" if self.varies else word(DEFAULT),
            "val_high": self._high,
        }

    @property
    def _low(self) -> str:
        return f"_t{self.place}" if self.varies else _constant(self.condition.target, high=False)

    @property
    def _high(self) -> str:
        return f"_h{self.place}" if self.varies else _constant(self.condition.target, high=True)


def _constant(target: Target, *, high: bool) -> str:
    value = target.high if high else target.low
    return double_constant(value) if value is not None else "NULL::DOUBLE"


def _chosen(mine: str, segments: list[tuple[str, str]], default: str) -> str:
    """A supplier's own before a segment's before the default."""
    whens = mine + "".join(f" WHEN {when} THEN {then}" for when, then in segments)
    return f"CASE{whens} ELSE {default} END" if whens else default
