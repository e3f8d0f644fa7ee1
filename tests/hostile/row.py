"""One row of the table of hostile files: what is delivered, to what project, and what must come of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Content = bytes | Callable[[], bytes]
Reject = tuple[int, str, str]
Values = Sequence[str | None]

SHOWN = 40


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the records of a batch that was loaded."""

    new: int = 0
    updated: int = 0
    duplicate: int = 0
    superseded: int = 0
    rejected: int = 0

    @property
    def records(self) -> int:
        """Every record of the file."""
        return self.new + self.updated + self.duplicate + self.superseded + self.rejected


@dataclass(frozen=True, slots=True)
class Refused:
    """The whole file was refused, for this reason. One that ends in … is only how the reason begins."""

    reason: str


@dataclass(frozen=True, slots=True)
class Setting:
    """The project that a row is delivered to, where it differs from `id,who,at,amount` in plain CSV.

    `columns`: more columns, or others under the same name; a word is a type. `source`: keys of the source, such as `updated`.
    `project`: keys of the project, such as `timezone`.
    """

    csv: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, str | Mapping[str, Any]] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    project: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """`batches` has what becomes of each file; a file that it does not mention is not taken at all.

    `rejects`: line, column and reason of each, in the order of files and lines. `total`: the sum of `amount` over what counts.
    `kept`: the values of a column, as text, in the records that stand. `conflicts`: lines of versions that lost to another
    content of the same `updated`. `says`: texts on standard error.
    """

    name: str
    files: Mapping[str, Content]
    batches: Mapping[str, Account | Refused]
    rejects: Sequence[Reject] = ()
    total: str = "0"
    kept: Mapping[str, Values] = field(default_factory=dict)
    conflicts: Sequence[int] = ()
    says: Sequence[str] = ()
    setting: Setting = Setting()

    def content(self, file: str) -> bytes:
        """The bytes of a file."""
        found = self.files[file]
        return found if isinstance(found, bytes) else found()


def loaded(
    name: str,
    file: str,
    content: Content,
    *,
    new: int = 0,
    updated: int = 0,
    duplicate: int = 0,
    superseded: int = 0,
    rejects: Sequence[Reject] = (),
    total: str = "0",
    kept: Mapping[str, Values] | None = None,
    conflicts: Sequence[int] = (),
    says: Sequence[str] = (),
    **setting: Mapping[str, Any],
) -> Row:
    """A file that is loaded, with the account of its records."""
    account = Account(new, updated, duplicate, superseded, len(rejects))
    return Row(
        name,
        {file: content},
        {file: account},
        rejects,
        total,
        kept or {},
        conflicts,
        says,
        Setting(**setting),
    )


def refused(
    name: str,
    file: str,
    content: Content,
    reason: str,
    *,
    rejects: Sequence[Reject] = (),
    says: Sequence[str] = (),
    **setting: Mapping[str, Any],
) -> Row:
    """A file that is refused as a whole."""
    batches = {file: Refused(reason)}
    told = Setting(**setting)
    return Row(name, {file: content}, batches, rejects, says=says, setting=told)


def cells(
    name: str,
    kind: str | Mapping[str, Any],
    *,
    taken: Mapping[str, str | None] | None = None,
    turned_away: Mapping[str, str] | None = None,
    **setting: Mapping[str, Any],
) -> Row:
    """A CSV file with a record for each way to write a cell of the column `x`: taken as what, or turned away why.

    Reasons are told after the cell as it is written. Before and after them stands a record whose cell is empty.
    """
    taken, turned_away = taken or {}, turned_away or {}
    sign = setting.get("csv", {}).get("delimiter", ",")
    written = ["", *taken, *turned_away, ""]
    lines = [sign.join(("id", "who", "at", "amount", "x"))]
    lines += [sign.join((str(n), "ann", "2024-05-06", "1", _quoted(cell))) for n, cell in enumerate(written)]
    places = _lines_of(written)
    rejects = [(places[1 + len(taken) + n], "x", f"{_shown(cell)}{why}") for n, (cell, why) in enumerate(turned_away.items())]
    return loaded(
        name,
        "cells.csv",
        "".join(f"{line}\n" for line in lines).encode(),
        new=len(taken) + 2,
        rejects=rejects,
        total=str(len(taken) + 2),
        kept={"x": [None, *taken.values(), None]},
        **{**setting, "columns": {"at": "date", "x": kind}},
    )


def _quoted(cell: str) -> str:
    """The cell in quotes, all of which are doubled."""
    return '"' + cell.replace('"', '""') + '"' if cell else ""


def _shown(cell: str) -> str:
    """The cell as reasons show it: the beginning of a long one."""
    return f'"{cell[:SHOWN]}…"' if len(cell) > SHOWN else f'"{cell}"'


def _lines_of(written: Sequence[str]) -> list[int]:
    """The line on which the record of each cell begins; the header is the first line."""
    places, line = list[int](), 2
    for cell in written:
        places.append(line)
        line += 1 + len(re.findall("\r\n|\r|\n", cell))
    return places
