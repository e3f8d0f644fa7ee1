"""What must hold of a file that was loaded; each breach has a tag and says the first difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fuzz.loader import Got
from tests.fuzz.reference import Expected

Breach = tuple[str, str]
_KEPT_OF_A_REFUSED_FILE = 10_000
_LATER_BYTES_DECIDE = (
    "archive",
    "Parquet is damaged",
    "is not UTF-16",
    "is not LATIN-1",
    "longer than",
)  # how much was read before says which reason comes first


def breaches(expected: Expected, got: Got) -> list[Breach]:
    """Where the loader and the reference differ on a file."""
    if expected.unsure and got.refused and "longer than" in got.refused:
        return []
    if (expected.refused is None) != (got.refused is None):
        return [("refusal", f"the reference says {expected.refused!r}, the loader {got.refused!r}")]
    found: list[Breach] = []
    if got.twice:
        found.append(("twice", f"lines that came more than once: {got.twice[:5]}"))
    if got.refused is None:
        _differ(found, "rows", expected.rows, got.rows)
        if got.records != len(got.rows) + len(got.rejects) or got.rejected != len(got.rejects):
            found.append(
                (
                    "accounting",
                    f"{got.records} records, {got.rejected} rejected: {len(got.rows)} rows, {len(got.rejects)} rejects",
                )
            )
    elif got.rows:
        found.append(("refusal", f"refused, but {len(got.rows)} of its rows are staged"))
    if expected.refused not in (None, "too many rejects"):
        if got.rejects or got.records or got.rejected:
            found.append(("refusal", f"refused, but {got.records} records, {len(got.rejects)} rejects are kept"))
        return found
    if expected.records != got.records:
        found.append(("records", f"the reference has {expected.records}, the loader {got.records}"))
    blamed = {line: column for line, (column, _, _) in got.rejects.items()}
    _differ(found, "rejects", {line: column for line, (column, _) in _kept(expected).items()}, blamed)
    raws = {line: raw for line, (_, raw) in _kept(expected).items() if raw is not None and raw.isprintable()}
    _differ(found, "raw", raws, {line: raw for line, (_, _, raw) in got.rejects.items() if line in raws})
    return found


def _kept(expected: Expected) -> dict[int, tuple[str | None, str | None]]:
    lines = sorted(expected.rejects)
    kept = lines[:_KEPT_OF_A_REFUSED_FILE] if expected.refused else lines
    return {line: expected.rejects[line] for line in kept}


def portion_breaches(whole: Got, pieces: Got) -> list[Breach]:
    """Where the same file differs when it is read in other portions."""
    if (whole.refused is None) != (pieces.refused is None):
        return [("portions", f"in one piece: {whole.refused!r}, in small ones: {pieces.refused!r}")]
    found: list[Breach] = []
    if pieces.twice:
        found.append(("portions", f"lines that came more than once: {pieces.twice[:5]}"))
    if whole.refused != pieces.refused and not _may_differ(whole.refused or "", pieces.refused or ""):
        found.append(("reason", f"in one piece: {whole.refused!r}, in small ones: {pieces.refused!r}"))
    if (whole.records, whole.rejected) != (pieces.records, pieces.rejected):
        found.append(
            ("portions", f"{whole.records}, {whole.rejected} records, in small ones {pieces.records}, {pieces.rejected}")
        )
    _differ(found, "portions", whole.rows, pieces.rows)
    _differ(found, "portions", whole.rejects, pieces.rejects)
    return found


def _may_differ(whole: str, pieces: str) -> bool:
    """Damage comes to light when it is reached; what does not end is too long as soon as no portion can hold it."""
    return any(word in whole + pieces for word in _LATER_BYTES_DECIDE)


def _differ(found: list[Breach], tag: str, wanted: Mapping[int, Any], got: Mapping[int, Any]) -> None:
    if wanted == got:
        return
    line = min(line for line in {*wanted, *got} if line not in wanted or line not in got or wanted[line] != got[line])
    missing = object()
    left, right = wanted.get(line, missing), got.get(line, missing)
    shown = ["nothing" if side is missing else repr(side) for side in (left, right)]
    if isinstance(left, tuple) and isinstance(right, tuple) and len(left) == len(right):
        place = next(place for place, pair in enumerate(zip(left, right, strict=True)) if pair[0] != pair[1])
        shown = [f"value {place}: {side[place]!r}" for side in (left, right)]
    found.append((tag, f"line {line}: {shown[0][:300]} ≠ {shown[1][:300]}"))
