"""What keeps the house in order: a light start, one demo marketplace, SQL that says what it does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "mission_cli"
HEAVY = ("duckdb", "polars", "pyarrow", "pydantic", "lark", "tree_sitter", "rich.table", "rich.progress", "zoneinfo")

LOADED = "import sys; {what}; print(*(name for name in {heavy!r} if name in sys.modules))"
STATEMENTS = sorted((PACKAGE / "sql").glob("*.sql"))
CODE = {path: path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


# ---------------------------------------------------------------- start-up


def imported_by(what: str) -> str:
    """Which heavy modules are there after some code ran in a fresh interpreter."""
    code = LOADED.format(what=what, heavy=HEAVY)
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return ran.stdout.strip().splitlines()[-1] if ran.stdout.strip() else ""


def test_the_command_line_is_light_to_import() -> None:
    assert imported_by("import mission_cli.cli.app") == ""


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["explain", "supplier", "--help"]])
def test_help_loads_no_engine(words: list[str]) -> None:
    run = f"from mission_cli.cli import app, exits; sys.argv = ['missionctl', *{words!r}]; exits.run(app.app)"
    said = imported_by(run)
    by_typer_itself = {"pydantic", "zoneinfo"}
    assert set(said.split()) & set(HEAVY) <= by_typer_itself


# ---------------------------------------------------------------- the demo marketplace


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_packaged_marketplace_is_the_one_at_the_root() -> None:
    packaged = files_below(PACKAGE / "demo" / "market")
    names = ["metrics.toml", "missions.toml"]
    here = {name: (ROOT / name).read_bytes() for name in names}
    here |= {f"sql/{name}": content for name, content in files_below(ROOT / "sql").items()}
    assert packaged == here


# ---------------------------------------------------------------- the engine's statements


def header_of(text: str) -> list[str]:
    """The comment lines before the first line of SQL."""
    lines = text.splitlines()
    end = next(n for n, line in enumerate(lines) if not line.startswith("--"))
    return [line.removeprefix("--").strip() for line in lines[:end]]


def test_there_are_statements() -> None:
    assert len(STATEMENTS) > 5


@pytest.mark.parametrize("path", STATEMENTS, ids=[path.stem for path in STATEMENTS])
def test_a_statement_says_what_it_is_reads_writes_and_takes(path: Path) -> None:
    title, *rest = header_of(path.read_text("utf-8"))
    assert title.endswith("."), "the first line is a sentence"
    said = " / ".join(rest)
    for word in ("reads", "writes", "parameters"):
        found = re.search(rf"(?:^|/ ){word}: *([^/]+)", said)
        assert found, f"the header does not say what it {word}"
        assert found[1].strip()


@pytest.mark.parametrize("path", STATEMENTS, ids=[path.stem for path in STATEMENTS])
def test_a_statement_is_used(path: Path) -> None:
    assert any(f'"{path.stem}"' in text for text in CODE.values())


@pytest.mark.parametrize("path", STATEMENTS, ids=[path.stem for path in STATEMENTS])
def test_a_statement_binds_what_its_header_says(path: Path) -> None:
    """`parameters: none` and a `?` in the statement do not go together, nor the other way round."""
    text = path.read_text("utf-8")
    body = "\n".join(line.split("--")[0] for line in text.splitlines())
    says_none = "parameters: none" in text
    assert ("?" in re.sub(r"'[^']*'", "", body) or "$" in body) is not says_none


def test_every_statement_that_is_asked_for_is_there() -> None:
    asked = {name for text in CODE.values() for name in re.findall(r'\bstatement\(\s*"(\w+)"', text)}
    assert asked <= {path.stem for path in STATEMENTS}
    assert asked


# ---------------------------------------------------------------- who may write where


def test_only_their_modules_write_standard_output_and_error() -> None:
    writers = {
        path.relative_to(PACKAGE).as_posix()
        for path, text in CODE.items()
        if re.search(r"\bprint\(|sys\.(stdout|stderr)\.(buffer\.)?write|typer\.echo", re.sub(r'"""[\s\S]*?"""', "", text))
    }
    assert writers <= {"cli/exits.py", "cli/render.py", "cli/progress.py"}


def test_nobody_asks_the_machine_what_day_it_is() -> None:
    """Today is always an argument; what the engine stamps on runs is no business day."""
    assert [str(path) for path, text in CODE.items() if re.search(r"\b(date|datetime)\.today\(", text)] == []


def test_the_packages_have_a_docstring() -> None:
    assert [str(path) for path, text in CODE.items() if text.strip() and not text.startswith(('"""', "from __future__"))] == []
