"""Corrections: how decisions made anew from the newest data differ from those in force, found, recorded and published.

Open corrections are a function of what is in force and of the newest data: what is found again stays as it was recorded, and
what is not is withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from mission_cli.formula.usage import mission_sources
from mission_cli.model.calendar import Window, WindowKind
from mission_cli.model.missions import Mission
from mission_cli.stages.context import Context
from mission_cli.stages.decisions import DECISIONS, KEYS, MONEY, NO_DECISIONS, SPAN, decided_rows, in_force_rows, put_in_force
from mission_cli.stages.kept import follows_other_rules, was_there, was_to_decide
from mission_cli.stages.reached import Decided, Reached, needed_days
from mission_cli.stages.results import NO_AWARDS, EvaluationTask, Judge, paid_awards
from mission_cli.stages.rosters import KnownRosters
from mission_cli.staging.meaning import SUPPLIERS, assigned_roster
from mission_cli.store.database import kernel_engine
from mission_cli.store.decided import DecisionLedger, InForce
from mission_cli.store.files import Draft
from mission_cli.store.layout import CORRECTIONS

_ROWS_AT_ONCE = 3_000_000
_DAYS_AT_ONCE = 31
_PAIR = ["decided_on", "mission_id"]
_COMPARED = ["old_status", "new_status", "old_reward", "new_reward"]


def settle(context: Context, reached: Reached, rosters: KnownRosters) -> None:
    """Record how the newest data differs from the decisions in force, where it may: in what was reached, and in results that
    were made anew. Days of the windows reached are computed by now."""
    ledger = DecisionLedger(context.database)
    work = _Work(context, ledger, rosters, ledger.in_force())
    newest = _worked_out(context, reached, rosters)
    with context.database.transaction():
        ledger.date_results([day for day in context.report.unchanged if day < context.today], context.ledger.next_batch() - 1)
        work.take_up(reached, newest)
        if work.pairs:
            _reconcile(work)
        if ledger.settled() != reached.settled:
            ledger.set_settled(reached.settled)


# what the decisions would be now


def _worked_out(context: Context, reached: Reached, rosters: KnownRosters) -> pl.DataFrame:
    """The decisions reached, made anew in memory; `reward` is before limits. Columns as in DECISIONS."""
    parts = [_decided_by(_task(context, portion, rosters)) for portion in _portions(context, reached)]
    return _of_pairs(pl.concat([NO_DECISIONS, *parts]), reached.windows)


def _portions(context: Context, reached: Reached) -> Iterator[dict[Decided, list[Window]]]:
    """Some days at a time, so that memory is bounded."""
    rows = context.ledger.mean_partition_rows()
    portion: dict[Decided, list[Window]] = {}
    work = 0.0
    for (day, mission), windows in sorted(reached.windows.items()):
        cost = rows * sum((window.end - window.start).days + 1 for window in windows[:1]) + len(windows)
        days = {known for known, _ in portion} | {day}
        if portion and (work + cost > _ROWS_AT_ONCE or len(days) > _DAYS_AT_ONCE):
            yield portion
            portion, work = {}, 0.0
        portion[day, mission] = windows
        work += cost
    if portion:
        yield portion


def _task(context: Context, windows: Mapping[Decided, Sequence[Window]], rosters: KnownRosters) -> EvaluationTask:
    """The evaluation of the missions, and no others, as of the days."""
    files = context.ledger.partition_files()
    partitions = {
        source: {day: context.layout.data / files[source][day] for day in sorted(days) if day in files.get(source, {})}
        for source, days in needed_days(context, windows).items()
    }
    wanted = {mission for _, mission in windows}
    missions = tuple(replace(m, limits=None) for m in context.project.missions if m.id in wanted)
    days = tuple(sorted({day for day, _ in windows}))
    project = replace(context.project, missions=missions)
    return EvaluationTask(project, context.layout.data, (days,), partitions, rosters.of_days(days), NO_AWARDS, decided_only=True)


def _decided_by(task: EvaluationTask) -> pl.DataFrame:
    frame = pl.concat([rows for _, rows in Judge(task).results(task.as_of_days)])
    named = frame.rename({"as_of": "decided_on", "earned": "reward"})
    return named.select(pl.col(name).cast(kind) for name, kind in DECISIONS.items()).unique()


def _of_pairs(rows: pl.DataFrame, pairs: Mapping[Decided, object] | set[Decided]) -> pl.DataFrame:
    wanted = pl.DataFrame(list(pairs), schema={name: DECISIONS[name] for name in _PAIR}, orient="row")
    return rows.join(wanted, on=_PAIR, how="semi")


@dataclass(slots=True)
class _Work:
    """What is compared: `pairs` of day and mission, what they would be now, and what is in force. `again`: days whose results
    were made anew. `force`: day → what is in force as of it, read once; `known`: where that is."""

    context: Context
    ledger: DecisionLedger
    rosters: KnownRosters
    known: dict[date, InForce]
    pairs: set[Decided] = field(default_factory=set)
    newest: pl.DataFrame = field(default_factory=NO_DECISIONS.clone)
    again: list[date] = field(default_factory=list)
    force: dict[date, pl.DataFrame] = field(default_factory=dict)

    def take_up(self, reached: Reached, newest: pl.DataFrame) -> None:
        """What was reached as it was worked out; what was made anew, as it was published; and what limits make of both."""
        self.pairs, self.newest = set(reached.windows), newest
        self.again = [day for day in self.ledger.due_days() if day in self.known]
        for day in self.again:
            rows = decided_rows(self.context.project, self.context.layout.data / self.known[day].results, day)
            self._add({(day, mission.id) for mission in self.context.project.missions if mission.decides}, rows)
        limited = [mission for mission in self.context.project.missions if mission.limits is not None]
        touched = reached.windows or self.again
        if limited and (touched or self.ledger.has_unsure_awards()):
            self._limit(limited, {pair for pair in reached.windows if pair[1] in {m.id for m in limited}})

    def _add(self, pairs: set[Decided], rows: pl.DataFrame) -> None:
        new = pairs - self.pairs
        self.newest = pl.concat([self.newest, _of_pairs(rows, new)])
        self.pairs |= new

    def in_force(self, day: date) -> pl.DataFrame:
        if day not in self.force:
            self.force[day] = in_force_rows(self.context, day, self.known[day])
        return self.force[day]

    def _limit(self, missions: Sequence[Mission], reached: set[Decided]) -> None:
        """Replace what missions with limits earn by what these leave of it, over all of their decisions as they would be now:
        so another day's decision may be another one too."""
        names = [str(mission.id) for mission in missions]
        self.ledger.recount(_recounted(_of_pairs(self.newest, reached), reached))
        awards, recounted = self.ledger.awards(names), self.ledger.recounted(names)
        earned = pl.concat([awards.join(recounted, on=_PAIR, how="anti").drop("reward"), _earned(recounted)], how="diagonal")
        paid = _paid(self.context, missions, earned)
        moved = _moved(awards, paid)
        opened = self.ledger.corrections("open")
        other = {(day, m) for frame in (moved, recounted, opened) for day, m in frame.select(_PAIR).unique().rows() if m in names}
        for pair in sorted(other - self.pairs):
            if pair[0] in self.known:
                self._add({pair}, corrected(_of_pairs(self.in_force(pair[0]), {pair}), _of_pairs(opened, {pair})))
        is_limited = pl.col("mission_id").is_in(names)
        left = self.newest.filter(is_limited).drop("reward").join(paid, on=KEYS, how="left")
        done = pl.when(pl.col("mission_status") == "completed").then(pl.col("reward").fill_null(0).cast(MONEY))
        self.newest = pl.concat(
            [self.newest.filter(~is_limited), left.with_columns(done.alias("reward")).select(list(DECISIONS))]
        )


def _recounted(rows: pl.DataFrame, pairs: set[Decided]) -> pl.DataFrame:
    """For the ledger: what is earned before limits, and one row per mission and day that says that it was counted."""
    earned = rows.filter(pl.col("reward") > 0).select(*KEYS, pl.col("reward").alias("earned"))
    counted = pl.DataFrame(list(pairs), schema={name: DECISIONS[name] for name in _PAIR}, orient="row")
    return pl.concat([earned, counted], how="diagonal")


def _earned(recounted: pl.DataFrame) -> pl.DataFrame:
    return recounted.filter(pl.col("supplier_id").is_not_null())


def _paid(context: Context, missions: Sequence[Mission], earned: pl.DataFrame) -> pl.DataFrame:
    """KEYS and `reward`: what limits leave of everything earned."""
    engine = kernel_engine(context.project.timezone)
    engine.replace_temporary("awards", earned.select(*KEYS, pl.col("earned").cast(MONEY)))
    return paid_awards(engine, missions, NO_AWARDS).select(*KEYS, pl.col("reward").cast(MONEY))


def _moved(awards: pl.DataFrame, paid: pl.DataFrame) -> pl.DataFrame:
    """Where another amount would be paid than was published."""
    both = awards.select(*KEYS, "reward").join(paid, on=KEYS, how="full", coalesce=True, suffix="_now")
    return both.filter(pl.col("reward").fill_null(0) != pl.col("reward_now").fill_null(0))


def corrected(rows: pl.DataFrame, corrections: pl.DataFrame) -> pl.DataFrame:
    """Decisions as they are when corrections are applied."""
    new = corrections.filter(pl.col("new_status").is_not_null()).with_columns(
        pl.col("new_status").alias("mission_status"), pl.col("new_reward").alias("reward")
    )
    return pl.concat([rows.join(corrections, on=KEYS, how="anti"), new.select(list(DECISIONS))])


# differences


def _reconcile(work: _Work) -> None:
    """Record what differs and was not known, and withdraw what no longer does; part of the caller's transaction."""
    context, ledger = work.context, work.ledger
    _pass_over_new_missions(work)
    old = pl.concat([NO_DECISIONS, *(work.in_force(day) for day in sorted({day for day, _ in work.pairs}))])
    found = _differences(_of_pairs(old, work.pairs), _of_pairs(work.newest, work.pairs))
    known = _of_pairs(ledger.corrections("open"), work.pairs)
    same = known.join(found, on=[*KEYS, *_COMPARED], how="semi", nulls_equal=True)
    gone = sorted(set(known["number"].to_list()) - set(same["number"].to_list()))
    new = found.join(same, on=KEYS, how="anti").sort("decided_on", "mission_id", "supplier_id", "window_start")
    if gone:
        ledger.close(gone, "withdrawn", None, context.run)
    ledger.record(_with_causes(work, new), context.run)
    for day in new["decided_on"].unique().sort().to_list():
        if work.known[day].apart is None:
            put_in_force(context, day, work.in_force(day), work.known[day])
    ledger.set_due(work.again, due=False)
    context.report.corrections += new.height
    if gone or not new.is_empty():
        publish_corrections(context)


def _pass_over_new_missions(work: _Work) -> None:
    """What a mission decides on a day on which it had no decision, and under other rules than today's, is no correction: it was
    added since. Nor is that of a window made by later rules, beside those that keep the ones of then. Their first decisions
    are in force when they are published."""
    for day in sorted({day for day, _ in work.pairs}):
        decided = set(work.in_force(day)["mission_id"].to_list())
        rules = work.known[day].rules
        added = {(on, m) for on, m in work.pairs if on == day and m not in decided and not was_there(work.context, m, rules)}
        work.pairs -= added
        later = _of_later_rules(work, day)
        first = pl.concat([_of_pairs(work.newest, added), later])
        work.newest = work.newest.join(later, on=KEYS, how="anti")
        if day in work.again and not first.is_empty():
            work.force[day] = pl.concat([work.in_force(day), first]).sort(KEYS)
            work.newest = pl.concat([work.newest, later])
            put_in_force(work.context, day, work.force[day], work.known[day])
            work.known[day] = work.ledger.in_force()[day]


def _of_later_rules(work: _Work, day: date) -> pl.DataFrame:
    """The newest decisions as of a day of windows that had none, and were not there to be decided."""
    now = _of_pairs(work.newest, {pair for pair in work.pairs if pair[0] == day})
    new = now.join(work.in_force(day), on=SPAN, how="anti")
    context, rules = work.context, work.known[day].rules
    spans = [row for row in new.select(SPAN).unique().rows() if not was_to_decide(context, row[0], Window(*row[1:]), day, rules)]
    return new.join(pl.DataFrame(spans, schema={name: DECISIONS[name] for name in SPAN}, orient="row"), on=SPAN, how="semi")


def _differences(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Grain: decision that differs; KEYS and _COMPARED. A reward of nothing is none."""
    was = old.rename({"mission_status": "old_status", "reward": "old_reward"})
    now = new.rename({"mission_status": "new_status", "reward": "new_reward"})
    both = was.join(now, on=KEYS, how="full", coalesce=True)
    status = pl.col("old_status").ne_missing(pl.col("new_status"))
    return both.filter(status | (pl.col("old_reward").fill_null(0) != pl.col("new_reward").fill_null(0)))


def _with_causes(work: _Work, found: pl.DataFrame) -> pl.DataFrame:
    """The differences with `cause`, `batch` and `file`, which those of a mission and window have in common."""
    span = ["decided_on", "mission_id", "window_start", "window_end"]
    causes = [(*key, *_cause(work, *key)) for key in found.select(span).unique().rows()]
    schema = {name: DECISIONS[name] for name in span} | {"cause": pl.String, "batch": pl.Int32, "file": pl.String}
    known = pl.DataFrame(causes, schema=schema, orient="row")
    return found.join(known, on=span, how="left", maintain_order="left").select(*KEYS, *_COMPARED, "cause", "batch", "file")


def _cause(work: _Work, day: date, name: str, start: date, end: date) -> tuple[str, int | None, str | None]:
    """What changed since the decision: of records the newest batch that did it, rosters, rules; else what limits leave."""
    project, decided = work.context.project, work.known[day]
    versions, window = [m for m in project.missions if m.id == name], Window(start, end)
    mission = next((m for m in versions if m.has(window)), versions[0])
    newest = work.ledger.newest_change(mission_sources(project, mission), start, end)
    batch = newest if newest is not None and newest > decided.batch else None
    causes = ["data"] if batch is not None else []
    rosters: list[tuple[str, str]] = [("suppliers", SUPPLIERS)] if mission.asks_attributes else []
    rosters += [("assigned", assigned_roster(mission))] if mission.window.kind is WindowKind.ASSIGNED else []
    causes += [word for word, roster in rosters if _is_newer(work, roster, day, decided.batch)]
    causes += ["rules"] if follows_other_rules(work.context, name, window, decided.rules) else []
    rest = "limits" if mission.limits is not None else "rules"  # those of metrics have no part in the fingerprint
    return ", ".join(causes) or rest, batch, work.ledger.batch_file(batch) if batch is not None else None


def _is_newer(work: _Work, roster: str, day: date, batch: int) -> bool:
    """Whether the newest version of the roster counts as of the day and came after the batch."""
    versions, found = work.rosters.versions.get(roster, []), work.rosters.as_of(roster, day)
    return found is not None and found == versions[-1] and work.ledger.roster_batch(roster) > batch


# published


def publish_corrections(context: Context) -> None:
    """Publish the list of all corrections anew; part of the caller's transaction."""
    ledger = DecisionLedger(context.database)
    rows = ledger.listed()
    files = context.publisher.write([Draft(CORRECTIONS, CORRECTIONS, rows)]) if not rows.is_empty() else []
    context.publisher.settle()
    context.obsolete += ledger.replace_list(next(iter(files), None))


def open_corrections(context: Context, mission: str, first: date, last: date) -> pl.DataFrame:
    """The open corrections of a mission's decisions as of some days; all columns of the published list."""
    rows = DecisionLedger(context.database).listed()
    chosen = (pl.col("mission_id") == mission) & pl.col("decided_on").is_between(first, last)
    return rows.filter(chosen & (pl.col("state") == "open"))
