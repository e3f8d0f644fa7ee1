"""Ways in which a number could silently have been wrong, each found once and kept out since."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import duckdb
import pytest

from tests.support import done, missionctl

METRICS = """
[project]
name = "money"
timezone = "America/New_York"
{project}

[sources.orders]
files = ["exports/**/*.csv"]
key = "id"
supplier = "sup"
time = "t"
{source}
final = "{final}"

[sources.orders.columns]
id = {{ type = "string", required = true }}
sup = {{ type = "string" }}
status = {{ type = "string", required = true }}
t = {{ type = "{time}" }}
u = {{ type = "timestamp" }}
amt = {{ type = "decimal(18,2)" }}
{columns}

[metrics.n]
source = "orders"
method = "single_value"
value = 1
data_type = "integer"
default_value = 0
{where}
"""
MISSIONS = """
[missions.m]
window = { kind = "month" }
[[missions.m.conditions]]
name = "n"
formula = "n"
type = "GTE"
val = 1
"""
HEADER = "id,sup,status,t,u,amt\n"
ROW = "{id},A,{status},{t},{u},5.00\n"


def write(root: Path, *, updated: bool = True, **parts: str) -> Path:
    """A project with one source; `parts` go into its metrics.toml."""
    defaults = {"project": "", "source": "", "final": "status = 'DONE'", "time": "timestamp", "columns": "", "where": ""}
    text = METRICS.format(**(defaults | parts))
    root.mkdir(exist_ok=True)
    (root / "metrics.toml").write_text(text.replace('time = "t"', 'time = "t"\nupdated = "u"') if updated else text)
    (root / "missions.toml").write_text(MISSIONS)
    (root / "exports").mkdir(exist_ok=True)
    return root


def order(number: int, status: str = "DONE", t: str = "2026-10-01T10:00:00Z", u: str = "2026-10-01T10:00:00Z") -> str:
    return ROW.format(id=number, status=status, t=t, u=u)


def export(root: Path, name: str, *rows: str, header: str = HEADER) -> None:
    (root / "exports" / name).parent.mkdir(parents=True, exist_ok=True)
    (root / "exports" / name).write_text(header + "".join(rows))


def value(root: Path, day: str = "2026-10-05") -> str:
    """The one number of the one supplier, as published."""
    rows = list(csv.DictReader(io.StringIO(done(root, "results", "--date", day, "--format", "csv").out)))
    return rows[0]["value"] if rows else "nobody"


def run(root: Path, day: str = "2026-10-05") -> str:
    done(root, "run", "--date", day)
    return value(root, day)


def test_columns_named_like_the_folders_of_partitions_keep_their_values(tmp_path: Path) -> None:
    columns = 'source = { type = "string" }\ndate = { type = "date" }'
    where = "where = \"source = 'app' AND date = DATE '2026-09-01'\""
    root = write(tmp_path / "p", columns=columns, where=where)
    export(root, "a.csv", order(1).replace("\n", ",app,2026-09-01\n"), header=HEADER.replace("\n", ",source,date\n"))
    assert run(root) == "1"


def test_folders_of_exports_do_not_overwrite_cells(tmp_path: Path) -> None:
    root = write(tmp_path / "p", time="date")
    export(root, "t=2026-10-20/sup=B/a.csv", order(1, t="2026-10-01"))
    assert run(root) == "1"


def test_a_source_defined_differently_leaves_nothing_of_its_old_self(tmp_path: Path) -> None:
    root = write(tmp_path / "p")
    export(root, "a.csv", order(1), order(2, "CANCELED"), order(3, t="2026-10-01T06:00:00Z"))
    assert run(root) == "2"
    write(root, final="status IN ('DONE', 'CANCELED')", project='day_start = "05:00"')
    assert run(root) == "2"  # the third is an order of 30 September now
    with duckdb.connect(root / "data/missions.duckdb", read_only=True) as database:
        assert database.execute("SELECT sum(value) FROM metric_supplier").fetchall() == [(3,)]


def test_without_updated_a_reload_keeps_the_order_of_arrival(tmp_path: Path) -> None:
    root = write(tmp_path / "p", updated=False)
    export(root, "z_old.csv", order(1), order(2))
    run(root)
    export(root, "a_new.csv", order(1, "CANCELED"), order(3))
    assert run(root) == "2"
    write(root, updated=False, columns='more = { type = "string", from = "id2" }')
    write(root, updated=False, final="status = 'DONE' AND sup IS NOT NULL")
    assert run(root) == "2"


def test_an_edit_that_would_lose_orders_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    root = write(tmp_path / "p")
    export(root, "a.csv", order(1))
    run(root)
    write(root, columns='city = { type = "string" }')
    ran = missionctl(root, "run", "--date", "2026-10-06")
    assert ran.code == 2
    assert "exports/a.csv would now be refused: its header has no column city" in ran.err
    assert value(root) == "1"
    write(root)
    assert run(root, "2026-10-06") == "1"


def test_a_refused_file_is_known_by_its_content(tmp_path: Path) -> None:
    root = write(tmp_path / "p")
    export(root, "a.csv", order(1))
    export(root, "b.csv", "2,A,DONE,never,2026-10-01T10:00:00Z,5.00\n")
    assert missionctl(root, "run", "--date", "2026-10-05").code == 1
    (root / "exports/b.csv").rename(root / "exports/c.csv")
    ran = missionctl(root, "run", "--date", "2026-10-05")
    assert (ran.code, "exports/c.csv: refused: 1 of 1 records rejected" in ran.err) == (1, True)
    assert json.loads(done(root, "status", "--json").out)["refused"][0]["file"] == "exports/c.csv"


def test_a_bound_on_rejects_can_be_raised_without_loading_again(tmp_path: Path) -> None:
    root = write(tmp_path / "p")
    export(root, "a.csv", order(1), "2,A,DONE,never,2026-10-01T10:00:00Z,5.00\n")
    assert missionctl(root, "run", "--date", "2026-10-05").code == 1
    write(root, source="max_rejects = 0.5")
    assert run(root) == "1"


def test_an_offset_in_a_format_of_its_own_is_honoured(tmp_path: Path) -> None:
    root = write(tmp_path / "p", updated=False, source='csv = { timestamp_format = ["%d/%m/%Y %H:%M:%S %z", "%Y-%m-%d"] }')
    export(root, "a.csv", order(1, t="01/10/2026 02:30:00 +0000", u="2026-10-01"))
    assert run(root, "2026-10-05") == "nobody"  # it is the evening of 30 September in New York
    assert run(root, "2026-09-30") == "1"


@pytest.mark.parametrize(
    "bad",
    [
        b"2,A,DONE,2026-10-01T10:00:00Z,2026-10-01T10:00:00Z\n3,A,DONE,2026-10-01T10:00:00Z,2026-10-01T10:00:00Z,5.00,x\n",
        b"2,A,DONE,2026-10-01T10:00:00Z,2026-10-01T10:00:00Z,\xe9\n",
        b"2," + b"A" * 20_000_000 + b",DONE,2026-10-01T10:00:00Z,2026-10-01T10:00:00Z,5.00\n",
    ],
    ids=["a field too few and one too many", "not UTF-8", "a cell of megabytes"],
)
def test_what_the_fast_reader_refuses_does_not_stop_other_files(bad: bytes, tmp_path: Path) -> None:
    root = write(tmp_path / "p", source="max_rejects = 0.5")
    export(root, "a.csv", order(1))
    filler = "".join(order(number) for number in range(10, 3010))
    (root / "exports/b.csv").write_bytes((HEADER + filler).encode() + bad)
    ran = missionctl(root, "run", "--date", "2026-10-05")
    assert ran.code in (0, 1), ran
    assert value(root) in ("1", "3001")
    assert "b.csv" in ran.err


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00Z", "0000-01-01T00:00:00", "9999-12-31T23:59:59Z", "0026-10-01T10:00:00Z"]
)
@pytest.mark.parametrize("column", ["t", "u"])
def test_a_date_out_of_this_world_is_a_reject(moment: str, column: str, tmp_path: Path) -> None:
    root = write(tmp_path / "p", source="max_rejects = 0.5")
    export(root, "a.csv", order(1), order(2, **{column: moment}))
    assert run(root) == "1"
    assert json.loads(done(root, "status", "--json").out)["rejects"][0]["column_name"] == column


def test_results_older_than_the_data_say_so(tmp_path: Path) -> None:
    root = write(tmp_path / "p")
    export(root, "a.csv", order(1), order(2))
    assert run(root) == "2"
    export(root, "b.csv", order(1, "CANCELED", u="2026-10-06T10:00:00Z"))
    assert run(root, "2026-10-06") == "1"
    assert "data changed after the results as of 2026-10-05" in done(root, "explain", "supplier", "A", "--date", "2026-10-05").out
    assert "Note" not in done(root, "explain", "supplier", "A", "--date", "2026-10-06").out


def test_a_definition_newer_than_the_days_is_told(tmp_path: Path) -> None:
    root = write(tmp_path / "p")
    export(root, "a.csv", order(1), header=HEADER)
    run(root)
    write(root, columns='more = { type = "string", from = "amt" }'.replace("more", "again"))
    ran = missionctl(root, "explain", "supplier", "A")
    assert (ran.code, "Traceback" in ran.err) == (2, False)


def test_a_value_just_short_of_its_target_does_not_look_equal(tmp_path: Path) -> None:
    root = write(tmp_path / "p")
    (root / "missions.toml").write_text(
        MISSIONS.replace('formula = "n"', 'formula = "0.69999999999 * n"').replace("val = 1", "val = 0.7")
    )
    export(root, "a.csv", order(1))
    run(root)
    assert "0.69999999999 >= 0.7 does not hold" in done(root, "explain", "supplier", "A").out


@pytest.mark.parametrize("words", [("run", "--date", "2199-01-01"), ("backfill", "--from", "2199-01-01", "--to", "2199-01-01")])
def test_a_day_that_has_not_ended_is_told_and_is_not_the_default(words: tuple[str, ...], tmp_path: Path) -> None:
    root = write(tmp_path / "p")
    export(root, "a.csv", order(1))
    done(root, "run", "--date", "2013-10-05")
    assert "2199-01-01 has not ended yet" in done(root, *words).err
    assert done(root, "results").out.startswith("Results as of 2013-10-05")
