"""What every contestant is asked: take in what is new in WORK/exports, and give the results as of some days.

WORK/market.json holds the missions' parameters. `--peak` are the hours that the metric peak_trips counts: other ones than the
time before are a changed metric.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from market.missions import DAY, SOURCES, Mission, missions

PEAK = "7, 8, 17, 18"
CHANGED_PEAK = "7, 8, 17, 18, 19"
UTC_OFFSET = "INTERVAL 7 HOURS"  # Asia/Ho_Chi_Minh has known no other for fifty years

COLUMNS = {
    "offers": {
        "offer_id": "VARCHAR",
        "order_id": "VARCHAR",
        "supplier_id": "VARCHAR",
        "response": "VARCHAR",
        "answer_seconds": "BIGINT",
        "closed_at": "TIMESTAMP",
        "updated_at": "TIMESTAMP",
    },
    "orders": {
        "order_id": "VARCHAR",
        "supplier_id": "VARCHAR",
        "service": "VARCHAR",
        "status": "VARCHAR",
        "canceled_by": "VARCHAR",
        "created_at": "TIMESTAMP",
        "final_at": "TIMESTAMP",
        "updated_at": "TIMESTAMP",
        "fare": "DECIMAL(18,2)",
        "discount": "DECIMAL(18,2)",
        "distance_km": "DOUBLE",
    },
}
FINAL = {"offers": "response <> 'SENT'", "orders": "status <> 'CREATED'"}


@dataclass(frozen=True, slots=True)
class Asked:
    """`step`: backfill, day, late or changed; `peak`: hours, as a list in SQL."""

    work: Path
    step: str
    days: tuple[date, ...]
    peak: str
    missions: tuple[Mission, ...]

    @property
    def results(self) -> Path:
        folder = self.work / "results"
        folder.mkdir(exist_ok=True)
        return folder

    def exports(self, source: str) -> list[str]:
        return sorted(map(str, (self.work / "exports" / source).glob("*.csv")))

    def needed_days(self, source: str) -> list[date]:
        """Every day that goes into a result of one of the days."""
        spans = {
            (start, min(end, as_of))
            for as_of in self.days
            for mission in self.missions
            if source in mission.sources
            for start, end in mission.windows(as_of)
        }
        return sorted({start + DAY * n for start, end in spans for n in range((end - start).days + 1)})


def asked() -> Asked:
    parser = argparse.ArgumentParser()
    parser.add_argument("work", type=Path)
    parser.add_argument("step")
    parser.add_argument("first", type=date.fromisoformat)
    parser.add_argument("last", type=date.fromisoformat)
    parser.add_argument("--peak", default=PEAK)
    given = parser.parse_args()
    days = tuple(given.first + DAY * n for n in range((given.last - given.first).days + 1))
    return Asked(given.work, given.step, days, given.peak, mission_list(given.work))


def mission_list(work: Path) -> tuple[Mission, ...]:
    said = json.loads((work / "market.json").read_text())
    return tuple(missions(said["missions"], date.fromisoformat(said["last_day"]), said["shortest"], said["longest"]))


def metric_sql(source: str, peak: str, hour: str = "hour") -> str:
    """The sums of all of a source's metrics over rows of final orders."""
    parts = metric_parts(peak, hour)
    return ", ".join(f"{parts[metric]} AS {metric}" for metric in SOURCES[source])


def metric_parts(peak: str, hour: str) -> dict[str, str]:
    """Each metric's sum over rows of final orders, in SQL that DuckDB and PostgreSQL understand."""
    done = "status = 'COMPLETED'"
    return {
        "sent": "count(*)",
        "accepted": "count(*) FILTER (WHERE response = 'ACCEPTED')",
        "rejected": "count(*) FILTER (WHERE response = 'REJECTED')",
        "answer_seconds": "sum(answer_seconds) FILTER (WHERE response = 'ACCEPTED')",
        "completed": f"count(*) FILTER (WHERE {done})",
        "driver_cancels": "count(*) FILTER (WHERE status = 'CANCELED' AND canceled_by = 'DRIVER')",
        "peak_trips": f"count(*) FILTER (WHERE {done} AND {hour} IN ({peak}))",
        "fares": f"sum(fare - coalesce(discount, 0)) FILTER (WHERE {done})",
        "discounts": f"sum(discount) FILTER (WHERE {done})",
        "distance_km": f"sum(distance_km) FILTER (WHERE {done})",
    }
