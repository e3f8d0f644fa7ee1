"""Who takes part in the contest: how each is called, what it needs, and where it leaves its results."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
from peers.asked import PEAK
from peers.server import programs

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"
ENVIRONMENTS = HERE / ".cache/environments"
Command = tuple[str | Path, ...]


class Contestant:
    """A script in peers/ that takes WORK, step, first and last day, and leaves Parquet files in WORK/results.

    `only_last`: of a backfill it gives the results of the last day alone. `steps`: those that it takes.
    """

    only_last = False
    steps: tuple[str, ...] = ("backfill", "day", "late", "changed")

    def __init__(self, name: str, title: str, script: str = "") -> None:
        self.name, self.title, self.script = name, title, script

    def title_of(self, step: str) -> str:
        return f"{self.title} (one day's results)" if self.only_last and step == "backfill" else self.title

    def missing(self) -> str | None:
        """What it would need and is not there; None when it can take part, after getting what can be got."""
        return None

    def version(self) -> str | None:
        """Versions of what is not in the project's environment."""
        return None

    def python(self) -> Path:
        return Path(sys.executable)

    def command(self, work: Path, step: str, first: date, last: date, peak: str) -> Command:
        return (self.python(), PEERS / self.script, work, step, str(first), str(last), "--peak", peak)

    def results(self, work: Path, as_of: date) -> pl.DataFrame:
        return pl.scan_parquet(work / "results/*.parquet").filter(pl.col("as_of") == as_of).collect()


class Missionctl(Contestant):
    def command(self, work: Path, step: str, first: date, last: date, peak: str) -> Command:
        metrics = (HERE / "market/metrics.toml").read_text()
        assert PEAK in metrics
        (work / "metrics.toml").write_text(metrics.replace(PEAK, peak))
        days = ("backfill", "--from", str(first), "--to", str(last)) if step == "backfill" else ("run", "--date", str(last))
        return (Path(sys.executable).with_name("missionctl"), "--project", work, *days)

    def results(self, work: Path, as_of: date) -> pl.DataFrame:
        return pl.read_parquet(work / f"data/results/date={as_of}/*.parquet", hive_partitioning=False)


class OldWay(Contestant):
    """Every day is the same to it, so it takes normal days alone."""

    only_last = True
    steps = ("backfill", "day")


class PostgreSQL(OldWay):
    def missing(self) -> str | None:
        if programs() is None:
            return "needs initdb, postgres and psql (Debian: apt-get install postgresql)"
        return None

    def results(self, work: Path, as_of: date) -> pl.DataFrame:
        return pl.read_csv(work / f"results/{as_of}/*.csv", try_parse_dates=True, schema_overrides={"value": pl.Float64})

    def version(self) -> str | None:
        found = programs()
        if found is None:
            return None
        said = subprocess.run([found / "postgres", "--version"], capture_output=True, text=True, check=True).stdout.split()
        return f"PostgreSQL {said[2]}"


class Tool(Contestant):
    """A tool in an environment of its own, made of peers/requirements-NAME.txt; its results are in a table of its database."""

    def __init__(self, name: str, title: str, packages: tuple[str, ...], table: str) -> None:
        super().__init__(name, title, f"{name}_run.py")
        self.packages, self.table = packages, table

    def python(self) -> Path:
        return ENVIRONMENTS / self.name / "bin/python"

    def missing(self) -> str | None:
        environment, wanted = ENVIRONMENTS / self.name, PEERS / f"requirements-{self.name}.txt"
        made = environment / "made-of.txt"
        if made.exists() and made.read_text() == wanted.read_text():
            return None
        subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
        pip = (self.python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted)
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"cannot be installed: {' '.join(done.stderr.strip().splitlines()[-1:])}"
        made.write_text(wanted.read_text())
        return None

    def version(self) -> str | None:
        if not self.python().exists():
            return None
        code = f"from importlib.metadata import version as v; print(*(n + ' ' + v(n) for n in {self.packages!r}), sep=' with ')"
        return subprocess.run([self.python(), "-c", code], capture_output=True, text=True, check=True).stdout.strip()

    def results(self, work: Path, as_of: date) -> pl.DataFrame:
        with duckdb.connect(work / f"{self.name}.duckdb", read_only=True) as connection:
            return connection.sql(f"SELECT * FROM {self.table} WHERE as_of = DATE '{as_of}'").pl()


CONTESTANTS: list[Contestant] = [
    Missionctl("missionctl", "missionctl"),
    Contestant("by-hand-duckdb", "by hand, DuckDB", "by_hand_duckdb.py"),
    Contestant("by-hand-polars", "by hand, Polars", "by_hand_polars.py"),
    OldWay("old-way-duckdb", "old way, DuckDB", "old_way_duckdb.py"),
    PostgreSQL("old-way-postgresql", "old way, PostgreSQL", "old_way_postgresql.py"),
    Tool("dbt", "dbt", ("dbt-core", "dbt-duckdb", "duckdb"), "results"),
    Tool("sqlmesh", "SQLMesh", ("sqlmesh", "duckdb"), "market.results"),
]
