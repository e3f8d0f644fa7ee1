"""The temporary table `windows`: every window that is reported as of some days, shared ones and those of one supplier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from mission_cli.formula.assigned_sql import BOUNDS, assigned_as_of, assigned_table, own_target
from mission_cli.formula.emit import identifier
from mission_cli.model.calendar import WindowKind, reported_windows
from mission_cli.model.missions import Mission
from mission_cli.model.project import Project, Suppliers
from mission_cli.store.database import Database, exact_path
from mission_cli.store.manifest import LEFT

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
        for window in reported_windows(mission.window, mission.grace_days, as_of)
        if not decided_only or mission.decides_on(window.end) == as_of
    ]
    database.replace_temporary("shared_windows", pl.DataFrame(rows, schema=_SHARED, orient="row"))
    parts = ["SELECT _mission_no, _as_of, NULL::VARCHAR AS _owner, _start, _end FROM shared_windows"]
    assigned = dict(rosters.assigned)
    for no, mission in enumerate(project.missions):
        if mission.window.kind is WindowKind.SINCE and project.suppliers is not None:
            parts.append(_since(no, mission, project.suppliers, decided_only))
        elif mission.window.kind is WindowKind.ASSIGNED:
            _make_assigned(database, no, mission, assigned.get(mission.id, ()))
            parts.append(_assigned(no, mission, decided_only))
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


def _since(number: int, mission: Mission, suppliers: Suppliers, decided_only: bool) -> str:  # noqa: FBT001
    """From an attribute of each supplier on; those who left keep what began before."""
    start = identifier(mission.window.field)
    end = f"({start} + {mission.window.days - 1})"
    return f"""
        SELECT {number}, _as_of, CAST({identifier(suppliers.key)} AS VARCHAR), {start}, {end}
        FROM suppliers JOIN suppliers_as_of USING (_version)
        WHERE {start} <= _as_of AND _as_of {"=" if decided_only else "<="} {end} + {mission.grace_days}
          AND ({LEFT} IS NULL OR {start} < {LEFT})"""


def _assigned(number: int, mission: Mission, decided_only: bool) -> str:  # noqa: FBT001
    table = assigned_table(number)
    return f"""
        SELECT {number}, _as_of, supplier_id, window_start, window_end FROM {table} JOIN {assigned_as_of(number)} USING (_version)
        WHERE window_start <= _as_of AND _as_of {"=" if decided_only else "<="} window_end + {mission.grace_days}"""
