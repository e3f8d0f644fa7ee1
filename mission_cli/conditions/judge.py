"""The SQL that turns window totals into results: formulas on totals, conditions on formulas, missions on conditions."""

from __future__ import annotations

from mission_cli.conditions.verdicts import (
    broken,
    condition_row,
    counts_as_met,
    measured,
    segment_of,
    status,
    targeted,
)
from mission_cli.formula.emit import identifier, over_orders, text_literal
from mission_cli.formula.roll_sql import rolled_metrics
from mission_cli.formula.totals_sql import double_constant, formula_value, value_layers
from mission_cli.formula.usage import used_metrics
from mission_cli.model.calendar import WindowKind
from mission_cli.model.expression import renamed
from mission_cli.model.missions import MOST_PAID, PAID_PLACES, Mission, Role
from mission_cli.model.project import Project

RESULTS = (
    "as_of, mission_id, supplier_id, window_start, window_end, mission_status, condition, value, type, val, status, tier,"
    " role, target_from, earned, val_high"
)


def valued_sql(project: Project) -> str:
    """A query over `entries` and `totals`: every used metric as DOUBLE for each span and supplier with an entry."""
    used = used_metrics(project)
    totals = "".join(f", t.{identifier(metric.id)}" for metric in rolled_metrics(project) if metric.id in used)
    pairs = "(SELECT DISTINCT _span_no, supplier_id FROM entries)"
    base = f"SELECT p._span_no, p.supplier_id{totals} FROM {pairs} AS p LEFT JOIN totals AS t USING (_span_no, supplier_id)"
    return f"WITH {','.join(value_layers(project, used, base))} SELECT * FROM valued"


def results_sql(project: Project) -> str:
    """A query over `entries`, `valued`, `suppliers` and the tables of assigned windows, `assigned_` and the mission's number.

    Grain: as_of, mission, supplier, window, condition; the columns RESULTS, `earned` before limits. The rows of one as-of day
    come sorted by mission, supplier, window and condition: missions are sorted before their conditions are unfolded, and a
    UNION ALL keeps the order of its parts (`preserve_insertion_order`), which is cheaper than sorting every condition.
    """
    numbered = sorted(enumerate(project.missions), key=lambda pair: pair[1].id)
    judged = " UNION ALL ".join(f"({_mission(project, number, mission)})" for number, mission in numbered)
    return f"SELECT {RESULTS} FROM ({judged})" if judged else _nothing()


def _nothing() -> str:
    texts = ["mission_id", "mission_status", "supplier_id", "condition", "type", "status", "tier", "role", "target_from"]
    kinds = dict.fromkeys(texts, "VARCHAR") | dict.fromkeys(("as_of", "window_start", "window_end"), "DATE")
    return "SELECT " + ", ".join(f"NULL::{kinds.get(n, 'DOUBLE')} AS {n}" for n in RESULTS.split(", ")) + " WHERE FALSE"


def _mission(project: Project, number: int, mission: Mission) -> str:
    """The results of one mission: each condition's value and status, what they make of the mission, and what it earns."""
    places = list(enumerate(mission.conditions))
    keys = "_as_of, supplier_id, _start, _end"
    joined, owns = _joined(project, number, mission)
    made = f"SELECT {keys}{owns}, {', '.join(measured(i, c) for i, c in places)}{_rewards(mission)} FROM {joined}"
    layers = [
        ", ".join(targeted(i, c, own=_own(i, mission)) for i, c in places),
        ", ".join(status(i, c) for i, c in places),
        ", ".join(counts_as_met(i, c) for i, c in places),
        _whole(mission),
        f"{_mission_status(mission)} AS _status",
        f"{_earned(mission)} AS _earned",
    ]
    for layer in layers:
        made = f"SELECT *, {layer} FROM ({made})"
    rows = ", ".join(condition_row(i, c) for i, c in places)
    return f"""
    SELECT _as_of AS as_of, {text_literal(mission.id)} AS mission_id, supplier_id, _start AS window_start, _end AS window_end,
           _status AS mission_status, _earned AS earned, unnest([{rows}], max_depth := 2)
    FROM ({made} ORDER BY {keys})"""


def _joined(project: Project, number: int, mission: Mission) -> tuple[str, str]:
    """Where the mission's entries and their numbers are from, and the columns that targets are chosen by."""
    joined = f"(SELECT * FROM entries WHERE _mission_no = {number}) AS e JOIN valued USING (_span_no, supplier_id)"
    owns = ""
    segmented = [(i, c) for i, c in enumerate(mission.conditions) if c.segments]
    if segmented:
        assert project.suppliers is not None, "checked: segments are of suppliers that are defined"
        key = f"CAST({identifier(project.suppliers.key)} AS VARCHAR) AS supplier_id"
        found = ", ".join(segment_of(i, c) for i, c in segmented)
        joined += f" LEFT JOIN (SELECT _version, {key}, {found} FROM suppliers) AS g USING (_version, supplier_id)"
        owns += "".join(f", _g{i}" for i, _ in segmented)
    if mission.window.kind is WindowKind.ASSIGNED:
        plain = [(i, c) for i, c in enumerate(mission.conditions) if not c.tiers]
        bounds = [(i, c, bound) for i, c in plain for bound in ("low", "high")]
        found = "".join(f", {identifier(f'{bound}:{c.name}')} AS _own_{bound}{i}" for i, c, bound in bounds)
        as_of = f"assigned_{number} JOIN assigned_{number}_as_of USING (_version)"
        own = f"(SELECT _as_of, supplier_id, window_start AS _start, window_end AS _end{found} FROM {as_of})"
        joined += f" LEFT JOIN {own} AS a USING (_as_of, supplier_id, _start, _end)"
        owns += "".join(f", _own_{bound}{i}" for i, _, bound in bounds)
    return joined, owns


def _own(place: int, mission: Mission) -> tuple[str, str] | None:
    return (f"_own_low{place}", f"_own_high{place}") if mission.window.kind is WindowKind.ASSIGNED else None


def _rewards(mission: Mission) -> str:
    """Over `valued`: what the mission pays, and each tier."""
    found = f", {formula_value(mission.reward)} AS _reward" if mission.reward is not None else ""
    for place, condition in enumerate(mission.conditions):
        for number, tier in enumerate(condition.tiers, 1):
            if tier.reward is not None:
                found += f", {formula_value(tier.reward)} AS _reward{place}_{number}"
    return found


def _whole(mission: Mission) -> str:
    """What is required: the goals together, all gates, all guards; and whether a guard is broken."""
    by_role = {role: [f"_c{i}" for i, c in enumerate(mission.conditions) if c.role is role] for role in Role}
    goals = by_role[Role.GOAL]
    if mission.require.expression is not None:
        places = {c.name: f"_c{i}" for i, c in enumerate(mission.conditions)}
        required = over_orders(renamed(mission.require.expression.tree, places))
    elif mission.require.any:
        required = " OR ".join(goals) or "FALSE"
    else:
        required = " AND ".join(goals) or "TRUE"
    guards = [sql for i, c in enumerate(mission.conditions) if (sql := broken(i, c)) is not None]
    return (
        f"coalesce({required}, FALSE) AS _goals, {' AND '.join(by_role[Role.GATE]) or 'TRUE'} AS _gates,"
        f" {' AND '.join(by_role[Role.GUARD]) or 'TRUE'} AS _guards, {' OR '.join(guards) or 'FALSE'} AS _broken"
    )


def _mission_status(mission: Mission) -> str:
    """Contract §3: a broken guard first, then before the end, until the grace has passed, and decided."""
    running = "CASE WHEN _goals AND _gates AND _guards THEN 'on_track' ELSE 'active' END"
    if not mission.decides:
        return running
    return (
        f"CASE WHEN _broken THEN 'voided' WHEN _as_of < _end THEN {running}"
        f" WHEN _as_of < _end + {mission.grace_days} THEN 'closing' WHEN _goals AND _guards AND _gates THEN 'completed'"
        " WHEN _goals AND _guards THEN 'voided' ELSE 'failed' END"
    )


def _earned(mission: Mission) -> str:
    """What a completed mission earns, with nine places: the mission's reward, and that of each tier that was reached.

    Beyond what can be paid it is nothing, like a reward without data.
    """
    if not mission.pays:
        return "NULL::DOUBLE"
    parts = ["coalesce(_reward, 0)"] if mission.reward is not None else []
    for place, condition in enumerate(mission.conditions):
        paid = [(n, t) for n, t in enumerate(condition.tiers, 1) if t.reward is not None]
        whens = "".join(f" WHEN {number} THEN _reward{place}_{number}" for number, _ in paid)
        parts += [f"coalesce(CASE _r{place}{whens} END, 0)"] if paid else []
    sum_of_parts = " + ".join(parts)
    exact = f"CAST(greatest({sum_of_parts}, 0) AS DECIMAL(38,{PAID_PLACES}))"
    bounded = f"CASE WHEN {sum_of_parts} < {double_constant(MOST_PAID)} THEN {exact} ELSE 0 END"
    return f"CASE WHEN _status = 'completed' THEN CAST({bounded} AS DOUBLE) END"
