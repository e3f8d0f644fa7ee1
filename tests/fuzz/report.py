"""What a run found: each failure with how to see it again, and the numbers at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.flips import ARCHIVE, PARQUET
from tests.fuzz.group import Failure, Tally
from tests.fuzz.spec import ENDINGS

_SHOWN_PER_TAG = 10
_COLUMNS = ("valid", "damaged", "refused", "with rejects", "clean")


def summed(tallies: Sequence[Tally]) -> Tally:
    """One tally of many."""
    whole = Tally()
    for tally in tallies:
        whole.outcomes += tally.outcomes
        whole.flips += tally.flips
        whole.commands += tally.commands
        whole.tiny += tally.tiny
        whole.slowest = max(whole.slowest, tally.slowest)
        whole.failures += tally.failures
    return whole


def kept(failure: Failure, seed: int, folder: Path) -> Path:
    """The folder in which the file of a failure lies now, with the source that it was loaded for."""
    place = folder / f"{seed}-{token(failure)}-{failure.tag.replace(' ', '-')}"
    place.mkdir(parents=True, exist_ok=True)
    (place / failure.name).write_bytes(failure.content)
    (place / "metrics.toml").write_text(failure.spec.metrics_toml(), "utf-8")
    (place / "why.txt").write_text(f"{failure.tag}: {failure.text}\ndone to it: {', '.join(failure.did)}\n", "utf-8")
    return place


def token(failure: Failure) -> str:
    """What names the file of a failure in a replay."""
    prefix = {f"{ARCHIVE} flips": "a", f"{PARQUET} flips": "p", "command": "c", "tiny": "t"}.get(failure.tag, "")
    return f"{prefix}{failure.number}"


def told_failures(whole: Tally, seed: int, folder: Path) -> list[str]:
    """A line for each failure, the smallest file of each kind first; only some of a kind that came often."""
    lines = []
    ordered = sorted(whole.failures, key=lambda failure: (failure.tag, len(failure.content), failure.number))
    told: Counter[str] = Counter()
    for failure in ordered:
        told[failure.tag] += 1
        place = kept(failure, seed, folder)
        if told[failure.tag] <= _SHOWN_PER_TAG:
            again = f"make fuzz REPLAY={seed}:{token(failure)}"
            lines.append(
                f"{failure.tag}: {failure.name} ({len(failure.content)} bytes): {failure.text}\n    {again}; kept in {place}"
            )
    lines += [f"{tag}: {count - _SHOWN_PER_TAG} more" for tag, count in sorted(told.items()) if count > _SHOWN_PER_TAG]
    return lines


def summary(whole: Tally, *, seed: int, seconds: float, memory: int, slow: int) -> str:
    """The numbers of a run."""
    lines = [f"fuzz of exports, seed {seed}", f"{'format':<10}{'files':>8}" + "".join(f"{word:>14}" for word in _COLUMNS)]
    totals: Counter[str] = Counter()
    for ending in ENDINGS:
        counts = {word: whole.outcomes[ending, word] for word in _COLUMNS}
        totals += Counter(counts)
        lines.append(_row(ending, counts))
    lines.append(_row("all", totals))
    for what in (ARCHIVE, PARQUET):
        words = ("tried", "refused", "harmless", "other values", *(["other values by the footer"] if what == PARQUET else []))
        counts = {word: whole.flips[what, word] for word in words}
        lines.append(f"{what} flips and cuts: " + ", ".join(f"{count:,} {word}" for word, count in counts.items()))
    exits = ", ".join(f"{count} × {word}" for word, count in sorted(whole.commands.items()) if word != "files")
    lines.append(f"through the command line: {whole.commands['files']:,} files; {exits or 'no run'}")
    tiny = ", ".join(f"{count:,} {word}" for word, count in sorted(whole.tiny.items()))
    lines.append(f"tiny texts in portions of a few bytes: {whole.tiny.total():,}; {tiny}")
    lines.append(f"slowest file: {whole.slowest[0]:.2f} s to read in small portions, {whole.slowest[1]}")
    lines.append(f"sets of files that took over 10 s though none alone did: {slow}; most memory: {memory // 1024:,} MB")
    tags = Counter(failure.tag for failure in whole.failures)
    said = ", ".join(f"{count} {tag}" for tag, count in sorted(tags.items()))
    lines.append(f"failures: {len(whole.failures)}" + (f" ({said})" if said else ""))
    return "\n".join([*lines, f"{seconds:.0f} s"])


def _row(name: str, counts: dict[str, int] | Counter[str]) -> str:
    files = counts["valid"] + counts["damaged"]
    return f"{name:<10}{files:>8,}" + "".join(f"{counts[word]:>14,}" for word in _COLUMNS)
