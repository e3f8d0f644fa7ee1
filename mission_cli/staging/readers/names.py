"""Columns are known by their names in the file, wherever they stand."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from mission_cli.model.project import Source
from mission_cli.model.text import printable
from mission_cli.staging.readers.portion import MAX_COLUMNS, UnreadableFile

_SHOWN = 20


def places(source: Source, found: Sequence[str], what: str) -> tuple[int, ...]:
    """Where the columns of the source stand among the names found. `what` they are names of: "its header".

    Raises UnreadableFile when one is missing, or stands there twice.
    """
    if len(found) > MAX_COLUMNS:
        raise UnreadableFile(f"{what} has {len(found):,} columns, more than {MAX_COLUMNS:,}")
    wanted = [column.header for column in source.columns]
    missing = [name for name in wanted if name not in found]
    if missing:
        none = "none of the columns" if len(missing) == len(wanted) else "no column"
        near = _near(missing[0], found)
        hint = near if near or len(missing) < len(wanted) else "; is the first line a header?"
        raise UnreadableFile(f"{what} has {none} {_some(missing)}; it has {_some(found)}{hint}")
    repeated = [name for name in wanted if found.count(name) > 1]
    if repeated:
        raise UnreadableFile(f"{what} names {_some(repeated)} more than once")
    return tuple(found.index(name) for name in wanted)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name if len(name) <= _SHOWN * 2 else f"{name[: _SHOWN * 2]}…") for name in names[:_SHOWN])
    return f"{shown}, … ({len(names):,} in all)" if len(names) > _SHOWN else shown


def _near(name: str, found: Sequence[str]) -> str:
    folded = {other.lower(): other for other in found}
    near = get_close_matches(name.lower(), folded, n=1)
    return f' (did "{name}" become "{folded[near[0]]}"?)' if near else ""
