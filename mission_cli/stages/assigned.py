"""A staged file of assigned windows: what no row may be, and its windows with their targets as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mission_cli.formula.assigned_sql import BOUNDS, own_target
from mission_cli.formula.emit import identifier
from mission_cli.model.calendar import MOST_DAYS
from mission_cli.model.missions import Condition, Mission, Operator
from mission_cli.model.project import Source
from mission_cli.staging.meaning import target_columns
from mission_cli.store.database import Database

_LOW_TO_HIGH = r"^\s*([-+]?[0-9.]+?)\s*\.\.\s*([-+]?[0-9.]+)\s*$"
_NUMBER = r"\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*"
_DIFFERENT = "SELECT DISTINCT * EXCLUDE (_batch, _line) FROM staged"


def assigned_sql(mission: Mission, source: Source) -> str:
    """A query over `staged`: each window once, with the supplier's own targets, NULL where there is none.

    Grain: supplier_id, window_start, window_end; columns as `own_target` names them.
    """
    targets = [
        f"{_bound(condition, bound)} AS {identifier(own_target(condition, bound))}"
        for condition in _with_targets(mission, source)
        for bound in BOUNDS
    ]
    columns = ", ".join(["supplier_id", "window_start", "window_end", *targets])
    return f"SELECT DISTINCT {columns} FROM staged ORDER BY supplier_id, window_start, window_end"


def refusal(database: Database, mission: Mission, source: Source, headers: Sequence[str]) -> str | None:
    """Why the windows in `staged` cannot stand, although each cell is what it should be; None when they can.

    `headers`: the names in the file.
    """
    doubled = next((named for named in target_columns(mission, headers).values() if len(named) > 1), None)
    stepped = [condition.name for condition in _with_targets(mission, source) if condition.tiers]
    if doubled:
        return f"its header names one target more than once: {', '.join(doubled)}"
    if stepped:
        return f"the column {stepped[0]} cannot replace the tiers of that condition; leave it out"
    for mistake in _mistakes(mission, source):
        sql = f"SELECT _line, supplier_id, {mistake.shown} FROM staged WHERE {mistake.where} ORDER BY _line LIMIT 1"
        for line, supplier, shown in database.rows(sql):
            return f"line {line}, supplier {supplier}: {mistake.before}{shown}{mistake.after}"
    return None


@dataclass(frozen=True, slots=True)
class _Mistake:
    """A condition in SQL that no row may fulfil, what to show of such a row, and what to say before and after that."""

    where: str
    shown: str
    before: str
    after: str = ""


def _mistakes(mission: Mission, source: Source) -> Iterator[_Mistake]:
    ends = "window_end || ' lies before window_start, ' || window_start"
    yield _Mistake("window_end < window_start", ends, "window_end ")
    length = "window_end - window_start + 1"
    yield _Mistake(f"{length} > {MOST_DAYS}", length, "a window of ", f" days; {MOST_DAYS} are the most")
    for condition in _with_targets(mission, source):
        cell, low, high = identifier(condition.name), _bound(condition, "low"), _bound(condition, "high")
        if condition.operator is Operator.BETWEEN:
            fits, wanted = f"{low} <= {high}", "not low..high, as in 5..30"
        else:
            fits, wanted = f"isfinite({low})", "not a number"
        wrong = f"{cell} IS NOT NULL AND NOT coalesce({fits}, FALSE)"
        yield _Mistake(wrong, cell, f'{condition.name}: "', f'" is {wanted}')
    keys = "(supplier_id, window_start, window_end)"
    again = f"SELECT {keys} FROM ({_DIFFERENT}) GROUP BY supplier_id, window_start, window_end HAVING count(*) > 1"
    span = "window_start || ' to ' || window_end"
    yield _Mistake(f"{keys} IN ({again})", span, "the window ", " is there again with other targets")


def _with_targets(mission: Mission, source: Source) -> list[Condition]:
    """The conditions for which the file has targets."""
    there = {column.name for column in source.columns}
    return [condition for condition in mission.conditions if condition.name in there]


def _bound(condition: Condition, bound: str) -> str:
    """SQL for a bound of the own target; the high one only of BETWEEN."""
    cell = identifier(condition.name)
    if condition.operator is Operator.BETWEEN:
        return f"TRY_CAST(regexp_extract({cell}, '{_LOW_TO_HIGH}', {1 if bound == 'low' else 2}) AS DOUBLE)"
    number = f"CASE WHEN regexp_full_match({cell}, '{_NUMBER}') THEN TRY_CAST({cell} AS DOUBLE) END"
    return number if bound == "low" else "CAST(NULL AS DOUBLE)"
