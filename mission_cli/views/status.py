"""What is loaded, computed and stale, and who is at work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mission_cli.store.brief import NO_CORRECTIONS, unpacked
from mission_cli.store.layout import Layout
from mission_cli.store.lock import holder
from mission_cli.store.manifest import read_manifest


def read_status(root: Path, *, batches: bool) -> dict[str, Any]:
    """The ledger in brief as of the last published state, as plain JSON values; and the holder of the project, if any.

    With `batches`, every batch too.
    """
    layout = Layout(root)
    manifest = read_manifest(layout.manifest)
    at_work = holder(layout.lock)
    state = {
        "results": {
            "days": len(manifest.results),
            "first": min(manifest.results).isoformat() if manifest.results else None,
            "latest": max(manifest.results).isoformat() if manifest.results else None,
        },
        "suppliers": manifest.suppliers[-1].file if manifest.suppliers else None,
        **{name: manifest.state.get(name, []) for name in ("sources", "refused", "rejects", "partitions", "runs")},
        "stale": manifest.state.get("stale", {}),
        "stale_results": [
            {"as_of": day, "batch": batch, "file": file} for day, batch, file in manifest.state.get("stale_results", ())
        ],
        "corrections": manifest.state.get("corrections", NO_CORRECTIONS),
        "kept_rules": manifest.state.get("kept_rules", []),
        "undelivered": 0,
        "at_work": {"pid": at_work.pid, "command": at_work.command, "since": at_work.since} if at_work else None,
    }
    return state | {"batches": unpacked(manifest.state.get("batches"))} if batches else state
