"""All missions as of any number of days in one query over daily sums: what an incremental model of results holds.

For dbt and SQLMesh, whose models are written once and told which days to fill: windows are computed in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from market.missions import SIGNS, Mission

from peers.judged import used_metrics, value_sql

_WINDOWS = """as_of_days AS ({as_of_days}),
missions (mission_id, kind, grace_days, weekday, first_day, last_day) AS (VALUES
    {missions}
),
candidates AS (
    SELECT as_of, mission_id, kind, grace_days, weekday, first_day, last_day,
           CAST(unnest(generate_series(as_of - grace_days, as_of, INTERVAL 1 DAY)) AS DATE) AS day
    FROM as_of_days CROSS JOIN missions
),
windows AS (
    SELECT DISTINCT as_of, mission_id, grace_days,
        CASE kind WHEN 'week' THEN day - CAST((isodow(day) + 6 - weekday) % 7 AS INTEGER)
             WHEN 'month' THEN CAST(date_trunc('month', day) AS DATE) ELSE first_day END AS window_start,
        CASE kind WHEN 'week' THEN day - CAST((isodow(day) + 6 - weekday) % 7 AS INTEGER) + 6
             WHEN 'month' THEN last_day(day) ELSE last_day END AS window_end
    FROM candidates WHERE kind <> 'fixed' OR day BETWEEN first_day AND last_day
),
window_days AS (
    SELECT as_of, mission_id, window_start,
           CAST(unnest(generate_series(window_start, least(window_end, as_of), INTERVAL 1 DAY)) AS DATE) AS day
    FROM windows
)"""


def results_sql(made: Sequence[Mission], as_of_days: str, daily: Mapping[str, str], suppliers: str) -> str:
    """`as_of_days`: a query for as_of. `daily`: source → name of a relation with day, supplier_id and the metrics."""
    rows = ",\n    ".join(
        f"('{m.id}', '{m.kind}', {m.grace_days}, {m.weekday}, DATE '{_dated(m)[0]}', DATE '{_dated(m)[1]}')" for m in made
    )
    tables = [_WINDOWS.format(as_of_days=as_of_days, missions=rows)]
    tables += [_totals(made, source, relation) for source, relation in daily.items()]
    judged = "\nUNION ALL\n".join(_mission(mission, suppliers) for mission in made)
    return "WITH " + ",\n".join(tables) + "\n" + judged


def _dated(mission: Mission) -> tuple[str, str]:
    fixed = mission.kind == "fixed"
    return (str(mission.start), str(mission.end)) if fixed else ("2000-01-01", "2000-01-01")


def _totals(made: Sequence[Mission], source: str, relation: str) -> str:
    those = ", ".join(f"'{mission.id}'" for mission in made if source in mission.sources) or "''"
    sums = "".join(f", sum(d.{name}) AS {name}" for name in used_metrics(made, source))
    return f"""{source}_totals AS (
    SELECT w.as_of, w.mission_id, w.window_start, d.supplier_id{sums}
    FROM {relation} AS d JOIN window_days AS w ON w.day = d.day
    WHERE w.mission_id IN ({those})
    GROUP BY w.as_of, w.mission_id, w.window_start, d.supplier_id
)"""


def _mission(mission: Mission, suppliers: str) -> str:
    """Its people by window, the values, and a row for each condition."""
    key = "as_of, window_start, supplier_id"
    own = [f"(SELECT * FROM {source}_totals WHERE mission_id = '{mission.id}') AS {source}" for source in mission.sources]
    if mission.suppliers is None:
        people = " FULL JOIN ".join([own[0], *(f"{total} USING ({key})" for total in own[1:])])
    else:
        chosen = f"""(SELECT as_of, window_start, supplier_id FROM windows CROSS JOIN {suppliers}
            WHERE mission_id = '{mission.id}' AND {mission.suppliers}) AS chosen"""
        people = " LEFT JOIN ".join([chosen, *(f"{total} USING ({key})" for total in own)])
    conditions = list(enumerate(mission.conditions))
    values = ", ".join(f"{value_sql(c)} AS v{i}" for i, c in conditions)
    met = " AND ".join(f"coalesce(v{i} {SIGNS[c.operator]} {c.target}, FALSE)" for i, c in conditions)
    listed = ", ".join(f"({i}, '{c.name}', '{c.operator}', CAST({c.target} AS DOUBLE))" for i, c in conditions)
    chosen_value = " ".join(f"WHEN {i} THEN v{i}" for i, _ in conditions)
    held = " ".join(f"WHEN {i} THEN v{i} {SIGNS[c.operator]} {c.target}" for i, c in conditions)
    return f"""SELECT as_of, '{mission.id}' AS mission_id, supplier_id, window_start, window_end,
    CASE WHEN as_of < window_end THEN CASE WHEN is_met THEN 'on_track' ELSE 'active' END
         WHEN as_of < window_end + {mission.grace_days} THEN 'closing'
         WHEN is_met THEN 'completed' ELSE 'failed' END AS mission_status,
    condition, CASE no {chosen_value} END AS value, operator AS type, target AS val,
    CASE WHEN CASE no {chosen_value} END IS NULL THEN 'no_data' WHEN CASE no {held} END THEN 'met' ELSE 'unmet' END AS status
FROM (
    SELECT as_of, window_start, window_end, supplier_id, {", ".join(f"v{i}" for i, _ in conditions)}, {met} AS is_met
    FROM (SELECT as_of, window_start, supplier_id, {values} FROM {people}) AS valued
    JOIN (SELECT as_of, window_start, window_end FROM windows WHERE mission_id = '{mission.id}') AS w USING (as_of, window_start)
) AS judged CROSS JOIN (VALUES {listed}) AS c (no, condition, operator, target)"""
