"""The texts that results repeat in every row, as values of an enumeration: the engine carries a number instead of each."""

from __future__ import annotations

from collections.abc import Iterator

from mission_cli.formula.emit import text_literal
from mission_cli.model.missions import Condition, Role
from mission_cli.model.project import Project

DEFAULT, SEGMENT, SUPPLIER = "default", "segment", "supplier"
_OF_CONDITIONS = ("no_data", "low_volume", "met", "unmet")
_OF_MISSIONS = ("active", "on_track", "closing", "completed", "failed", "voided")

NO_WORD = "NULL::words"


def word(text: str) -> str:
    """SQL for one of the texts of `words_sql`."""
    return f"{text_literal(text)}::words"


def words_sql(project: Project) -> str:
    """SQL that makes the type of all texts of the project's results."""
    texts = [*_OF_CONDITIONS, *_OF_MISSIONS, DEFAULT, SEGMENT, SUPPLIER, *Role]
    for mission in project.missions:
        texts.append(mission.id)
        texts += [text for condition in mission.conditions for text in _of(condition)]
    return f"CREATE OR REPLACE TEMP TYPE words AS ENUM ({', '.join(map(text_literal, dict.fromkeys(map(str, texts))))})"


def _of(condition: Condition) -> Iterator[str]:
    yield condition.name
    yield condition.operator
    yield from (tier.name for tier in condition.tiers)
