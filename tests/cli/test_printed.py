"""What people read, pinned to the letter: on a terminal-less output of 80 columns nothing is wider than 80.

Update after a wanted change: .venv/bin/pytest tests/cli/test_printed.py -n 0 --snapshot-update
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.cli.shop import METRICS, MISSIONS, ORDERS, replaced, write_shop
from tests.support import done, inside, missionctl

WIDTH = 80


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The shop after two runs, the second with a refused file."""
    root = write_shop(tmp_path)
    done(root, "run", "--date", "2024-05-06")
    (root / "data/exports/orders/2.csv").write_text("order_id,supplier_id\nC1,cid\n")
    assert missionctl(root, "run", "--date", "2024-05-07").code == 1
    return root


def printed(root: Path, *words: str, code: int = 0) -> str:
    """Standard output, with times and the place of the project masked; no line is too wide."""
    ran = missionctl(root, *words)
    assert ran.code == code, ran
    for line in ran.out.splitlines():
        assert len(line) <= WIDTH, line
        assert line == line.rstrip()
    assert "\x1b" not in ran.out
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "YYYY-MM-DDTHH:MM:SSZ", ran.out)


def test_check_without_mistakes(shop: Path, snapshot: SnapshotAssertion) -> None:
    assert printed(shop, "check") == snapshot


def test_check_with_mistakes(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    """One line each, however long: editors and grep want it so."""
    metrics = replaced(METRICS, "fares / trips", "fares / trips / hours")
    missions = replaced(MISSIONS, '"GTE"', '"GE"')
    ran = missionctl(write_shop(tmp_path, metrics, replaced(missions, "grace_days", "grace")), "check")
    assert (ran.code, ran.out, ran.err) == snapshot


def test_the_batches_of_status(shop: Path, snapshot: SnapshotAssertion) -> None:
    assert printed(shop, "status", "--batches").partition("Batches")[2].partition("Partitions")[0] == snapshot


def test_duplicates(shop: Path, snapshot: SnapshotAssertion) -> None:
    again = "order_id,supplier_id,status,final_at,updated_at,fare\n" + "".join(ORDERS.splitlines(keepends=True)[1:3])
    (shop / "data/exports/orders/3.csv").write_text(again)
    assert missionctl(shop, "run", "--date", "2024-05-07").code == 1
    assert printed(shop, "duplicates") == snapshot


def test_rejects(shop: Path, snapshot: SnapshotAssertion) -> None:
    """One line each, however long, with the text of the record below: editors and grep want it so."""
    ran = missionctl(shop, "rejects")
    assert (ran.code, ran.out, ran.err) == snapshot


def test_results_as_a_table(shop: Path, snapshot: SnapshotAssertion) -> None:
    assert printed(shop, "results") == snapshot


def test_results_as_csv(shop: Path, snapshot: SnapshotAssertion) -> None:
    assert done(shop, "results", "--format", "csv").out == snapshot


def test_status(shop: Path, snapshot: SnapshotAssertion) -> None:
    """The commands of the runs are those of this test, so they are masked with their lines."""
    out = printed(shop, "status")
    head, runs = out.split("Last runs\n")
    assert head == snapshot
    assert runs.startswith("run  command")


def test_status_of_runs_in_the_current_directory(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    root = write_shop(tmp_path)
    with inside(root):
        done(Path(), "run", "--date", "2024-05-06")
        done(Path(), "backfill", "--from", "2024-05-06", "--to", "2024-05-07")
        assert printed(Path(), "status") == snapshot


@pytest.mark.parametrize("supplier", ["ann", "bob", "cid"])
def test_explain(supplier: str, shop: Path, snapshot: SnapshotAssertion) -> None:
    assert printed(shop, "explain", "supplier", supplier) == snapshot


def test_explain_one_mission_with_every_order(shop: Path, snapshot: SnapshotAssertion) -> None:
    assert printed(shop, "explain", "supplier", "84900001", "--mission", "week", "--all") == snapshot


def test_the_windows_of_a_mission_are_printed_from_the_oldest(shop: Path) -> None:
    lines = [line for line in printed(shop, "results").splitlines() if line.startswith("week, ")]
    assert lines == ["week, 2024-04-29 to 2024-05-05", "week, 2024-05-06 to 2024-05-12"]


def test_lines_that_go_on_stay_indented(shop: Path) -> None:
    """What belongs to a mission stands two blanks in, also where it needs a second line."""
    for supplier in ("ann", "bob"):
        lines = printed(shop, "explain", "supplier", supplier).splitlines()
        assert [line for line in lines[3:] if line[:1].strip() and not line.startswith(("week", "sprint"))] == []


def test_days_of_many_metrics_break_no_number(tmp_path: Path) -> None:
    names = [f"total_of_something_{number}" for number in range(8)]
    one = METRICS[METRICS.index("[metrics.fares]") : METRICS.index("[metrics.mean_fare]")]
    more = "".join(replaced(one.replace("fares", name), '"fare"', '"fare * 1000000"') for name in names)
    root = write_shop(tmp_path, METRICS + "\n" + more, replaced(MISSIONS, '"mean_fare"', f'"{" + ".join(names)}"'))
    done(root, "run", "--date", "2024-05-07")
    text = printed(root, "explain", "supplier", "ann", "--mission", "week")
    days = text[text.index("Day by day") : text.index("Counted from")]
    assert "Mon 2024-05-06" in days
    assert days.count("10000000") == len(names)


LONG = "a_metric_whose_name_is_as_long_as_names_may_be_in_this_version_x"[:63]


def test_long_names_and_big_numbers_stay_within_the_width(tmp_path: Path) -> None:
    metrics = METRICS.replace("mean_fare", LONG)
    missions = MISSIONS.replace("mean_fare", LONG).replace('name = "mean"', f'name = "{"a condition " * 7}a condition"')
    root = write_shop(tmp_path, metrics, missions.replace("Two trips a week", "Two trips a week " * 8))
    orders = ORDERS.replace("ann", "supplier-" + "0123456789" * 6).replace("12.50", "9999999999999999.99")
    (root / "data/exports/orders/1.csv").write_text(orders.replace("A1,", "order-" + "9876543210" * 7 + ","))
    done(root, "run", "--date", "2024-05-07")
    printed(root, "results")
    printed(root, "status")
    text = printed(root, "explain", "supplier", "supplier-" + "0123456789" * 6)
    assert "9876543210" in text


def test_wide_characters_stay_within_the_width(tmp_path: Path) -> None:
    root = write_shop(tmp_path, METRICS, MISSIONS.replace("Two trips a week", "Hai chuyến mỗi tuần — 每周两次"))
    (root / "data/exports/orders/1.csv").write_text(ORDERS.replace("ann", "Đỗ Văn Bình"))
    done(root, "run", "--date", "2024-05-07")
    printed(root, "results")
    assert "Hai chuyến mỗi tuần — 每周两次" in printed(root, "explain", "supplier", "Đỗ Văn Bình")


def test_a_title_is_text_and_not_a_style(tmp_path: Path) -> None:
    root = write_shop(tmp_path, METRICS, MISSIONS.replace("Two trips a week", "[bold]Two[/] :smile: trips"))
    done(root, "run", "--date", "2024-05-07")
    assert "week: [bold]Two[/] :smile: trips\n" in printed(root, "explain", "supplier", "ann")


def test_functions(shop: Path, snapshot: SnapshotAssertion) -> None:
    assert printed(shop, "functions") == snapshot


def test_metrics(shop: Path, snapshot: SnapshotAssertion) -> None:
    assert printed(shop, "metrics") == snapshot


@pytest.mark.parametrize("form", ["tree", "mermaid"])
def test_the_graph_of_metrics(form: str, shop: Path, snapshot: SnapshotAssertion) -> None:
    assert printed(shop, "metrics", "graph", "--format", form) == snapshot


def test_a_shared_formula_is_unfolded_once(tmp_path: Path) -> None:
    """Each formula needs the two before it: written out in full, forty of them would be a tree of 300 million lines."""
    steps = "".join(f'[metrics.f{n}]\nmethod = "formula"\nformula = "f{n - 1} + f{n - 2}"\n' for n in range(2, 42))
    first = '[metrics.f0]\nmethod = "formula"\nformula = "trips"\n[metrics.f1]\nmethod = "formula"\nformula = "fares"\n'
    out = done(write_shop(tmp_path, METRICS + first + steps), "metrics", "graph").out
    assert 80 < len(out.splitlines()) < 100
    assert "f40 = f39 + f38" in out
