"""What every stage of a run is given, and what it reports back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

from mission_cli.daily.partition import partition_meanings
from mission_cli.formula.effective import Version
from mission_cli.model.calendar import DAY, WindowKind
from mission_cli.model.project import Project
from mission_cli.staging.meaning import SUPPLIERS, assigned_roster
from mission_cli.store.database import Database
from mission_cli.store.entries import Meanings
from mission_cli.store.files import Publisher, sweep
from mission_cli.store.layout import EVIDENCE, Layout
from mission_cli.store.ledger import Ledger
from mission_cli.store.manifest import DamagedManifestError, Manifest, SupplierEntry, read_manifest, write_manifest


@dataclass(frozen=True, slots=True)
class Lost:
    """Older rules of a mission that can no longer be evaluated, and what they read that is gone."""

    version: Version
    what: tuple[str, ...]


class Watch(Protocol):
    """Who is told how far a run is."""

    def begin(self, stage: str, total: int) -> None:
        """A stage begins that has `total` units of work."""

    def advance(self, units: int) -> None:
        """Some units of the stage are done."""

    def note(self, text: str) -> None:
        """Something the operator should know."""


@dataclass(slots=True)
class Report:
    """What a run did. `computed`: source → day → why it was computed; `corrections`: those that it recorded."""

    batches: int = 0
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("records", "new", "updated", "duplicate", "superseded", "rejected"), 0)
    )
    refused: list[tuple[str, str]] = field(default_factory=list)
    rejects: list[tuple[str, int]] = field(default_factory=list)
    computed: dict[str, dict[date, str]] = field(default_factory=dict)
    evaluated: list[date] = field(default_factory=list)
    unchanged: list[date] = field(default_factory=list)
    corrections: int = 0


@dataclass(slots=True)
class Context:
    """One run: the project, its ledger, and what the run reports. `obsolete`: files that the ledger no longer names.

    `today`: the business day that has begun there and not ended. `effective`: the first as-of day for which a roster counts
    that this run takes in, `new_roster` whether there is one. `littered`: an earlier run was cut off, so that files may lie
    about that nothing names. `refused`: the command was not carried out, and changed nothing. `swept`: files that were removed,
    with their bytes. `project` may have older versions of missions beside those of today, for windows that keep them (see
    `stages.kept`); then `as_in_files` is the project as its files say, and `versions` are these. `lost_rules`: older ones that
    can no longer be evaluated.
    """

    project: Project
    layout: Layout
    database: Database
    ledger: Ledger
    publisher: Publisher
    watch: Watch
    run: int
    today: date
    effective: date
    new_roster: bool = False
    report: Report = field(default_factory=Report)
    obsolete: list[str] = field(default_factory=list)
    littered: bool = False
    refused: bool = False
    swept: list[tuple[str, int]] = field(default_factory=list)
    lost_rules: list[Lost] = field(default_factory=list)
    as_in_files: Project | None = None
    versions: Sequence[Version] = ()

    @property
    def today_rules(self) -> Project:
        """The project without older versions."""
        return self.as_in_files or self.project

    def publish(self) -> None:
        """Let readers see what the ledger names now. What it no longer names stays a while, for those who are reading it."""
        write_manifest(self.layout.manifest, self._manifest())

    def has_unseen(self) -> bool:
        """Whether an earlier run, that was cut off or failed, computed what readers are not shown yet."""
        shown, known = read_manifest(self.layout.manifest), self.ledger.manifest({})
        return (shown.days, shown.results) != (known.days, known.results)

    def remove_obsolete(self) -> None:
        """Remove what the ledger no longer names, when it has been published."""
        if self.obsolete:
            named = self.ledger.named_files()  # the same content may have come back under the same name
            for name in set(self.obsolete) - named:
                (self.layout.data / name).unlink(missing_ok=True)
        self.obsolete.clear()

    def publish_state(self) -> None:
        """Let readers see the ledger in brief, beside the days and results that they see already.

        For a run that failed: part of what it computed is in the ledger, and readers must see whole runs only. Results that they
        go on seeing are as stale as they were. Nothing is removed; the next run sweeps.
        """
        before, now = read_manifest(self.layout.manifest), self._manifest()
        shown = {day.isoformat() for day, entry in before.results.items() if entry != now.results.get(day)}
        stale = [row for row in now.state["stale_results"] if row[0] not in shown]
        stale += [row for row in before.state.get("stale_results", ()) if row[0] in shown]
        write_manifest(self.layout.manifest, replace(before, state=now.state | {"stale_results": sorted(stale)}))

    def sweep(self) -> None:
        """Remove every published file that neither the ledger nor, so that readers go on, the manifest names."""
        self.swept += sweep(self.layout.data, EVIDENCE, self.ledger.named_files() | self.shown_files())

    def shown_files(self) -> set[str]:
        """The files that readers are shown; none when the manifest is damaged."""
        try:
            return read_manifest(self.layout.manifest).files
        except DamagedManifestError:
            return set()

    def _manifest(self) -> Manifest:
        meanings: dict[str, Meanings] = {s.id: partition_meanings(self.project, s.id) for s in self.project.sources}
        manifest = replace(self.ledger.manifest(meanings), suppliers=self._suppliers(), assigned=self._assigned())
        known = {entry["file"] for entry in manifest.state["refused"]}
        manifest.state["refused"] += [{"file": f, "reason": why} for f, why in self.report.refused if f not in known]
        manifest.state["missions"] = list(dict.fromkeys(mission.id for mission in self.project.missions))
        manifest.state["kept_rules"] = self._kept_rules(manifest.latest)
        return manifest

    def _kept_rules(self, latest: date | None) -> list[dict[str, object]]:
        """The older rules that windows keep which are not decided as of the newest results."""
        found: list[dict[str, object]] = []
        for version in self.versions if latest is not None else ():
            decided = [window.end + version.mission.grace_days * DAY for window in version.windows]
            running = [day for day in decided if latest is not None and day > latest]
            if running:
                said = {"mission": version.mission.id, "since": version.since.isoformat(), "windows": len(running)}
                found.append({**said, "until": max(running).isoformat()})
        return found

    def _suppliers(self) -> list[SupplierEntry]:
        suppliers = self.project.suppliers
        if suppliers is None:
            return []
        versions = self.ledger.rosters().get(SUPPLIERS, [])
        return [SupplierEntry(v.file, suppliers.key, suppliers.alias, v.effective) for v in versions]

    def _assigned(self) -> dict[str, list[tuple[date, str]]]:
        rosters = self.ledger.rosters()
        assigned = [mission for mission in self.project.missions if mission.window.kind is WindowKind.ASSIGNED]
        return {m.id: [(v.effective, v.file) for v in rosters.get(assigned_roster(m), [])] for m in assigned}
