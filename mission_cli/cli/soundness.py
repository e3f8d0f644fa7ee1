"""What `verify` and `prune` say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from mission_cli.cli.exits import say
from mission_cli.cli.render import print_json, print_text
from mission_cli.stages.audit.findings import Again, Audit
from mission_cli.stages.prune import Pruned

_FEW = 5


def print_audit(audit: Audit, *, as_json: bool) -> None:
    """Every problem on a line of its own, or one line when there is none; what is no damage on standard error."""
    if as_json:
        print_json(_audit(audit))
        return
    for problem in audit.problems:
        print_text(str(problem))
    if not audit.problems:
        print_text(f"verified: {audit.files:,} files, {audit.rows:,} rows, {size(audit.bytes)}{_again(audit.again)}")
    for line in _aside(audit):
        say(line)
    if audit.problems:
        say(f"missionctl: {counted(len(audit.problems), 'problem')}")


def counted(count: int, noun: str) -> str:
    """`1 file`, `1,200 files`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def size(count: int) -> str:
    """Bytes as people read them."""
    for unit, least in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= least:
            return f"{count / least:.1f} {unit}"
    return counted(count, "byte")


def _again(again: Again | None) -> str:
    if again is None:
        return ""
    return f"; computed again to the same bytes: {counted(again.days, 'day')}, {counted(again.results, 'result')}"


def _aside(audit: Audit) -> Iterator[str]:
    yield from audit.notes
    for name, count in audit.leftovers[:_FEW]:
        yield f"data/{name}: left over, named by nothing ({size(count)})"
    if audit.leftovers:
        more = f"{counted(len(audit.leftovers), 'file')} left over, no damage"
        yield f"{more}; the next run after a cut-off, or missionctl prune, removes them"
    if audit.again is not None:
        yield from _not_again(audit.again)


def _not_again(again: Again) -> Iterator[str]:
    for count, noun, why in (
        (again.stale, "day", "waiting to be computed again anyhow"),
        (again.unkept, "day", "of which Metabase would have to be asked again"),
        (again.changed, "result", "whose data changed since they were made"),
        (again.by_earlier_rules, "result", "made by earlier rules"),
    ):
        if count:
            yield f"not computed again: {counted(count, noun)} {why}"


def _audit(audit: Audit) -> dict[str, object]:
    found = asdict(audit)
    found["leftovers"] = _named(audit.leftovers)
    return {"ok": not audit.problems, **found}


def print_pruned(found: Pruned, *, dry: bool, as_json: bool) -> None:
    """What went, or would go."""
    if as_json:
        print_json({"dry_run": dry, **asdict(found)} | {name: _named(getattr(found, name)) for name in ("files", "leftovers")})
        return
    for line in _gone(found):
        print_text(line)
    freed = size(sum(count for _, count in found.files + found.leftovers))
    print_text(f"{'would free' if dry else 'freed'} {freed} in {counted(len(found.files + found.leftovers), 'file')}")


def _gone(found: Pruned) -> Iterator[str]:
    if found.results:
        yield f"results: {counted(len(found.results), 'day')}, {found.results[0]} to {found.results[-1]}"
    for source, gone in found.days.items():
        yield f"{source}: {counted(len(gone), 'day')}, {gone[0]} to {gone[-1]}"
    if found.leftovers:
        yield f"left over by runs that were cut off: {counted(len(found.leftovers), 'file')}"


def _named(files: Sequence[tuple[str, int]]) -> list[dict[str, object]]:
    return [{"file": f"data/{name}", "bytes": count} for name, count in files]
