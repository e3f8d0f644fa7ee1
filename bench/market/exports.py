"""The exports of a simulated marketplace of any size: a file of offers and one of orders a day, and the suppliers.

A day's orders are exported when they are final; one in ten is open still at the end of its day, exported so, and again the
day after. Offers that a supplier accepted belong to an order, one in four more were rejected or passed over. A file may have
late changes on top: completed orders of the twenty days before it that their customers canceled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

FIRST_DAY = date(2026, 7, 1)
LATE_CHANGES, LATE_DAYS = 2_000, 20

_CHANCE = """
CREATE MACRO chance(purpose, d, n) AS hash(purpose, d, n) / 18446744073709551616;
CREATE MACRO utc(moment) AS strftime(moment, '%Y-%m-%dT%H:%M:%SZ');
CREATE MACRO local_midnight(day) AS day::TIMESTAMP - INTERVAL 7 HOURS;
-- Who drives the n-th order of a day: some suppliers three times as often as others.
CREATE MACRO driver(d, n) AS printf('D%06d', floor($suppliers * power(chance('driver', d, n), 1.4))::INTEGER);
CREATE MACRO order_id(d, n) AS printf('O%s%07d', strftime(d, '%y%m%d'), n);
-- The orders that were placed on a day, as they ended.
CREATE MACRO placed(d) AS TABLE
SELECT order_id(d, n) AS order_id, driver(d, n) AS supplier_id,
       ['BIKE', 'CAR', 'VAN'][1 + (hash('service', n) % 3)::INTEGER] AS service,
       chance('end', d, n) AS ending, chance('open', d, n) < 0.1 AS was_open,
       local_midnight(d) + to_seconds(floor(86000 * (n / $orders))::INTEGER) AS created_at,
       created_at + to_seconds(CASE WHEN was_open THEN 86400 ELSE 300 END) AS final_at,
       CASE WHEN ending < 0.88 THEN 'COMPLETED' ELSE 'CANCELED' END AS status,
       CASE WHEN ending < 0.88 THEN NULL WHEN ending < 0.92 THEN 'DRIVER' ELSE 'CUSTOMER' END AS canceled_by,
       CASE WHEN ending < 0.88 THEN (500 * floor(20 + 200 * chance('fare', d, n)))::DECIMAL(18, 2) END AS fare,
       CASE WHEN ending < 0.3 THEN (500 * floor(16 * chance('off', d, n)))::DECIMAL(18, 2) END AS discount,
       CASE WHEN ending < 0.88 THEN round(0.5 + 25 * chance('km', d, n), 3) END AS distance_km
FROM range($orders) AS r(n);
"""

_ORDERS = """
SELECT order_id, supplier_id, service, status, canceled_by, utc(created_at) AS created_at, utc(final_at) AS final_at,
       utc(final_at) AS updated_at, fare, discount, distance_km
FROM placed($day) WHERE NOT was_open
UNION ALL
SELECT order_id, NULL, service, 'CREATED', NULL, utc(created_at), NULL, utc(created_at), NULL, NULL, NULL
FROM placed($day) WHERE was_open
UNION ALL
SELECT order_id, supplier_id, service, status, canceled_by, utc(created_at), utc(final_at),
       utc(final_at), fare, discount, distance_km
FROM placed($day - 1) WHERE was_open AND $day > $first_day
"""

_LATE = """
UNION ALL
SELECT order_id, supplier_id, service, 'CANCELED', 'CUSTOMER', utc(created_at), utc(final_at),
       utc(local_midnight($day) + INTERVAL 12 HOURS), NULL, NULL, NULL
FROM (FROM placed($late_day) WHERE status = 'COMPLETED' AND NOT was_open ORDER BY hash('late', $day, order_id) LIMIT $late_share)
"""

_OFFERS = """
SELECT 'F' || order_id[2:] || '1' AS offer_id, order_id, supplier_id, 'ACCEPTED' AS response,
       (1 + 14 * chance('answer', 0, order_id))::INTEGER AS answer_seconds,
       utc(created_at + INTERVAL 30 SECONDS) AS closed_at, utc(created_at + INTERVAL 30 SECONDS) AS updated_at
FROM placed($day)
UNION ALL
SELECT 'F' || order_id[2:] || '0', order_id, driver($day, 1000000000 + hash(order_id) % 1000000),
       CASE WHEN ending < 0.1 THEN 'REJECTED' ELSE 'IGNORED' END, NULL,
       utc(created_at + INTERVAL 20 SECONDS), utc(created_at + INTERVAL 20 SECONDS)
FROM placed($day) WHERE ending < 0.25
"""


@dataclass(frozen=True, slots=True)
class Market:
    """What is simulated: `days` of history, then days on which files come one by one, of which some have late changes."""

    days: int = 90
    orders: int = 150_000
    suppliers: int = 20_000
    extra_days: int = 0
    late: tuple[int, ...] = ()

    def day(self, number: int) -> date:
        """The number-th day, from 0."""
        return FIRST_DAY + timedelta(days=number)

    def name(self) -> str:
        """A folder name for its files."""
        late = "-".join(map(str, self.late)) or "none"
        return f"{self.days}d-{self.orders}o-{self.suppliers}s-{self.extra_days}x-{late}"


def write_exports(market: Market, folder: Path, sources: Sequence[str] = ("orders", "offers")) -> None:
    """orders/DAY.csv, offers/DAY.csv, or those of the `sources` alone, and suppliers.csv below `folder`."""
    for source in sources:
        (folder / source).mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false").fetchall()
    sizes = {"suppliers": str(market.suppliers), "orders": str(market.orders)}
    connection.execute(_filled(_CHANCE, sizes)).fetchall()
    for number in range(market.days + market.extra_days):
        day = market.day(number)
        values = {"day": f"DATE '{day}'", "first_day": f"DATE '{FIRST_DAY}'"}
        orders = _filled(_ORDERS, values)
        if number in market.late:
            back = min(LATE_DAYS, number - 1)
            for behind in range(1, back + 1):
                late_day = f"DATE '{market.day(number - behind)}'"
                orders += _filled(_LATE, {"late_day": late_day, "late_share": str(LATE_CHANGES // back), **values})
        queries = {"orders": orders, "offers": _filled(_OFFERS, values)}
        for source in sources:
            connection.execute(f"COPY ({queries[source]}) TO '{folder}/{source}/{day}.csv' (HEADER)").fetchall()
    connection.execute(
        f"""COPY (SELECT printf('D%06d', n) AS supplier_id, ['SGN', 'HAN', 'DAD'][1 + n % 3] AS city, 1 + n % 4 AS tier
        FROM range({market.suppliers}) AS r(n)) TO '{folder}/suppliers.csv' (HEADER)"""
    ).fetchall()


def _filled(query: str, values: dict[str, str]) -> str:
    for name in sorted(values, key=len, reverse=True):
        query = query.replace(f"${name}", values[name])
    return query
