"""The README's commands do what it says: each console block is run, in order, in one directory.

`MISSIONCTL_UPDATE_README=1 pytest tests/cli/test_readme.py` writes the output there is now into the README.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from mission_cli.formula.functions import FUNCTIONS
from tests.support import ROOT

README = ROOT / "README.md"
BLOCK = re.compile(r"```console\n(.*?)```\n", re.DOTALL)
VARYING = (
    (re.compile(r"project directory: \S+;"), "project directory: …;"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "2026-11-01T04:30:00Z"),
)


def ran(command: str, folder: Path) -> str:
    """What a terminal shows of a command, with times and places masked."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "80"}
    shown = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    ).stdout.decode()
    for pattern, text in VARYING:
        shown = pattern.sub(text, shown)
    return shown


def test_the_console_blocks_show_what_the_commands_print(tmp_path: Path) -> None:
    def rerun(block: re.Match[str]) -> str:
        commands = re.findall(r"^\$ (.*)$", block[1], re.MULTILINE)
        return "```console\n" + "".join(f"$ {command}\n{ran(command, tmp_path)}" for command in commands) + "```\n"

    text = README.read_text("utf-8")
    now = with_functions(BLOCK.sub(rerun, text))
    if "MISSIONCTL_UPDATE_README" in os.environ:
        README.write_text(now, "utf-8")
    assert now == README.read_text("utf-8")


def with_functions(text: str) -> str:
    """The README with the table of functions as the code has it."""
    rows = "".join(f"| `{f.example}` | {f.says} |\n" for f in FUNCTIONS.values())
    return re.sub(
        r"(\| function \| gives \|\n\| --- \| --- \|\n).*?\n(?=\n)", lambda found: found[1] + rows, text, flags=re.DOTALL
    )


def test_make_demo_and_make_test_stand_at_the_top() -> None:
    top = README.read_text("utf-8").split("## ")[0]
    assert "make demo " in top
    assert "make test " in top


def test_make_demo_runs_the_commands_of_the_tour() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    demo = makefile.split("\ndemo:")[1].split("\n\n")[0]
    for verb in ("init --demo .", "backfill --from 2026-10-01 --to 2026-10-31", "results --date", "explain supplier 84900000007"):
        assert f"$(BIN)/missionctl {verb}" in demo
