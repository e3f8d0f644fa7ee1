"""The SQL that turns window totals into results: formulas on totals, conditions on formulas, missions on conditions."""

from __future__ import annotations

from collections.abc import Sequence

from mission_cli.conditions.population import with_values
from mission_cli.conditions.verdicts import Verdict
from mission_cli.conditions.words import word
from mission_cli.formula.assigned_sql import BOUNDS, assigned_as_of, assigned_table, own_target
from mission_cli.formula.emit import identifier, over_orders
from mission_cli.formula.roll_sql import ordered_in, rolled_metrics
from mission_cli.formula.totals_sql import double_constant, formula_value, value_layers
from mission_cli.formula.usage import mission_sources, used_metrics
from mission_cli.model.calendar import WindowKind
from mission_cli.model.expression import Expression, renamed
from mission_cli.model.missions import MOST_PAID, PAID_PLACES, Mission, Role
from mission_cli.model.project import Project

RESULTS = (
    "as_of",
    "mission_id",
    "supplier_id",
    "window_start",
    "window_end",
    "mission_status",
    "condition",
    "value",
    "type",
    "val",
    "status",
    "tier",
    "role",
    "target_from",
    "earned",
    "val_high",
)
_TOGETHER = 4  # missions in one query: an engine works on several at once, but takes ever longer to plan the more there are


def valued_sql(project: Project) -> str:
    """A query over `listed` and `totals`: every used metric as DOUBLE for each span and supplier with orders or listed, and
    the columns `ordered_in` each source."""
    used = used_metrics(project)
    totals = [identifier(metric.id) for metric in rolled_metrics(project) if metric.id in used]
    ordered = [ordered_in(source) for source in sorted({s for m in project.missions for s in mission_sources(project, m)})]
    pairs = "(SELECT DISTINCT _span_no, supplier_id FROM listed)"
    columns = ", ".join(["_span_no", "supplier_id", *totals, *ordered])
    base = f"SELECT {columns} FROM totals FULL JOIN {pairs} USING (_span_no, supplier_id)"
    return f"WITH {','.join(value_layers(project, used, base))} SELECT * FROM valued"


def results_queries(project: Project) -> list[tuple[list[Mission], str]]:
    """Some missions each, all of an id together, and their query, in the order of their ids, over `windows`, `listed`, `valued`,
    `suppliers` and the tables of assigned windows (`assigned_table`).

    Grain: as_of, mission, supplier, window, condition; the columns RESULTS, texts but the supplier as `words`, `earned` before
    limits. The rows of one as-of day come sorted by supplier, window and condition: missions are sorted before their conditions
    are unfolded, which is cheaper than sorting every condition.
    """
    numbered = sorted(enumerate(project.missions), key=lambda pair: pair[1].id)
    groups: list[list[tuple[int, Mission]]] = []
    for number, mission in numbered:
        if not groups or (len(groups[-1]) >= _TOGETHER and groups[-1][-1][1].id != mission.id):
            groups.append([])
        groups[-1].append((number, mission))
    found = [([m for _, m in group], " UNION ALL ".join(_mission(project, *one) for one in group)) for group in groups]
    return found or [([], _nothing())]


def _nothing() -> str:
    texts = ["mission_id", "mission_status", "supplier_id", "condition", "type", "status", "tier", "role", "target_from"]
    kinds = dict.fromkeys(texts, "VARCHAR") | dict.fromkeys(("as_of", "window_start", "window_end"), "DATE")
    return "SELECT " + ", ".join(f"NULL::{kinds.get(n, 'DOUBLE')} AS {n}" for n in RESULTS) + " WHERE FALSE"


def _mission(project: Project, number: int, mission: Mission) -> str:
    """The results of one mission: each condition's value and status, what they make of the mission, and what it earns."""
    assigned = mission.window.kind is WindowKind.ASSIGNED
    verdicts = [Verdict(place, condition, assigned) for place, condition in enumerate(mission.conditions)]
    keys = "_as_of, supplier_id, _start, _end"
    joined, owns = _joined(project, number, mission, verdicts)
    measured = [sql for verdict in verdicts for sql in verdict.measured]
    made = f"SELECT {', '.join([keys, *owns, *measured, *_rewards(mission)])} FROM {joined}"
    layers = [
        [sql for verdict in verdicts for sql in verdict.targeted],
        [verdict.status for verdict in verdicts],
        [f"{_required(mission, verdicts)} AS _goals"],
        [f"{_mission_status(mission, verdicts)} AS _status"],
    ]
    for layer in filter(None, layers):
        made = f"SELECT *, {', '.join(layer)} FROM ({made})"
    columns = {
        "as_of": "_as_of",
        "mission_id": word(mission.id),
        "supplier_id": "supplier_id",
        "window_start": "_start",
        "window_end": "_end",
        "mission_status": "_status",
        "earned": _earned(mission),
        **_unfolded([verdict.row for verdict in verdicts]),
    }
    return f"SELECT {', '.join(f'{columns[name]} AS {name}' for name in RESULTS)} FROM ({made} ORDER BY {keys})"


def _unfolded(rows: Sequence[dict[str, str]]) -> dict[str, str]:
    """A row of each condition, one after the other: column by column, and what is the same for all is written once. A struct
    of each row would take the engine longer to plan than to run."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return {n: found[0] if len(set(found)) == 1 else f"unnest([{', '.join(found)}])" for n, found in columns.items()}


def _joined(project: Project, number: int, mission: Mission, verdicts: Sequence[Verdict]) -> tuple[str, list[str]]:
    """Where the mission's entries and their numbers are from, and the columns that targets are chosen by."""
    joined = with_values(project, number, mission)
    varying = [verdict for verdict in verdicts if verdict.varies]
    segmented = [verdict for verdict in varying if verdict.condition.segments]
    assigned = [verdict for verdict in varying if verdict.assigned]
    if segmented:
        assert project.suppliers is not None, "checked: segments are of suppliers that are defined"
        key = f"CAST({identifier(project.suppliers.key)} AS VARCHAR) AS supplier_id"
        found = ", ".join(verdict.segment for verdict in segmented)
        joined += f" LEFT JOIN (SELECT _version, {key}, {found} FROM suppliers) AS g USING (_version, supplier_id)"
    bounds = [(own_target(v.condition, bound), f"_own_{bound}{v.place}") for v in assigned for bound in BOUNDS]
    if bounds:
        found = "".join(f", {identifier(column)} AS {name}" for column, name in bounds)
        as_of = f"{assigned_table(number)} JOIN {assigned_as_of(number)} USING (_version)"
        own = f"(SELECT _as_of, supplier_id, window_start AS _start, window_end AS _end{found} FROM {as_of})"
        joined += f" LEFT JOIN {own} AS a USING (_as_of, supplier_id, _start, _end)"
    return joined, [*(f"_g{verdict.place}" for verdict in segmented), *(name for _, name in bounds)]


def _rewards(mission: Mission) -> list[str]:
    """Over `valued`: what the mission pays, and each tier."""
    found = [f"{formula_value(mission.reward)} AS _reward"] if mission.reward is not None else []
    for place, condition in enumerate(mission.conditions):
        for number, tier in enumerate(condition.tiers, 1):
            if tier.reward is not None:
                found.append(f"{formula_value(tier.reward)} AS _reward{place}_{number}")
    return found


def _required(mission: Mission, verdicts: Sequence[Verdict]) -> str:
    """What is required of the goals together."""
    goals = [verdict for verdict in verdicts if verdict.condition.role is Role.GOAL]
    if mission.require.expression is not None:
        return _require_expression(mission.require.expression, goals)
    if mission.require.any:
        return " OR ".join(goal.counts_as_met for goal in goals) or "FALSE"
    return _all_met(goals)


def _require_expression(require: Expression, goals: Sequence[Verdict]) -> str:
    """The expression over the goals' names."""
    named = [goal for goal in goals if goal.condition.name in require.names]
    text = over_orders(renamed(require.tree, {goal.condition.name: f"_c{goal.place}" for goal in named}))
    for goal in named:
        text = text.replace(identifier(f"_c{goal.place}"), goal.counts_as_met)
    return f"coalesce({text}, FALSE)"


def _all_met(verdicts: Sequence[Verdict]) -> str:
    return " AND ".join(verdict.counts_as_met for verdict in verdicts) or "TRUE"


def _mission_status(mission: Mission, verdicts: Sequence[Verdict]) -> str:
    """Contract §3: a broken guard first, then before the end, until the grace has passed, and decided."""
    gates = _all_met([verdict for verdict in verdicts if verdict.condition.role is Role.GATE])
    guards = _all_met([verdict for verdict in verdicts if verdict.condition.role is Role.GUARD])
    holds = " AND ".join(["_goals", *(f"({text})" for text in (gates, guards) if text != "TRUE")])
    running = f"CASE WHEN {holds} THEN {word('on_track')} ELSE {word('active')} END"
    if not mission.decides:
        return running
    broken = " OR ".join(text for verdict in verdicts if (text := verdict.broken) is not None)
    voided = f" WHEN {broken} THEN {word('voided')}" if broken else ""
    gated = f" WHEN _goals AND ({guards}) THEN {word('voided')}" if gates != "TRUE" else ""
    return (
        f"CASE{voided} WHEN _as_of < _end THEN {running} WHEN _as_of < _end + {mission.grace_days} THEN {word('closing')}"
        f" WHEN {holds} THEN {word('completed')}{gated} ELSE {word('failed')} END"
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
    return f"CASE WHEN _status = {word('completed')} THEN CAST({bounded} AS DOUBLE) END"
