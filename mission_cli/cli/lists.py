"""Rejects and duplicates: for people in the manner of a compiler's messages, for programs as JSON, CSV or Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from mission_cli.cli.exits import say
from mission_cli.cli.render import print_json, show
from mission_cli.cli.tables import table
from mission_cli.model.errors import UsageError
from mission_cli.model.text import printable

if TYPE_CHECKING:
    import polars as pl
    from rich.console import RenderableType

_SHOWN = 300  # characters of a record's text


def print_rejects(rows: pl.DataFrame, limit: int, *, as_json: bool, color: bool) -> None:
    """The newest rejects in the order of their lines, each with the text of its record below it; or all as JSON."""
    if as_json:
        print_json(rows.to_dicts())
        return
    show((part for row in rows.tail(limit).iter_rows(named=True) for part in _reject(row)), color=color, wrap=False)
    _tell_rest(rows, limit, "rejects")


def print_duplicates(rows: pl.DataFrame, limit: int, *, as_json: bool, color: bool) -> None:
    """The newest of them as a table; or all as JSON."""
    if as_json:
        print_json(rows.to_dicts())
        return
    made = table("key", "where", "why", "winner")
    for row in rows.tail(limit).iter_rows(named=True):
        where, winner = f"{row['file']}:{row['line']}", f"{row['winner_file']}:{row['winner_line']}"
        made.add_row(*map(printable, (row["key"], where, row["why"], winner)))
    if rows.height:
        show([made], color=color)
    _tell_rest(rows, limit, "duplicates")


def export_rows(rows: pl.DataFrame, target: Path) -> None:
    """Write the rows to a file: Parquet when it is named so, else CSV."""
    try:
        with target.open("wb") as file:
            if target.suffix == ".parquet":
                rows.write_parquet(file, compression="zstd")
            else:
                rows.write_csv(file)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}; choose another file with --export") from None
    say(f"{rows.height:,} rows written to {target}")


def _reject(row: dict[str, Any]) -> Iterator[RenderableType]:
    column = f"{row['column']}: " if row["column"] else ""
    yield Text(printable(f"{row['file']}:{row['line']}: {column}{row['reason']}"))
    raw = row["raw"].replace("\r", "").replace("\n", "⏎")
    yield Text(f"    {printable(raw[:_SHOWN])}{'…' if len(raw) > _SHOWN else ''}", style="dim")


def _tell_rest(rows: pl.DataFrame, limit: int, noun: str) -> None:
    if rows.is_empty():
        say(f"no {noun}")
    elif rows.height > limit:
        say(f"{rows.height - limit:,} older {noun}; --limit N shows more, --export FILE writes all")
