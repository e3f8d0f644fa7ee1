"""Totals rolled and missions judged in DuckDB, as well as we can by hand: for the scripts that are the limit.

No ledger and no checks; sums of doubles in whatever order the engine likes; windows that agree by now are rolled once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from market.missions import SIGNS, SOURCES, Condition, Mission

Span = tuple[date, date]


def spans(made: Sequence[Mission], source: str, *as_of_days: date) -> list[Span]:
    """What the windows of the source's missions come to by the days."""
    own = [mission for mission in made if source in mission.sources]
    return sorted({(start, min(end, as_of)) for as_of in as_of_days for m in own for start, end in m.windows(as_of)})


def used_metrics(made: Sequence[Mission], source: str) -> list[str]:
    named = {metric for mission in made for condition in mission.conditions for metric in condition.metrics}
    return [metric for metric in SOURCES[source] if metric in named]


def roll_sql(made: Sequence[Mission], source: str, as_of_days: Sequence[date], daily: str) -> str:
    """A query for span, supplier_id and sums, over `daily`: anything with date (text), supplier_id and metrics."""
    found = spans(made, source, *as_of_days) or [(date.max, date.min)]
    numbered = ", ".join(f"({no}, DATE '{first}', DATE '{last}')" for no, (first, last) in enumerate(found))
    sums = "".join(f", sum({name}) AS {name}" for name in used_metrics(made, source))
    return f"""SELECT span, supplier_id{sums} FROM {daily} JOIN (
        SELECT span, strftime(unnest(generate_series(first, last, INTERVAL 1 DAY)), '%Y-%m-%d') AS date
        FROM (VALUES {numbered}) AS v(span, first, last)) USING (date)
    GROUP BY span, supplier_id"""


def judge_days_sql(made: Sequence[Mission], as_of_days: Sequence[date]) -> str:
    """The rows of every mission as of several days, over the same tables: planned once for all of them."""
    numbers = {source: {span: no for no, span in enumerate(spans(made, source, *as_of_days))} for source in SOURCES}
    parts = [_days(mission, as_of_days, numbers) for mission in sorted(made, key=lambda mission: mission.id)]
    return " UNION ALL ".join(f"({part})" for part in parts if part)


def _days(mission: Mission, as_of_days: Sequence[date], numbers: Mapping[str, Mapping[Span, int]]) -> str:
    windows = [
        f"(DATE '{as_of}', DATE '{start}', DATE '{end}', "
        + ", ".join(str(numbers[source][start, min(end, as_of)]) for source in mission.sources)
        + ")"
        for as_of in as_of_days
        for start, end in mission.windows(as_of)
    ]
    if not windows:
        return ""
    columns = ", ".join(f"{source}_span" for source in mission.sources)
    listed = f"(VALUES {', '.join(windows)}) AS w(as_of, window_start, window_end, {columns})"
    values = ", ".join(f"{value_sql(c)} AS v{i}" for i, c in enumerate(mission.conditions))
    met = " AND ".join(f"coalesce(v{i} {SIGNS[c.operator]} {c.target}, FALSE)" for i, c in enumerate(mission.conditions))
    return f"""SELECT as_of, '{mission.id}' AS mission_id, supplier_id, window_start, window_end,
        CASE WHEN as_of < window_end THEN CASE WHEN {met} THEN 'on_track' ELSE 'active' END
             WHEN as_of < window_end + {mission.grace_days} THEN 'closing'
             WHEN {met} THEN 'completed' ELSE 'failed' END AS mission_status,
        {_by_unnest(mission).format(source="valued")}""".replace(
        "FROM valued",
        f"FROM (SELECT as_of, window_start, window_end, supplier_id, {values} FROM {_people(mission, listed)}"
        " ORDER BY as_of, supplier_id, window_start) AS valued",
    )


def _people(mission: Mission, windows: str) -> str:
    """Windows joined with the totals of who has a row in them."""
    key = "as_of, window_start, window_end, supplier_id"
    if mission.suppliers is not None:
        chosen = f"{windows} CROSS JOIN (SELECT supplier_id FROM suppliers WHERE {mission.suppliers}) AS chosen"
        joins = [f"LEFT JOIN {s} ON {s}.span = {s}_span AND {s}.supplier_id = chosen.supplier_id" for s in mission.sources]
        return f"(SELECT * EXCLUDE (supplier_id), chosen.supplier_id FROM {chosen} {' '.join(joins)})"
    own = [f"(SELECT * FROM {windows} JOIN {source} ON span = {source}_span) AS {source}" for source in mission.sources]
    return " FULL JOIN ".join([own[0], *(f"{other} USING ({key})" for other in own[1:])])


def judge_sql(made: Sequence[Mission], as_of: date) -> str:
    """The rows of every mission as of the day, over tables of totals that are named like the sources, and `suppliers`."""
    numbers = {source: {span: no for no, span in enumerate(spans(made, source, as_of))} for source in SOURCES}
    parts = [
        _window(mission, start, end, as_of, numbers)
        for mission in sorted(made, key=lambda mission: mission.id)
        for start, end in mission.windows(as_of)
    ]
    return " UNION ALL ".join(f"({part})" for part in parts)


def _window(mission: Mission, start: date, end: date, as_of: date, numbers: Mapping[str, Mapping[Span, int]]) -> str:
    through = (start, min(end, as_of))
    totals = {source: f"(SELECT * FROM {source} WHERE span = {numbers[source][through]})" for source in mission.sources}
    return window_sql(mission, start, end, as_of, totals)


def window_sql(
    mission: Mission,
    start: date,
    end: date,
    as_of: date,
    totals: Mapping[str, str],
    unfold: Callable[[Mission], str] | None = None,
) -> str:
    """The rows of one window. `totals`: source → a query in brackets for supplier_id and the window's sums."""
    joined = [f"{totals[source]} AS {source}" for source in mission.sources]
    if mission.suppliers is None:
        people = " FULL JOIN ".join([joined[0], *(f"{total} USING (supplier_id)" for total in joined[1:])])
    else:
        chosen = f"(SELECT supplier_id FROM suppliers WHERE {mission.suppliers}) AS chosen"
        people = " LEFT JOIN ".join([chosen, *(f"{total} USING (supplier_id)" for total in joined)])
    values = ", ".join(f"{value_sql(c)} AS v{i}" for i, c in enumerate(mission.conditions))
    rows, source = (unfold or _by_unnest)(mission), f"(SELECT supplier_id, {values} FROM {people} ORDER BY supplier_id) AS valued"
    return f"""SELECT DATE '{as_of}' AS as_of, '{mission.id}' AS mission_id, supplier_id, DATE '{start}' AS window_start,
        DATE '{end}' AS window_end, {_mission_status(mission, end, as_of)} AS mission_status, {rows.format(source=source)}"""


def _by_unnest(mission: Mission) -> str:
    rows = ", ".join(
        f"{{{{'condition': '{c.name}', 'value': v{i}, 'type': '{c.operator}', 'val': {c.target}::DOUBLE,"
        f" 'status': {status_sql(c, i)}}}}}"
        for i, c in enumerate(mission.conditions)
    )
    return f"unnest([{rows}], max_depth := 2) FROM {{source}}"


def by_lateral(mission: Mission) -> str:
    """The same for PostgreSQL."""
    rows = ", ".join(
        f"('{c.name}', v{i}, '{c.operator}', CAST({c.target} AS DOUBLE PRECISION), {status_sql(c, i)})"
        for i, c in enumerate(mission.conditions)
    )
    return (
        f"condition, value, type, val, status FROM {{source}}, LATERAL (VALUES {rows}) AS c(condition, value, type, val, status)"
    )


def status_sql(condition: Condition, number: int) -> str:
    held = f"v{number} {SIGNS[condition.operator]} {condition.target}"
    return f"CASE WHEN v{number} IS NULL THEN 'no_data' WHEN {held} THEN 'met' ELSE 'unmet' END"


def _mission_status(mission: Mission, end: date, as_of: date) -> str:
    met = " AND ".join(f"coalesce(v{i} {SIGNS[c.operator]} {c.target}, FALSE)" for i, c in enumerate(mission.conditions))
    if as_of < end:
        return f"CASE WHEN {met} THEN 'on_track' ELSE 'active' END"
    if (as_of - end).days < mission.grace_days:
        return "'closing'"
    return f"CASE WHEN {met} THEN 'completed' ELSE 'failed' END"


def value_sql(condition: Condition) -> str:
    """A value as every engine of the bench computes it: totals as doubles, no data where it would divide by zero."""
    over, under = (
        " + ".join(f"coalesce(CAST({metric} AS DOUBLE PRECISION), 0)" for metric in metrics)
        for metrics in (condition.over, condition.under)
    )
    return f"({over}) / nullif({under}, 0)" if under else f"{over}"
