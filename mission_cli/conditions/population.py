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
        owned = f"SELECT {_COLUMNS}, _owner AS supplier_id FROM windows WHERE _mission_no = {number}"
        return _without_kept(owned, number, mission)
    assert project.suppliers is not None, "checked: a mission selects suppliers only where they are defined"
    key = f"CAST({identifier(project.suppliers.key)} AS VARCHAR)"
    chosen = f"SELECT {_COLUMNS}, {key} AS supplier_id FROM windows JOIN suppliers USING (_version)"
    still = "(_left IS NULL OR _start < _left)"  # who left the file keeps the windows that had begun
    mine = f" AND _owner = {key}" if own else ""
    listed = f"{chosen} WHERE _mission_no = {number} AND {still}{mine} AND {over_orders(mission.suppliers.tree)}"
    return _without_kept(listed, number, mission)


def _without_kept(entries: str, number: int, mission: Mission) -> str:
    """The entries of a mission but those whose supplier has a window of its own that keeps older rules and overlaps."""
    if not mission.behind_own:
        return entries
    overlapping = (
        f"SELECT 1 FROM kept_of_suppliers AS k WHERE k._no = {number} AND k._as_of = e._as_of AND k._owner = e.supplier_id"
        " AND k._start <= e._end AND e._start <= k._end"
    )
    return f"SELECT * FROM ({entries}) AS e WHERE NOT EXISTS ({overlapping})"


def with_values(project: Project, number: int, mission: Mission) -> str:
    """What to select a mission's entries and their values from, with brackets: `listed` or who had orders, and `valued`."""
    if lists_suppliers(mission):
        return f"(SELECT * FROM listed WHERE _mission_no = {number}) AS e JOIN valued USING (_span_no, supplier_id)"
    active = " OR ".join(ordered_in(source) for source in sorted(mission_sources(project, mission))) or "FALSE"
    mine = " AND _owner = supplier_id" if mission.window.is_own else ""
    joined = f"(SELECT * FROM windows WHERE _mission_no = {number}) AS w JOIN valued USING (_span_no)"
    return f"({_without_kept(f'SELECT * FROM {joined} WHERE ({active}){mine}', number, mission)}) AS e"
