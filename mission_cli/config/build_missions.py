"""missions.toml: raw tables → missions whose formulas name metrics that exist."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from mission_cli.config.build_conditions import Scopes, build_conditions
from mission_cli.config.parts import column_scope, compiled, formula_or_number, one_file, valid_id
from mission_cli.config.raw import (
    WINDOWS,
    RawAssigned,
    RawFixed,
    RawLimits,
    RawMission,
    RawRolling,
    RawSince,
    RawWeek,
    RawWindowKind,
)
from mission_cli.config.read import Names, TomlFile
from mission_cli.formula.check import Scope
from mission_cli.model.calendar import WEEKDAYS, WindowKind, WindowRule
from mission_cli.model.expression import Name, Type, walk
from mission_cli.model.missions import OF_WINDOWS, Condition, Limits, Mission, MissionId, Require, Role
from mission_cli.model.project import Suppliers

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_A_DATE = 'onboarded_on = "date"'
_NEEDS_SUPPLIERS = "needs attributes of suppliers, but metrics.toml has no [suppliers]"
_ADD_SUPPLIERS = "add [suppliers] with file, key and columns to metrics.toml"


def build_missions(file: TomlFile, metrics: Scope, suppliers: Suppliers | None, *, supplier_table: bool) -> list[Mission]:
    """Every mission that is right, in the order of the file. `supplier_table`: metrics.toml has [suppliers], right or not."""
    names, missions = Names(), []
    attributes = column_scope(suppliers.columns, "supplier attribute") if suppliers is not None else None
    if attributes is None and supplier_table:
        return []  # what is wrong with [suppliers] is told already, and names of attributes would only be wrong after it
    scopes = Scopes(metrics, attributes)
    if "missions" not in file.tables and not file.problems:
        file.problem((), "no mission is defined", "a table [missions.…] with a window, and [[missions.….conditions]]")
    for name, table in file.section("missions").items():
        path = ("missions", name)
        raw = file.shaped(RawMission, table, path) if valid_id(file, path, names) else None
        if raw is not None:
            mission = _mission(file, MissionId(name), raw, scopes)
            missions += [mission] if mission is not None else []
        elif isinstance(table, dict):
            _other_mistakes(file, path, table, scopes)
    return missions


def _other_mistakes(file: TomlFile, path: tuple[str, str], table: dict[str, Any], scopes: Scopes) -> None:
    """Note what is wrong inside a mission that does not even have the right shape, so that all is told at once."""
    if isinstance(table.get("window"), dict):
        _window(file, path, table["window"], scopes)
    if isinstance(table.get("conditions"), list):
        build_conditions(file, path, table["conditions"], scopes)


def _mission(file: TomlFile, mission: MissionId, raw: RawMission, scopes: Scopes) -> Mission | None:
    path, before = ("missions", mission), len(file.problems)
    window = _window(file, path, raw.window, scopes)
    population = None
    if raw.suppliers is not None and scopes.attributes is None:
        file.problem((*path, "suppliers"), _NEEDS_SUPPLIERS, _ADD_SUPPLIERS)
    elif raw.suppliers is not None and scopes.attributes is not None:
        population = compiled(file, (*path, "suppliers"), raw.suppliers, scopes.attributes, "boolean")
    conditions = build_conditions(file, path, raw.conditions, scopes)
    reward = formula_or_number(file, (*path, "reward"), raw.reward, scopes.metrics)
    limits = _limits(file, (*path, "limits"), raw.limits) if raw.limits is not None else None
    require = _require(file, (*path, "require"), raw, conditions)
    if len(file.problems) > before or window is None or require is None:
        return None
    title = raw.title or mission
    made = Mission(mission, title, window, raw.grace_days, population, tuple(conditions), require, reward, limits)
    _agrees(file, path, made)
    return made if len(file.problems) == before else None


def _require(file: TomlFile, where: tuple[str, str, str], raw: RawMission, conditions: Sequence[Condition]) -> Require | None:
    if raw.require in ("all", "any"):
        return Require(any=raw.require == "any")
    if len(conditions) < len(raw.conditions):
        return None  # a name that is missing would be missing because of a mistake that is told already
    before = len(file.problems)
    _nameable(file, where, raw.require, conditions)
    if len(file.problems) > before:
        return None
    named = {condition.name: Type.BOOLEAN for condition in conditions}
    expression = compiled(file, where, raw.require, Scope(named, "condition"), "boolean")
    if expression is None:
        return None
    others = {condition.name: condition.role for condition in conditions if condition.role is not Role.GOAL}
    for node in walk(expression.tree):
        if isinstance(node, Name) and node.name in others:
            hint = "leave it out: gates and guards must always hold"
            file.problem(where, f'"{node.name}" is a {others[node.name]}, not a goal', hint, offset=node.at)
    return Require(expression=expression) if len(file.problems) == before else None


def _nameable(file: TomlFile, where: tuple[str, str, str], text: str, conditions: Sequence[Condition]) -> None:
    """Mistakes that only somebody makes who does not know expressions: `ALL`, or a name with blanks in it."""
    names = [condition.name for condition in conditions]
    if text.lower() in ("all", "any") and text.lower() not in [name.lower() for name in names]:
        file.problem(where, f'"{text}" is not known here', f'did you mean "{text.lower()}"?')
    for name in names:
        if not _WORD.fullmatch(name) and (at := text.find(name)) >= 0:
            hint = "letters, digits and _ make a name that can: rename the condition"
            file.problem(where, f'the name "{name}" cannot stand in an expression', hint, offset=at)


def _limits(file: TomlFile, where: tuple[str, str, str], raw: RawLimits) -> Limits:
    if raw.per_supplier is None and raw.budget is None:
        file.problem(where, "limits nothing", "per_supplier = …, budget = …, or both")
    for name in ("per_supplier", "budget"):
        value = getattr(raw, name)
        if value is not None and value < 0:
            file.problem((*where, name), f"{value} is less than nothing")
    return Limits(raw.per_supplier, raw.budget)


def _agrees(file: TomlFile, path: tuple[str, str], mission: Mission) -> None:
    """What is right by itself must also make sense together."""
    if mission.window.kind is WindowKind.ASSIGNED:
        _apart_from_columns(file, path, mission.conditions)
    if not mission.decides:
        reason = "a rolling window is never decided"
        if mission.grace_days:
            file.problem((*path, "grace_days"), f"{reason}, so there is nothing to wait for", "remove it")
        if mission.reward is not None:
            file.problem((*path, "reward"), f"{reason}, so nothing is ever paid", "remove it, or choose another kind of window")
        if mission.limits is not None:
            file.problem((*path, "limits"), f"{reason}, so nothing is ever paid", "remove it")
        for index, condition in enumerate(mission.conditions):
            if any(tier.reward is not None for tier in condition.tiers):
                file.problem((*path, "conditions", index, "tiers"), f"{reason}, so nothing is ever paid", "remove the rewards")
    elif mission.limits is not None and not mission.pays:
        file.problem((*path, "limits"), "limits a reward, but there is none", "add reward = …, or remove it")
    if mission.require.any and all(condition.role is not Role.GOAL for condition in mission.conditions):
        file.problem((*path, "require"), "none of the conditions is a goal", "remove it: gates and guards must always hold")


def _apart_from_columns(file: TomlFile, path: tuple[str, str], conditions: Sequence[Condition]) -> None:
    """Conditions whose targets may stand in a file of windows are not called like what each of its rows has."""
    for index, condition in enumerate(conditions):
        if condition.name.lower() in OF_WINDOWS:
            message = f'"{condition.name}" is a column of every file of assigned windows'
            file.problem((*path, "conditions", index, "name"), message, "choose another name")


def _window(file: TomlFile, path: tuple[str, str], table: object, scopes: Scopes) -> WindowRule | None:
    where = (*path, "window")
    kind = file.shaped(RawWindowKind, table, where)
    raw = file.shaped(WINDOWS[kind.kind], table, where) if kind is not None else None
    match raw:
        case None:
            return None
        case RawFixed(start=start, end=end):
            if end < start:
                file.problem((*where, "end"), f"{end} lies before the start, {start}", "the end is the last day, inclusive")
            return WindowRule(WindowKind.FIXED, start, end)
        case RawWeek(start=weekday):
            return WindowRule(WindowKind.WEEK, weekday=WEEKDAYS.index(weekday))
        case RawRolling(days=days):
            return WindowRule(WindowKind.ROLLING, days=days)
        case RawSince():
            return _since(file, where, raw, scopes)
        case RawAssigned(file=name):
            one_file(file, (*where, "file"), name, "data/exports/windows.csv")
            return WindowRule(WindowKind.ASSIGNED, file=name)
        case _:
            return WindowRule(WindowKind(raw.kind))


def _since(file: TomlFile, where: tuple[str, str, str], raw: RawSince, scopes: Scopes) -> WindowRule | None:
    if scopes.attributes is None:
        file.problem((*where, "field"), _NEEDS_SUPPLIERS, _ADD_SUPPLIERS)
        return None
    known = {name.lower(): name for name in scopes.attributes.types}
    field = known.get(raw.field.lower())
    if field is None or scopes.attributes.types[field] is not Type.DATE:
        dates = [name for name, kind in scopes.attributes.types.items() if kind is Type.DATE]
        message = f'unknown supplier attribute "{raw.field}"' if field is None else f'"{field}" is no date'
        near = get_close_matches(raw.field, dates, n=1)
        said = f'did you mean "{near[0]}"?' if near else f"dates of suppliers: {', '.join(dates)}"
        hint = said if dates else f"[suppliers] in metrics.toml has no date; add it to its columns: {_A_DATE}"
        file.problem((*where, "field"), message, hint)
        return None
    return WindowRule(WindowKind.SINCE, field=field, days=raw.days)
