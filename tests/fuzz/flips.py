"""Copies of a file with checksums, each damaged in one place: refused, or exactly the rows of the undamaged file."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.checks import portion_breaches
from tests.fuzz.files import Made, flip_spec, flipped
from tests.fuzz.group import Beat, Failure, Tally, silent
from tests.fuzz.loader import Got, Loader

ARCHIVE, PARQUET = "archive", "Parquet"


def run_flips(seed: int, group: int, *, is_parquet: bool, beat: Beat = silent) -> Tally:
    """All damaged copies of one file."""
    base, copies = flipped(seed, group, is_parquet=is_parquet)
    return hold_flips(seed, group, base, copies, beat)


def hold_flips(seed: int, group: int, base: Made, copies: Sequence[Made], beat: Beat = silent) -> Tally:
    """The copies against the file that they are copies of."""
    spec, tally = flip_spec(seed, group), Tally()
    what = PARQUET if base.ending == ".parquet" else ARCHIVE
    beat([file.number for file in (base, *copies)])
    with tempfile.TemporaryDirectory() as name:
        found = _staged(Loader(spec, Path(name)), [base, *copies], Path(name))
    whole = found.pop(base.number)
    if whole.refused:
        tally.failures.append(
            Failure(base.number, "flips", f"refused undamaged: {whole.refused}", base.name, base.content, (), spec)
        )
    for file in copies:
        got = found[file.number]
        breach = [] if got.refused else portion_breaches(whole, got)
        unsure = bool(breach) and what == PARQUET and _is_in_footer(base.content, file.content)
        tally.flips[what, "tried"] += 1
        word = "refused" if got.refused else "harmless" if not breach else "other values"
        tally.flips[what, "other values by the footer" if unsure else word] += 1
        if breach and not unsure:
            text = f"{file.did[0]} of {len(base.content)} bytes goes unnoticed: {breach[0][1]}"
            tally.failures.append(Failure(file.number, f"{what} flips", text, file.name, file.content, file.did, spec))
    return tally


def _is_in_footer(whole: bytes, damaged: bytes) -> bool:
    """Whether the damage lies in the footer of a Parquet file, which says what types columns are, and has no checksum."""
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    return whole[:footer] == damaged[:footer]


def _staged(loader: Loader, files: Sequence[Made], folder: Path) -> dict[int, Got]:
    for file in files:
        (folder / file.name).write_bytes(file.content)
    with loader.database.transaction():
        return loader.stage([(file.number, folder / file.name) for file in files])
