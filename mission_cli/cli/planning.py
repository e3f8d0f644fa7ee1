"""What `plan` says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date

from rich.console import RenderableType
from rich.text import Text

from mission_cli.cli.render import print_json, show
from mission_cli.cli.soundness import counted, size
from mission_cli.cli.tables import table
from mission_cli.model.text import printable
from mission_cli.stages.plan import RunPlan

_FEW = 10


def print_plan(found: RunPlan, *, as_json: bool, color: bool) -> None:
    """What a run would do, in the order in which it would; as JSON all of it."""
    if as_json:
        print_json(_json(found))
        return
    show(_parts(found), color=color)


def _json(found: RunPlan) -> dict[str, object]:
    dated = {source: {str(day): why for day, why in days.items()} for source, days in found.days.items()}
    return {**asdict(found), "days": dated, "results": {str(day): why for day, why in found.results.items()}}


def _parts(found: RunPlan) -> Iterator[RenderableType]:
    yield Text(f"missionctl run --date {found.as_of} would")
    parts = [*_files(found), *_days(found), *_results(found)]
    yield from parts or [Text("  do nothing: everything is as the exports and the rules say")]
    if found.stale:
        yield Text(f"\nLeft as they are: results of {_spans(found.stale)}, older than data that came later")
        yield Text("(missionctl backfill --only stale makes them anew)")


def _files(found: RunPlan) -> Iterator[RenderableType]:
    if found.files:
        total = size(sum(file.bytes for file in found.files))
        yield Text(f"\nLoad {counted(len(found.files), 'file')}, {total}; which days they change is known when they are read")
        made = table("source", "file", "size", right=("size",))
        for file in found.files[:_FEW]:
            made.add_row(file.source, printable(file.file), size(file.bytes))
        yield made
        if len(found.files) > _FEW:
            yield Text(f"and {counted(len(found.files) - _FEW, 'more file')}")
    if found.again:
        yield Text(f"All of {', '.join(found.again)} is loaded again, because its definition changed")


def _days(found: RunPlan) -> Iterator[RenderableType]:
    if found.days:
        yield Text(f"\nCompute {counted(sum(map(len, found.days.values())), 'day')}")
        yield _by_why((source, day, why) for source, days in found.days.items() for day, why in days.items())


def _results(found: RunPlan) -> Iterator[RenderableType]:
    if found.results:
        yield Text(f"\nPublish the results of {counted(len(found.results), 'day')}")
        yield _by_why(("", day, why) for day, why in found.results.items())


def _by_why(rows: Iterator[tuple[str, date, str]]) -> RenderableType:
    """A line per source and reason, with the days."""
    grouped: dict[tuple[str, str], list[date]] = {}
    for source, day, why in rows:
        grouped.setdefault((source, why), []).append(day)
    sources = any(source for source, _ in grouped)
    made = table(*(["source"] if sources else []), "days", "why", "which", right=("days",))
    for (source, why), days in grouped.items():
        made.add_row(*([source] if sources else []), f"{len(days):,}", why, _spans(days))
    return made


def _spans(days: Sequence[date]) -> str:
    """The first few spans of days, and how many more."""
    ordered = sorted(days)
    starts = [day for n, day in enumerate(ordered) if n == 0 or (day - ordered[n - 1]).days > 1]
    ends = [day for n, day in enumerate(ordered) if n + 1 == len(ordered) or (ordered[n + 1] - day).days > 1]
    said = [f"{first} to {last}" if first < last else f"{first}" for first, last in zip(starts, ends, strict=True)]
    return ", ".join(said[:3]) + (f" and {len(said) - 3} more spans" if len(said) > 3 else "")
