"""What `plan` and `apply` say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from mission_cli.cli.render import print_json, print_text, show
from mission_cli.cli.soundness import counted, size
from mission_cli.cli.tables import table
from mission_cli.model.text import printable
from mission_cli.stages.apply import Applied
from mission_cli.stages.gains import Stand
from mission_cli.stages.plan import RunPlan
from mission_cli.views.words import number

_FEW = 10


def print_plan(found: RunPlan, limit: int, *, as_json: bool, color: bool) -> None:
    """What a run would do, in the order in which it would, and at most `limit` suppliers who gain or lose; as JSON all of it."""
    if as_json:
        print_json(_json(found))
        return
    show(_parts(found, limit), color=color)


def print_applied(found: Applied, *, dry: bool, as_json: bool) -> None:
    """Which windows follow today's rules from now on, or would."""
    if as_json:
        print_json({"dry_run": dry, **asdict(found)})
        return
    for rules in found.rules:
        windows = f"{rules.mission}: {counted(rules.windows, 'window')} by the rules of {rules.since}, {rules.running:,} running"
        what = "end, because the mission is no longer in missions.toml" if rules.removed else "follow the rules of today"
        print_text(f"{windows}, {'would ' if dry else ''}{what}")
    if not found.rules:
        print_text("nothing to apply: all windows follow the rules of today")
    if found.results:
        stale = f"results of {counted(len(found.results), 'day')}, {_spans(found.results)},"
        print_text(f"{stale} {'would be' if dry else 'are'} older than that; missionctl backfill --only stale makes them anew")


def _json(found: RunPlan) -> dict[str, object]:
    dated = {source: {str(day): why for day, why in days.items()} for source, days in found.days.items()}
    gains = [{**asdict(moved), "gains": moved.gains} for moved in found.gains] if found.gains is not None else None
    return {**asdict(found), "gains": gains, "days": dated, "results": {str(day): why for day, why in found.results.items()}}


def _parts(found: RunPlan, limit: int) -> Iterator[RenderableType]:
    yield Text(f"missionctl run --date {found.as_of} would")
    parts = [*_files(found), *_days(found), *_results(found)]
    yield from parts or [Text("  do nothing: everything is as the exports and the rules say")]
    yield from _rules(found)
    yield from _gains(found, limit)
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


def _rules(found: RunPlan) -> Iterator[RenderableType]:
    if found.rules:
        yield Text("\nRules that changed", style="bold")
    for rules in found.rules:
        what = "new" if rules.new else "no longer in missions.toml" if rules.removed else ""
        yield Text(f"{rules.mission}{f': {what}' if what else ''}")
        for change in rules.changes:
            yield Padding(Text(printable(change)), (0, 0, 0, 2))
        if rules.kept:
            goes_on = f"{counted(rules.kept, 'running window')} {'keeps' if rules.kept == 1 else 'keep'} the older rules"
            begins = f"; the first window by today's begins on {rules.begins}" if rules.begins is not None else ""
            yield Padding(Text(f"{goes_on}, until decided as of {rules.until}{begins}"), (0, 0, 0, 2))
    if any(rules.kept for rules in found.rules):
        yield Text("(missionctl apply --restate lets them follow the rules of today)")


def _gains(found: RunPlan, limit: int) -> Iterator[RenderableType]:
    if found.gains is None:
        yield Text("\nWho would gain or lose cannot be said: Metabase would have to be asked again")
        return
    missions = [rules.mission for rules in found.rules if rules.kept and not rules.removed]
    if not missions:
        return
    yield Text("\nIf running windows followed the rules of today", style="bold")
    made = table("mission", "would gain", "would lose", right=("would gain", "would lose"))
    for mission in missions:
        mine = [moved for moved in found.gains if moved.mission == mission]
        gain = sum(moved.gains for moved in mine)
        made.add_row(mission, f"{gain:,}", f"{len(mine) - gain:,}")
    yield made
    if found.gains:
        listed = table("mission", "supplier", "", "by its rules", "by today's")
        for moved in found.gains[:limit]:
            listed.add_row(
                moved.mission, moved.supplier, "gains" if moved.gains else "loses", *map(_stand, (moved.before, moved.after))
            )
        yield Text("")
        yield listed
    if len(found.gains) > limit:
        yield Text(f"{len(found.gains) - limit:,} more; --limit N shows more")


def _stand(stand: Stand | None) -> str:
    if stand is None:
        return "no part in it"
    earned = f", earns {number(stand.earned)}" if stand.earned else ""
    return f"{stand.status}, {stand.met} of {stand.conditions} met{earned}"


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
