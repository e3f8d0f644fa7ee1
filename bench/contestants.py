"""Who takes part in the contest: how each is called, what it needs, and where it leaves its results."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
from peers.asked import PEAK
from peers.server import programs

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"
Command = tuple[str | Path, ...]


class Contestant:
    """A script in peers/ that takes WORK, step, first and last day, and leaves a Parquet file a day in WORK/results.

    `only_last`: of a backfill it gives the results of the last day alone.
    """

    only_last = False

    def __init__(self, name: str, title: str, script: str = "") -> None:
        self.name, self.title, self.script = name, title, script

    def title_of(self, step: str) -> str:
        return f"{self.title} (one day's results)" if self.only_last and step == "backfill" else self.title

    def missing(self) -> str | None:
        """What it would need and is not there; None when it can take part."""
        return None

    def version(self) -> str | None:
        """Versions of what is not in the project's environment."""
        return None

    def python(self) -> Path:
        return Path(sys.executable)

    def command(self, work: Path, step: str, first: date, last: date, peak: str) -> Command:
        return (self.python(), PEERS / self.script, work, step, str(first), str(last), "--peak", peak)

    def results(self, work: Path, as_of: date) -> pl.DataFrame:
        return pl.read_parquet(work / f"results/{as_of}.parquet")


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
    only_last = True


class PostgreSQL(OldWay):
    def missing(self) -> str | None:
        if programs() is None:
            return "needs initdb, postgres and psql (Debian: apt-get install postgresql)"
        return None

    def results(self, work: Path, as_of: date) -> pl.DataFrame:
        return pl.read_csv(work / f"results/{as_of}/*.csv", try_parse_dates=True, schema_overrides={"value": pl.Float64})

    def version(self) -> str | None:
        found = programs()
        return said_version(found / "postgres") if found else None


def said_version(program: Path) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()
    return f"PostgreSQL {said[2]}"


CONTESTANTS: list[Contestant] = [
    Missionctl("missionctl", "missionctl"),
    Contestant("by-hand-duckdb", "by hand, DuckDB", "by_hand_duckdb.py"),
    Contestant("by-hand-polars", "by hand, Polars", "by_hand_polars.py"),
    OldWay("old-way-duckdb", "old way, DuckDB", "old_way_duckdb.py"),
    PostgreSQL("old-way-postgresql", "old way, PostgreSQL", "old_way_postgresql.py"),
]
