"""missions.toml: raw tables → missions whose formulas name metrics that exist."""

from __future__ import annotations

from typing import Any

from mission_cli.config.parts import column_scope, compiled, valid_id
from mission_cli.config.raw import (
    WINDOWS,
    RawCondition,
    RawFixed,
    RawMission,
    RawWeek,
    RawWindowKind,
)
from mission_cli.config.read import Names, TomlFile
from mission_cli.formula.check import Scope
from mission_cli.model.calendar import WEEKDAYS, WindowKind, WindowRule
from mission_cli.model.project import Condition, Mission, MissionId, Operator, Suppliers


def build_missions(file: TomlFile, metrics: Scope, suppliers: Suppliers | None, *, supplier_table: bool) -> list[Mission]:
    """Every mission that is right, in the order of the file. `supplier_table`: metrics.toml has [suppliers], right or not."""
    names, missions = Names(), []
    if "missions" not in file.tables and not file.problems:
        file.problem((), "no mission is defined", "a table [missions.…] with a window, and [[missions.….conditions]]")
    for name, table in file.section("missions").items():
        path = ("missions", name)
        raw = file.shaped(RawMission, table, path) if valid_id(file, path, names) else None
        if raw is not None:
            mission = _mission(file, MissionId(name), raw, metrics, suppliers, supplier_table=supplier_table)
            missions += [mission] if mission is not None else []
        elif isinstance(table, dict):
            _other_mistakes(file, path, table, metrics)
    return missions


def _other_mistakes(file: TomlFile, path: tuple[str, str], table: dict[str, Any], metrics: Scope) -> None:
    """Note what is wrong inside a mission that does not even have the right shape, so that all is told at once."""
    if isinstance(table.get("window"), dict):
        _window(file, path, table["window"])
    if isinstance(table.get("conditions"), list):
        _conditions(file, path, table["conditions"], metrics)


def _mission(
    file: TomlFile, mission: MissionId, raw: RawMission, metrics: Scope, suppliers: Suppliers | None, *, supplier_table: bool
) -> Mission | None:
    path, before = ("missions", mission), len(file.problems)
    window = _window(file, path, raw.window)
    population = None
    if raw.suppliers is not None and not supplier_table:
        hint = "add [suppliers] with file, key and columns to metrics.toml"
        file.problem((*path, "suppliers"), "needs attributes of suppliers, but metrics.toml has no [suppliers]", hint)
    elif raw.suppliers is not None and suppliers is not None:
        scope = column_scope(suppliers.columns, "supplier attribute")
        population = compiled(file, (*path, "suppliers"), raw.suppliers, scope, "boolean")
    conditions = _conditions(file, path, raw.conditions, metrics)
    if len(file.problems) > before or window is None:
        return None
    return Mission(mission, raw.title or mission, window, raw.grace_days, population, tuple(conditions))


def _conditions(file: TomlFile, path: tuple[str, str], tables: list[Any], metrics: Scope) -> list[Condition]:
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
        formula = compiled(file, (*where, "formula"), raw.formula, metrics, "number")
        if formula is not None and not formula.names:
            file.problem((*where, "formula"), "names no metric")
        elif formula is not None:
            conditions.append(Condition(raw.name, formula, Operator(raw.type), raw.val, raw.no_data == "met"))
    return conditions


def _window(file: TomlFile, path: tuple[str, str], table: object) -> WindowRule | None:
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
        case _:
            return WindowRule(WindowKind(raw.kind))
