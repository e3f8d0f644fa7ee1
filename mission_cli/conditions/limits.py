"""What limits leave of what was earned, as SQL with exact decimals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mission_cli.formula.emit import text_literal
from mission_cli.model.missions import Mission

_MONEY = "DECIMAL(38,9)"
_IN_ORDER = "decided_on, supplier_id, window_start, window_end"


def paid_sql(missions: Sequence[Mission]) -> str:
    """A query over `awards` (mission_id, decided_on, supplier_id, window_start, window_end, earned): the same with `reward`.

    The decisions of a mission count in the order of their day, and of one day by supplier and window. A supplier gets what is
    left of `per_supplier`, and of that what is left of the `budget`; both over all decisions, and the last of each in part.
    """
    parts = [_paid(mission) for mission in missions]
    nothing = "SELECT *, earned AS reward FROM awards WHERE FALSE"
    return " UNION ALL ".join([nothing, *parts])


def _paid(mission: Mission) -> str:
    limits = mission.limits
    own = limits.per_supplier if limits is not None else None
    budget = limits.budget if limits is not None else None
    mine = f"sum(earned) OVER (PARTITION BY supplier_id ORDER BY {_IN_ORDER} ROWS UNBOUNDED PRECEDING)"
    everyone = f"sum(_allowed) OVER (ORDER BY {_IN_ORDER} ROWS UNBOUNDED PRECEDING)"
    return f"""
    SELECT * EXCLUDE (_allowed), CAST({_left(everyone, "_allowed", budget)} AS {_MONEY}) AS reward FROM (
        SELECT *, {_left(mine, "earned", own)} AS _allowed FROM awards WHERE mission_id = {text_literal(mission.id)})"""


def _left(sum_so_far: str, amount: str, limit: Decimal | None) -> str:
    """How much of the amount, which is the last part of the sum, lies below the limit."""
    if limit is None:
        return amount
    most = f"CAST({text_literal(f'{limit:f}')} AS {_MONEY})"
    return f"(least({sum_so_far}, {most}) - least({sum_so_far} - {amount}, {most}))"
