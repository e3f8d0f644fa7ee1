"""One, two or four threads of both engines give the same bytes, whatever adds up, also doubles."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.properties.test_against_oracle import bytes_of
from tests.support import ROOT

THREADS = (1, 2, 4)
PROGRAM = """
import sys
from mission_cli.store import database
usual = database.configure
def configure(connection, timezone):
    usual(connection, timezone)
    connection.execute("SET threads = {threads}")
database.configure = configure
from mission_cli.cli.app import main
main()
"""
METRICS = """
[project]
name = "threads"
timezone = "Asia/Ho_Chi_Minh"

[sources.trips]
files = ["data/exports/*.csv"]
key = "id"
supplier = "driver"
time = "at"

[sources.trips.columns]
id = { type = "string", required = true }
driver = { type = "string" }
at = { type = "timestamp" }
fare = { type = "decimal(18,2)" }
km = { type = "double" }

"""
MISSIONS = """
[missions.week]
window = { kind = "week", start = "MON" }

[missions.last]
window = { kind = "rolling", days = 10 }
"""
VALUES = {"fares": ("fare", "decimal(18,2)"), "km": ("km", "double")}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, bytes]]:
    found = {}
    for threads in THREADS:
        root = tmp_path_factory.mktemp(f"threads{threads}")
        write(root)
        command = [sys.executable, "-c", PROGRAM.format(threads=threads), "--project", str(root)]
        subprocess.run(
            [*command, "backfill", "--from", "2026-03-01", "--to", "2026-03-20"],
            env=os.environ | {"POLARS_MAX_THREADS": str(threads), "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
        )
        found[threads] = bytes_of(root)
    return found


def write(root: Path) -> None:
    """20,000 trips of 300 drivers on 20 days."""
    metrics, missions = METRICS, MISSIONS
    for name, (column, kind) in VALUES.items():
        for word in ("sum", "avg"):
            metrics += (
                f'[metrics.{name}_{word}]\nsource = "trips"\nmethod = "expression"\nexpression = "{column}"\n'
                f'data_type = "{kind}"\nday = "{word}"\n\n'
            )
            for mission in ("week", "last"):
                condition = f'name = "{name}_{word}"\nformula = "{name}_{word} * 1.1"\ntype = "GT"\nval = 40\n'
                missions += f"\n[[missions.{mission}.conditions]]\n{condition}"
    (root / "metrics.toml").write_text(metrics)
    (root / "missions.toml").write_text(missions)
    dice = random.Random(1)
    lines = ["id,driver,at,fare,km"]
    for number in range(20_000):
        at = f"2026-03-{1 + number % 20:02}T{dice.randrange(24):02}:{dice.randrange(60):02}:00"
        lines.append(f"{number},D{dice.randrange(300)},{at},{dice.randrange(10**6) / 100:.2f},{dice.random() * 50!r}")
    (root / "data/exports").mkdir(parents=True)
    (root / "data/exports/trips.csv").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("threads", THREADS[1:])
def test_the_same_bytes(threads: int, published: dict[int, dict[str, bytes]]) -> None:
    assert len(published[1]) == 40
    assert published[threads] == published[1]
