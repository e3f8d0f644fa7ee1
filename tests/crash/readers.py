"""Readers in loops while runs replace what they read: never an error, never half of a run, never an older state than before.

Each run brings one more finished order of each supplier on the same day, so that in one state of what is published all
suppliers have grown by the same number, in results as in partitions and orders.
"""

from __future__ import annotations

import json
import os
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crash.market import FIRST, SUPPLIERS, as_of, put, put_project
from tests.crash.stage import command
from tests.crash.watch import Ended, plain

_DAY = 1
_MISSION = "week"
_WITHOUT_A_REREAD = 20  # times that one look may find files of a manifest gone, before that is an error

Growth = dict[str, float]


@dataclass(slots=True)
class Read:
    """What one reader did. `again`: how often a file was gone because the manifest had moved on."""

    name: str
    reads: int = 0
    states: int = 0
    again: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Eye:
    """One reader's memory: what suppliers had at first, and how much they had grown when it last looked."""

    first: Growth
    grown: float = 0

    def look(self, now: Growth) -> str | None:
        """What is wrong with a look at all suppliers, or at one."""
        growth = {now[name] - self.first[name] for name in now}
        if len(growth) != 1:
            return f"half of a run: {now} after {self.first}"
        (grown,) = growth
        if grown < self.grown:
            return f"backwards: from {self.grown} to {grown}"
        self.grown = grown
        return None


def read_while_running(root: Path, runs: int) -> tuple[list[Read], list[str]]:
    """Run that often while four readers look; what they did, and which runs failed."""
    root.mkdir(parents=True)
    put_project(root)
    words = ("run", "--date", as_of(_DAY))
    _bring(root, 0)
    begun = plain(lambda: command(root, words))
    failed = [] if begun.code == 0 else [begun.said]
    readers = [_Reader(root, look) for look in (_by_results, _by_explain, _by_duckdb, _by_polars)]
    for number in range(1, runs + 1):
        _bring(root, number)
        ended: Ended = plain(lambda: command(root, words))
        if ended.code:
            failed.append(f"run {number}: {ended.code}: {ended.said[-500:]}")
    return [reader.end() for reader in readers], failed


def _bring(root: Path, number: int) -> None:
    """One more order of each supplier, in a file that takes the place of the last one at once."""
    path = root / "data/exports/orders/live.csv"
    stamp = f"{FIRST.isoformat()[:8]}{FIRST.day + _DAY:02}T08:00:00+07:00"
    lines = ["order_id,supplier_id,status,final_at,updated_at,fare"]
    lines += [f"live-{number}-{name},{name},DONE,{stamp},{stamp},1.00" for name in SUPPLIERS]
    put(path.with_suffix(".tmp"), "\n".join(lines) + "\n")
    then = 1_700_000_000 + number
    os.utime(path.with_suffix(".tmp"), (then, then))
    path.with_suffix(".tmp").rename(path)


class _Reader:
    """A process that looks again and again until it is told to end."""

    def __init__(self, root: Path, look: Callable[[Path, Read], Growth]) -> None:
        self._name = look.__name__.removeprefix("_by_")
        self._report = root.parent / f"{self._name}.json"
        self._child = os.fork()
        if not self._child:
            _looked(root, look, Read(self._name), self._report)

    def end(self) -> Read:
        os.kill(self._child, signal.SIGTERM)
        os.waitpid(self._child, 0)
        try:
            return Read(**json.loads(self._report.read_text()))
        except (OSError, ValueError):
            return Read(self._name, wrong=["the reader died"])


def _looked(root: Path, look: Callable[[Path, Read], Growth], did: Read, report: Path) -> None:
    """The forked process. Never comes back."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
    eye: _Eye | None = None
    try:
        while not ended and len(did.wrong) < 5:
            now = look(root, did)
            eye = eye or _Eye(now)
            before = eye.grown
            wrong = eye.look(now)
            did.wrong += [wrong] if wrong else []
            did.reads += 1
            did.states += eye.grown > before
    except BaseException:  # noqa: BLE001  # nothing may come back out of a fork
        did.wrong.append(traceback.format_exc()[-1500:])
    found = {"name": did.name, "reads": did.reads, "states": did.states, "again": did.again, "wrong": did.wrong}
    report.write_text(json.dumps(found))
    os._exit(0)


# ---------------------------------------------------------------- ways to look


def _printed(root: Path, *words: str) -> Any:
    from tests.support import missionctl

    ran = missionctl(root, *words)
    if ran.code or ran.err:
        raise AssertionError(f"{words} ended with {ran.code}: {ran.err}")
    return json.loads(ran.out)


def _by_results(root: Path, did: Read) -> Growth:
    """`missionctl results`, of the newest day."""
    rows = _printed(root, "results", "--mission", _MISSION, "--json")
    return {row["supplier_id"]: row["value"] for row in rows if row["condition"] == "trips"}


def _by_explain(root: Path, did: Read) -> Growth:
    """`missionctl explain`, whose number must be that of the orders that it lists, and of the results."""
    whole = _printed(root, "explain", "supplier", "bob", "--mission", _MISSION, "--all", "--json")
    (mission,) = whole["missions"]
    (value,) = [row["value"] for row in mission["conditions"] if row["condition" if "condition" in row else "name"] == "trips"]
    counted = sum(int(order["counts"].get("trips", 0)) for order in mission["orders"])
    if counted != value or whole["notes"]:
        raise AssertionError(f"half of a run: {value}, but {counted} orders; {whole['notes']}")
    return {"bob": value}


def _by_duckdb(root: Path, did: Read) -> Growth:
    """DuckDB alone: results, partitions and orders must say the same."""
    import duckdb

    return _by_files(root, did, lambda names, sql: duckdb.sql(sql.format(names)).fetchall(), duckdb.Error)


def _by_polars(root: Path, did: Read) -> Growth:
    """Polars alone."""
    import polars as pl

    def ask(names: list[str], sql: str) -> list[tuple[Any, ...]]:
        table = pl.concat([pl.read_parquet(name, glob=False, hive_partitioning=False) for name in names], how="diagonal_relaxed")
        return pl.SQLContext(t=table).execute(sql.replace("read_parquet({})", "t"), eager=True).rows()

    return _by_files(root, did, ask, (OSError, pl.exceptions.PolarsError))


_RESULTS = f"SELECT supplier_id, value FROM read_parquet({{}}) WHERE mission_id = '{_MISSION}' AND condition = 'trips'"
_TRIPS = "SELECT supplier_id, sum(trips) FROM read_parquet({}) GROUP BY supplier_id"
_ORDERS = "SELECT supplier_id, count(*) FROM read_parquet({}) WHERE status = 'DONE' GROUP BY supplier_id"

_Ask = Callable[[list[str], str], list[tuple[Any, ...]]]


def _by_files(root: Path, did: Read, ask: _Ask, gone: type[Exception] | tuple[type[Exception], ...]) -> Growth:
    """As a program of somebody else reads: the manifest, then the files that it names. When one is gone, the manifest has moved
    on, and is read again."""
    for _ in range(_WITHOUT_A_REREAD):
        text = (root / "data/manifest.json").read_text("utf-8")
        names = json.loads(text)
        try:
            return _same(root, names, ask)
        except gone:
            if (root / "data/manifest.json").read_text("utf-8") == text:
                raise
            did.again += 1
            time.sleep(0)
    raise AssertionError("the files of the manifest are gone again and again")


def _same(root: Path, manifest: dict[str, Any], ask: _Ask) -> Growth:
    data = root / "data"
    days = manifest["days"]["orders"].values()
    found = [
        ask([str(data / manifest["results"][as_of(_DAY)]["file"])], _RESULTS),
        ask([str(data / metrics) for _, _, metrics in days if metrics], _TRIPS),
        ask([str(data / orders) for orders, _, _ in days if orders], _ORDERS),
    ]
    results, trips, orders = ({name: float(value) for name, value in rows} for rows in found)
    if not results == trips == orders:
        raise AssertionError(f"half of a run: {results}, {trips}, {orders}")
    return results
