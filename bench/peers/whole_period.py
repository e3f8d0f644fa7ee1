"""One query over the raw orders of a mission's whole period, for the old way in DuckDB and PostgreSQL."""

from __future__ import annotations

from datetime import date

from market.missions import DAY, SOURCES, Mission

from peers.asked import FINAL, UTC_OFFSET, metric_parts

KEYS = {"offers": ("offer_id", "closed_at"), "orders": ("order_id", "final_at")}
OFFSET = UTC_OFFSET.replace("7 HOURS", "'7 hours'")


def period_sql(mission: Mission, source: str, start: date, through: date, peak: str) -> str:
    """Supplier and sums of the mission's metrics, over the newest version of each order that was final in the period."""
    key, moment = KEYS[source]
    used = {metric for condition in mission.conditions for metric in condition.metrics}
    sums = metric_parts(peak, f"extract(hour FROM {moment} + {OFFSET})")
    named = "".join(f", {sums[metric]} AS {metric}" for metric in SOURCES[source] if metric in used)
    return f"""SELECT supplier_id{named}
        FROM (SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY updated_at DESC) AS version
              FROM raw_{source} WHERE updated_at >= TIMESTAMP '{start}' - {OFFSET}) AS versions
        WHERE version = 1 AND {FINAL[source]} AND supplier_id IS NOT NULL
          AND {moment} >= TIMESTAMP '{start}' - {OFFSET} AND {moment} < TIMESTAMP '{through + DAY}' - {OFFSET}
        GROUP BY supplier_id"""
