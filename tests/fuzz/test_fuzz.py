"""A small share of `make fuzz` with every test run: always the same files, so that a failure is one of the change."""

from __future__ import annotations

import pytest

from tests.fuzz.commands import run_command
from tests.fuzz.flips import run_flips
from tests.fuzz.group import Tally
from tests.fuzz.report import token
from tests.fuzz.tiny import run_tiny
from tests.fuzz.workers import Task, do

SEED = 20_261_031
GROUPS = 8
FLIPPED = 4


def told(tally: Tally) -> list[str]:
    """Every failure with how to see it again."""
    return [f"{failure.tag}: {failure.text}: make fuzz REPLAY={SEED}:{token(failure)}" for failure in tally.failures]


@pytest.mark.parametrize("group", range(GROUPS))
def test_files_are_loaded_as_the_reference_reads_them(group: int) -> None:
    tally = do(Task("files", SEED, group), lambda _: None)
    assert told(tally) == []


@pytest.mark.parametrize("group", range(FLIPPED))
def test_damage_inside_an_archive_is_noticed(group: int) -> None:
    tally = run_flips(SEED, group, is_parquet=False)
    assert told(tally) == []
    assert tally.flips["archive", "refused"] > 0


def test_damage_inside_a_page_of_parquet_is_noticed() -> None:
    tally = run_flips(SEED, 0, is_parquet=True)
    assert told(tally) == []
    assert tally.flips["Parquet", "refused"] > 0


def test_the_command_line_accounts_for_every_record() -> None:
    assert told(run_command(SEED, 0)) == []


@pytest.mark.parametrize("group", range(3))
def test_tiny_texts_are_read_alike_in_portions_of_any_size(group: int) -> None:
    assert told(run_tiny(SEED, group)) == []
