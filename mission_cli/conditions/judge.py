"""The SQL that turns window totals into results: formulas on totals, conditions on formulas, missions on conditions."""

from __future__ import annotations

from mission_cli.formula.emit import identifier, over_orders, text_literal
from mission_cli.formula.totals_sql import double_constant, formula_value, rolled_metrics, value_layers
from mission_cli.formula.usage import used_metrics
from mission_cli.model.project import Condition, Mission, Project


def results_sql(project: Project) -> str:
    """A query over `windows`, `totals` (and `suppliers`, where a mission selects them by attribute).

    Grain: as_of, mission, supplier, window, condition; the columns of contract §4. The rows of one as-of day come sorted by
    mission, supplier, window and condition: missions are sorted before their conditions are unfolded, and a UNION ALL keeps
    the order of its parts (`preserve_insertion_order`), which is cheaper than sorting every condition of every day.
    """
    numbered = sorted(enumerate(project.missions), key=lambda pair: pair[1].id)
    judged = [f"({_mission(number, mission)})" for number, mission in numbered]
    used = used_metrics(project)
    daily = "".join(f", t.{identifier(metric.id)}" for metric in rolled_metrics(project) if metric.id in used)
    joined = f"({_population(project)}) AS p LEFT JOIN totals AS t USING (_window_no, supplier_id)"
    base = f"SELECT p._window_no, p.supplier_id{daily} FROM {joined}"
    layers = ",\n".join(value_layers(project, used, base))
    return f"""WITH {layers}
SELECT as_of, mission_id, supplier_id, window_start, window_end, mission_status, condition, value, type, val, status,
       CAST(NULL AS VARCHAR) AS tier
FROM ({" UNION ALL ".join(judged)})"""


def _population(project: Project) -> str:
    """Who has a row in which window: those who match by attribute, or those with a final order in the window so far."""
    by_orders, parts = [], []
    for number, mission in enumerate(project.missions):
        if mission.suppliers is None:
            by_orders.append(str(number))
            continue
        assert project.suppliers is not None, "checked: a mission selects suppliers only where they are defined"
        key = identifier(project.suppliers.key)
        where = over_orders(mission.suppliers.tree)
        chosen = f"SELECT _window_no, CAST({key} AS VARCHAR) AS supplier_id FROM windows, suppliers"
        parts.append(f"{chosen} WHERE _mission_no = {number} AND {where}")
    if by_orders:
        seen = f"_mission_no IN ({', '.join(by_orders)})"
        parts.append(f"SELECT _window_no, supplier_id FROM totals JOIN windows USING (_window_no) WHERE {seen} AND _ordered")
    return " UNION ALL ".join(parts) or "SELECT NULL::INTEGER AS _window_no, NULL::VARCHAR AS supplier_id WHERE FALSE"


def _mission(number: int, mission: Mission) -> str:
    """The results of one mission: each condition's value and status, and what they make of the mission."""
    values = ", ".join(f"{formula_value(c.formula)} AS _v{i}" for i, c in enumerate(mission.conditions))
    statuses = ", ".join(f"{_status(c, f'_v{i}')} AS _s{i}" for i, c in enumerate(mission.conditions))
    met = " AND ".join(_counts_as_met(c, f"_s{i}") for i, c in enumerate(mission.conditions))
    rows = ", ".join(_condition_row(i, c) for i, c in enumerate(mission.conditions))
    return f"""
    SELECT _as_of AS as_of, {text_literal(mission.id)} AS mission_id, supplier_id, _start AS window_start, _end AS window_end,
           {_mission_status(mission.grace_days)} AS mission_status, unnest([{rows}], max_depth := 2)
    FROM (SELECT *, {met} AS _all_met FROM (SELECT *, {statuses} FROM (
        SELECT _as_of, supplier_id, _start, _end, {values}
        FROM valued JOIN windows USING (_window_no) WHERE _mission_no = {number}))
        ORDER BY _as_of, supplier_id, _start)"""


def _status(condition: Condition, value: str) -> str:
    target = double_constant(condition.target)
    held = f"{value} {condition.operator.sign} {target}"
    return f"CASE WHEN {value} IS NULL THEN 'no_data' WHEN {held} THEN 'met' ELSE 'unmet' END"


def _counts_as_met(condition: Condition, status: str) -> str:
    return f"{status} IN ('met', 'no_data')" if condition.no_data_counts_met else f"{status} = 'met'"


def _condition_row(number: int, condition: Condition) -> str:
    return (
        f"{{'condition_no': {number}, 'condition': {text_literal(condition.name)}, 'value': _v{number},"
        f" 'type': {text_literal(condition.operator)}, 'val': {double_constant(condition.target)}, 'status': _s{number}}}"
    )


def _mission_status(grace_days: int) -> str:
    """Contract §3: before the end, until the grace has passed, and decided."""
    return (
        "CASE WHEN _as_of < _end THEN CASE WHEN _all_met THEN 'on_track' ELSE 'active' END"
        f" WHEN _as_of < _end + {grace_days} THEN 'closing'"
        " WHEN _all_met THEN 'completed' ELSE 'failed' END"
    )
