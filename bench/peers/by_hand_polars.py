"""The limit in Polars: what one would write by hand, without ledger, checks or durability.

State is a Parquet file per source and day of the newest version of each key, and one of the day's sums. Keys that are known
are looked for in all days' files; the days that rows came to or left are written and summed again.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from market.missions import DAY, Condition, Mission

from peers.asked import COLUMNS, Asked, asked
from peers.judged import Span, spans, used_metrics

KEYS = {"offers": ("offer_id", "closed_at"), "orders": ("order_id", "final_at")}
KEPT = {
    "offers": ("supplier_id", "response", "answer_seconds"),
    "orders": ("supplier_id", "status", "canceled_by", "fare", "discount", "distance_km"),
}
TYPES = {
    "VARCHAR": pl.String,
    "BIGINT": pl.Int64,
    "DOUBLE": pl.Float64,
    "TIMESTAMP": pl.String,
    "DECIMAL(18,2)": pl.Decimal(18, 2),
}
NEVER = date(9999, 1, 1)  # the day of what is not final


class State:
    """Days of one source. `stale`: days whose rows changed."""

    def __init__(self, given: Asked, source: str) -> None:
        self.given, self.source = given, source
        self.raw, self.daily = given.work / f"state/raw-{source}", given.work / f"state/daily-{source}"
        self.raw.mkdir(parents=True, exist_ok=True)
        self.daily.mkdir(parents=True, exist_ok=True)
        self.stale: set[date] = set()

    def load(self) -> None:
        listed = self.given.work / f"state/{self.source}.txt"
        known = set(listed.read_text().split("\n")) if listed.exists() else set()
        files = [file for file in self.given.exports(self.source) if file not in known]
        if not files:
            return
        fresh = newest(read(self.source, files))
        if known:
            fresh = self._replace(fresh)
        for (day,), rows in fresh.partition_by("day", as_dict=True, include_key=True).items():
            kept = self.raw / f"{day}.parquet"
            (pl.concat([pl.read_parquet(kept), rows]) if kept.exists() else rows).write_parquet(kept, compression="lz4")
            self.stale.add(day)
        with listed.open("a") as out:
            out.write("".join(f"{file}\n" for file in files))

    def _replace(self, fresh: pl.DataFrame) -> pl.DataFrame:
        """Take away what the fresh rows supersede; give those of them that are newer than what is known."""
        keys = fresh.lazy().select("key", pl.col("updated_at").alias("other"))
        known = (
            pl.scan_parquet(self.raw / "*.parquet")
            .select("key", "day", "updated_at")
            .join(keys, on="key")
            .collect(engine="streaming")
        )
        stands = known.filter(pl.col("updated_at") >= pl.col("other")).select("key")
        gone = known.join(stands, on="key", how="anti")
        for (day,), rows in gone.partition_by("day", as_dict=True).items():
            file = self.raw / f"{day}.parquet"
            pl.read_parquet(file).join(rows.select("key"), on="key", how="anti").write_parquet(file, compression="lz4")
            self.stale.add(day)
        return fresh.join(stands, on="key", how="anti")

    def sum_days(self) -> None:
        if self.given.step == "changed" and self.source == "orders":
            self.stale.update(self.given.needed_days(self.source))
        peak = [int(hour) for hour in self.given.peak.split(",")]
        for day in sorted(self.stale - {NEVER}):
            kept = self.raw / f"{day}.parquet"
            if kept.exists():
                rows = pl.scan_parquet(kept).filter(pl.col("supplier_id").is_not_null())
                sums = rows.group_by("supplier_id").agg(metrics(self.source, peak)).collect()
                sums.write_parquet(self.daily / f"{day}.parquet", compression="lz4")

    def all_days(self) -> pl.DataFrame:
        """Sums of every day that is needed, with `day`."""
        needed = [day for day in self.given.needed_days(self.source) if (self.daily / f"{day}.parquet").exists()]
        return pl.concat([pl.read_parquet(self.daily / f"{d}.parquet").with_columns(pl.lit(d).alias("day")) for d in needed])


def read(source: str, files: list[str]) -> pl.DataFrame:
    key, moment = KEYS[source]
    local = pl.col(moment).str.to_datetime("%Y-%m-%dT%H:%M:%SZ") + pl.duration(hours=7)
    final = pl.col("response") != "SENT" if source == "offers" else pl.col("status") != "CREATED"
    return (
        pl.scan_csv(files, schema={name: TYPES[kind] for name, kind in COLUMNS[source].items()})
        .select(
            pl.col(key).alias("key"),
            "updated_at",  # ISO 8601 in UTC sorts as text
            pl.when(final).then(local.dt.date()).otherwise(NEVER).alias("day"),
            local.dt.hour().alias("hour"),
            *KEPT[source],
        )
        .collect()
    )


def newest(rows: pl.DataFrame) -> pl.DataFrame:
    twice = rows.lazy().group_by("key").len().filter(pl.col("len") > 1).select("key").collect()
    if twice.is_empty():
        return rows
    several = rows.join(twice, on="key", how="semi").sort("updated_at").unique("key", keep="last")
    return pl.concat([rows.join(twice, on="key", how="anti"), several])


def metrics(source: str, peak: list[int]) -> list[pl.Expr]:
    if source == "offers":
        accepted = pl.col("response") == "ACCEPTED"
        return [
            pl.len().cast(pl.Int64).alias("sent"),
            accepted.sum().cast(pl.Int64).alias("accepted"),
            (pl.col("response") == "REJECTED").sum().cast(pl.Int64).alias("rejected"),
            pl.col("answer_seconds").filter(accepted).sum(),
        ]
    done = pl.col("status") == "COMPLETED"
    by_driver = (pl.col("status") == "CANCELED") & (pl.col("canceled_by") == "DRIVER")
    return [
        done.sum().cast(pl.Int64).alias("completed"),
        by_driver.sum().cast(pl.Int64).alias("driver_cancels"),
        (done & pl.col("hour").is_in(peak)).sum().cast(pl.Int64).alias("peak_trips"),
        (pl.col("fare") - pl.col("discount").fill_null(0)).filter(done).sum().alias("fares"),
        pl.col("discount").filter(done).sum().alias("discounts"),
        pl.col("distance_km").filter(done).sum(),
    ]


def roll(given: Asked, source: str, daily: pl.DataFrame, as_of: date) -> dict[Span, pl.DataFrame]:
    """Sums of every span of days that the source's windows come to."""
    found = spans(given.missions, source, as_of)
    dated = [(no, first + DAY * n) for no, (first, last) in enumerate(found) for n in range((last - first).days + 1)]
    days = pl.DataFrame(dated, schema={"span": pl.Int32, "day": pl.Date}, orient="row").lazy()
    used = used_metrics(given.missions, source)
    sums = daily.lazy().join(days, on="day").group_by("span", "supplier_id").agg(pl.col(used).sum()).collect()
    parts = sums.partition_by("span", as_dict=True, include_key=False)
    return {span: parts.get((no,), sums.clear().drop("span")) for no, span in enumerate(found)}


def judge(
    mission: Mission, start: date, end: date, as_of: date, totals: list[pl.DataFrame], suppliers: pl.DataFrame
) -> pl.LazyFrame:
    """The rows of a window: a frame of values, then one row for each condition."""
    people, *others = [frame.lazy() for frame in totals]
    if mission.suppliers is not None:
        people, others = suppliers.lazy().filter(pl.sql_expr(mission.suppliers)).select("supplier_id"), [people, *others]
    how = "full" if mission.suppliers is None else "left"
    for other in others:
        people = people.join(other, on="supplier_id", how=how, coalesce=True)
    conditions = list(enumerate(mission.conditions))
    valued = people.select("supplier_id", *(value(c).alias(f"v{i}") for i, c in conditions))
    met = pl.all_horizontal(held(c, i).fill_null(value=False) for i, c in conditions)
    if as_of < end:
        status = pl.when(met).then(pl.lit("on_track")).otherwise(pl.lit("active"))
    elif (as_of - end).days < mission.grace_days:
        status = pl.lit("closing")
    else:
        status = pl.when(met).then(pl.lit("completed")).otherwise(pl.lit("failed"))
    valued = valued.with_columns(status.alias("mission_status")).sort("supplier_id")
    rows = [
        valued.select(
            pl.lit(as_of).alias("as_of"),
            pl.lit(mission.id).alias("mission_id"),
            "supplier_id",
            pl.lit(start).alias("window_start"),
            pl.lit(end).alias("window_end"),
            "mission_status",
            pl.lit(c.name).alias("condition"),
            pl.col(f"v{i}").alias("value"),
            pl.lit(c.operator).alias("type"),
            pl.lit(float(c.target)).alias("val"),
            pl.when(pl.col(f"v{i}").is_null())
            .then(pl.lit("no_data"))
            .when(held(c, i))
            .then(pl.lit("met"))
            .otherwise(pl.lit("unmet"))
            .alias("status"),
        )
        for i, c in conditions
    ]
    return pl.concat(rows)


def value(condition: Condition) -> pl.Expr:
    over, under = (
        sum((pl.col(m).cast(pl.Float64).fill_null(0) for m in metrics), pl.lit(0.0))
        for metrics in (condition.over, condition.under)
    )
    return pl.when(under != 0).then(over / under) if condition.under else over


def held(condition: Condition, number: int) -> pl.Expr:
    column = pl.col(f"v{number}")
    return {"GT": column > condition.target, "GTE": column >= condition.target, "LTE": column <= condition.target}[
        condition.operator
    ]


def main() -> None:
    given = asked()
    daily = {}
    for source in KEYS:
        state = State(given, source)
        state.load()
        state.sum_days()
        daily[source] = state.all_days()
    suppliers = pl.read_csv(given.work / "exports/suppliers.csv")
    for as_of in given.days:
        totals = {source: roll(given, source, frame, as_of) for source, frame in daily.items()}
        parts = [
            judge(mission, start, end, as_of, [totals[source][start, min(end, as_of)] for source in mission.sources], suppliers)
            for mission in given.missions
            for start, end in mission.windows(as_of)
        ]
        if parts:
            pl.concat(pl.collect_all(parts)).write_parquet(given.results / f"{as_of}.parquet", compression="lz4")


if __name__ == "__main__":
    main()
