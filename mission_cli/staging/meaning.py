"""What a source's rows are read and dated by, as a fingerprint; and rosters seen as sources: suppliers, assigned windows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal

from mission_cli.model.calendar import WindowKind
from mission_cli.model.columns import Column, DataType
from mission_cli.model.expression import Type
from mission_cli.model.missions import Mission
from mission_cli.model.project import CsvOptions, Project, Source, SourceId, Suppliers

SUPPLIERS = SourceId("suppliers")


def source_meaning(project: Project, source: Source) -> str:
    """Fingerprint of all that decides how a record of the source is read and dated; where the files lie is no part of it."""
    columns = [
        (c.name, c.data_type.sql, c.header, c.required, c.one_of, c.minimum and f"{c.minimum.normalize():f}", c.timezone)
        for c in source.columns
    ]
    final = source.final.canonical if source.final is not None else None
    reading = (
        source.key,
        source.supplier,
        source.time,
        source.updated,
        final,
        source.csv,
        columns,
    )
    return hashlib.sha256(repr((project.timezone, project.day_start, reading)).encode()).hexdigest()[:16]


def suppliers_as_source(suppliers: Suppliers) -> Source:
    """The file of suppliers as a source without a time: every row stands, none is dated."""
    return Source(
        SUPPLIERS,
        (suppliers.file,),
        (suppliers.key,),
        suppliers.key,
        "",
        None,
        None,
        Decimal("0.01"),
        CsvOptions(),
        suppliers.columns,
    )


def roster_names(project: Project) -> list[str]:
    """What the project's rosters are called in the ledger: the suppliers, and the windows that missions assign."""
    assigned = [assigned_roster(m) for m in project.missions if m.window.kind is WindowKind.ASSIGNED]
    return [*([SUPPLIERS] if project.suppliers is not None else []), *assigned]


def assigned_roster(mission: Mission) -> str:
    """What the assigned windows of a mission are called in the ledger."""
    return f"assigned.{mission.id}"


def assigned_as_source(mission: Mission, headers: Sequence[str]) -> Source:
    """The file of assigned windows as a source: one bad row refuses it, since nobody may lose a window to a slip of the pen.

    `headers`: the names in the file; those that are names of conditions, in any case of letters, hold targets.
    """
    text, day = DataType(Type.TEXT), DataType(Type.DATE)
    columns = [
        Column("supplier_id", text, "supplier_id", required=True),
        Column("window_start", day, "window_start", required=True),
        Column("window_end", day, "window_end", required=True),
    ]
    for condition, named in target_columns(mission, headers).items():
        columns.append(Column(condition, text, named[0]))
    roster = SourceId(assigned_roster(mission))
    file, key = (mission.window.file,), ("supplier_id",)
    return Source(roster, file, key, "supplier_id", "", None, None, Decimal(0), CsvOptions(), tuple(columns))


def target_columns(mission: Mission, headers: Sequence[str]) -> dict[str, list[str]]:
    """Condition → the names in a file of assigned windows that mean its target: one, unless they differ only in case."""
    conditions = {condition.name.lower(): condition.name for condition in mission.conditions}
    found: dict[str, list[str]] = {}
    for header in headers:
        name = conditions.get(header.lower())
        if name is not None and header not in found.get(name, []):
            found.setdefault(name, []).append(header)
    return found
