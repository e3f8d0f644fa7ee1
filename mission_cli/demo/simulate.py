"""The exports of a simulated ride-hailing marketplace, as a real one would send them: versions, late changes, damage.

The marketplace itself is written in SQL beside this module, one file per step. Each day is a handful of set-based
queries in an in-memory database, so memory holds one day and what spills into later days' files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, timedelta
from importlib import resources
from pathlib import Path

import duckdb

_SQL = resources.files(__package__)
_BROKEN_SHARE_LIMIT = 0.005


@dataclass(frozen=True, slots=True)
class Marketplace:
    """What is simulated. The same values give the same bytes, whatever the machine's number of threads.

    Days are local days of Asia/Ho_Chi_Minh. `broken_share` is the share of damaged extra rows in a file of the days
    that have any. With about six orders per driver and day, most drivers find work and some reach 45 trips a week;
    orders beyond what the drivers can take are canceled by their customers.

    Raises ValueError for a size below one, or a broken share that could come near a refused file.
    """

    seed: int = 1
    first_day: date = date(2026, 10, 1)
    days: int = 30
    suppliers: int = 300
    orders_per_day: int = 1_800
    broken_share: float = 0.0008

    def __post_init__(self) -> None:
        for name in ("days", "suppliers", "orders_per_day"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if not 0 <= self.broken_share <= _BROKEN_SHARE_LIMIT:
            raise ValueError(f"broken_share must lie between 0 and {_BROKEN_SHARE_LIMIT}")

    def calendar(self) -> list[date]:
        """Simulated local days, in order."""
        return [self.first_day + timedelta(days=passed) for passed in range(self.days)]


@dataclass(frozen=True, slots=True)
class Counts:
    """What was written: `rows` counts the data rows of all files, `orders` the different orders among them."""

    files: int
    rows: int
    orders: int


def simulate(
    exports: Path,
    market: Marketplace,
    *,
    on_day: Callable[[date], None] | None = None,
    threads: int | None = None,
) -> Counts:
    """Write suppliers.csv, and offers/offers_DAY.csv and orders/orders_DAY.csv of each day, below `exports`.

    Files of the same names are overwritten, others left alone. `on_day` is called when a day's files are complete.
    """
    with duckdb.connect() as con:
        if threads is not None:
            con.execute("SET threads = $1", [threads])
        _open_market(con, market)
        rows = _write_file(con, "suppliers_file.sql", exports / "suppliers.csv")
        for day in market.calendar():
            rows += _write_day(con, exports, day)
            if on_day is not None:
                on_day(day)
    return Counts(files=1 + 2 * market.days, rows=rows, orders=market.days * market.orders_per_day)


def _open_market(con: duckdb.DuckDBPyConnection, market: Marketplace) -> None:
    """Every field of the marketplace becomes a variable of its name, which the queries read."""
    for field in fields(market):
        con.execute(f"SET VARIABLE {field.name} = $1", [getattr(market, field.name)])
    con.execute(_sql("market.sql"))


def _write_day(con: duckdb.DuckDBPyConnection, exports: Path, day: date) -> int:
    """Simulate the day's orders, write all rows due by now, and keep only what belongs to later files."""
    con.execute("SET VARIABLE day = $1", [day])
    con.execute(_sql("matching.sql"))
    con.execute(_sql("versions.sql"))
    rows = 0
    for source in ("offers", "orders"):
        rows += _write_file(con, f"{source}_file.sql", exports / source / f"{source}_{day}.csv")
    con.execute(_sql("forget.sql"))
    return rows


def _write_file(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = con.execute(_sql(query), {"path": str(path)}).fetchone()
    return int(written[0]) if written else 0


def _sql(name: str) -> str:
    return _SQL.joinpath(name).read_text(encoding="utf-8")
