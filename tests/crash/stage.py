"""The stage on which commands are cut off: each scenario as it begins and as it ends when nobody disturbs it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.crash import compare
from tests.crash.calls import Call
from tests.crash.compare import Shown
from tests.crash.market import SCENARIOS, Scenario, copied, put_project
from tests.crash.watch import GO, Ended, plain, watched

_MARK = "\nTABLES "


@dataclass(slots=True)
class Undisturbed:
    """A scenario without disturbance: what readers are shown on the way, from its begin to its end, and what is there then.

    `read`: what `results` printed for yesterday, before and after. `calls`: the storage calls, reading ones too.
    """

    scenario: Scenario
    shown: list[Shown | None]
    read: set[str]
    calls: list[Call]
    tree: dict[str, str]
    tables: dict[str, str]

    def numbers(self, wanted: Callable[[Call], bool]) -> list[int]:
        """The numbers of the calls that are wanted."""
        return [number for number, call in enumerate(self.calls, 1) if wanted(call)]


@dataclass(slots=True)
class Stage:
    """`root`: the one project, always in the same place, which is what the scenarios are copied to."""

    folder: Path
    undisturbed: dict[str, Undisturbed] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.folder / "project"

    @classmethod
    def built(cls, folder: Path) -> Self:
        """Run every scenario undisturbed."""
        stage = cls(folder)
        for scenario in SCENARIOS:
            stage.root.mkdir(exist_ok=True)
            if scenario.before is not None:
                copied(folder / f"{scenario.before}.after", stage.root)
            scenario.prepare(stage.root)
            copied(stage.root, folder / f"{scenario.name}.before")
            stage.undisturbed[scenario.name] = stage._undisturbed(scenario)
            copied(stage.root, folder / f"{scenario.name}.after")
            shutil.rmtree(stage.root)
        return stage

    def begin(self, scenario: Scenario) -> None:
        """Put the project as it is before the scenario's command."""
        copied(self.folder / f"{scenario.name}.before", self.root)

    def _undisturbed(self, scenario: Scenario) -> Undisturbed:
        seen = [compare.shown(self.root)]
        read = {self.read(scenario).said}

        def look(_: int, call: Call) -> int:
            now = compare.shown(self.root)
            if now != seen[-1]:
                seen.append(now)
            return GO

        ended = watched(lambda: command(self.root, scenario.words), self.root, look)
        assert ended.code == 0, ended
        seen.append(compare.shown(self.root))
        read.add(self.read(scenario).said)
        again = self.run_and_list(scenario)
        assert again.code == 0, again
        return Undisturbed(scenario, seen, read, ended.calls, compare.tree(self.root), listed(again))

    def run(self, scenario: Scenario) -> Ended:
        """The scenario's command in a process of its own."""
        return plain(lambda: command(self.root, scenario.words))

    def run_and_list(self, scenario: Scenario) -> Ended:
        """The same, and after it what the tables hold; see `listed`."""

        def job() -> int:
            code = command(self.root, scenario.words)
            print(_MARK + json.dumps(compare.tables(self.root)) if code == 0 else "")
            return code

        return plain(job)

    def read(self, scenario: Scenario) -> Ended:
        """What readers are shown of yesterday: its results, an explanation, and all files by DuckDB alone."""
        if scenario.yesterday is None:
            return Ended()
        words = ("--date", scenario.yesterday)

        def job() -> int:
            return (
                command(self.root, ("results", *words, "--format", "csv"))
                or command(self.root, ("explain", "supplier", "ann", *words), quiet=True)
                or by_duckdb_alone(self.root)
            )

        return plain(job)


def listed(ended: Ended) -> dict[str, str]:
    """The tables that `run_and_list` found."""
    return json.loads(ended.said.rpartition(_MARK)[2])  # type: ignore[no-any-return]


def command(root: Path, words: tuple[str, ...], *, quiet: bool = False) -> int:
    """A command of missionctl in this process."""
    from tests.support import missionctl

    ran = missionctl(root, *words)
    if ran.code or not quiet:
        print(ran.out + ran.err, end="")
    return ran.code


def by_duckdb_alone(root: Path) -> int:
    """Read every row of every file that the manifest names with nothing but DuckDB."""
    import duckdb

    found = compare.shown(root)
    assert found is not None
    for name in sorted(found.names):
        duckdb.sql(f"SELECT CAST(t AS VARCHAR) FROM read_parquet('{root / 'data' / name}') AS t").fetchall()
    return 0


def scratch() -> Path:
    """A folder in memory where there is one: nothing here must outlive the machine, only the process."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="crash-", dir=memory if memory.is_dir() else None)).resolve()


def warmed(folder: Path) -> None:
    """Import everything that the commands import, and put no engine to work; done before the first fork."""
    import duckdb  # noqa: F401
    import polars  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    import mission_cli.cli.progress
    import mission_cli.cli.render
    import mission_cli.pipeline
    import mission_cli.views.explain
    import mission_cli.views.results  # noqa: F401
    from mission_cli.config.load import load_project

    put_project(folder / "project")
    load_project(folder / "project")  # the grammars of formulas and of TOML are made once
    shutil.rmtree(folder / "project")
