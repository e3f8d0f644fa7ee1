"""What cannot be worked out any more, since something is gone that kept rules read, is neither corrected nor restated."""

from __future__ import annotations

from pathlib import Path

from tests.support import ROOT, done, missionctl

PRESET = (ROOT / "tests/cases/presets/trips.toml").read_text("utf-8")
SUPPLIERS = '\n[suppliers]\nfile = "data/exports/suppliers.csv"\nkey = "supplier_id"\ncolumns = { joined = "date" }\n'
MISSION = """
[missions.newcomers]
window = { kind = "since", field = "joined", days = 2 }
reward = 20
[[missions.newcomers.conditions]]
name = "trips"
formula = "trips"
type = "GTE"
val = 1
"""


def put(root: Path, metrics: str, mission: str, suppliers: str) -> None:
    (root / "data/exports/orders").mkdir(parents=True, exist_ok=True)
    (root / "metrics.toml").write_text(f'[project]\nname = "lost"\ntimezone = "UTC"\n{metrics}')
    (root / "missions.toml").write_text(mission)
    (root / "data/exports/suppliers.csv").write_text(suppliers)


def orders(root: Path, name: str, *rows: tuple[str, str, str, str]) -> None:
    lines = [
        f"{key},{supplier},{status},2024-05-{day}T08:00:00Z,2024-05-2{name}T08:00:00Z,1" for key, supplier, status, day in rows
    ]
    text = "\n".join(["order_id,supplier_id,status,final_at,updated_at,fare", *lines])
    (root / f"data/exports/orders/{name}.csv").write_text(text + "\n")


def test_a_lost_attribute_pays_nobody_twice(tmp_path: Path) -> None:
    put(tmp_path, PRESET + SUPPLIERS, MISSION, "supplier_id,joined\nann,2024-05-06\nbob,2024-05-07\n")
    orders(tmp_path, "1", ("A", "ann", "DONE", "06"), ("B", "bob", "DONE", "07"))
    done(tmp_path, "backfill", "--from", "2024-05-06", "--to", "2024-05-09")
    orders(tmp_path, "2", ("B", "bob", "CANCELED", "07"))
    done(tmp_path, "run", "--date", "2024-05-10")
    before = done(tmp_path, "corrections", "--format", "csv").out
    assert "bob" in before
    later = MISSION.replace("joined", "began").replace("days = 2", "days = 4")
    put(tmp_path, PRESET + SUPPLIERS.replace("joined", "began"), later, "supplier_id,began\nann,2024-05-06\nbob,2024-05-07\n")
    done(tmp_path, "run", "--date", "2024-05-12")
    assert done(tmp_path, "corrections", "--format", "csv").out == before
    ran = missionctl(tmp_path, "restate", "--mission", "newcomers", "--from", "2024-05-06", "--reason", "late")
    assert ran.code == 2
    assert "suppliers.columns.joined (date): is no longer there as it was" in ran.err
    done(tmp_path, "run", "--date", "2024-05-12")
    assert done(tmp_path, "corrections", "--format", "csv").out == before
