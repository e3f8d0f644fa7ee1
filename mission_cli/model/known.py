"""Missions that a command names."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from mission_cli.model.errors import UsageError


def refuse_unknown(mission: str, known: Sequence[str]) -> None:
    """Raises UsageError for a mission that is not among the known ones."""
    if mission not in known:
        near = get_close_matches(mission, known, n=1)
        hint = f'did you mean "{near[0]}"?' if near else f"missions: {', '.join(known)}"
        raise UsageError(f'unknown mission "{mission}" ({hint})')
