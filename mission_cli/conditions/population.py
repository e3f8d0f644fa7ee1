"""Who has a row in which window, as SQL over `windows`, `suppliers` and `totals`."""

from __future__ import annotations

from mission_cli.formula.emit import identifier, over_orders
from mission_cli.formula.usage import mission_sources
from mission_cli.model.calendar import WindowKind
from mission_cli.model.missions import Mission
from mission_cli.model.project import Project

_COLUMNS = "_mission_no, _as_of, _start, _end, _span_no, _version"


def entries_sql(project: Project, ordered: dict[str, str]) -> str:
    """A query of all entries: mission, as-of day, window and supplier_id, with `_span_no` and `_version`.

    `ordered`: source → column of `totals` that tells whether the supplier has a final order of it in the span.
    """
    nobody = "SELECT 0 AS _mission_no, NULL::DATE AS _as_of, NULL::DATE AS _start, NULL::DATE AS _end, 0 AS _span_no,"
    empty = f"{nobody} 0 AS _version, '' AS supplier_id WHERE FALSE"
    parts = [
        _without_kept(entries, number) if mission.behind_own else entries
        for number, mission in enumerate(project.missions)
        for entries in [_entries(project, number, mission, ordered)]
    ]
    return " UNION ALL ".join([empty, *parts])


def _entries(project: Project, number: int, mission: Mission, ordered: dict[str, str]) -> str:
    own = mission.window.is_own
    here = f"SELECT {_COLUMNS}, {'_owner' if own else 'supplier_id'} FROM windows"
    if mission.suppliers is not None:
        assert project.suppliers is not None, "checked: a mission selects suppliers only where they are defined"
        key = f"CAST({identifier(project.suppliers.key)} AS VARCHAR)"
        chosen = f"SELECT {_COLUMNS}, {key} AS supplier_id FROM windows JOIN suppliers USING (_version)"
        still = "(_left IS NULL OR _start < _left)"  # who left the file keeps the windows that had begun
        mine = f" AND _owner = {key}" if own else ""
        return f"{chosen} WHERE _mission_no = {number} AND {still}{mine} AND {over_orders(mission.suppliers.tree)}"
    if mission.window.kind is WindowKind.ASSIGNED:
        return f"{here} WHERE _mission_no = {number}"
    active = " OR ".join(ordered[source] for source in sorted(mission_sources(project, mission))) or "FALSE"
    mine = " AND _owner = supplier_id" if own else ""
    return f"{here} JOIN totals USING (_span_no) WHERE _mission_no = {number} AND ({active}){mine}"


def _without_kept(entries: str, number: int) -> str:
    """The entries of a mission but those whose supplier has a window of its own that keeps older rules and overlaps."""
    overlapping = (
        f"SELECT 1 FROM kept_of_suppliers AS k WHERE k._no = {number} AND k._as_of = e._as_of AND k._owner = e.supplier_id"
        " AND k._start <= e._end AND e._start <= k._end"
    )
    return f"SELECT * FROM ({entries}) AS e({_COLUMNS}, supplier_id) WHERE NOT EXISTS ({overlapping})"
