"""The table of hostile files: every row is delivered beside a good file, and each of its records is accounted for.

Every module table_*.py beside this one has rows; README.md tells how to write one. A project takes many rows at once, each as
a source of its own, for a run costs more than a source does. Rows of known bugs, and those that care for messages of a run,
have a project of their own.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.packing import EXPORT, gz
from tests.hostile.project import AS_OF, GOOD, GOOD_SUPPLIER, Outcome, as_text, name_of, write_project
from tests.hostile.row import Account, Refused, Row, refused
from tests.support import Ran, done, missionctl

HERE = Path(__file__).parent
TABLES: dict[str, list[Row]] = {
    path.stem.removeprefix("table_"): importlib.import_module(f"tests.hostile.{path.stem}").ROWS
    for path in sorted(HERE.glob("table_*.py"))
}
TOGETHER = 12
WORDS = ("records", "new", "updated", "duplicate", "superseded", "rejected")


def _alone(row: Row) -> bool:
    return bool(row.says or row.setting.project)


def _refuses(row: Row) -> bool:
    return any(isinstance(batch, Refused) for batch in row.batches.values())


def _parameters() -> Iterator[Any]:
    for table, rows in TABLES.items():
        for row in filter(_alone, rows):
            yield pytest.param([row], id=f"{table}: {row.name}")
        others = [row for row in rows if not _alone(row)]
        for kind in ([row for row in others if not _refuses(row)], [row for row in others if _refuses(row)]):
            for first in range(0, len(kind), TOGETHER):
                group = kind[first : first + TOGETHER]
                yield pytest.param(group, id=f"{table}: {group[0].name}, and {len(group) - 1} more")


@pytest.mark.parametrize("rows", list(_parameters()))
def test_files(rows: list[Row], tmp_path: Path, subtests: pytest.Subtests) -> None:
    if len(rows) == 1:
        check_row(rows[0], 0, *delivered(tmp_path, rows))
        return
    write_project(tmp_path / "together", rows)
    ran = missionctl(tmp_path / "together", "run", "--date", AS_OF)
    outcome = Outcome(tmp_path / "together") if ran.code in (0, 1) else None
    for number, row in enumerate(rows):
        with subtests.test(row.name):
            if outcome is None:  # one of them stops the run: which?
                check_row(row, 0, *delivered(tmp_path / name_of(number), [row]))
            else:
                check_row(row, number, ran, outcome)
    assert ran.code == int(any(map(_refuses, rows))), ran


def delivered(root: Path, rows: Sequence[Row]) -> tuple[Ran, Outcome]:
    """The run on a project of these rows, whose exit code tells whether a file was refused."""
    write_project(root, rows)
    ran = missionctl(root, "run", "--date", AS_OF)
    assert ran.code == int(any(map(_refuses, rows))), ran
    return ran, Outcome(root)


def check_row(row: Row, number: int, ran: Ran, outcome: Outcome) -> None:
    assert "Traceback" not in ran.err
    for said in row.says:
        assert said in ran.err
    name = name_of(number)
    check_batches(row, name, ran, outcome)
    check_rejects(row, name, outcome)
    check_orders(row, name, outcome)


def check_batches(row: Row, name: str, ran: Ran, outcome: Outcome) -> None:
    """Every file is loaded with this account, or refused for this reason, or not taken at all; the good file always is."""
    wanted = {GOOD: Account(new=1), **row.batches}
    accounts, refusals = outcome.accounts(name), outcome.refusals(name)
    assert sorted(refusals) == sorted(file for file, batch in wanted.items() if isinstance(batch, Refused)), refusals
    assert sorted(accounts) == sorted(file for file, batch in wanted.items() if isinstance(batch, Account))
    for file, batch in wanted.items():
        if isinstance(batch, Account):
            assert {word: accounts[file][word] for word in WORDS} == {word: getattr(batch, word) for word in WORDS}, file
        else:
            assert_reason(refusals[file], batch.reason)
            assert f"{name}/{file}: refused: " in ran.err


def check_rejects(row: Row, name: str, outcome: Outcome) -> None:
    found = outcome.rejects(name)
    assert [reject[:2] for reject in found] == [reject[:2] for reject in row.rejects], found
    for (_, _, reason), (_, _, wanted) in zip(found, row.rejects, strict=True):
        assert_reason(reason, wanted)


def check_orders(row: Row, name: str, outcome: Outcome) -> None:
    """No misread value passes silently: the value of the metric, and the cells that the row cares for."""
    totals = outcome.totals(name)
    assert totals[GOOD_SUPPLIER] == 1
    assert sum(totals.values()) - 1 == Decimal(row.total)
    orders = outcome.orders(name)
    for column, values in row.kept.items():
        assert as_text(orders[column].to_list()) == list(values), column
    assert outcome.conflicts(name) == list(row.conflicts)
    if row.kept:
        outcome.explain("ann")


def assert_reason(found: str, wanted: str) -> None:
    """A reason is the one wanted; one that ends in … is only how it begins."""
    assert (found[: len(wanted) - 1] + "…" if wanted.endswith("…") else found) == wanted


def test_a_file_that_is_renamed_as_its_reason_says_is_loaded(tmp_path: Path) -> None:
    reason = "is a gzip archive; its name must say so (.csv.gz)"
    delivered(tmp_path, [refused("named .csv", "x.csv", gz(EXPORT), reason)])
    folder = tmp_path / name_of(0)
    (folder / "x.csv").rename(folder / "x.csv.gz")
    done(tmp_path, "run", "--date", AS_OF)
    assert Outcome(tmp_path).accounts(name_of(0))["x.csv.gz"]["new"] == 2


def test_every_row_has_a_name_of_its_own() -> None:
    for table, rows in TABLES.items():
        assert len({row.name for row in rows}) == len(rows), table


def test_a_row_says_what_its_records_add_up_to() -> None:
    """A row that loads records and expects no total would let a misread value pass."""
    rows = [row for rows in TABLES.values() for row in rows]
    loading = [row for row in rows if any(isinstance(batch, Account) and batch.new for batch in row.batches.values())]
    assert [row.name for row in loading if row.total == "0" and "amount" not in row.kept] == []
