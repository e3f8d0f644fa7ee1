"""Results and status as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

import polars as pl
from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mission_cli.model.text import printable
from mission_cli.views.results import Results
from mission_cli.views.words import number, target_text

_FEW = 5
_ACCOUNTS = {
    "records": "records",
    "new": "new",
    "upd.": "updated",
    "dup.": "duplicate",
    "sup.": "superseded",
    "rej.": "rejected",
}
STYLES = {
    "met": "green",
    "completed": "green",
    "on_track": "green",
    "unmet": "red",
    "failed": "red",
    "no_data": "yellow",
    "closing": "yellow",
    "low_volume": "yellow",
    "voided": "red",
}


def table(*headers: str, right: Sequence[str] = ()) -> Table:
    """A table without frames; columns named in `right` hold numbers."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", padding=(0, 1), collapse_padding=True)
    for header in headers:
        made.add_column(header, justify="right" if header in right else "left", overflow="fold")
    return made


def styled(word: str | None) -> Text:
    """A status in its colour."""
    return Text(word or "", style=STYLES.get(word or "", ""))


def results_parts(found: Results, rows: pl.DataFrame) -> Iterator[RenderableType]:
    """A table per mission and window, with one line per condition; the supplier only on the first."""
    yield Text(f"Results as of {found.as_of}")
    span = ("mission_id", "window_start", "window_end")
    for part in rows.sort(span, maintain_order=True).partition_by(span, maintain_order=True):
        first = part.row(0, named=True)
        yield Text(f"\n{first['mission_id']}, {first['window_start']} to {first['window_end']}", style="bold")
        yield _mission_results(part)


def _mission_results(rows: pl.DataFrame) -> Table:
    tiers, paid = rows["tier"].count() > 0, rows["earned"].count() > 0
    more = [*(["tier"] if tiers else []), *(["reward"] if paid else [])]
    right = ("value", "target", "reward")
    made = table("supplier", "mission status", "condition", "value", "target", "status", *more, right=right)
    before = None
    for row in rows.iter_rows(named=True):
        here = row["supplier_id"]
        head: list[RenderableType] = ["", ""] if here == before else [here, styled(row["mission_status"])]
        extra = [*([row["tier"] or ""] if tiers else []), *(["" if here == before else _reward(row)] if paid else [])]
        cells = (row["condition"], number(row["value"], row["val"]), target_text(row["type"], row["val"], row["val_high"]))
        made.add_row(*head, *cells, styled(row["status"]), *extra)
        before = here
    return made


def _reward(row: dict[str, Any]) -> str:
    """What is paid, and of how much where limits cut it."""
    if row["earned"] is None:
        return ""
    return number(row["reward"]) if row["reward"] == row["earned"] else f"{number(row['reward'])} of {number(row['earned'])}"


def status_parts(state: dict[str, Any]) -> Iterator[RenderableType]:
    """The sections of `status`; those without content are left out."""
    days = state["results"]
    if days["days"]:
        yield Text(f"Results of {days['days']} days, {days['first']} to {days['latest']}")
    else:
        yield Text("No results yet")
    if state["at_work"]:
        yield Text(
            f"At work: {state['at_work']['command']}, process {state['at_work']['pid']}, since {state['at_work']['since']}"
        )
    yield from _section(
        "Loaded", state["sources"], {"batches", "records", "new", "updated", "duplicate", "superseded", "rejected"}
    )
    yield from _section("Batches", [_batch(row) for row in state.get("batches", ())], {"batch", *_ACCOUNTS})
    yield from _section("Partitions", state["partitions"], {"days"})
    stale = [{"source": source, "days": len(names), "which": _some(names)} for source, names in state["stale"].items()]
    yield from _section("Stale days (computed when a window needs them)", stale, {"days"})
    yield from _section(
        "Results older than data that came later (missionctl backfill --only stale makes them anew)",
        _by_file(state["stale_results"]),
        {"days", "batch"},
    )
    yield from _corrections(state["corrections"])
    yield from _section("Windows that keep older rules", [_kept(row) for row in state["kept_rules"]], {"windows"})
    yield from _section("Refused files (tried again when their content changes)", state["refused"], set())
    yield from _section("Newest rejects", [_reject(row) for row in state["rejects"][:_FEW]], set())
    yield from _section("Last runs", [_run(row) for row in state["runs"]], {"run", "files", "days", "results"})
    yield Text(f"\nUndelivered operations: {state['undelivered']}")


def _corrections(found: dict[str, Any]) -> Iterator[RenderableType]:
    if found["open"]:
        yield Text("\nCorrections of decided missions (missionctl corrections lists them)", style="bold")
        made = table("open", "owed to suppliers", "owed by suppliers", right=("open", "owed to suppliers", "owed by suppliers"))
        made.add_row(f"{found['open']:,}", found["owed_to_suppliers"], found["owed_by_suppliers"])
        yield made


def _section(title: str, rows: Sequence[dict[str, Any]], numbers: set[str]) -> Iterator[RenderableType]:
    if rows:
        yield Text(f"\n{title}", style="bold")
        made = table(*rows[0], right=tuple(numbers))
        for row in rows:
            made.add_row(*(f"{value:,}" if isinstance(value, int) else printable(str(value or "")) for value in row.values()))
        yield made


def _kept(row: dict[str, Any]) -> dict[str, Any]:
    return {"mission": row["mission"], "rules of": row["since"], "windows": row["windows"], "decided by": row["until"]}


def _by_file(stale: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The as-of days, by the file that reaches them."""
    days: dict[tuple[int, str], list[str]] = {}
    for row in stale:
        days.setdefault((row["batch"], row["file"] or "configuration"), []).append(row["as_of"])
    return [
        {"batch": batch, "file": PurePosixPath(file).name, "days": len(found), "which": _some(found)}
        for (batch, file), found in days.items()
    ]


def _batch(row: dict[str, Any]) -> dict[str, Any]:
    shown = {"batch": row["batch"], "file": row["file"], "status": row["status"]}
    return shown | {short: row[name] for short, name in _ACCOUNTS.items()}


def _reject(row: dict[str, Any]) -> dict[str, Any]:
    return {"where": f"{PurePosixPath(row['file']).name}:{row['line']}", "column": row["column_name"], "reason": row["reason"]}


def _run(row: dict[str, Any]) -> dict[str, Any]:
    shown = {"run": row["run"], "command": row["command"], "began": row["started_at"], "outcome": row["outcome"]}
    return shown | {"files": row["batches"], "days": row["partitions"], "results": row["evaluations"]}


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" … {names[-1]}" if len(names) > 4 else "")
