"""What `corrections` and `restate` say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import polars as pl
from rich.text import Text

from mission_cli.cli.exits import say
from mission_cli.cli.render import print_json, print_text, show
from mission_cli.cli.soundness import counted
from mission_cli.cli.tables import STYLES, table
from mission_cli.model.text import printable
from mission_cli.views.corrections import decision_text, owed_by_mission
from mission_cli.views.words import exact

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


def print_corrections(rows: pl.DataFrame, form: str, limit: int | None, *, every: bool, color: bool) -> None:
    """The corrections as tables of at most `limit` rows with what is owed by all of them below, or whole as CSV or JSON."""
    FORMS[form](rows, limit, color)
    if form == "table" and rows.is_empty():
        print_text("no corrections" if every else "no open corrections")


def _table(rows: pl.DataFrame, limit: int | None, color: bool) -> None:  # noqa: FBT001  # one shape for all forms
    shown = rows if limit is None else rows.head(limit)
    if not rows.is_empty():
        show(_parts(shown), color=color)
        _print_owed(rows.filter(pl.col("state") == "open"))
    if shown.height < rows.height:
        say(f"{rows.height - shown.height:,} more rows; leave out --limit to see them")


def _csv(rows: pl.DataFrame, _limit: int | None, _color: bool) -> None:  # noqa: FBT001
    print_text(_plain(rows).write_csv().rstrip())


def _json(rows: pl.DataFrame, _limit: int | None, _color: bool) -> None:  # noqa: FBT001
    print_json(_plain(rows).to_dicts())


FORMS: dict[str, Callable[[pl.DataFrame, int | None, bool], None]] = {"table": _table, "csv": _csv, "json": _json}


def _plain(rows: pl.DataFrame) -> pl.DataFrame:
    """Money as text, digit by digit, and instants as other verbs write them."""
    money = [pl.col(name).map_elements(exact, return_dtype=pl.String) for name in ("old_reward", "new_reward", "owed")]
    times = [pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%SZ") for name in ("recorded_at", "closed_at")]
    return rows.with_columns(*money, *times)


def _parts(rows: pl.DataFrame) -> Iterator[RenderableType]:
    """A table per mission and window, with one line per supplier."""
    span = ["mission_id", "decided_on", "window_start", "window_end"]
    for place, part in enumerate(rows.sort([*span, "number"]).partition_by(span, maintain_order=True)):
        first = part.row(0, named=True)
        title = f"{first['mission_id']}, {first['window_start']} to {first['window_end']}, decided as of {first['decided_on']}"
        yield Text(f"{chr(10) if place else ''}{title}", style="bold")
        yield _window(part)


def _window(rows: pl.DataFrame) -> Table:
    closed = bool((rows["state"] != "open").any())
    made = table("no.", "supplier", "was", "is", "owed", "by", *(["state"] if closed else []), right=("no.", "owed"))
    for row in rows.iter_rows(named=True):
        state = f"{row['state']}: {row['reason']}" if row["reason"] is not None else row["state"]
        made.add_row(
            str(row["number"]),
            printable(row["supplier_id"]),
            _decision(row["old_status"], row["old_reward"]),
            _decision(row["new_status"], row["new_reward"]),
            exact(row["owed"]),
            printable(_by(row)),
            *([printable(state)] if closed else []),
        )
    return made


def _decision(status: str | None, reward: Decimal | None) -> Text:
    return Text(decision_text(status, reward), style=STYLES.get(status or "", ""))


def _by(row: dict[str, Any]) -> str:
    """The file, and what else changed."""
    parts = row["cause"].split(", ")
    return ", ".join(PurePosixPath(row["file"]).name if part == "data" and row["file"] else part for part in parts)


def _print_owed(rows: pl.DataFrame) -> None:
    """Money either way, a line per mission."""
    for place, owed in enumerate(owed_by_mission(rows)):
        sums = f"owed to suppliers {exact(owed.to_suppliers)}, by suppliers {exact(owed.by_suppliers)}"
        print_text(f"{chr(10) if not place else ''}{owed.mission_id}: {sums}")


def print_restated(rows: pl.DataFrame, *, dry: bool, as_json: bool, color: bool) -> None:
    """What was applied, or would be, and the money owed either way."""
    if as_json:
        print_json({"dry_run": dry, "applied": _plain(rows).to_dicts()})
        return
    if rows.is_empty():
        print_text("nothing to apply: no open corrections of these decisions")
        return
    show(_parts(rows), color=color)
    _print_owed(rows)
    say(f"{'would apply' if dry else 'applied'} {counted(rows.height, 'correction')}")
