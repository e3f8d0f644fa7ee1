"""Running missionctl in tests, in this process, as a user would from a shell."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from mission_cli.cli import exits
from mission_cli.cli.app import app

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left: exit code, standard output and standard error."""

    code: int
    out: str
    err: str


def missionctl(project: Path, *words: str | Path) -> Ran:
    """Run one command on a project directory."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", newline=""), io.StringIO()
    argv = ["missionctl", "--project", str(project), *map(str, words)]
    with mock.patch.object(sys, "argv", argv), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = exits.run(app)
        out.flush()
    return Ran(code, out.buffer.getvalue().decode(), err.getvalue())  # type: ignore[attr-defined]


def done(project: Path, *words: str | Path) -> Ran:
    """Run one command that must succeed."""
    ran = missionctl(project, *words)
    assert ran.code == 0, ran
    return ran


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """The block runs with `folder` as the current directory."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
