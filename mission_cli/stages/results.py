"""The kernel of stage 3: published partitions → the results of missions as of days, in files. It needs no database of ours."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from mission_cli.conditions.judge import results_queries, valued_sql
from mission_cli.conditions.limits import paid_sql
from mission_cli.conditions.population import listed_sql
from mission_cli.conditions.words import words_sql
from mission_cli.model.errors import StorageError
from mission_cli.model.missions import Mission
from mission_cli.model.project import Project
from mission_cli.stages.paid import paid_by_versions
from mission_cli.store.database import Database, kernel_engine
from mission_cli.store.files import Growing, Published, Publisher
from mission_cli.store.layout import results_folder
from mission_cli.windows.table import Rosters, make_windows
from mission_cli.windows.totals import Roll

_MONEY = pl.Decimal(38, 9)
_AWARDS: dict[str, Any] = {
    "mission_id": pl.String,
    "decided_on": pl.Date,
    "supplier_id": pl.String,
    "window_start": pl.Date,
    "window_end": pl.Date,
    "earned": _MONEY,
    "reward": _MONEY,
}
NO_AWARDS = pl.DataFrame(schema=_AWARDS)


@dataclass(frozen=True, slots=True)
class EvaluationTask:
    """As-of days to evaluate for the missions of the project, in groups that are in memory together; the partitions are read once
    for all. `partitions`: source → day → file; `awards`: what missions with limits awarded on other days before, in the columns
    of the ledger: then it is one group; `decided_only`: of windows that are decided as of the days, no others. `standing`: other
    missions, whose rows are taken over from results as they are, day → file."""

    project: Project
    data: Path
    groups: tuple[tuple[date, ...], ...]
    partitions: dict[str, dict[date, Path]]
    rosters: Rosters
    awards: pl.DataFrame
    decided_only: bool = False
    standing: frozenset[str] = frozenset()
    before: Mapping[date, Path] = field(default_factory=dict)

    @property
    def as_of_days(self) -> list[date]:
        """The days of all groups, in their order."""
        return [day for group in self.groups for day in group]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The results as of each day, published; what the missions that were evaluated award, in the columns of the ledger; and every
    mission_id, window_start and window_end in the results."""

    published: dict[date, Published]
    awards: pl.DataFrame
    windows: pl.DataFrame


def compute_results(task: EvaluationTask) -> Outcome:
    """Evaluate and publish the results as of each day, from published files alone, with a connection of its own.

    Grain of a file: mission, supplier, window, condition, sorted so; it may have no rows.
    """
    publisher = Publisher(task.data)
    judge = Judge(task)
    outcomes = [_computed(task, publisher, judge, group) for group in task.groups]
    publisher.settle()
    published = {day: file for outcome in outcomes for day, file in outcome.published.items()}
    awards, windows = (pl.concat(parts) for parts in zip(*((one.awards, one.windows) for one in outcomes), strict=True))
    return Outcome(published, awards, windows.unique())


def _computed(task: EvaluationTask, publisher: Publisher, judge: Judge, group: Sequence[date]) -> Outcome:
    """The results as of the days of a group; nothing is in place yet."""
    files = {day: _file(task, publisher, day) for day in group}
    awards, windows = list[pl.DataFrame](), list[pl.DataFrame]()
    for missions, frame in judge.results(group):
        awarded = _awards(judge.engine, task, group, missions, frame)
        rows = _with_rewards(frame, awarded)
        parts = _by_day(rows) if len(files) > 1 else dict.fromkeys(files, rows)
        for day, file in files.items():
            file.add(parts.get(day, rows.clear()))
        awards.append(awarded)
        windows.append(_windows_of(rows))
    for file in files.values():
        file.end()
    published = publisher.finish([file.growing for file in files.values()])
    windows += [found for file in files.values() for found in file.standing_windows]
    return Outcome(dict(zip(files, published, strict=True)), pl.concat(awards), pl.concat(windows))


def _windows_of(results: pl.DataFrame) -> pl.DataFrame:
    return results.select("mission_id", "window_start", "window_end").unique()


def _by_day(results: pl.DataFrame) -> dict[date, pl.DataFrame]:
    return {key[0]: part for key, part in results.partition_by("as_of", as_dict=True, maintain_order=True).items()}


def _file(task: EvaluationTask, publisher: Publisher, day: date) -> _File:
    growing = publisher.begin(results_folder(day), "results")
    return _File(growing, _Standing(task.before[day], task.standing) if task.standing else None)


class _File:
    """Results in the making: rows of missions in the order of their ids, and between them those that stand."""

    def __init__(self, growing: Growing, standing: _Standing | None) -> None:
        self.growing = growing
        self.standing_windows: list[pl.DataFrame] = []
        self._standing = standing

    def add(self, rows: pl.DataFrame) -> None:
        """Rows of whole missions, which come after those that were added before."""
        if self._standing is None or rows.is_empty():
            self.growing.add(rows)
            return
        for (mission,), part in rows.partition_by("mission_id", as_dict=True, maintain_order=True).items():
            self._add_standing(mission)
            self.growing.add(part)

    def end(self) -> None:
        """What stands of missions after the last one that was added."""
        self._add_standing(None)

    def _add_standing(self, before: str | None) -> None:
        for rows in self._standing.before(before) if self._standing is not None else ():
            self.growing.add(rows)
            self.standing_windows.append(_windows_of(rows))


class _Standing:
    """The rows of missions in published results, a file that is sorted by mission; each is read once, when its turn has come."""

    def __init__(self, path: Path, missions: frozenset[str]) -> None:
        self._path, self._rows = path, pl.scan_parquet(path, glob=False, hive_partitioning=False)
        lengths = _read(self._rows.select("mission_id"), path)["mission_id"].rle().struct.unnest()
        firsts = (lengths["len"].cum_sum() - lengths["len"]).to_list()
        found = zip(lengths["value"], firsts, lengths["len"], strict=True)
        self._waiting = deque((mission, first, count) for mission, first, count in found if mission in missions)

    def before(self, mission: str | None) -> Iterator[pl.DataFrame]:
        """Those of missions before one; of all that are left when it is None."""
        while self._waiting and (mission is None or self._waiting[0][0] < mission):
            _, first, count = self._waiting.popleft()
            while self._waiting and self._waiting[0][1] == first + count and (mission is None or self._waiting[0][0] < mission):
                count += self._waiting.popleft()[2]
            yield _read(self._rows.slice(first, count), self._path)


def _read(rows: pl.LazyFrame, path: Path) -> pl.DataFrame:
    try:
        return rows.collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise StorageError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


class Judge:
    """Evaluates the missions of a task, group by group of its days, with an engine. Nothing is published, and nothing
    that stands is in the results."""

    def __init__(self, task: EvaluationTask) -> None:
        self.engine = kernel_engine(task.project.timezone)
        self.engine.execute(words_sql(task.project))
        self._task = task
        self._roll = Roll(self.engine, task.project, task.partitions, again=len(task.groups) > 1)
        self._queries = results_queries(task.project)

    def results(self, as_of_days: Sequence[date]) -> Iterator[tuple[list[Mission], pl.DataFrame]]:
        """The results as of the days of some missions after the other, in the order of files; `earned` before limits."""
        self._judge(as_of_days)
        for missions, query in self._queries:
            frame = self.engine.frame_planned_once(query).with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
            if any(mission.version for mission in missions):  # then windows of one mission come in several parts
                frame = frame.sort("mission_id", "supplier_id", "window_start", "window_end", maintain_order=True)
            yield missions, frame

    def _judge(self, as_of_days: Sequence[date]) -> None:
        """Fill the tables that results are read from: windows, totals, who is listed and values (of every metric)."""
        task, project = self._task, self._task.project
        make_windows(self.engine, project, as_of_days, task.rosters.only(as_of_days), decided_only=task.decided_only)
        self._roll.make_totals()
        self.engine.execute(f"CREATE OR REPLACE TEMP TABLE listed AS {listed_sql(project)}")
        self.engine.execute(f"CREATE OR REPLACE TEMP TABLE valued AS {valued_sql(project)}")


def _awards(
    engine: Database, task: EvaluationTask, group: Sequence[date], missions: Sequence[Mission], frame: pl.DataFrame
) -> pl.DataFrame:
    """What the results of the missions award, after limits; one row per mission, window and supplier."""
    keys = ["mission_id", "as_of", "supplier_id", "window_start", "window_end"]
    earned = frame.filter(pl.col("earned") > 0).select(*keys, pl.col("earned").cast(_MONEY)).unique(maintain_order=True)
    earned = earned.rename({"as_of": "decided_on"})
    if earned.is_empty():
        return NO_AWARDS
    every = pl.concat([task.awards.drop("reward"), earned])
    engine.replace_temporary("awards", every)
    paid = paid_awards(engine, missions, task.awards)
    return paid.filter(pl.col("decided_on").is_in(list(group))).select(pl.col(name).cast(kind) for name, kind in _AWARDS.items())


def paid_awards(engine: Database, missions: Sequence[Mission], earlier: pl.DataFrame) -> pl.DataFrame:
    """What limits leave of `awards`. `earlier`: those of them that are paid already, where a mission has versions."""
    versions = {mission.id for mission in missions if mission.version}
    plain = [mission for mission in missions if mission.id not in versions]
    paid = engine.frame(f"SELECT * FROM ({paid_sql(plain)}) ORDER BY ALL")
    if not versions:
        return paid
    awards = engine.frame("SELECT * FROM awards")
    return pl.concat([paid, *(paid_by_versions(awards, earlier, missions, name) for name in sorted(versions))]).sort(pl.all())


def _with_rewards(frame: pl.DataFrame, awards: pl.DataFrame) -> pl.DataFrame:
    """The results with `reward` beside `earned`: what the limits leave of it."""
    if awards.is_empty():
        paid = frame.with_columns(pl.lit(0.0).alias("reward"))
    else:
        keys = {"mission_id": "mission_id", "as_of": "decided_on"} | {k: k for k in ("supplier_id", "window_start", "window_end")}
        rewards = awards.select(*keys.values(), pl.col("reward").cast(pl.Float64))
        paid = frame.join(rewards, left_on=list(keys), right_on=list(keys.values()), how="left", maintain_order="left")
    reward = pl.when(pl.col("earned").is_not_null()).then(pl.col("reward").fill_null(0.0))
    return paid.with_columns(reward.alias("reward")).select(*frame.columns[:-1], "reward", frame.columns[-1])
