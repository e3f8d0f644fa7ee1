"""Each kind of damage is found and named."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mission_cli.cli.soundness import size
from mission_cli.store.files import digest_of
from mission_cli.store.lock import held
from mission_cli.store.seals import SEALED
from tests.audit.world import again, altered, asked, blamed, clean, files, flipped, made, problems
from tests.cli.shop import snapshot
from tests.crash.market import as_of, put, put_late
from tests.support import done, missionctl

KINDS = ("orders", "left_out", "metrics", "results", "rejects", "duplicates", "rosters", "decisions", "corrections")
DATABASE = "data/missions.duckdb"
# the same project is damaged and mended by every example
SLOW = settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound project that no test changes for good."""
    return made(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def project(sound: Path, tmp_path: Path) -> Path:
    """One that may be damaged."""
    return again(sound, tmp_path / "project")


@pytest.fixture(scope="module")
def with_corrections(sound: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with late data, so that there is something in every table and folder."""
    root = again(sound, tmp_path_factory.mktemp("late") / "project")
    put_late(root)
    done(root, "run", "--date", as_of(4))
    return root


@pytest.fixture
def corrected(with_corrections: Path, tmp_path: Path) -> Path:
    """One that may be damaged."""
    return again(with_corrections, tmp_path / "corrected")


@pytest.fixture
def mended(sound: Path) -> Iterator[Path]:
    """The sound project, mended by the test itself."""
    yield sound
    clean(sound)


# ---------------------------------------------------------------- what is sound


def test_what_is_sound_is_said_in_one_line_and_nothing_is_changed(project: Path) -> None:
    before = snapshot(project)
    ran = clean(project)
    assert re.fullmatch(r"verified: \d+ files, \d+ rows, [\d.]+ kB\n", ran.out), ran
    assert snapshot(project).keys() == before.keys()
    changed = [name for name, found in snapshot(project).items() if found[0] != before[name][0]]
    assert changed == []


def test_deep_computes_everything_again(project: Path) -> None:
    ran = clean(project, "--deep")
    assert ran.out.endswith("; computed again to the same bytes: 10 days, 5 results\n")
    assert "not computed again" not in ran.err
    assert list((project / "data/tmp").rglob("*.parquet")) == []
    clean(project, "--deep")


def test_deep_leaves_out_what_would_be_computed_otherwise_today(project: Path) -> None:
    text = (project / "metrics.toml").read_text()
    put(project / "metrics.toml", text.replace("where = \"response = 'ACCEPTED'", "where = \"response <> 'ACCEPTED'"))
    missions = (project / "missions.toml").read_text()
    put(project / "missions.toml", missions.replace("val = 6", "val = 7"))
    said = clean(project, "--deep").err
    assert "not computed again: 5 days waiting to be computed again anyhow" in said
    assert "not computed again: 5 results made by earlier rules" in said


def test_without_anything_computed_there_is_nothing_to_verify(tmp_path: Path, project: Path) -> None:
    for name in ("metrics.toml", "missions.toml", "sql/late_trips.sql"):
        put(tmp_path / name, (project / name).read_text())
    ran = missionctl(tmp_path, "verify")
    assert (ran.code, "nothing was computed yet" in ran.err) == (2, True)


def test_another_run_holds_the_project(project: Path) -> None:
    with held(project / "data/missions.lock", "missionctl run", "now"):
        assert missionctl(project, "verify").code == 4


def test_sizes_are_written_for_people() -> None:
    assert [size(n) for n in (1, 999, 1000, 2_500_000, 10**9)] == ["1 byte", "999 bytes", "1.0 kB", "2.5 MB", "1.0 GB"]


# ---------------------------------------------------------------- bytes


@SLOW
@given(data=st.data())
@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_bit_in_a_published_file_is_found(with_corrections: Path, kind: str, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(files(with_corrections, kind)))
    content = path.read_bytes()
    flipped(path, data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(0, 7)))
    try:
        assert blamed(with_corrections) == {path.relative_to(with_corrections).as_posix()}
    finally:
        path.write_bytes(content)


@SLOW
@given(data=st.data())
def test_a_changed_bit_in_the_manifest_is_found(mended: Path, data: st.DataObject) -> None:
    path = mended / "data/manifest.json"
    content = path.read_bytes()
    flipped(path, data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(0, 7)))
    try:
        assert "data/manifest.json" in blamed(mended)
    finally:
        path.write_bytes(content)


@SLOW
@given(data=st.data())
def test_a_changed_bit_in_the_working_database_is_found(mended: Path, data: st.DataObject) -> None:
    path = mended / DATABASE
    content = path.read_bytes()
    at = data.draw(st.integers(0, 12_287) | st.integers(0, len(content) - 1))  # the headers are small
    flipped(path, at, data.draw(st.integers(0, 7)))
    try:
        assert blamed(mended) == {DATABASE}
    finally:
        path.write_bytes(content)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_was_cut_off_emptied_or_removed_is_named(corrected: Path, kind: str) -> None:
    path = files(corrected, kind)[-1]
    name, content = path.relative_to(corrected).as_posix(), path.read_bytes()
    for shorter in (content[:-1], content[: len(content) // 2], b""):
        path.write_bytes(shorter)
        assert blamed(corrected) == {name}
    path.unlink()
    (problem,) = problems(corrected)
    assert (problem["file"], problem["what"]) == (name, "is not there")
    assert "missionctl backfill" in problem["mend"]


@pytest.mark.parametrize("size", [0, 100, 12_288, 300_000])
def test_a_database_that_was_cut_off_is_named(project: Path, size: int) -> None:
    path = project / DATABASE
    path.write_bytes(path.read_bytes()[:size])
    assert blamed(project) == {DATABASE}


def test_a_database_that_is_gone_is_named(project: Path) -> None:
    (project / DATABASE).unlink()
    (problem,) = problems(project)
    assert (problem["file"], problem["what"]) == (DATABASE, "is not there")


def test_every_problem_is_told_at_once(project: Path) -> None:
    wrong = [files(project, kind)[0] for kind in ("orders", "metrics", "results")]
    for path in wrong:
        path.write_bytes(b"nothing")
    altered(project, "DELETE FROM days WHERE day = DATE '2024-05-07'")
    (project / "data/manifest.json").unlink()
    expected = {path.relative_to(project).as_posix() for path in wrong} | {DATABASE, "data/manifest.json"}
    ran = missionctl(project, "verify")
    assert ran.code == 1
    assert expected <= {line.partition(": ")[0] for line in ran.out.splitlines()}
    assert re.search(r"missionctl: \d+ problems\n$", ran.err)


# ---------------------------------------------------------------- manifest


@pytest.mark.parametrize("edit", ["days", "results", "suppliers", "state", "missing", "no json", "version"])
def test_an_edited_manifest_is_found_and_written_anew_by_the_next_run(project: Path, edit: str) -> None:
    path = project / "data/manifest.json"
    content = json.loads(path.read_text())
    match edit:
        case "days":
            del content["days"]["orders"][as_of(1)]
        case "results":
            content["results"][as_of(1)] = content["results"][as_of(2)]
        case "suppliers":
            content["suppliers"] = []
        case "state":
            content["state"]["sources"][0]["records"] += 1
        case "version":
            content["version"] = 1
    path.write_text(json.dumps(content, separators=(",", ":")))
    if edit == "missing":
        path.unlink()
    elif edit == "no json":
        path.write_text("{")
    assert blamed(project) == {"data/manifest.json"}
    if edit != "version":
        done(project, "run", "--date", as_of(4))
        clean(project)


# ---------------------------------------------------------------- ledger

TABLES = (*SEALED, "rejects", "awards", "seals", "orders_orders", "orders_offers", "duplicates_orders")


def test_the_tables_of_the_ledger_are_sealed_or_held_against_files(project: Path) -> None:
    tables = {name for (name,) in asked(project, "SELECT table_name FROM duckdb_tables()")}
    assert tables == {*TABLES, "duplicates_offers"}


@pytest.mark.parametrize("table", [name for name in TABLES if name != "pruned"])
def test_a_row_that_is_gone_from_any_table_is_found(corrected: Path, table: str) -> None:
    count = asked(corrected, f"SELECT count(*) FROM {table}")[0][0]
    assert count > 0
    for place in {0, count - 1}:
        lost = again(corrected, corrected.parent / "lost")
        altered(lost, f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} ORDER BY rowid LIMIT 1 OFFSET {place})")
        assert DATABASE in blamed(lost), (table, place)


@pytest.mark.parametrize("table", [name for name in TABLES if name not in ("pruned", "seals")])
def test_a_row_that_is_there_twice_is_found(corrected: Path, table: str) -> None:
    altered(corrected, f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1")
    assert DATABASE in blamed(corrected)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE batches SET new = new + 1, updated = updated - 1 WHERE batch = 4",
        "UPDATE rejects SET raw = raw || ' ' WHERE rowid = 0",
        "UPDATE rejects SET line = line + 1 WHERE rowid = 0",
        "UPDATE awards SET reward = reward + 1 WHERE rowid = 0",
        "UPDATE awards SET decided_on = DATE '2023-01-01' WHERE rowid = 0",
        "UPDATE days SET change = change - 1 WHERE day = DATE '2024-05-07'",
        "UPDATE partitions SET rows = rows + 1 WHERE day = DATE '2024-05-07'",
        "UPDATE evaluations SET rules = 'others' WHERE as_of = DATE '2024-05-07'",
        "UPDATE orders_orders SET _batch = 5 WHERE order_id = 'ann-1-10'",
        "UPDATE orders_orders SET _day = DATE '2024-05-09' WHERE order_id = 'ann-1-10'",
        "UPDATE orders_orders SET _day = DATE '2024-06-09' WHERE order_id = 'ann-1-10'",
        "UPDATE runs SET command = 'missionctl run' WHERE run = 1",
        "DROP TABLE orders_offers",
    ],
)
def test_a_changed_value_is_found(project: Path, change: str) -> None:
    altered(project, change)
    assert DATABASE in {name if name.endswith("duckdb") else DATABASE for name in blamed(project)}
    assert missionctl(project, "verify").code == 1


def test_a_changed_order_is_found_by_computing_again(project: Path) -> None:
    altered(project, "UPDATE orders_orders SET fare = fare + 1 WHERE order_id = 'ann-1-10'")
    clean(project)
    named = blamed(project, "--deep")
    day = f"source=orders/date={as_of(1)}"
    assert {name.rpartition("/")[0] for name in named} == {f"data/orders/{day}", f"data/metrics/{day}"}


def replaced_partition(root: Path, table: str, where: str, frame: pl.DataFrame, path: Path, stem: str) -> Path:
    """Put another file in the place of a published one, and make the ledger, its seals and the manifest say that it is right."""
    frame.write_parquet(path)
    digest = digest_of(path)
    new = path.with_name(f"{stem}-{digest[:16]}.parquet")
    path.rename(new)
    name = new.relative_to(root / "data").as_posix()
    old = path.relative_to(root / "data").as_posix()
    altered(
        root,
        f"UPDATE {table} SET file = '{name}', digest = '{digest}' WHERE {where}",
        "DELETE FROM seals",
    )
    manifest = root / "data/manifest.json"
    manifest.write_text(manifest.read_text().replace(old, name))
    return new


def test_deep_finds_a_wrong_partition_whose_digest_was_corrected(project: Path) -> None:
    (path,) = files(project, f"metrics/source=orders/date={as_of(1)}")
    wrong = pl.read_parquet(path).with_columns(pl.col("trips") + 1)
    where = f"source = 'orders' AND day = DATE '{as_of(1)}'"
    new = replaced_partition(project, "partitions", where, wrong, path, "metrics")
    clean(project)
    (problem,) = problems(project, "--deep")
    assert problem["file"] == new.relative_to(project).as_posix()
    assert problem["what"] == f"the metrics of orders {as_of(1)}, computed again from the orders, are others"


def test_deep_finds_wrong_results_whose_digest_was_corrected(project: Path) -> None:
    (path,) = files(project, f"results/date={as_of(1)}")
    wrong = pl.read_parquet(path).with_columns(mission_status=pl.lit("completed"))
    new = replaced_partition(project, "evaluations", f"as_of = DATE '{as_of(1)}'", wrong, path, "results")
    clean(project)
    (problem,) = problems(project, "--deep")
    assert problem["file"] == new.relative_to(project).as_posix()


# ---------------------------------------------------------------- what is no damage


def test_stray_files_are_told_and_are_no_damage(project: Path) -> None:
    put(project / f"data/metrics/source=orders/date={as_of(1)}/metrics.pending", "half")
    put(project / "data/results/date=2024-01-01/results-0000000000000000.parquet", "old")
    put(project / "data/manifest.json.pending", "{")
    ran = clean(project)
    assert f"data/metrics/source=orders/date={as_of(1)}/metrics.pending: left over, named by nothing (4 bytes)" in ran.err
    assert "3 files left over, no damage; the next run after a cut-off, or missionctl prune, removes them" in ran.err
    assert json.loads(missionctl(project, "verify", "--json").out)["leftovers"][0]["file"].startswith("data/metrics/")


def test_a_run_that_failed_is_no_damage(project: Path) -> None:
    put(
        project / "data/exports/orders/more.csv", (project / "data/exports/orders/orders_1.csv").read_text().replace("9:0", "8:0")
    )
    with mock.patch("mission_cli.stages.evaluate.portions", side_effect=OSError(28, "No space left on device")):
        assert missionctl(project, "run", "--date", as_of(4)).code == 3
    assert "the last run was cut off or failed" in clean(project).err
    done(project, "run", "--date", as_of(4))
    assert clean(project, "--deep").err.count("cut off") == 0


def test_a_ledger_without_seals_is_told_and_sealed_by_the_next_run(project: Path) -> None:
    altered(project, "DROP TABLE seals", "DROP TABLE pruned")
    assert "carry no digests yet" in clean(project).err
    done(project, "run", "--date", as_of(4))
    assert "carry no digests yet" not in clean(project).err


def test_seals_of_another_engine_are_not_compared(project: Path) -> None:
    altered(project, "UPDATE seals SET digest = '0.0.1' || digest WHERE name = 'runs'")
    assert "of another version of DuckDB" in clean(project).err


def test_a_database_of_another_format_is_told_as_such(project: Path) -> None:
    altered(project, "UPDATE format SET version = 99")
    ran = missionctl(project, "verify")
    assert (ran.code, "was made by another version of missionctl" in ran.err) == (3, True)
