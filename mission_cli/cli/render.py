"""Standard output: the only module that writes it. Tables for people, JSON, CSV and Parquet for programs."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mission_cli.cli.exits import say

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console, RenderableType

    from mission_cli.model.problems import Problem
    from mission_cli.model.project import Project
    from mission_cli.stages.context import Report
    from mission_cli.views.explanation import Explanation
    from mission_cli.views.results import Results

MIN_WIDTH = 80
_FEW = 3
_UNBOUNDED = 100_000


def console(*, color: bool, wrap: bool = True) -> Console:
    """A console on standard output; plain text, 80 columns or more wide, when that is no terminal."""
    from rich.console import Console

    terminal = sys.stdout.isatty()
    width = None if terminal else max(MIN_WIDTH, int(os.environ.get("COLUMNS", "0") or 0))
    width = width if wrap else _UNBOUNDED  # rich cuts off what does not fit
    return Console(file=sys.stdout, width=width, no_color=None if color else True, highlight=False, markup=False, soft_wrap=False)


def show(parts: Iterable[RenderableType], *, color: bool, wrap: bool = True) -> None:
    """Print renderables one below the other, without blanks at the ends of lines; without `wrap` lines keep their length."""
    out = console(color=color, wrap=wrap)
    if sys.stdout.isatty():
        for part in parts:
            out.print(part, soft_wrap=not wrap)
        return
    with out.capture() as captured:
        for part in parts:
            out.print(part, soft_wrap=not wrap)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def print_json(value: object) -> None:
    """One JSON document; dates as ISO text."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def print_text(text: str) -> None:
    """A text as it is."""
    sys.stdout.write(text + "\n")


def print_version() -> None:
    """The installed version."""
    sys.stdout.write(f"missionctl {version('missionctl')}\n")


def print_init(root: Path, written: Sequence[str]) -> None:
    """What a new project directory holds."""
    sys.stdout.write("".join(f"{line}\n" for line in written))
    say(f"project directory: {root.resolve()}; next: missionctl --project {root} check")


def print_check(project: Project | None, problems: Sequence[Problem], warnings: Sequence[Problem] = (), *, as_json: bool) -> None:
    """Every problem on a line of its own, or what the project holds; warnings on standard error."""
    if as_json:
        lists = {"problems": problems, "warnings": warnings}
        print_json({"ok": not problems} | {name: [asdict(problem) for problem in found] for name, found in lists.items()})
        return
    for warning in warnings:
        say(f"missionctl: warning: {warning}")
    for problem in problems:
        sys.stdout.write(f"{problem}\n")
    if problems:
        say(f"missionctl: {len(problems)} problem{'s' if len(problems) > 1 else ''}")
    elif project is not None:
        parts = [(len(project.sources), "source"), (len(project.metrics), "metric"), (len(project.missions), "mission")]
        counts = ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in parts)
        sys.stdout.write(f"{project.name}: no problems in {counts}\n")


def print_report(report: Report, *, as_json: bool) -> None:
    """What a run did: JSON on standard output when asked for, else a few lines on standard error."""
    if as_json:
        print_json(_report(report))
        return
    if report.batches:
        counts = ", ".join(f"{count:,} {word}" for word, count in report.counts.items() if count and word != "records")
        say(f"loaded {report.batches} files, {report.counts['records']:,} records: {counts or 'none'}")
    for file, count in report.rejects[:_FEW]:
        say(f"{file}: {count} records rejected")
    if len(report.rejects) > _FEW:
        say(f"{len(report.rejects) - _FEW} more files have rejected records (missionctl rejects lists them)")
    for file, reason in report.refused:
        say(f"{file}: refused: {reason}")
    for source, days in report.computed.items():
        if days:
            say(f"computed of {source}: {_days(days)}")
    done, same = len(report.evaluated), len(report.unchanged)
    say(f"results: {done} day{'' if done == 1 else 's'} published, {same} unchanged")
    if report.corrections:
        said = "1 correction" if report.corrections == 1 else f"{report.corrections:,} corrections"
        say(f"{said} of decided missions: missionctl corrections")


def _days(computed: dict[Any, str]) -> str:
    """`31 days`, or with the reasons when they are not simply new."""
    by_why: dict[str, list[str]] = {}
    for day, why in computed.items():
        by_why.setdefault(why, []).append(str(day))
    said = f"{len(computed)} day{'' if len(computed) == 1 else 's'}"
    if set(by_why) == {"new"}:
        return said
    reasons = [
        f"{len(days)} {why}{' (' + ', '.join(days) + ')' if why != 'new' and len(days) <= 5 else ''}"
        for why, days in by_why.items()
    ]
    return f"{said}: {', '.join(reasons)}"


def _report(report: Report) -> dict[str, Any]:
    return {
        "batches": report.batches,
        "records": report.counts,
        "rejects": [{"file": file, "records": count} for file, count in report.rejects],
        "refused": [{"file": file, "reason": reason} for file, reason in report.refused],
        "computed": {source: {str(day): why for day, why in days.items()} for source, days in report.computed.items()},
        "evaluated": [str(day) for day in report.evaluated],
        "unchanged": [str(day) for day in report.unchanged],
        "corrections": report.corrections,
    }


def print_results(found: Results, form: str, limit: int | None, *, color: bool) -> None:
    """The results as a table of at most `limit` rows, or whole as CSV, JSON or Parquet."""
    FORMS[form](found, limit, color)


def _results_table(found: Results, limit: int | None, color: bool) -> None:  # noqa: FBT001  # one shape for all forms
    from mission_cli.cli.tables import results_parts

    shown = found.rows if limit is None else found.rows.head(limit)
    show(results_parts(found, shown), color=color)
    if shown.height < found.rows.height:
        say(f"{found.rows.height - shown.height:,} more rows; leave out --limit to see them")


def _results_csv(found: Results, _limit: int | None, _color: bool) -> None:  # noqa: FBT001
    sys.stdout.write(_with_bounds(shortest_numbers(found.rows)).write_csv())


def _results_json(found: Results, _limit: int | None, _color: bool) -> None:  # noqa: FBT001
    print_json(found.rows.to_dicts())


def _with_bounds(rows: pl.DataFrame) -> pl.DataFrame:
    """Both bounds of BETWEEN in one cell: `5..30`. The cells are texts already."""
    import polars as pl

    both = pl.concat_str("val", pl.lit(".."), "val_high")
    return rows.with_columns(pl.when(pl.col("val_high").is_null()).then("val").otherwise(both).alias("val")).drop("val_high")


def _results_parquet(found: Results, _limit: int | None, _color: bool) -> None:  # noqa: FBT001
    if sys.stdout.isatty():
        say("missionctl: Parquet is not for a terminal; send it to a file: --format parquet > results.parquet")
        return
    buffer = io.BytesIO()
    found.rows.write_parquet(buffer, compression="zstd")
    sys.stdout.buffer.write(buffer.getvalue())


FORMS: dict[str, Callable[[Results, int | None, bool], None]] = {
    "table": _results_table,
    "csv": _results_csv,
    "json": _results_json,
    "parquet": _results_parquet,
}


def shortest_numbers(rows: pl.DataFrame) -> pl.DataFrame:
    """Doubles as the shortest text that reads back to the same number: `20`, not `20.0`."""
    import polars as pl

    return rows.with_columns(pl.selectors.float().cast(pl.String).str.strip_suffix(".0"))


def print_status(state: dict[str, Any], *, as_json: bool, color: bool) -> None:
    """What is loaded, computed and stale."""
    if as_json:
        print_json(state)
        return
    from mission_cli.cli.tables import status_parts

    show(status_parts(state), color=color)


def print_explanation(found: Explanation, *, as_json: bool, everything: bool, color: bool) -> None:
    """An explanation for people, at 80 columns; or whole, as JSON."""
    if as_json:
        print_json(_with_text_keys(asdict(found)))
        return
    from mission_cli.cli.explanations import explanation_parts

    show(explanation_parts(found, everything=everything), color=color)


def _with_text_keys(value: Any) -> Any:
    """Dates as keys become ISO text, at any depth."""
    if isinstance(value, dict):
        return {str(key): _with_text_keys(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_with_text_keys(part) for part in value]
    return value
