"""The suppliers file: who is in it, who was, and with which attributes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.cells import parse_cell
from tests.oracle.language import Expression, OutOfScope, Row, environment, only

Roster = dict[str, Row]  # attributes by supplier id, names in lower case


def read_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


class Suppliers:
    """One roster for each content the file had, with the as-of day of the run that loaded it."""

    def __init__(self, project: Path, table: dict[str, Any] | None, loaded: Iterable[tuple[date, str]] | None) -> None:
        self.table, self.rosters = table or {}, list[tuple[date, Roster]]()
        if table is None:
            return
        only(table, "file key alias columns", "suppliers")
        path = project / table["file"]
        if loaded is None:
            loaded = [(date.min, path.read_text("utf-8"))] if path.exists() else []
        self.rosters = [(day, self.roster(text)) for day, text in sorted(loaded, key=lambda pair: pair[0])]

    def roster(self, text: str) -> Roster:
        rows, kinds = read_rows(text), self.table["columns"]
        found: Roster = {}
        for row in rows:
            cells = {n: parse_cell(row[n], kind, ZoneInfo("UTC")) if row[n] else None for n, kind in kinds.items()}
            if not row[self.table["key"]] or row[self.table["key"]] in found or "timestamp" in kinds.values():
                raise OutOfScope("suppliers that are not each in one row of their own, or have timestamps")
            found[row[self.table["key"]]] = environment(cells)
        return found

    def everyone(self, as_of: date) -> set[str]:
        """In any file up to a day."""
        return {supplier for day, roster in self.rosters if day <= as_of for supplier in roster}

    def row(self, supplier: str, as_of: date, start: date) -> Row | None:
        """As in the newest file; whoever left it keeps the windows that began before, as he was last."""
        files = [(day, roster) for day, roster in self.rosters if day <= as_of]
        having = [n for n, (_, roster) in enumerate(files) if supplier in roster]
        if not having:
            return None
        newest = having[-1]
        left = newest + 1 < len(files) and files[newest + 1][0] <= start
        return None if left else files[newest][1][supplier]

    def attributes(self, supplier: str, as_of: date, start: date) -> Row:
        """All NULL for whoever is unknown."""
        nothing = environment(dict.fromkeys(self.table.get("columns", {})))
        return self.row(supplier, as_of, start) or nothing

    def match(self, rule: Expression, supplier: str, as_of: date, start: date) -> bool:
        row = self.row(supplier, as_of, start)
        return row is not None and rule(row) is True


def rule_of(text: str) -> Expression:
    return Expression(text, Fraction)
