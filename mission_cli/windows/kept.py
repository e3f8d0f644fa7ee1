"""Windows that keep older rules, in SQL: which version of a mission each window of a supplier's own follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from mission_cli.formula.emit import text_literal
from mission_cli.formula.roll_sql import daily_rows, day_columns
from mission_cli.formula.rules import window_rule
from mission_cli.model.metrics import DailyMetric
from mission_cli.model.missions import Mission
from mission_cli.model.project import Project
from mission_cli.store.database import Database, exact_path

_SPANS = {"_no": pl.Int32, "_kind": pl.String, "_start": pl.Date, "_end": pl.Date}
_ONLY, _ASIDE, _BEHIND = "only", "aside", "behind"


def make_spans(database: Database, project: Project) -> None:
    """Fill `kept_spans`: the windows `only` of a version, those `aside`, and those that others stand `behind`; by the number of
    the mission. No table when there are none."""
    rows = [
        (number, kind, window.start, window.end)
        for number, mission in enumerate(project.missions)
        for kind, windows in ((_ONLY, mission.only), (_ASIDE, mission.aside), (_BEHIND, mission.behind))
        for window in sorted(windows or ())
    ]
    if rows:
        database.replace_temporary("kept_spans", pl.DataFrame(rows, schema=_SPANS, orient="row"))


def own_restriction(number: int, mission: Mission) -> str:
    """What a window of a supplier's own, a row of `w`, must fulfil to follow the rules of this version."""
    if mission.only is not None:
        return f" AND EXISTS ({_listed(number, _ONLY)} AND k._start = w._start AND k._end = w._end)"
    found = f" AND NOT EXISTS ({_listed(number, _ASIDE)} AND k._start = w._start AND k._end = w._end)" if mission.aside else ""
    if mission.behind:
        found += f" AND NOT EXISTS ({_listed(number, _BEHIND)} AND k._start <= w._end AND w._start <= k._end)"
    return found


def _listed(number: int, kind: str) -> str:
    return f"SELECT 1 FROM kept_spans AS k WHERE k._no = {number} AND k._kind = '{kind}'"


def make_kept_of_suppliers(database: Database, project: Project, windows: Callable[[int], str]) -> None:
    """Fill `kept_of_suppliers`: windows of suppliers' own that keep older rules, where later windows are made otherwise.

    Grain: number of the mission with the later rules, as-of day, owner, window. No table when there are none. `windows`: number
    of a mission → a query of its windows.
    """
    parts = []
    for number, mission in enumerate(project.missions):
        for older, version in enumerate(project.missions):
            before = bool(version.version) and (older < number or not mission.version)  # versions stand in the order of their age
            if not mission.behind_own or version.id != mission.id or not before or not version.window.is_own:
                continue
            if window_rule(version) != window_rule(mission):
                kept = f"({windows(older)}) AS w WHERE TRUE{own_restriction(older, version)}"
                parts.append(f"SELECT {number} AS _no, _as_of, _owner, _start, _end FROM {kept}")
    if parts:
        database.execute(f"CREATE OR REPLACE TEMP TABLE kept_of_suppliers AS {' UNION ALL '.join(parts)}")


def read_older_too(
    database: Database, project: Project, source: str, table: str, metrics: Sequence[DailyMetric], days: Mapping[date, Path]
) -> None:
    """A temporary table of a source's days, whose partitions hold older meanings of metrics on some days only; there is no
    value of them on the others. Columns: `_day`, supplier_id, those of the metrics, `_ordered`."""
    every = project.daily_metrics(source)
    groups: dict[tuple[str, ...], list[Path]] = {}
    for day, path in sorted(days.items()):
        groups.setdefault(tuple(m.id for m in every if m.days is None or day in m.days), []).append(path)
    parts = []
    for held in groups:
        columns = "".join(f", {day_columns(metric)}" for metric in metrics if metric.id in held)
        ordered = any(metric.names_strangers for metric in every if metric.id in held)
        parts.append(
            f"SELECT {text_literal(source)} AS _source, CAST(date AS DATE) AS _day, supplier_id{columns},"
            f" {'_ordered' if ordered else 'TRUE AS _ordered'}"
            " FROM read_parquet(?, hive_partitioning = true, hive_types_autocast = false)"
        )
    paths = [[exact_path(path) for path in found] for found in groups.values()]
    rows = f"SELECT * EXCLUDE (_source) FROM ({daily_rows(metrics, parts)})"
    database.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {rows}", paths)
