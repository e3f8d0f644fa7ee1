"""What is computed again, and what of it stands: records when only a metric changed, metrics when none sees the change."""

from __future__ import annotations

from pathlib import Path

from tests.cli.shop import METRICS, write_shop
from tests.cli.test_commands import replaced
from tests.support import done

DAY = ("--date", "2024-05-08")


def inodes(root: Path, folder: str) -> dict[str, int]:
    """Published file → the one it is on the disk, which writing it again changes."""
    found = sorted((root / "data" / folder).rglob("*.parquet"))
    return {path.relative_to(root).as_posix(): path.stat().st_ino for path in found}


def test_a_changed_metric_leaves_the_records_of_its_days_where_they_are(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    done(root, "run", *DAY)
    records = inodes(root, "orders") | inodes(root, "left_out")
    before = inodes(root, "metrics")
    write_shop(root, replaced(METRICS, "value = 1\n", "value = 2\n"))
    assert "metrics changed" in done(root, "run", *DAY).err
    assert inodes(root, "orders") | inodes(root, "left_out") == records
    assert not inodes(root, "metrics").keys() & before.keys()
    assert "same bytes" in done(root, "verify", "--deep").out


def test_files_that_are_gone_are_written_again(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    done(root, "run", *DAY)
    records = inodes(root, "orders")
    (root / next(iter(records))).unlink()
    write_shop(root, replaced(METRICS, "value = 1\n", "value = 2\n"))
    done(root, "run", *DAY)
    assert inodes(root, "orders").keys() == records.keys()


def test_records_that_no_metric_sees_leave_the_partition_where_it_is(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    done(root, "run", *DAY)
    before, left_out = inodes(root, "metrics"), inodes(root, "left_out")
    late = "order_id,supplier_id,status,final_at,updated_at,fare\no99,ann,OPEN,2024-05-06T05:00:00Z,2024-05-06T05:00:00Z,1\n"
    (root / "data/exports/orders/late.csv").write_text(late)
    assert "1 late data (2024-05-06)" in done(root, "run", *DAY).err
    assert inodes(root, "metrics") == before
    assert inodes(root, "left_out") != left_out
    assert "same bytes" in done(root, "verify", "--deep").out
