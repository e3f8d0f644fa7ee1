"""Every kind of fault that the crash harness found, the smallest case of each."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import polars as pl
import pytest

from mission_cli.stages import context, evaluate
from mission_cli.store import files
from mission_cli.store.manifest import Manifest
from mission_cli.views import results
from tests.crash.compare import shown, tree, unreadable
from tests.crash.market import as_of, copied, put, put_day, put_late, put_other_meaning, put_paid_days, put_project, put_third_day
from tests.support import ROOT, Ran, done, missionctl

NO_SPACE = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def market(tmp_path: Path) -> Path:
    """The small marketplace with the results of its second day, and the exports of the third."""
    put_project(tmp_path)
    done(tmp_path, "run", "--date", as_of(1))
    put_third_day(tmp_path)
    return tmp_path


def killed_in(project: Path, place: str, *words: str) -> None:
    """Run a command in a process that kills itself where it would call `place`, a name like `module:Class.function`."""
    module, name = place.split(":")
    code = f"""
import importlib, os, sys
target = importlib.import_module({module!r})
*path, last = {name!r}.split(".")
for part in path:
    target = getattr(target, part)
getattr(target, last)
setattr(target, last, lambda *_, **__: os.kill(os.getpid(), 9))
sys.argv = ["missionctl", "--project", {str(project)!r}, *{words!r}]
from mission_cli.cli.app import main
main()
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == -9, ran


def named(root: Path) -> set[str]:
    """Every file that readers are shown."""
    found = shown(root)
    assert found is not None
    return set(found.names)


def lying(root: Path) -> set[str]:
    """Every published file that is there."""
    return {name for name, what in tree(root).items() if what != "folder"}


def test_what_a_run_was_killed_before_removing_is_removed_by_the_next(market: Path) -> None:
    """The ledger said `done` before the last files were removed, so nobody looked for them any more.

    Late data on a day after the as-of day: its neighbour is computed again, but no results are made anew.
    """
    done(market, "run", "--date", as_of(1))
    put_day(market, 3)
    killed_in(market, "pathlib:Path.unlink", "run", "--date", as_of(1))
    done(market, "run", "--date", as_of(1))
    assert lying(market) == named(market)


def test_files_that_readers_are_shown_are_not_swept_before_they_are_replaced(market: Path) -> None:
    """The partitions of yesterday that a killed run had computed anew were swept when the next run began."""
    killed_in(market, "mission_cli.stages.context:write_manifest", "run", "--date", as_of(2))
    killed_in(market, "mission_cli.pipeline:load_sources", "run", "--date", as_of(2))
    assert unreadable(market, frozenset(named(market))) == []
    done(market, "explain", "supplier", "ann", "--date", as_of(1))


def test_a_run_that_fails_shows_its_state_but_nothing_that_it_computed(market: Path) -> None:
    """It showed the new partitions beside the old results."""
    before = json.loads((market / "data/manifest.json").read_text())
    with mock.patch.object(evaluate, "portions", side_effect=NO_SPACE):
        assert missionctl(market, "run", "--date", as_of(2)).code == 3
    after = json.loads((market / "data/manifest.json").read_text())
    assert (after["days"], after["results"], after["suppliers"]) == (before["days"], before["results"], before["suppliers"])
    assert after["state"]["runs"][0]["outcome"] == "failed"
    assert "moved" not in done(market, "explain", "supplier", "ann", "--date", as_of(1)).out
    done(market, "run", "--date", as_of(2))
    assert lying(market) == named(market)


def test_what_a_killed_run_left_in_its_scratch_folder_is_removed(market: Path) -> None:
    put(market / "data/tmp/duckdb_temp_storage_DEFAULT-0.tmp", "spilled")
    done(market, "run", "--date", as_of(2))
    assert list((market / "data/tmp").iterdir()) == []


def test_a_database_whose_making_was_cut_off_is_made_anew(tmp_path: Path) -> None:
    """DuckDB does not open what it had only begun to write, so that every later run failed."""
    put_project(tmp_path)
    put(tmp_path / "data/missions.duckdb.pending", "half a header")
    done(tmp_path, "run", "--date", as_of(1))
    assert sorted(path.name for path in (tmp_path / "data").glob("missions*")) == ["missions.duckdb", "missions.lock"]


def test_a_database_is_never_there_in_part(tmp_path: Path) -> None:
    put_project(tmp_path)
    killed_in(tmp_path, "mission_cli.store.database:sync", "run", "--date", as_of(1))
    assert not (tmp_path / "data/missions.duckdb").exists()
    done(tmp_path, "run", "--date", as_of(1))


# ---------------------------------------------------------------- the file is named


def failing(market: Path) -> Ran:
    """A run that must fail as a failing disk asks for."""
    ran = missionctl(market, "run", "--date", as_of(2))
    assert ran.code == 3, ran
    done(market, "results", "--date", as_of(1))
    return ran


def test_a_sync_that_fails_names_the_file(market: Path) -> None:
    with mock.patch.object(files.os, "fsync", side_effect=OSError(errno.EIO, os.strerror(errno.EIO))):
        said = failing(market).err
    assert "data/rejects/source=orders/batch-000007.pending: Input/output error" in said


def test_a_partition_that_cannot_be_written_is_named(market: Path) -> None:
    """Polars says that the disk is full, but not where."""
    full = pl.exceptions.ComputeError("underlying IO error: No space left on device (os error 28)")
    with mock.patch.object(pl.DataFrame, "write_parquet", side_effect=full):
        said = failing(market).err
    assert "data/rejects/source=orders/batch-000007.pending cannot be written" in said


def test_decisions_that_the_disk_cannot_read_are_not_taken_for_lost(market: Path) -> None:
    """They are about to be replaced, and would be in force for nobody."""
    scan = pl.scan_parquet

    def failing_scan(source: object, **options: object) -> object:
        if "results" in str(source):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(source))
        return scan(source, **options)  # type: ignore[arg-type]

    put_late(market)
    with mock.patch.object(pl, "scan_parquet", failing_scan):
        ran = missionctl(market, "backfill", "--from", as_of(0), "--to", as_of(1), "--only", "all")
    assert (ran.code, "Input/output error" in ran.err) == (3, True), ran
    done(market, "backfill", "--from", as_of(0), "--to", as_of(1), "--only", "all")


def test_results_that_are_still_shown_are_still_called_stale(market: Path) -> None:
    """The ledger had newer ones, which the failed run could not publish, and readers were not told that theirs are old."""
    put_day(market, 1)
    put(market / "data/exports/orders/late.csv", (market / "data/exports/orders/orders_2.csv").read_text())
    done(market, "run", "--date", as_of(2))
    told = done(market, "results", "--date", as_of(1))
    assert "are older than" in told.err
    write, calls = context.write_manifest, []

    def failing_once(path: Path, manifest: Manifest) -> None:
        calls.append(path)
        if len(calls) == 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        write(path, manifest)

    with mock.patch.object(context, "write_manifest", failing_once):
        assert missionctl(market, "backfill", "--only", "stale").code == 3
    assert (len(calls), done(market, "results", "--date", as_of(1))) == (2, told)
    done(market, "backfill", "--only", "stale")
    assert done(market, "results", "--date", as_of(1)).err == ""


def test_kept_rules_that_the_disk_cannot_read_are_not_taken_for_damaged(market: Path) -> None:
    """`apply --restate` is the way out when they are, and forgot the rules of all windows."""
    put_other_meaning(market)
    done(market, "run", "--date", as_of(1))
    before, whole = named(market), Path.read_bytes

    def read(path: Path) -> bytes:
        if path.parent.name == "rules":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return whole(path)

    with mock.patch.object(Path, "read_bytes", read):
        ran = missionctl(market, "apply", "--restate")
    assert (ran.code, "data/rules/rules-" in ran.err, "Input/output error" in ran.err) == (3, True, True), ran
    assert named(market) == before
    assert "by the rules of" in done(market, "apply", "--restate").out


def test_a_metric_s_text_that_the_disk_cannot_read_is_no_mistake_in_it(market: Path) -> None:
    whole = Path.read_bytes

    def read(path: Path) -> bytes:
        if path.suffix == ".sql" and "late_trips" in path.name:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return whole(path)

    with mock.patch.object(Path, "read_bytes", read):
        ran = missionctl(market, "run", "--date", as_of(2))
    assert (ran.code, "sql/late_trips.sql: Input/output error" in ran.err) == (3, True), ran


def test_a_lock_that_cannot_be_written_is_named(market: Path) -> None:
    with mock.patch("os.pwrite", side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))):
        said = failing(market).err
    assert "data/missions.lock: No space left on device" in said


# ---------------------------------------------------------------- readers


def test_a_reader_whose_files_go_away_reads_the_state_that_came_instead(market: Path) -> None:
    """It said that a file is not there, though newer results were."""
    real, calls = results.results_as_of, []

    def late(*arguments: object) -> object:
        if not calls:
            calls.append(1)
            put(market / "data/exports/orders/more.csv", "order_id,supplier_id,status,final_at,updated_at,fare\n"
                f"new,ann,DONE,{as_of(1)}T10:00:00+07:00,{as_of(1)}T10:00:00+07:00,5.00\n")  # fmt: skip
            done(market, "run", "--date", as_of(1))
        return real(*arguments)

    old = done(market, "results", "--format", "csv")
    with mock.patch.object(results, "results_as_of", late):
        new = done(market, "results", "--format", "csv")
    assert new.out != old.out
    assert new == done(market, "results", "--format", "csv")


# ---------------------------------------------------------------- late data


def stale_results(project: Path) -> list[dict[str, object]]:
    return list(json.loads(done(project, "status", "--json").out)["stale_results"])


@pytest.mark.parametrize("place", ["evaluate", "mark_stale", "settle"])
def test_a_run_killed_after_computing_late_days_tells_what_they_reach_when_it_is_run_again(market: Path, place: str) -> None:
    """Nothing was late any more, so that the results of the day before passed for new ones."""
    killed_in(market, f"mission_cli.pipeline:{place}", "run", "--date", as_of(2))
    done(market, "run", "--date", as_of(2))
    assert stale_results(market) == [{"as_of": as_of(1), "batch": 7, "file": "data/exports/orders/orders_2.csv"}]


@pytest.fixture
def paid(tmp_path: Path) -> Path:
    """Five days with awards, and late data for the first two."""
    put_project(tmp_path)
    put_paid_days(tmp_path)
    done(tmp_path, "backfill", "--from", as_of(0), "--to", as_of(4))
    put_late(tmp_path)
    return tmp_path


def corrections(project: Path) -> list[tuple[object, ...]]:
    rows = json.loads(done(project, "corrections", "--all", "--json").out)
    names = ("number", "decided_on", "mission_id", "supplier_id", "owed", "cause", "batch", "state", "reason")
    return [tuple(row[name] for name in names) for row in rows]


def test_no_correction_is_lost_or_found_twice_whenever_a_run_is_killed(paid: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin"
    copied(paid, twin)
    done(twin, "run", "--date", as_of(5))
    for place in ("pipeline:settle", "stages.corrections:publish_corrections", "pipeline:make_views"):
        killed_in(paid, f"mission_cli.{place}", "run", "--date", as_of(5))
    done(paid, "run", "--date", as_of(5))
    assert corrections(paid) == corrections(twin) != []
    assert missionctl(paid, "verify", "--deep").code == 0


def test_a_restate_that_is_killed_is_made_whole_by_itself_and_by_no_other_before_the_run_is(paid: Path) -> None:
    words = ("restate", "--mission", "paid", "--from", as_of(0), "--reason", "asked")
    killed_in(paid, "mission_cli.pipeline:settle", "run", "--date", as_of(5))
    ran = missionctl(paid, *words)
    assert (ran.code, ran.out) == (2, "")
    assert "run it again first, then restate" in ran.err
    assert missionctl(paid, *words).code == 2  # the refused one does not count for a restate that was begun
    done(paid, "run", "--date", as_of(5))
    said = done(paid, *words, "--dry-run").out
    for place in ("pipeline:settle", "pipeline:apply_corrections", "stages.restate:publish_corrections"):
        killed_in(paid, f"mission_cli.{place}", *words)
    assert done(paid, *words).out == said
    assert {row[-2:] for row in corrections(paid) if row[2] == "paid"} == {("applied", "asked")}
    assert done(paid, *words).out.startswith("nothing to apply")
    kept = {path.relative_to(paid / "data").as_posix() for path in (paid / "data/decisions").rglob("*.parquet")}
    assert without_list(lying(paid)) == without_list(named(paid)) | kept


def without_list(names: set[str]) -> set[str]:
    return {name for name in names if not name.startswith("corrections/")}


def test_stale_results_come_to_an_end_where_there_are_limits(paid: Path) -> None:
    """Days that had been made anew together with an earlier award were marked again at once, for ever."""
    done(paid, "run", "--date", as_of(5))
    assert stale_results(paid)
    done(paid, "backfill", "--only", "stale")
    assert stale_results(paid) == []
