"""A checkpoint that is cut off anywhere is undone by its journal: whatever it wrote, whole or torn, nothing committed is lost."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mission_cli.store.checkpoint import ONLY_WHEN_ASKED, Checkpoints, kept_open, undone

BLOCK, HEADER = 262_144, 12_288
TABLES = ("few", "many", "texts")


class CutOffError(Exception):
    pass


class CutOff:
    """A connection whose CHECKPOINT is done, but is not heard of."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Any = None) -> Any:
        done = self._connection.execute(sql, parameters)
        if sql == "CHECKPOINT":
            raise CutOffError
        return done


def some_changes(connection: duckdb.DuckDBPyConnection, chance: random.Random) -> None:
    for table in TABLES:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (id BIGINT, word VARCHAR, amount DECIMAL(18, 2))")
        rows = chance.choice((3, 500, 40_000)) * (5 if table == "many" else 1)
        connection.execute(
            f"INSERT INTO {table} SELECT range + ?, md5(range::VARCHAR), range / 3 FROM range(?)", [chance.randrange(10**6), rows]
        )
        connection.execute(f"DELETE FROM {table} WHERE id % 7 = ?", [chance.randrange(9)])
        connection.execute(f"UPDATE {table} SET amount = amount + 1 WHERE id % 11 = ?", [chance.randrange(14)])
    if chance.random() < 0.3:
        connection.execute(f"DROP TABLE {chance.choice(TABLES)}")


def contents(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    tables = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()]
    return {name: connection.execute(f"SELECT count(*), sum(hash(t)) FROM {name} AS t").fetchall() for name in tables}


def torn(old: bytes, new: bytes) -> bytes:
    """`new` as a kill leaves it before its header: half of every block that it changes, and the file not yet shorter."""
    blocks, new = [old[:HEADER]], new + old[len(new) :]
    for at in range(HEADER, len(new), BLOCK):
        before, after = old[at : at + BLOCK], new[at : at + BLOCK]
        half = len(after) // 2
        blocks.append(after if before == after or not before else after[:half] + before[half:])
    return b"".join(blocks)


def a_checkpoint_cut_off(folder: Path, seed: int, left: Callable[[bytes, bytes], bytes]) -> tuple[Path, dict[str, Any]]:
    """The database that it leaves, with its log and journal, and what was committed to it."""
    chance = random.Random(seed)
    path, copy = folder / "shop.duckdb", folder / "copy"
    duckdb.connect(path).close()
    for last in (False,) * chance.randint(1, 4) + (True,):
        with kept_open(path) as descriptor, duckdb.connect(path, config=ONLY_WHEN_ASKED) as connection:
            checkpoints = Checkpoints(connection, path, descriptor)
            some_changes(connection, chance)
            if not last:
                checkpoints.make()
                continue
            expected, old = contents(connection), path.read_bytes()
            shutil.copy(f"{path}.wal", copy)
            with pytest.raises(CutOffError):
                Checkpoints(CutOff(connection), path, descriptor).make()  # type: ignore[arg-type]
    path.write_bytes(left(old, path.read_bytes()))
    if path.read_bytes()[:HEADER] == old[:HEADER]:  # when it is done, its log is gone
        copy.rename(f"{path}.wal")
    return path, expected


@pytest.mark.parametrize("seed", [*range(6), 33, 41])
def test_nothing_committed_is_lost_whatever_a_checkpoint_has_torn(seed: int, tmp_path: Path) -> None:
    path, expected = a_checkpoint_cut_off(tmp_path, seed, torn)
    undone(path)
    with duckdb.connect(path) as connection:
        assert contents(connection) == expected
    assert not (tmp_path / "shop.duckdb.journal").exists()


def test_without_its_journal_such_a_database_is_lost(tmp_path: Path) -> None:
    """When DuckDB writes no block in use in place any more, this fails, and journals can go."""
    path, _ = a_checkpoint_cut_off(tmp_path, 33, torn)
    with pytest.raises(duckdb.Error):
        duckdb.connect(path)


def test_a_checkpoint_that_reached_its_header_is_done(tmp_path: Path) -> None:
    path, expected = a_checkpoint_cut_off(tmp_path, 1, lambda _old, new: new)
    undone(path)
    with duckdb.connect(path) as connection:
        assert contents(connection) == expected


@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.999])
def test_a_journal_that_is_not_whole_changes_nothing(share: float, tmp_path: Path) -> None:
    path, expected = a_checkpoint_cut_off(tmp_path, 1, lambda old, _new: old)
    journal, before = tmp_path / "shop.duckdb.journal", path.read_bytes()
    journal.write_bytes(journal.read_bytes()[: int(journal.stat().st_size * share)])
    undone(path)
    assert path.read_bytes() == before
    assert not journal.exists()
    with duckdb.connect(path) as connection:
        assert contents(connection) == expected


def test_duckdb_makes_no_checkpoint_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    duckdb.connect(path).close()
    header = path.read_bytes()[:HEADER]
    with kept_open(path) as descriptor:
        connection = duckdb.connect(path, config=ONLY_WHEN_ASKED)
        Checkpoints(connection, path, descriptor)
        connection.execute("CREATE TABLE many AS SELECT range AS id, md5(range::VARCHAR) AS word FROM range(1_500_000)")
        connection.execute("DELETE FROM many WHERE id % 2 = 0")
        connection.execute("UPDATE many SET word = 'x' || word")
        connection.close()
    assert path.read_bytes()[:HEADER] == header
    with kept_open(path) as descriptor, duckdb.connect(path, config=ONLY_WHEN_ASKED) as connection:
        checkpoints = Checkpoints(connection, path, descriptor)
        assert path.read_bytes()[:HEADER] == header, "nor when it reads a long log"
        checkpoints.after_commit()
        assert path.read_bytes()[:HEADER] != header, "the log is long enough for one of ours"


@pytest.mark.parametrize(("deleted", "left"), [(300_000, 850_000), (800_000, 600_000)])
def test_deleted_rows_stay_in_a_large_table_until_they_are_many(deleted: int, left: int, tmp_path: Path) -> None:
    """Every other of the first so many rows is deleted; DuckDB alone would write their neighbours anew either way."""
    path = tmp_path / "shop.duckdb"
    duckdb.connect(path).close()
    with kept_open(path) as descriptor, duckdb.connect(path, config=ONLY_WHEN_ASKED) as connection:
        checkpoints = Checkpoints(connection, path, descriptor)
        connection.execute("CREATE TABLE many AS SELECT range AS id FROM range(1_000_000)")
        checkpoints.make()
        connection.execute("DELETE FROM many WHERE id % 2 = 0 AND id < ?", [deleted])
        checkpoints.make()
        ((size,),) = connection.execute("SELECT estimated_size FROM duckdb_tables()").fetchall()
        assert (size == 1_000_000) == (deleted < 400_000)
        assert connection.execute("SELECT count(*) FROM many").fetchall() == [(left,)]
