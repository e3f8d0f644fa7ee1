"""A project of five days with awards, limits and rejects, and ways to damage it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from tests.crash.market import MISSIONS, PAID, as_of, put, put_last_days, put_project
from tests.support import Ran, done, missionctl


def made(root: Path) -> Path:
    """The project with the results of its five days."""
    put_project(root)
    put_last_days(root)
    put(root / "missions.toml", MISSIONS + PAID)
    done(root, "backfill", "--from", as_of(0), "--to", as_of(4))
    return root


def again(source: Path, target: Path) -> Path:
    """A project as it was, in another place."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    return target


def altered(root: Path, *statements: str) -> None:
    """Change the working database by hand, as no run would."""
    connection = duckdb.connect(root / "data/missions.duckdb")
    for statement in statements:
        connection.execute(statement)
    connection.execute("CHECKPOINT")
    connection.close()


def asked(root: Path, sql: str) -> list[tuple[Any, ...]]:
    """What the working database answers."""
    connection = duckdb.connect(root / "data/missions.duckdb", read_only=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def flipped(path: Path, at: int, bit: int) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(content)


def problems(root: Path, *words: str) -> list[dict[str, str]]:
    """What `verify` finds, which may be nothing; every problem tells how to mend it."""
    ran = missionctl(root, "verify", "--json", *words)
    assert ran.code in (0, 1), ran
    found = json.loads(ran.out)
    assert found["ok"] == (ran.code == 0) == (found["problems"] == [])
    assert all(problem["mend"] for problem in found["problems"])
    return list(found["problems"])


def blamed(root: Path, *words: str) -> set[str]:
    """The files in which `verify` finds a problem."""
    return {problem["file"] for problem in problems(root, *words)}


def files(root: Path, *folders: str) -> list[Path]:
    """Every file below folders of data/, in order."""
    return sorted(path for folder in folders for path in (root / "data" / folder).rglob("*") if path.is_file())


def clean(root: Path, *words: str) -> Ran:
    """`verify` finds nothing."""
    ran = missionctl(root, "verify", *words)
    assert ran.code == 0, ran
    return ran


PUBLISHED = (
    "orders",
    "left_out",
    "metrics",
    "results",
    "rejects",
    "duplicates",
    "rosters",
    "rules",
    "decisions",
    "corrections",
)


def tree(root: Path, folders: Sequence[str] = PUBLISHED) -> set[str]:
    """The names of all published files."""
    return {path.relative_to(root / "data").as_posix() for path in files(root, *folders)}
