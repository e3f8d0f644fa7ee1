"""The temporary table `windows`: every window that is reported as of some days, shared ones and those of one supplier."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from mission_cli.formula.assigned_sql import BOUNDS, assigned_as_of, assigned_table, own_target
from mission_cli.formula.emit import identifier
from mission_cli.model.calendar import WindowKind
from mission_cli.model.missions import Mission
from mission_cli.model.project import Project, Suppliers
from mission_cli.store.database import Database, exact_path
from mission_cli.store.manifest import LEFT
from mission_cli.windows.kept import make_kept_of_suppliers, make_spans, own_restriction
from mission_cli.windows.ranges import shared_windows

_SHARED = {"_mission_no": pl.Int32, "_as_of": pl.Date, "_start": pl.Date, "_end": pl.Date}


@dataclass(frozen=True, slots=True)
class RosterVersion:
    """A published list of suppliers, or of assigned windows, and the as-of days of which it counts."""

    number: int
    path: Path
    as_of_days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Rosters:
    """The versions of who the suppliers are, and of the windows of each mission that assigns them."""

    suppliers: tuple[RosterVersion, ...] = ()
    assigned: tuple[tuple[str, tuple[RosterVersion, ...]], ...] = ()

    def only(self, as_of_days: Collection[date]) -> Rosters:
        """Those that count as of some of the days."""
        assigned = tuple((mission, _only(versions, as_of_days)) for mission, versions in self.assigned)
        return Rosters(_only(self.suppliers, as_of_days), assigned)


def _only(versions: Sequence[RosterVersion], as_of_days: Collection[date]) -> tuple[RosterVersion, ...]:
    kept = (replace(one, as_of_days=tuple(day for day in one.as_of_days if day in as_of_days)) for one in versions)
    return tuple(one for one in kept if one.as_of_days)


def make_windows(
    database: Database, project: Project, as_of_days: Sequence[date], rosters: Rosters, *, decided_only: bool = False
) -> None:
    """Fill `suppliers` (attributes, `_left`, `_version`), a table per assigned mission, and `windows`.

    Grain of `windows`: mission, as-of day, window, and `_owner`, the supplier whose window it is, NULL when it is shared.
    `_through` is the last day that counts; windows of one `_span_no` have the same days and owner; `_version` is that of the
    suppliers as of the day. `decided_only`: only windows that are decided as of the day.
    """
    _make_suppliers(database, project.suppliers, rosters.suppliers)
    rows = [
        (no, as_of, window.start, window.end)
        for no, mission in enumerate(project.missions)
        if not mission.window.is_own
        for as_of in as_of_days
        for window in shared_windows(mission, as_of)
        if not decided_only or mission.decides_on(window.end) == as_of
    ]
    database.replace_temporary("shared_windows", pl.DataFrame(rows, schema=_SHARED, orient="row"))
    make_spans(database, project)
    parts = ["SELECT _mission_no, _as_of, NULL::VARCHAR AS _owner, _start, _end FROM shared_windows"]
    assigned = dict(rosters.assigned)
    for no, mission in enumerate(project.missions):
        if mission.window.kind is WindowKind.SINCE and project.suppliers is not None:
            parts.append(_of_these_rules(no, mission, _since(no, mission, project.suppliers), decided_only))
        elif mission.window.kind is WindowKind.ASSIGNED:
            _make_assigned(database, no, mission, assigned.get(mission.id, ()))
            parts.append(_of_these_rules(no, mission, _assigned(no), decided_only))
    database.execute(
        f"""CREATE OR REPLACE TEMP TABLE windows AS
        WITH reported AS (SELECT *, least(_end, _as_of) AS _through FROM ({" UNION ALL ".join(parts)})),
        distinct_spans AS (SELECT DISTINCT _owner, _start, _through FROM reported),
        spans AS (SELECT row_number() OVER ()::INTEGER AS _span_no, * FROM distinct_spans)
        SELECT r.*, s._span_no, v._version
        FROM reported AS r JOIN spans AS s
          ON s._start = r._start AND s._through = r._through AND s._owner IS NOT DISTINCT FROM r._owner
        LEFT JOIN suppliers_as_of AS v USING (_as_of)"""
    )
    make_kept_of_suppliers(database, project, lambda no: own_windows_sql(project, no))


def own_windows_sql(project: Project, number: int) -> str:
    """A query of all windows of a mission whose suppliers have their own: number, as-of day, owner, start, end."""
    mission = project.missions[number]
    if mission.window.kind is WindowKind.ASSIGNED:
        return _assigned(number)
    assert project.suppliers is not None, "checked: windows since an attribute are of suppliers that are defined"
    return _since(number, mission, project.suppliers)


def _make_suppliers(database: Database, suppliers: Suppliers | None, versions: Sequence[RosterVersion]) -> None:
    """The table that missions select suppliers from; empty while no export of them could be taken."""
    _make_as_of(database, "suppliers_as_of", versions)
    columns = suppliers.columns if suppliers is not None else ()
    typed = "".join(f", NULL::{column.data_type.sql} AS {identifier(column.name)}" for column in columns)
    empty = f"SELECT 0 AS _version, NULL::DATE AS {LEFT}{typed} WHERE FALSE"
    _make_roster(database, "suppliers", empty, versions)


def _make_assigned(database: Database, number: int, mission: Mission, versions: Sequence[RosterVersion]) -> None:
    _make_as_of(database, assigned_as_of(number), versions)
    targets = "".join(f", NULL::DOUBLE AS {identifier(own_target(c, bound))}" for c in mission.conditions for bound in BOUNDS)
    empty = f"SELECT 0 AS _version, NULL::VARCHAR AS supplier_id, NULL::DATE AS window_start, NULL::DATE AS window_end{targets}"
    _make_roster(database, assigned_table(number), f"{empty} WHERE FALSE", versions)


def _make_as_of(database: Database, table: str, versions: Sequence[RosterVersion]) -> None:
    rows = [(day, version.number) for version in versions for day in version.as_of_days]
    schema = {"_as_of": pl.Date, "_version": pl.Int32}
    database.replace_temporary(table, pl.DataFrame(rows, schema=schema, orient="row"))


def _make_roster(database: Database, table: str, empty: str, versions: Sequence[RosterVersion]) -> None:
    read = "SELECT {} AS _version, * FROM read_parquet(?, hive_partitioning = false)"
    parts = [empty, *(read.format(int(version.number)) for version in versions)]
    paths = [exact_path(version.path) for version in versions]
    database.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {' UNION ALL BY NAME '.join(parts)}", paths)


def _since(number: int, mission: Mission, suppliers: Suppliers) -> str:
    """From an attribute of each supplier on; those who left keep what began before."""
    start = identifier(mission.window.field)
    end = f"({start} + {mission.window.days - 1})"
    return f"""
        SELECT {number} AS _mission_no, _as_of, CAST({identifier(suppliers.key)} AS VARCHAR) AS _owner, {start} AS _start,
               {end} AS _end
        FROM suppliers JOIN suppliers_as_of USING (_version) WHERE ({LEFT} IS NULL OR {start} < {LEFT})"""


def _assigned(number: int) -> str:
    return f"""
        SELECT {number} AS _mission_no, _as_of, supplier_id AS _owner, window_start AS _start, window_end AS _end
        FROM {assigned_table(number)} JOIN {assigned_as_of(number)} USING (_version)"""


def _of_these_rules(number: int, mission: Mission, windows: str, decided_only: bool) -> str:  # noqa: FBT001
    """Those of a mission's windows that are reported and follow its rules."""
    until = "=" if decided_only else "<="
    reported = f"w._start <= w._as_of AND w._as_of {until} w._end + {mission.grace_days}"
    return f"SELECT * FROM ({windows}) AS w WHERE {reported}{own_restriction(number, mission)}"
