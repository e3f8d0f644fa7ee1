"""What a run would do: files to load, days to compute, results to make, each with why. Nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from mission_cli.config.changes import changes_of
from mission_cli.config.kept import kept_project
from mission_cli.formula.rules import mission_rules
from mission_cli.model.calendar import DAY, window_of
from mission_cli.model.missions import Mission
from mission_cli.stages.context import Context
from mission_cli.stages.evaluate import standing_no_more
from mission_cli.stages.fingerprints import has_other_data, made_from
from mission_cli.stages.gains import Moved, gains_and_losses
from mission_cli.stages.heal import days_to_compute
from mission_cli.stages.load import plan_source
from mission_cli.stages.rosters import KnownRosters, rosters_to_load
from mission_cli.staging.files import ExportFile
from mission_cli.store.entries import UNDATED
from mission_cli.store.kept import books
from mission_cli.windows.ranges import needed_days

_FAR = 800  # days ahead that are looked at for the first window by new rules
NEW, FORGOTTEN, OTHER_DATA, OTHER_RULES, DAYS_AGAIN = "new", "pruned", "data changed", "rules changed", "days are computed again"


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A file whose content was not taken in yet; of a source, or of suppliers or assigned windows."""

    source: str
    file: str
    bytes: int


@dataclass(frozen=True, slots=True)
class ChangedMission:
    """A mission whose rules are others than those of the newest results, or that is new (`changes` is empty) or `removed`.

    `changes`: `conditions.AR.val 0.7 -> 0.8` for every key. `kept`: how many windows that are not decided keep older rules, until
    `until`; `begins`: the first day of the first window by the new ones, where windows are shared and that is known."""

    mission: str
    changes: tuple[str, ...] = ()
    new: bool = False
    removed: bool = False
    kept: int = 0
    until: date | None = None
    begins: date | None = None


@dataclass(slots=True)
class RunPlan:
    """What a run as of a day would do, as far as it can be known before the files are read.

    `days`: source → day → why it is to be computed. `results`: as-of day → why its results are to be made. `stale`: as-of days
    whose results later data reaches, which only a backfill makes anew. `again`: sources that are loaded again as a whole.
    `rules`: missions whose rules changed, `gains` who would stand otherwise in running windows as of the newest results if these
    followed today's rules; None when that cannot be said.
    """

    as_of: date
    files: list[WaitingFile] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    days: dict[str, dict[date, str]] = field(default_factory=dict)
    results: dict[date, str] = field(default_factory=dict)
    stale: list[date] = field(default_factory=list)
    rules: list[ChangedMission] = field(default_factory=list)
    gains: list[Moved] | None = field(default_factory=list)


def plan_run(context: Context, as_of_days: Sequence[date]) -> RunPlan:
    """What a run of the as-of days would do. Raises UsageError where the run would refuse to begin."""
    rosters = KnownRosters.of(context)
    found = RunPlan(max(as_of_days))
    _files(found, context)
    for part in days_to_compute(context, as_of_days, rosters):
        days = {day: why for day, (_, why) in sorted(part.stale.items()) if day != UNDATED}
        if days:
            found.days.setdefault(part.source.id, {}).update(days)
    found.results = _results(found, context, as_of_days, rosters)
    found.rules = changed_missions(context, found.as_of)
    latest = context.ledger.evaluations.latest()
    judged = [rules.mission for rules in found.rules if rules.kept and not rules.removed]
    if latest is not None and judged:
        found.gains = gains_and_losses(context, latest, judged)
    found.stale = [day for day in context.ledger.evaluations.stale() if day not in found.results]
    return found


def _files(found: RunPlan, context: Context) -> None:
    for source in context.project.sources:
        plan = plan_source(context, source)
        found.files += [_waiting(file) for file in plan.todo]
        found.again += [source.id] if plan.again else []
    found.files += [_waiting(file) for file in rosters_to_load(context)]


def _waiting(file: ExportFile) -> WaitingFile:
    return WaitingFile(file.source, file.name, file.stamp.bytes)


def _results(found: RunPlan, context: Context, as_of_days: Sequence[date], rosters: KnownRosters) -> dict[date, str]:
    then, now = context.ledger.evaluations.made_from(as_of_days), made_from(context, as_of_days, rosters)
    todo = set(standing_no_more(context, then, now))
    why = {}
    for day in as_of_days:
        if day not in then:
            why[day] = NEW
        elif day in todo:
            why[day] = OTHER_DATA if has_other_data(context, now[day], then[day]) else OTHER_RULES
        elif any(needed & found.days.get(source, {}).keys() for source, needed in _needed(context, day, rosters)):
            why[day] = DAYS_AGAIN
    return why


def _needed(context: Context, day: date, rosters: KnownRosters) -> list[tuple[str, set[date]]]:
    return list(needed_days(context.project, [day], rosters.own_windows).items())


def changed_missions(context: Context, as_of: date) -> list[ChangedMission]:
    """The missions whose rules are others than those of the newest results, or some window of which keeps older ones."""
    now, known = mission_rules(context.today_rules), books(context.database)
    latest = context.ledger.evaluations.latest()
    made_by = context.ledger.evaluations.rules()[latest] if latest is not None else None
    newest = known.get(made_by) if made_by in known else next(reversed(known.values()), None)
    if not context.today_rules.keeps or newest is None:
        return []
    then = kept_project(context.layout.data / newest.file, context.today_rules.root)
    running = {version.mission.id for version in context.versions if _running(context, version.mission.id, as_of)}
    names = [n for n in dict.fromkeys([*now, *newest.missions]) if now.get(n) != newest.missions.get(n)]
    found = [
        _changed(context, name, changes_of(name, then, context.today_rules), as_of, new=name not in newest.missions)
        for name in names
    ]
    for version in context.versions:
        if version.mission.id in running - {rules.mission for rules in found}:
            changes = changes_of(version.mission.id, version.project, context.today_rules)
            found.append(_changed(context, version.mission.id, changes, as_of, new=False))
    return found


def _changed(context: Context, name: str, changes: Sequence[str], as_of: date, *, new: bool) -> ChangedMission:
    today = next((mission for mission in context.project.missions if mission.id == name and not mission.version), None)
    decided = _running(context, name, as_of)
    removed = today is None
    said = tuple(changes) if not new and not removed else ()
    begins = _begins(today, as_of) if today is not None and decided else None
    return ChangedMission(name, said, new, removed, len(decided), max(decided, default=None), begins)


def _running(context: Context, mission: str, as_of: date) -> list[date]:
    """When the windows that keep older rules, and are reported as of the day, are decided."""
    own = [version for version in context.versions if version.mission.id == mission]
    ends = [(w, w.end + version.mission.grace_days * DAY) for version in own for w in version.windows]
    return [decided for window, decided in ends if window.start <= as_of <= decided]


def _begins(mission: Mission, as_of: date) -> date | None:
    """The first day of the first window of shared ones that follows today's rules and begins on the day or later."""
    if mission.window.is_own or not mission.decides:
        return None
    for ahead in range(_FAR):
        window = window_of(mission.window, as_of + ahead * DAY)
        if window is not None and window.start >= as_of and mission.has(window):
            return window.start
    return None
