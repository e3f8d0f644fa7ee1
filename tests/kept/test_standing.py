"""Only the missions are evaluated again whose rules or data changed; the rows of the others stand, and the files are the same to
the byte as if everything had been evaluated."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mission_cli.stages import evaluate
from mission_cli.stages.results import EvaluationTask, Outcome, compute_results
from tests.kept.world import (
    CHANGES,
    FIRST,
    backfill,
    copied,
    day,
    deliver,
    published,
    replaced,
    results,
    texts,
    write,
)
from tests.support import done

LAST = 13
EVERY = {"week", "month", "day", "sprint", "rolling", "newcomers", "own"}
LIMITED = "[missions.week]\nlimits = { budget = 60 }\n"
Evaluated = dict[str, set[str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results as of two weeks, in a project whose windows follow the rules of today."""
    root = tmp_path_factory.mktemp("standing") / "project"
    before = texts()
    replaced("metrics.toml", 'rules = "keep"', 'rules = "restate"')(before)
    write(root, before)
    deliver(root, 7, LAST + 1)
    backfill(root, 0, LAST)
    return root


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    return copied(made, tmp_path / "project")


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> Evaluated:
    """As-of day → the missions that were evaluated, from now on."""
    found: Evaluated = {}

    def watched(task: EvaluationTask) -> Outcome:
        for as_of in task.as_of_days:
            found[str(as_of)] = {str(mission.id) for mission in task.project.missions}
        return compute_results(task)

    monkeypatch.setattr(evaluate, "compute_results", watched)
    return found


def change(root: Path, *names_and_changes: Any) -> None:
    """Change the configuration as it lies in the project."""
    found = {name: (root / name).read_text() for name in texts()}
    for one in names_and_changes:
        one(found)
    write(root, found)


def put_late(root: Path, number: int, *, supplier: str = "ann") -> None:
    """One more order of a day, in a file of its own."""
    at = f"{day(number)}T08:10:00+07:00"
    text = f"order_id,supplier_id,status,final_at,updated_at,fare\nlate-{number},{supplier},DONE,{at},{at},9.50\n"
    (root / f"data/exports/orders/late-{number}.csv").write_text(text)


def same_as_made_at_once(root: Path) -> None:
    """Everything that is published is the same when all of it is evaluated anew."""
    before = published(root)
    backfill(root, 0, LAST, "--only", "all")
    assert published(root) == before
    done(root, "verify", "--deep")


def test_a_late_order_reaches_the_missions_whose_windows_hold_its_day(project: Path, evaluated: Evaluated) -> None:
    put_late(project, 3)  # 2 May
    done(project, "run", "--date", day(LAST))
    assert evaluated == {day(LAST): {"month"}}
    evaluated.clear()
    done(project, "backfill", "--only", "stale")
    assert sorted(evaluated) == [day(number) for number in range(3, LAST)]
    assert evaluated[day(3)] == EVERY
    assert evaluated[day(5)] == {"week", "month", "sprint", "rolling", "newcomers", "own"}
    assert evaluated[day(9)] == {"month", "sprint", "own"}
    assert evaluated[day(12)] == {"month"}
    same_as_made_at_once(project)


def test_other_rules_of_one_mission_touch_no_other(project: Path, evaluated: Evaluated) -> None:
    change(project, CHANGES["a tier"])
    backfill(project, 0, LAST)
    assert set(map(frozenset, evaluated.values())) == {frozenset({"week"})}
    assert "lots" in results(project, LAST)["tier"].to_list()
    same_as_made_at_once(project)


def test_another_formula_touches_the_missions_that_use_it(project: Path, evaluated: Evaluated) -> None:
    change(project, CHANGES["a formula of days"])
    backfill(project, 2, LAST)
    assert set(map(frozenset, evaluated.values())) == {frozenset({"month"})}
    backfill(project, 0, 1)
    same_as_made_at_once(project)


def test_a_mission_that_is_gone_takes_its_rows_along(project: Path, evaluated: Evaluated) -> None:
    assert "own" in results(project, 9)["mission_id"].to_list()
    change(project, CHANGES["a mission is gone"])
    backfill(project, 0, LAST)
    assert evaluated[day(9)] == set()
    assert "own" not in results(project, 9)["mission_id"].to_list()
    same_as_made_at_once(project)


def test_a_new_mission_comes_between_those_that_stand(project: Path, evaluated: Evaluated) -> None:
    text = '[missions.more]\nwindow = { kind = "rolling", days = 2 }\n[[missions.more.conditions]]\nname = "trips"\n'
    text += 'formula = "trips"\ntype = "GT"\nval = 1\n'
    change(project, lambda found: found.update({"missions.toml": found["missions.toml"] + text}))
    backfill(project, 0, LAST)
    assert set(map(frozenset, evaluated.values())) == {frozenset({"more"})}
    names = results(project, 9)["mission_id"].unique(maintain_order=True).to_list()
    assert names == sorted(names)
    assert "more" in names
    same_as_made_at_once(project)


def test_what_limits_leave_is_counted_again_on_every_day(project: Path, evaluated: Evaluated) -> None:
    change(project, replaced("missions.toml", "[missions.week]\n", LIMITED))
    backfill(project, 0, LAST)
    evaluated.clear()
    put_late(project, 3)
    done(project, "run", "--date", day(LAST))
    done(project, "backfill", "--only", "stale")
    assert all("week" in found for found in evaluated.values())
    assert evaluated[day(12)] == {"week", "month"}
    same_as_made_at_once(project)


def test_a_mission_is_limited_when_any_of_its_versions_is(tmp_path: Path, evaluated: Evaluated) -> None:
    """Beside windows that keep rules without limits, its rows were taken over."""
    write(tmp_path, texts())
    deliver(tmp_path, 7, LAST + 1)
    backfill(tmp_path, 0, 6)
    change(tmp_path, replaced("missions.toml", "[missions.week]\n", LIMITED))
    backfill(tmp_path, 7, LAST)
    put_late(tmp_path, 3)
    done(tmp_path, "run", "--date", day(LAST))
    evaluated.clear()
    done(tmp_path, "backfill", "--only", "stale")
    assert evaluated[day(9)] == {"week", "month", "sprint", "own"}
    same_as_made_at_once(tmp_path)


@pytest.mark.parametrize("harm", ["gone", "another byte"])
def test_nothing_is_taken_over_from_a_file_that_is_not_what_it_was(project: Path, evaluated: Evaluated, harm: str) -> None:
    whole = published(project)
    (file,) = (project / f"data/results/date={day(9)}").glob("*.parquet")
    if harm == "gone":
        file.unlink()
    else:
        found = bytearray(file.read_bytes())
        found[len(found) // 2] ^= 1
        file.write_bytes(found)
    change(project, CHANGES["a tier"])
    backfill(project, 0, LAST)
    assert evaluated[day(9)] == EVERY
    assert evaluated[day(8)] == {"week"}
    change(project, replaced("missions.toml", '"lots", val = 9, reward = "trips"', '"many", val = 12, reward = 5'))
    backfill(project, 0, LAST)
    if harm == "gone":
        assert published(project) == whole
    same_as_made_at_once(project)


def test_awards_of_missions_that_stand_stay(project: Path) -> None:
    change(project, CHANGES["a population"])
    backfill(project, 0, LAST)
    assert results(project, 7).filter(pl.col("mission_id") == "week")["reward"].sum() > 0
    same_as_made_at_once(project)


def test_nobody_is_told_to_make_anew_what_stands(project: Path) -> None:
    """Days before the sprint went on being called made by earlier rules, whatever was run."""
    change(project, replaced("missions.toml", "val = 5\nmin_volume", "val = 6\nmin_volume"))
    told = "Note: the rules in metrics.toml"
    assert told in done(project, "explain", "supplier", "ann", "--date", day(1)).out
    backfill(project, 0, LAST)
    for number in (1, 5):
        assert told not in done(project, "explain", "supplier", "ann", "--date", day(number)).out


@pytest.mark.parametrize("seed", range(6))
def test_any_changes_end_in_the_same_bytes(project: Path, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(3):
        name = dice.choice(["late", "who", *sorted(CHANGES.keys() - {"a title"})])
        if name == "late":
            put_late(project, dice.randrange(LAST), supplier=dice.choice(("ann", "bob", "zoe")))
        elif name == "who":
            who = project / "data/exports/suppliers.csv"
            who.write_text(who.read_text().replace("HAN,2,", f"SGN,3,{FIRST}"))
        else:
            try:
                change(project, CHANGES[name])
            except AssertionError:  # that was changed before
                continue
        if dice.random() < 0.7:
            done(project, "run", "--date", day(LAST))
        if dice.random() < 0.7:
            done(project, "backfill", "--only", "stale")
    backfill(project, 0, LAST)
    same_as_made_at_once(project)
