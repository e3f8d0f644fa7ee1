"""What the tables and columns of assigned windows are called: where they are loaded, rolled and judged."""

from __future__ import annotations

from mission_cli.model.missions import Condition

BOUNDS = ("low", "high")


def own_target(condition: Condition, bound: str) -> str:
    """The name of the column of assigned windows that holds a supplier's own target: one of its BOUNDS."""
    return f"{bound}:{condition.name}"


def assigned_table(number: int) -> str:
    """The temporary table of a mission's assigned windows, by the mission's place in the project."""
    return f"assigned_{number}"


def assigned_as_of(number: int) -> str:
    """The temporary table that tells which version of them counts as of which day."""
    return f"{assigned_table(number)}_as_of"
