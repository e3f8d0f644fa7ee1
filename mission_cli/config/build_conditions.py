"""missions.toml: [[missions.….conditions]] → conditions with their targets, tiers and roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from mission_cli.config.parts import compiled, formula_or_number
from mission_cli.config.places import KeyPath
from mission_cli.config.raw import RawCondition, RawMinVolume, RawSegment, RawTier, kind_of
from mission_cli.config.read import TomlFile
from mission_cli.formula.check import Scope
from mission_cli.model.missions import Condition, MinVolume, Operator, Role, Segment, Target, Tier


@dataclass(frozen=True, slots=True)
class Scopes:
    """What names mean in a mission: metrics, and attributes of suppliers; None where metrics.toml has none."""

    metrics: Scope
    attributes: Scope | None


def build_conditions(file: TomlFile, path: tuple[str, str], tables: list[Any], scopes: Scopes) -> list[Condition]:
    """Every condition that is right, in the order of the file; the others leave problems."""
    conditions, seen = [], dict[str, int]()
    for index, table in enumerate(tables):
        where = (*path, "conditions", index)
        raw = file.shaped(RawCondition, table, where)
        if raw is None:
            continue
        if not raw.name.strip():
            file.problem((*where, "name"), "must not be empty")
        elif raw.name.lower() in seen:
            first = seen[raw.name.lower()]
            file.problem((*where, "name"), f'"{raw.name}" is already the name of condition {first + 1}', "choose another name")
        seen.setdefault(raw.name.lower(), index)
        condition = _condition(file, where, raw, scopes)
        conditions += [condition] if condition is not None else []
    return conditions


def _condition(file: TomlFile, where: KeyPath, raw: RawCondition, scopes: Scopes) -> Condition | None:
    before = len(file.problems)
    formula = compiled(file, (*where, "formula"), raw.formula, scopes.metrics, "number")
    if formula is not None and not formula.names:
        file.problem((*where, "formula"), "names no metric")
    operator = Operator(raw.type)
    segments: list[Segment] = []
    target: Target | None = None
    tiers: list[Tier] = []
    if raw.tiers is not None and raw.val is not None:
        file.problem((*where, "val"), "goes without tiers, which have a val each", "remove one of the two")
    elif raw.tiers is not None:
        tiers = _tiers(file, (*where, "tiers"), raw.tiers, operator, scopes)
        target = Target(tiers[0].target) if tiers else None
    elif raw.val is None:
        file.problem(where, '"val" is missing', "val = …, or tiers = [{ name = …, val = … }, …]", key=True)
    else:
        segments, target = _targets(file, (*where, "val"), raw.val, operator, scopes)
    volume = _min_volume(file, (*where, "min_volume"), raw.min_volume, scopes) if raw.min_volume is not None else None
    if len(file.problems) > before or formula is None or target is None:
        return None
    met = raw.no_data == "met"
    return Condition(raw.name, formula, operator, target, met, Role(raw.role), tuple(segments), tuple(tiers), volume)


def _targets(
    file: TomlFile, where: KeyPath, value: object, operator: Operator, scopes: Scopes
) -> tuple[list[Segment], Target | None]:
    """Segments in their order, and what counts where none fits: the last entry, which has no `where`."""
    if not isinstance(value, list) or not any(isinstance(entry, dict) for entry in value):
        return [], _target(file, where, value, operator)
    segments: list[Segment] = []
    for index, entry in enumerate(value[:-1]):
        raw = file.shaped(RawSegment, entry, (*where, index))
        if raw is None:
            continue
        if raw.where is None:
            file.problem((*where, index), "only the last target goes without a where", "put it at the end")
        segment = _segment(file, (*where, index), raw, operator, scopes)
        segments += [segment] if segment is not None else []
    last, at = value[-1], len(value) - 1
    if isinstance(last, dict):
        raw = file.shaped(RawSegment, last, (*where, at))
        if raw is None:
            return segments, None
        if raw.where is not None:
            hint = "end the list with { val = … }, which counts for all others"
            file.problem((*where, at), "nothing is said of suppliers to whom no where applies", hint)
        return segments, _target(file, (*where, at, "val"), raw.val, operator)
    return segments, _target(file, (*where, at), last, operator)


def _segment(file: TomlFile, where: KeyPath, raw: RawSegment, operator: Operator, scopes: Scopes) -> Segment | None:
    target = _target(file, (*where, "val"), raw.val, operator)
    if raw.where is None:
        return None
    if scopes.attributes is None:
        hint = "add [suppliers] with file, key and columns to metrics.toml"
        file.problem((*where, "where"), "needs attributes of suppliers, but metrics.toml has no [suppliers]", hint)
        return None
    condition = compiled(file, (*where, "where"), raw.where, scopes.attributes, "boolean")
    return Segment(condition, target) if condition is not None and target is not None else None


def _target(file: TomlFile, where: KeyPath, value: object, operator: Operator) -> Target | None:
    if operator is not Operator.BETWEEN:
        number = file.number(value, where, 'two bounds go with type = "BETWEEN"' if isinstance(value, list) else "")
        return Target(number) if number is not None else None
    if not isinstance(value, list) or len(value) != 2:
        said = f"a list of {len(value)}" if isinstance(value, list) else kind_of(value)
        file.problem(where, f"must be two numbers, not {said}", "val = [low, high], both inclusive")
        return None
    low, high = (file.number(bound, (*where, index)) for index, bound in enumerate(value))
    if low is None or high is None:
        return None
    if high < low:
        file.problem((*where, 1), f"{high} is less than the lower bound, {low}", "val = [low, high], both inclusive")
    return Target(low, high)


def _tiers(file: TomlFile, where: KeyPath, raws: Sequence[RawTier], operator: Operator, scopes: Scopes) -> list[Tier]:
    """From the easiest to the hardest, as the file must have them, so that "the highest" means what it seems to."""
    if not operator.climbs and not operator.sinks:
        file.problem(where, f"do not go with {operator}", "they are steps of GT, GTE, LT or LTE")
    tiers, seen = [], set[str]()
    before: Decimal | None = None
    for index, raw in enumerate(raws):
        if not raw.name.strip() or raw.name.lower() in seen:
            message = f'"{raw.name}" is already the name of a tier' if raw.name.strip() else "must not be empty"
            file.problem((*where, index, "name"), message, "choose another name")
        seen.add(raw.name.lower())
        if before is not None and (raw.val <= before if operator.climbs else raw.val >= before):
            message = f"{raw.val} is not harder to reach than {before} before it"
            file.problem((*where, index, "val"), message, "tiers go from the easiest to the hardest")
        before = raw.val
        reward = formula_or_number(file, (*where, index, "reward"), raw.reward, scopes.metrics)
        tiers.append(Tier(raw.name, raw.val, reward))
    return tiers


def _min_volume(file: TomlFile, where: KeyPath, raw: RawMinVolume, scopes: Scopes) -> MinVolume | None:
    known = {name.lower(): name for name in scopes.metrics.types}
    found = known.get(raw.metric.lower())
    if found is None:
        near = get_close_matches(raw.metric, scopes.metrics.types, n=1)
        hint = f'did you mean "{near[0]}"?' if near else f"metrics here: {', '.join(sorted(scopes.metrics.types)) or 'none'}"
        file.problem((*where, "metric"), f'unknown metric "{raw.metric}"', hint)
        return None
    return MinVolume(found, raw.val, raw.below == "met")
