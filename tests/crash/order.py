"""What a kill cannot show, but a power cut could: content is synced before a file gets its name, and the name after it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from tests.crash.calls import Call

_SCRATCH = "data/tmp"


def unsynced(calls: Iterable[Call]) -> list[str]:
    """Files that got their name before their content was synced, and names and folders that were never synced."""
    wrong = []
    written: set[str] = set()
    named: dict[str, set[str]] = {}
    for call in calls:
        if call.is_write:
            written.add(call.path)
        elif call.name in ("fsync", "fdatasync"):
            written.discard(call.path)
            named.pop(call.path, None)
        elif call.name.startswith("rename"):
            if call.source in written:
                wrong.append(f"{call.path} got its name before its content was synced")
            named.setdefault(posixpath.dirname(call.path), set()).add(call.path)
        elif call.name.startswith("mkdir") and call.changes and call.path != _SCRATCH:
            named.setdefault(posixpath.dirname(call.path), set()).add(call.path)
    return wrong + [f"the name of {name} was not synced" for names in named.values() for name in sorted(names)]
