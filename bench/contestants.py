"""Who takes part in the contest: how each is called, what it needs, and where it leaves its results."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import polars as pl
from peers.asked import CHANGED_PEAK, PEAK

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

    def command(self, work: Path, step: str, first: date, last: date, changed: bool) -> Command:
        peak = CHANGED_PEAK if changed else PEAK
        return (self.python(), PEERS / self.script, work, step, str(first), str(last), "--peak", peak)

    def results(self, work: Path, as_of: date) -> pl.DataFrame:
        return pl.read_parquet(work / f"results/{as_of}.parquet")


class Missionctl(Contestant):
    def command(self, work: Path, step: str, first: date, last: date, changed: bool) -> Command:
        metrics = (HERE / "market/metrics.toml").read_text()
        assert PEAK in metrics
        (work / "metrics.toml").write_text(metrics.replace(PEAK, CHANGED_PEAK) if changed else metrics)
        days = ("backfill", "--from", str(first), "--to", str(last)) if step == "backfill" else ("run", "--date", str(last))
        return (Path(sys.executable).with_name("missionctl"), "--project", work, *days)

    def results(self, work: Path, as_of: date) -> pl.DataFrame:
        return pl.read_parquet(work / f"data/results/date={as_of}/*.parquet", hive_partitioning=False)


CONTESTANTS: list[Contestant] = [
    Missionctl("missionctl", "missionctl"),
    Contestant("by-hand-duckdb", "by hand, DuckDB", "by_hand_duckdb.py"),
]
