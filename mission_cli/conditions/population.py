"""Who has a row in which window, as SQL over `windows`, `suppliers` and the totals of windows."""

from __future__ import annotations

from mission_cli.formula.emit import identifier, over_orders
from mission_cli.formula.roll_sql import ordered_in
from mission_cli.formula.usage import mission_sources
from mission_cli.model.calendar import WindowKind
from mission_cli.model.missions import Mission
from mission_cli.model.project import Project

_COLUMNS = "_mission_no, _as_of, _start, _end, _span_no, _version"


def listed_sql(project: Project) -> str:
    """A query of the entries of missions that list their suppliers, who need no orders: mission, as-of day, window and
    supplier_id, with `_span_no` and `_version`."""
    nobody = "SELECT 0 AS _mission_no, NULL::DATE AS _as_of, NULL::DATE AS _start, NULL::DATE AS _end, 0 AS _span_no,"
    empty = f"{nobody} 0 AS _version, '' AS supplier_id WHERE FALSE"
    parts = [_listed(project, number, mission) for number, mission in enumerate(project.missions) if lists_suppliers(mission)]
    return " UNION ALL ".join([empty, *parts])


def lists_suppliers(mission: Mission) -> bool:
    """Whether who has a row does not depend on orders."""
    return mission.suppliers is not None or mission.window.kind is WindowKind.ASSIGNED


def _listed(project: Project, number: int, mission: Mission) -> str:
    own = mission.window.is_own
    if mission.suppliers is None:
        return f"SELECT {_COLUMNS}, _owner FROM windows WHERE _mission_no = {number}"
    assert project.suppliers is not None, "checked: a mission selects suppliers only where they are defined"
    key = f"CAST({identifier(project.suppliers.key)} AS VARCHAR)"
    chosen = f"SELECT {_COLUMNS}, {key} AS supplier_id FROM windows JOIN suppliers USING (_version)"
    still = "(_left IS NULL OR _start < _left)"  # who left the file keeps the windows that had begun
    mine = f" AND _owner = {key}" if own else ""
    return f"{chosen} WHERE _mission_no = {number} AND {still}{mine} AND {over_orders(mission.suppliers.tree)}"


def with_values(project: Project, number: int, mission: Mission) -> str:
    """What to select a mission's entries and their values from, with brackets: `listed` or who had orders, and `valued`."""
    if lists_suppliers(mission):
        return f"(SELECT * FROM listed WHERE _mission_no = {number}) AS e JOIN valued USING (_span_no, supplier_id)"
    active = " OR ".join(ordered_in(source) for source in sorted(mission_sources(project, mission))) or "FALSE"
    mine = " AND _owner = supplier_id" if mission.window.is_own else ""
    return f"""(SELECT * FROM (SELECT * FROM windows WHERE _mission_no = {number}) AS e JOIN valued USING (_span_no)
        WHERE ({active}){mine}) AS e"""
