"""Who the suppliers are, and which windows missions assign to them: loaded in versions, each from an as-of day on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches

import polars as pl

from mission_cli.formula.emit import identifier, text_literal
from mission_cli.model.calendar import DAY, NEVER, Window, WindowKind
from mission_cli.model.errors import UsageError
from mission_cli.model.missions import OF_WINDOWS, Mission, Operator
from mission_cli.model.project import Source, Suppliers
from mission_cli.orders.merge import Merged
from mission_cli.stages.assigned import assigned_sql, refusal
from mission_cli.stages.context import Context
from mission_cli.stages.load import batches_of, count, entry_of, look_at, remember
from mission_cli.stages.logs import keep_rejects
from mission_cli.stages.parallel import in_order
from mission_cli.staging.files import ExportFile
from mission_cli.staging.load import REJECTS, Batch, Loading, stage
from mission_cli.staging.meaning import (
    SUPPLIERS,
    assigned_as_source,
    assigned_roster,
    source_meaning,
    suppliers_as_source,
    target_columns,
)
from mission_cli.staging.readers.header import column_names
from mission_cli.store.database import exact_path
from mission_cli.store.entries import UNDATED, RosterEntry
from mission_cli.store.files import Draft
from mission_cli.store.layout import roster_folder
from mission_cli.store.manifest import LEFT
from mission_cli.windows.table import Rosters, RosterVersion


def load_rosters(context: Context) -> None:
    """Take in the suppliers' file and those of assigned windows, where they changed."""
    if context.project.suppliers is not None:
        _load_suppliers(context, context.project.suppliers)
    for mission in context.today_rules.missions:
        if mission.window.kind is WindowKind.ASSIGNED:
            _load_assigned(context, with_older_targets(context, mission))


def with_older_targets(context: Context, mission: Mission) -> Mission:
    """The mission with the conditions of its older versions that it no longer has: windows that keep these may have targets of
    their own for them."""
    names = {condition.name.lower() for condition in mission.conditions}
    older = [
        c for version in context.project.missions if version.id == mission.id and version.version for c in version.conditions
    ]
    more = {
        condition.name.lower(): condition for condition in older if condition.name.lower() not in names and not condition.tiers
    }
    return replace(mission, conditions=(*mission.conditions, *more.values()))


def rosters_to_load(context: Context) -> list[ExportFile]:
    """The suppliers' file and those of assigned windows, where they changed since they were taken in."""
    project, known, found = context.project, context.ledger.rosters(), list[ExportFile]()
    if project.suppliers is not None:
        source = suppliers_as_source(project.suppliers)
        file = _file_of(context, source, "metrics.toml: suppliers.file")
        found += [file] if _is_new(known, source, file, source_meaning(project, source)) else []
    for named in context.today_rules.missions:
        if named.window.kind is WindowKind.ASSIGNED:
            mission = with_older_targets(context, named)
            file = _assigned_file(context, mission)
            source = assigned_as_source(mission, column_names(file.path))
            found += [file] if _is_new(known, source, file, _assigned_meaning(context, mission, source)) else []
    return found


def _is_new(known: Mapping[str, list[RosterEntry]], source: Source, file: ExportFile, meaning: str) -> bool:
    versions = known.get(source.id, [])
    return not versions or versions[-1].digest != f"{file.stamp.digest}:{meaning}"


@dataclass(slots=True)
class KnownRosters:
    """The versions of the rosters, and what they say as of a day."""

    context: Context
    versions: dict[str, list[RosterEntry]]
    _windows: dict[tuple[object, ...], dict[Window, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, context: Context) -> KnownRosters:
        return cls(context, context.ledger.rosters())

    def as_of(self, roster: str, day: date) -> RosterEntry | None:
        """The version that counts as of a day: the newest of those in effect."""
        return next((v for v in reversed(self.versions.get(roster, [])) if v.effective <= day), None)

    def files_of(self, mission: Mission, day: date) -> list[str]:
        """The rosters' files that decide about the mission as of a day."""
        names: list[str] = [SUPPLIERS] if mission.asks_attributes else []
        names += [assigned_roster(mission)] if mission.window.kind is WindowKind.ASSIGNED else []
        return [entry.file for name in names if (entry := self.as_of(name, day)) is not None]

    def own_windows(self, mission: Mission, day: date) -> Mapping[Window, int]:
        """Window → how many suppliers have it, for a mission whose suppliers have their own."""
        since = mission.window.kind is WindowKind.SINCE
        entry = self.as_of(SUPPLIERS if since else assigned_roster(mission), day)
        if entry is None:
            return {}
        key = (mission.id, mission.window, entry.file)
        if key not in self._windows:
            rows = pl.scan_parquet(self.context.layout.data / entry.file, glob=False, hive_partitioning=False)
            start, end = pl.col("window_start"), pl.col("window_end")
            if since:
                if mission.window.field not in rows.collect_schema().names():
                    return {}  # an attribute that the file has not been read for yet
                start = pl.col(mission.window.field)
                rows = rows.filter(start < NEVER)
                end = start + (mission.window.days - 1) * DAY
            spans = rows.select(start.alias("start"), end.alias("end")).drop_nulls().group_by("start", "end").len().collect()
            self._windows[key] = {Window(first, last): owners for first, last, owners in spans.rows()}
        return self._windows[key]

    def of_days(self, as_of_days: Sequence[date]) -> Rosters:
        """The versions that an evaluation of the days needs."""
        assigned = [m for m in self.context.project.missions if m.window.kind is WindowKind.ASSIGNED]
        return Rosters(
            self._versions_of(SUPPLIERS, as_of_days),
            tuple((m.id, self._versions_of(assigned_roster(m), as_of_days)) for m in assigned),
        )

    def _versions_of(self, roster: str, as_of_days: Sequence[date]) -> tuple[RosterVersion, ...]:
        days: dict[RosterEntry, list[date]] = {}
        for day in as_of_days:
            entry = self.as_of(roster, day)
            if entry is not None:
                days.setdefault(entry, []).append(day)
        data = self.context.layout.data
        return tuple(RosterVersion(entry.version, data / entry.file, tuple(found)) for entry, found in days.items())


# one roster, from its file to a version


def _load_suppliers(context: Context, suppliers: Suppliers) -> None:
    source = suppliers_as_source(suppliers)
    meaning = source_meaning(context.project, source)
    file = _file_of(context, source, "metrics.toml: suppliers.file")
    known = context.ledger.rosters().get(SUPPLIERS, [])
    redefined = bool(known) and known[-1].digest.rpartition(":")[2] != meaning
    if _is_new({source.id: known}, source, file, meaning):
        useless = not known or redefined  # the version before has other columns
        needed = useless and any(mission.asks_attributes for mission in context.project.missions)
        if redefined:
            context.watch.note("suppliers: their columns changed, so the file as it is counts for all days")
        _replace(
            context,
            source,
            file,
            meaning,
            _Taking(
                lambda: None,
                lambda: _suppliers_frame(context, suppliers, None if redefined else known),
                f"SELECT count(*), count(DISTINCT {identifier(suppliers.key)}) FROM staged",
                "without it no mission can select suppliers" if needed else "",
                again=redefined,
            ),
        )
    remember(context, source.id, [file])


def _load_assigned(context: Context, mission: Mission) -> None:
    file = _assigned_file(context, mission)
    headers = column_names(file.path)
    source = assigned_as_source(mission, headers)
    meaning = _assigned_meaning(context, mission, source)
    known = context.ledger.rosters().get(source.id, [])
    if _is_new({source.id: known}, source, file, meaning):
        _note_near_names(context, file, mission, headers)
        _replace(
            context,
            source,
            file,
            meaning,
            _Taking(
                lambda: refusal(context.database, mission, source, headers),
                lambda: context.database.frame(assigned_sql(mission, source)),
                "SELECT count(*), (SELECT count(*) FROM (SELECT DISTINCT * EXCLUDE (_batch, _line) FROM staged)) FROM staged",
                "" if known else f"without it missions.{mission.id} has no windows",
            ),
        )
    remember(context, source.id, [file])


def _assigned_file(context: Context, mission: Mission) -> ExportFile:
    return _file_of(context, assigned_as_source(mission, ()), f"missions.toml: missions.{mission.id}.window.file")


def _assigned_meaning(context: Context, mission: Mission, source: Source) -> str:
    """What the windows are read by, and which targets are two bounds."""
    between = sorted(c.name for c in mission.conditions if c.operator is Operator.BETWEEN)
    return f"{source_meaning(context.project, source)}{between if between else ''}"


def _note_near_names(context: Context, file: ExportFile, mission: Mission, headers: Sequence[str]) -> None:
    """Columns that mean nothing are fine, but not those that may have been meant as targets."""
    found = target_columns(mission, headers)
    taken = {*OF_WINDOWS, *(header for named in found.values() for header in named)}
    others = {condition.name.lower(): condition.name for condition in mission.conditions if condition.name not in found}
    for header in headers:
        near = get_close_matches(header.lower(), others, n=1) if header not in taken else []
        if near:
            context.watch.note(
                f'{file.name}: column "{header}" is not the name of a condition, so it says nothing'
                f' (did you mean "{others[near[0]]}"?)'
            )


def _file_of(context: Context, source: Source, where: str) -> ExportFile:
    files = look_at(context, source).files
    if not files:
        raise UsageError(f'{where}: "{source.files[0]}" is not there; put the export there or correct the name')
    return files[0]


@dataclass(frozen=True, slots=True)
class _Taking:
    """What is peculiar to a roster: what refuses it though every row is right, its frame, its number of rows and of different
    ones, what to say when there is none at all without it, and whether the earlier versions are forgotten."""

    refusal: Callable[[], str | None]
    frame: Callable[[], pl.DataFrame]
    counted: str
    needed: str
    again: bool = False


def _replace(context: Context, source: Source, file: ExportFile, meaning: str, taking: _Taking) -> None:
    """Load the file as the newest version of its roster; one that is refused leaves the version before in effect.

    Raises UsageError when it is refused and nothing can be said without it.
    """
    database, ledger = context.database, context.ledger
    (batch,) = batches_of(context, [file])
    loading = stage(database, context.project, source, [batch], in_order)
    _explain_rejects(context, source, loading, batch)
    if batch.number not in loading.refused and (reason := taking.refusal()) is not None:
        loading.refused[batch.number] = reason
        loading.records[batch.number] = 0
    if taking.needed and loading.refused:
        raise UsageError(f"{file.name}: refused: {loading.refused[batch.number]}; {taking.needed}")
    with database.transaction():
        context.obsolete += ledger.forget_source(source.id)
        ((total, different),) = database.rows(taking.counted)
        counts = {"new": different, "superseded": total - different} if batch.number not in loading.refused else {}
        merged = Merged({batch.number: counts}, [])
        entry = entry_of(context, source, batch, loading, merged)
        ledger.add_batches([entry])
        keep_rejects(context, source)
        if entry.status == "loaded":
            versions = ledger.rosters().get(source.id, [])
            (published,) = context.publisher.write([Draft(roster_folder(source.id), "roster", taking.frame())])
            context.publisher.settle()
            context.obsolete += (
                [name for name in ledger.forget_roster(source.id) if name != published.name] if taking.again else []
            )
            first = not versions or taking.again
            effective = UNDATED if first else context.effective
            number = versions[-1].version + 1 if versions else 1
            digest = f"{file.stamp.digest}:{meaning}"
            context.new_roster = True
            ledger.add_roster(RosterEntry(source.id, number, effective, digest, published.name), published.rows)
    count(context, [entry])


def _explain_rejects(context: Context, source: Source, loading: Loading, batch: Batch) -> None:
    """Where hardly a bad record is borne, the refusal names the first."""
    if batch.number in loading.refused and loading.rejected.get(batch.number):
        first = context.database.rows(f"SELECT line, column_name, reason FROM {REJECTS} ORDER BY line LIMIT 1")
        if first:
            line, column, reason = first[0]
            said = f"{column} {reason}" if column else reason
            counted = f"{loading.rejected[batch.number]} of {loading.records[batch.number]} records rejected"
            most = "none" if source.max_rejects == 0 else "1 in 100"
            loading.refused[batch.number] = f"{counted}, where {most} may be; the first in line {line}: {said}"


def _suppliers_frame(context: Context, suppliers: Suppliers, known: Sequence[RosterEntry] | None) -> pl.DataFrame:
    """The suppliers as staged, of a key that repeats the last row; and those who are no longer there, with the day since when.

    Grain: supplier. `_left` is NULL of those in the file.
    """
    database, key = context.database, identifier(suppliers.key)
    names = ", ".join(identifier(column.name) for column in suppliers.columns)
    here = (
        f"SELECT {names}, NULL::DATE AS {LEFT} FROM staged QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY _line DESC) = 1"
    )
    before = next((v for v in reversed(known or ()) if v.effective <= context.effective), None)
    if before is None:
        return database.frame(f"{here} ORDER BY {key}")
    gone = (
        f"SELECT {names}, coalesce({LEFT}, CAST({text_literal(context.effective.isoformat())} AS DATE)) AS {LEFT}"
        f" FROM read_parquet(?, hive_partitioning = false) WHERE {key} NOT IN (SELECT {key} FROM staged)"
    )
    path = exact_path(context.layout.data / before.file)
    return database.frame(f"SELECT * FROM (({here}) UNION ALL ({gone})) ORDER BY {key}", [path])
