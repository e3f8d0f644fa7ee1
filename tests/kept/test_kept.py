"""What windows keep: beside a project that never changed its rules, and one that always had the new ones."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.kept.world import (
    CHANGES,
    SUPPLIERS,
    WINDOWS,
    Texts,
    backfill,
    copied,
    day,
    deliver,
    published,
    replaced,
    results,
    spans,
    texts,
    write,
)
from tests.support import done, missionctl

DAYS, CHANGED = 21, 8  # the rules change when the results as of days before are published
LAST = DAYS - 1


def started(root: Path, seed: int) -> Path:
    write(root, texts())
    deliver(root, seed, DAYS)
    backfill(root, 0, CHANGED - 1)
    return root


def overlaps(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool:
    return bool(one[0] <= other[1] and other[0] <= one[1])


def rows_where(frame: pl.DataFrame, wanted: Any) -> list[tuple[Any, ...]]:
    return [row for row, span in zip(frame.rows(), spans(frame), strict=True) if wanted(span)]


def compare(tmp_path: Path, seed: int, names: list[str]) -> None:
    """Kept windows are those of a project that never changed; new ones those of a project that always had the new rules."""
    project = started(tmp_path / "project", seed)
    never = copied(project, tmp_path / "never")
    always = tmp_path / "always"
    changed: Texts = texts()
    for name in names:
        (CHANGES | WINDOWS)[name](changed)
    write(always, changed)
    deliver(always, seed, DAYS)
    write(project, changed)
    backfill(never, CHANGED, LAST)
    backfill(always, 0, LAST)
    for number in (CHANGED, CHANGED + 1, LAST):  # a run catches up the days between
        done(project, "run", "--date", day(number))
    begun = {(m, start, end) for n in range(CHANGED) for m, _, start, end in spans(results(never, n)) if m != "rolling"}
    rules = [json.loads(done(root, "missions", "--json", "--date", day(LAST)).out) for root in (never, always)]
    windows = [{entry["mission_id"]: entry["window"] for entry in entries} for entries in rules]
    moved = {name for name in windows[0] if windows[0][name] != windows[1].get(name)}
    owners = {name for name in moved if "since" in windows[0][name] or "own" in windows[0][name]}
    owned = {s for n in range(DAYS) for s in spans(results(never, n)) if (s[0], *s[2:]) in begun}

    def kept(span: tuple[Any, ...]) -> bool:
        return (span[0], *span[2:]) in begun

    def new(span: tuple[Any, ...]) -> bool:
        """Neither kept, nor overlapping with a window that is and was made by another rule, for all or for the supplier."""
        shared = {other[1:] for other in begun if other[0] == span[0]} if span[0] in moved - owners else set()
        mine = {s[2:] for s in owned if s[:2] == span[:2]} if span[0] in owners else set()
        return not kept(span) and not any(overlaps(span[2:], other) for other in shared | mine)

    for number in range(DAYS):
        here, before, after = (results(root, number) for root in (project, never, always))
        assert rows_where(here, kept) == rows_where(before, kept), (names, number)
        if number >= CHANGED:
            assert rows_where(here, lambda span: not kept(span)) == rows_where(after, new), (names, number)
        assert here.equals(here.sort("mission_id", "supplier_id", "window_start", "window_end", maintain_order=True))
    assert done(project, "verify", "--deep").code == 0
    backfill(project, 0, LAST, "--only", "all")  # as of any day the same, by the kept rules
    for number in range(DAYS):
        here, before = results(project, number), results(never, number)
        assert rows_where(here, kept) == rows_where(before, kept), (names, number)
    assert f"{DAYS} results" in done(project, "verify", "--deep").out
    done(project, "apply", "--restate")
    backfill(project, 0, LAST, "--only", "stale")
    backfill(project, 0, LAST)
    assert published(project) == published(always), names


@pytest.mark.parametrize(
    "names",
    [
        ["a target", "a filter", "SQL", "a condition more", "a title"],
        ["a tier", "an expression", "a formula of days", "less grace", "a population", "a metric more"],
        ["a word of the day", "a formula", "a segment", "more grace", "a mission is gone"],
        ["a default"],
        ["another name of a metric"],
        ["weeks from Sunday", "months become days", "a longer sprint", "newcomers for longer", "assigned become since"],
        ["weeks become months", "another sprint", "own become weeks", "a filter"],
        ["weeks become own", "an expression"],
    ],
    ids=" and ".join,
)
def test_changes(names: list[str], tmp_path: Path) -> None:
    compare(tmp_path, 1, names)


@pytest.mark.parametrize("seed", range(2))
def test_any_changes(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    names = [name for name in CHANGES if name != "another name of a metric" and dice.random() < 0.4]
    compare(tmp_path, seed, names)


@pytest.mark.parametrize("seed", range(2))
def test_with_restate_every_way_ends_in_the_same_bytes(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    restating = replaced("metrics.toml", 'rules = "keep"', 'rules = "restate"')
    now = texts()
    restating(now)
    project = tmp_path / "project"
    write(project, now)
    for number in range(0, 12, 3):
        deliver(project, seed, number + 3)
        done(project, "run", "--date", day(number + 2))
        name = dice.choice([name for name in CHANGES if name not in ("another name of a metric", "a mission is gone")])
        now = texts()
        restating(now)
        CHANGES[name](now)
        write(project, now)
        backfill(project, max(0, number - dice.randrange(3)), number + 2)
    backfill(project, 0, 11)
    scratch = tmp_path / "scratch"
    write(scratch, now)
    deliver(scratch, seed, 12)
    backfill(scratch, 0, 11)
    assert published(project) == published(scratch)
    assert not (project / "data/rules").exists()


# ---------------------------------------------------------------- what readers say


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The rules of the week and of its metrics changed as of the eighth day; results until the tenth."""
    root = started(tmp_path, 1)
    now = texts()
    for name in ("a target", "a filter"):
        CHANGES[name](now)
    write(root, now)
    backfill(root, CHANGED, CHANGED + 1)
    return root


def printed(root: Path, *words: str) -> str:
    return " ".join(done(root, *words).out.split())


def test_explain_and_progress_tell_the_rules_that_a_window_keeps(project: Path) -> None:
    told = printed(project, "explain", "supplier", "ann", "--mission", "week")
    kept = "rules of 2024-04-29 (kept: the window began under them; today's are others)"
    assert f"window 2024-05-06 to 2024-05-12 {kept}" in told
    assert "share share > 0.5:" in told
    assert "orders where status = 'DONE'" in told
    assert "Note" not in told
    bars = printed(project, "progress", "ann", "--mission", "week")
    assert "rules of 2024-04-29 (kept: the window began under them)" in bars
    assert "> 0.5" in bars
    (day_of_today,) = json.loads(done(project, "explain", "supplier", "bob", "--mission", "rolling", "--json").out)["missions"]
    assert day_of_today["rules_of"] is None
    (trips,) = [term for term in day_of_today["terms"] if term["metric"] == "trips"]
    assert trips["where"] is None


def test_the_numbers_of_an_explanation_are_those_of_the_results(project: Path) -> None:
    for number in range(CHANGED + 2):
        for supplier in SUPPLIERS:
            told = json.loads(done(project, "explain", "supplier", supplier, "--date", day(number), "--json").out)
            assert not [
                c["name"] for m in told["missions"] for c in m["conditions"] if c["moved"] and m["mission_id"] != "rolling"
            ]


def test_missions_and_status_name_what_is_kept(project: Path) -> None:
    entries = {entry["mission_id"]: entry for entry in json.loads(done(project, "missions", "--json").out)}
    assert entries["week"]["kept"] == [{"since": "2024-04-29", "windows": 1, "until": "2024-05-13"}]
    assert entries["day"]["kept"] == []
    (week,) = [row for row in json.loads(done(project, "status", "--json").out)["kept_rules"] if row["mission"] == "week"]
    assert week == {"mission": "week", "since": "2024-04-29", "windows": 1, "until": "2024-05-13"}
    assert "Windows that keep older rules" in done(project, "status").out


def test_a_mission_that_is_gone_goes_on_until_it_is_decided(tmp_path: Path) -> None:
    root = started(tmp_path, 1)
    now = texts()
    now["missions.toml"] = now["missions.toml"].replace("[missions.week", "[missions.other")
    write(root, now)
    backfill(root, CHANGED, CHANGED + 7)
    weeks = {n: set(results(root, n).filter(pl.col("mission_id") == "week")["window_start"].cast(str)) for n in (8, 14, 15)}
    assert weeks == {8: {"2024-05-06"}, 14: {"2024-05-06"}, 15: set()}
    assert "week" in printed(root, "results", "--date", day(10), "--mission", "week")
    assert "share share > 0.5" in printed(root, "explain", "supplier", "ann", "--mission", "week", "--date", day(10))
    assert "week (no longer in missions.toml)" in printed(root, "missions", "--date", day(10))


def test_kept_rules_that_read_a_lost_column_are_a_mistake(tmp_path: Path) -> None:
    root = started(tmp_path, 1)
    now = texts()
    now["metrics.toml"] = (
        now["metrics.toml"].replace("fare = { type", 'price = { from = "fare", type').replace('"fare"\n', '"price"\n')
    )
    write(root, now)
    before = published(root)
    ran = missionctl(root, "run", "--date", day(CHANGED))
    assert ran.code == 2
    assert (
        "metrics.toml: sources.orders.columns.fare (decimal(18,2)): is no longer there as it was, but the window 2024-05-01 to"
        " 2024-05-31 of missions.month keeps rules that read it, until it is decided as of 2024-05-31" in ran.err
    )
    assert (
        'restore it until then, or let the window follow the rules of today: "missionctl apply --restate --mission month"'
        in ran.err
    )
    assert published(root) == before
    done(root, "apply", "--restate")
    done(root, "run", "--date", day(CHANGED))


@pytest.mark.parametrize("words", [("backfill", "--only", "all"), ("run", "--date", day(12))])
def test_what_lost_columns_forbid_is_refused_before_anything_is_loaded(words: tuple[str, ...], tmp_path: Path) -> None:
    """Days of long ago were refused only after their files had been loaded."""
    before = texts()
    missions = before["missions.toml"]
    before["missions.toml"] = missions[: missions.index("[missions.month]")] + missions[missions.index("[missions.sprint]") :]
    write(tmp_path, before)
    deliver(tmp_path, 1, 20)
    backfill(tmp_path, 10, 20)
    after = before | {
        "metrics.toml": before["metrics.toml"]
        .replace("fare = { type", 'price = { from = "fare", type')
        .replace('"fare"', '"price"')
    }
    after["metrics.toml"] = after["metrics.toml"].replace('from = "price"', 'from = "fare"')
    write(tmp_path, after)
    done(tmp_path, "run", "--date", day(21))
    orders = tmp_path / "data/exports/orders"
    (orders / "more.csv").write_text((orders / f"{day(0)}.csv").read_text().replace("-0-", "-x-"))
    batches = len(json.loads(done(tmp_path, "status", "--batches", "--json").out)["batches"])
    ran = missionctl(tmp_path, *words)
    assert (ran.code, "keeps rules that read it" in ran.err) == (2, True)
    assert len(json.loads(done(tmp_path, "status", "--batches", "--json").out)["batches"]) == batches
    assert json.loads(done(tmp_path, "status", "--json").out)["runs"][0]["outcome"] == "refused"


def test_a_backfill_of_nothing_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    write(tmp_path, texts())
    deliver(tmp_path, 1, 3)
    assert "there are no results yet" in missionctl(tmp_path, "backfill", "--only", "stale").err
    assert json.loads(done(tmp_path, "status", "--batches", "--json").out)["batches"] == []


def test_results_stay_fresh_when_only_metrics_change(project: Path) -> None:
    state = json.loads(done(project, "status", "--json").out)
    assert state["stale_results"] == []
    report = json.loads(done(project, "backfill", "--from", day(0), "--to", day(CHANGED + 1), "--json").out)
    rolling = [day(n) for n in range(CHANGED)]  # windows that roll follow today's rules
    assert report["evaluated"] == rolling


# ---------------------------------------------------------------- apply


def test_apply_says_what_it_does(project: Path) -> None:
    before = {path: path.read_bytes() for path in (project / "data").rglob("*.parquet")}
    told = done(project, "apply", "--restate", "--mission", "week", "--dry-run").out
    assert told.startswith(
        "week: 3 windows by the rules of 2024-04-29, 1 running, would follow the rules of today\nresults of 10 days"
    )
    assert {path: path.read_bytes() for path in (project / "data").rglob("*.parquet")} == before
    told = done(project, "apply", "--restate", "--mission", "week").out
    assert "results of 10 days, 2024-04-29 to 2024-05-08, are older than that; missionctl backfill --only stale" in told
    assert "older than a change of the configuration" in done(project, "results").err
    assert "nothing to apply" in done(project, "apply", "--restate", "--mission", "week").out
    assert len(json.loads(done(project, "backfill", "--only", "stale", "--json").out)["evaluated"]) == 10
    assert "share share > 0.6" in printed(project, "explain", "supplier", "ann", "--mission", "week")
    assert done(project, "verify", "--deep").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("apply",), "apply needs --restate"),
        (("apply", "--restate", "--mission", "weak"), 'unknown mission "weak" (did you mean "week"?)'),
    ],
)
def test_apply_refuses_what_it_cannot_do(words: tuple[str, ...], said: str, project: Path) -> None:
    ran = missionctl(project, *words)
    assert ran.code == 2
    assert said in ran.err
    assert missionctl(project, "verify").code == 0


# ---------------------------------------------------------------- plan


def files_of(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_plan_changes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "new"
    write(root, texts())
    deliver(root, 1, 3)
    before = files_of(root)
    assert "Load 5 files" in done(root, "plan", "--date", day(2)).out
    assert files_of(root) == before
    root = started(tmp_path / "old", 1)
    now = texts()
    CHANGES["a target"](now)
    CHANGES["a filter"](now)
    write(root, now)
    before = files_of(root)
    told = printed(root, "plan", "--date", day(CHANGED))
    assert files_of(root) == before
    assert "week conditions.share.val 0.5 -> 0.6 metrics.trips.where \"status = 'DONE'\" -> (none)" in told
    assert "1 running window keeps the older rules, until decided as of 2024-05-13" in told
    assert "the first window by today's begins on 2024-05-13" in told
    assert "Publish the results of 1 day" in told


def test_plan_says_who_would_gain_or_lose(tmp_path: Path) -> None:
    root = started(tmp_path, 1)
    now = texts()
    CHANGES["a target"](now)
    CHANGES["a filter"](now)
    write(root, now)
    told = json.loads(done(root, "plan", "--date", day(CHANGED), "--json").out)
    done(root, "apply", "--restate")
    before = {(row[0], row[1]): row for row in stands(results(root, CHANGED - 1))}
    backfill(root, 0, CHANGED - 1, "--only", "stale")
    after = {(row[0], row[1]): row for row in stands(results(root, CHANGED - 1))}
    wanted = {key for key in before if before[key] != after[key] and key[0] in ("week", "sprint", "newcomers", "own", "month")}
    named = {(moved["mission"], moved["supplier"]) for moved in told["gains"]}
    assert named == {key for key in wanted if key in named}
    assert wanted - named == set()
    assert named


def stands(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    open_ones = frame.filter(pl.col("mission_status").is_in(["active", "on_track", "closing"]))
    newest = open_ones.filter(pl.col("window_start") == pl.col("window_start").max().over("mission_id", "supplier_id"))
    keys = ("mission_id", "supplier_id")
    met = (pl.col("status") == "met").sum()
    return newest.group_by(keys).agg(pl.col("mission_status").first(), met, pl.len()).sort(keys).rows()


def test_plan_of_a_project_with_nothing_to_do_says_so(project: Path) -> None:
    assert "do nothing" in done(project, "plan", "--date", day(CHANGED + 1)).out


# ---------------------------------------------------------------- more than one change


@pytest.mark.parametrize(
    "steps",
    [
        (["a target", "a filter"], [], ["an expression"]),
        (["newcomers for longer"], ["newcomers for longer", "a filter"], ["own become weeks"]),
        (["own become weeks"], ["own become weeks", "a filter"], ["newcomers for longer", "a tier"]),
        (["a mission is gone"], [], ["a mission is gone", "SQL"]),
        (["weeks become own"], ["weeks from Sunday"], []),
    ],
)
def test_rules_that_change_again(steps: tuple[list[str], ...], tmp_path: Path) -> None:
    """What was published once is the same for ever, and no supplier has two windows of one mission with an order in common."""
    root = started(tmp_path, 2)
    seen = {number: results(root, number) for number in range(CHANGED)}
    for place, names in enumerate(steps):
        now = texts()
        for name in names:
            (CHANGES | WINDOWS)[name](now)
        write(root, now)
        first = CHANGED + 3 * place
        backfill(root, first, first + 2)
        seen |= {number: results(root, number) for number in range(first, first + 3)}
    for frame in seen.values():
        windows = [span for span in dict.fromkeys(spans(frame)) if span[0] not in ("rolling", "own")]
        for one in windows:
            assert not [o for o in windows if o != one and o[:2] == one[:2] and overlaps(o[2:], one[2:])], one
    assert done(root, "verify", "--deep").code == 0
    done(root, "backfill", "--from", day(0), "--to", day(max(seen)), "--only", "all")
    for number, before in seen.items():
        registered = {(m, s, e) for m, _, s, e in spans(before) if m != "rolling"}
        after = results(root, number)
        assert rows_where(after, lambda span, r=registered: (span[0], *span[2:]) in r) == rows_where(  # type: ignore[misc]
            before, lambda span: span[0] != "rolling"
        )
    assert done(root, "verify", "--deep").code == 0
    done(root, "prune", "--keep-days", "2")
    done(root, "run", "--date", day(max(seen)))
    assert done(root, "verify", "--deep").code == 0


def test_limits_count_over_the_decisions_of_all_versions(tmp_path: Path) -> None:
    root = tmp_path / "limited"
    now = texts()
    now["missions.toml"] = (
        now["missions.toml"]
        .replace(
            '[missions.day]\nwindow = { kind = "day" }\n',
            '[missions.day]\nwindow = { kind = "day" }\nreward = 10\nlimits = { per_supplier = 30 }\n',
        )
        .replace("val = [5, 15]", "val = [0, 99]")
    )
    write(root, now)
    deliver(root, 1, DAYS)
    backfill(root, 0, CHANGED - 1)
    now["missions.toml"] = now["missions.toml"].replace("per_supplier = 30", "per_supplier = 50")
    write(root, now)
    backfill(root, CHANGED, LAST)
    paid = pl.concat([results(root, n) for n in range(DAYS)]).filter(pl.col("mission_id") == "day", pl.col("reward") > 0)
    totals = paid.group_by("supplier_id").agg(pl.col("reward").sum())
    assert totals["reward"].max() == 50
    of_before = paid.filter(pl.col("window_start") < pl.lit(day(CHANGED - 1)).str.to_date())
    assert of_before.group_by("supplier_id").agg(pl.col("reward").sum())["reward"].max() == 30
    assert done(root, "verify", "--deep").code == 0


def test_damaged_rules_are_found_and_told(project: Path) -> None:
    for file in (project / "data/rules").glob("*.parquet"):
        file.write_bytes(b"nothing")
    ran = missionctl(project, "verify")
    assert ran.code == 1
    assert "data/rules/rules-" in ran.out
    ran = missionctl(project, "run", "--date", day(CHANGED + 2))
    assert ran.code == 3
    assert "missionctl apply --restate" in ran.err


def test_damaged_rules_can_be_forgotten(project: Path) -> None:
    """What the message says is a way out."""
    for file in (project / "data/rules").glob("*.parquet"):
        file.unlink()
    assert missionctl(project, "run", "--date", day(CHANGED + 2)).code == 3
    assert missionctl(project, "apply", "--restate", "--mission", "week").code == 3
    assert "follow the rules of today" in done(project, "apply", "--restate", "--dry-run").out
    done(project, "apply", "--restate")
    done(project, "run", "--date", day(CHANGED + 2))
    done(project, "backfill", "--only", "stale")
    done(project, "verify", "--deep")


def test_apply_of_one_mission_leaves_what_others_keep(project: Path) -> None:
    def kept() -> list[str]:
        return [entry["mission"] for entry in json.loads(done(project, "status", "--json").out)["kept_rules"]]

    before = kept()
    assert "week" in before
    assert missionctl(project, "apply", "--restate", "--mission", "weak").code == 2
    assert kept() == before
    done(project, "apply", "--restate", "--mission", "week")
    assert kept() == [mission for mission in before if mission != "week"]
    assert before != ["week"]


def test_explain_names_the_window_that_another_makes_way_for(tmp_path: Path) -> None:
    root, now = started(tmp_path, 1), texts()
    for name in ("newcomers for longer", "weeks from Sunday"):
        WINDOWS[name](now)
    write(root, now)
    backfill(root, CHANGED, CHANGED + 7)
    of_ann = printed(root, "explain", "supplier", "ann", "--mission", "newcomers", "--date", day(CHANGED + 1))
    assert "no result: its window makes way for that of 2024-05-01 to 2024-05-06, which older rules made" in of_ann
    of_week = printed(root, "explain", "supplier", "ann", "--mission", "week", "--date", day(15))
    assert "no result: its window makes way for that of 2024-05-06 to 2024-05-12, which older rules made" in of_week


def test_another_attribute_of_suppliers_for_windows(tmp_path: Path) -> None:
    """Before the file is read again nothing is known of the new one; after that, versions begin with a later number."""
    now = texts()
    replaced("metrics.toml", 'rules = "keep"', 'rules = "restate"')(now)
    write(tmp_path, now)
    deliver(tmp_path, 1, 4)
    backfill(tmp_path, 0, 2)
    now = {name: text.replace("joined", "began") for name, text in now.items()}
    write(tmp_path, now)
    file = tmp_path / "data/exports/suppliers.csv"
    file.write_text(file.read_text().replace("joined", "began"))
    done(tmp_path, "plan", "--date", day(3))
    done(tmp_path, "verify", "--deep")
    done(tmp_path, "run", "--date", day(3))
    done(tmp_path, "verify", "--deep")
