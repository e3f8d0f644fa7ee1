"""SQLMesh over DuckDB, run by its own interface for programs, in an environment of its own (its DuckDB is an older one).

The newest versions are incremental by unique key; daily sums and results by time range, daily sums with a lookback of the
twenty days in which changes may come late, as its documentation has it. A changed
metric is a plan, which in production fills all days of the changed model and of what needs it, since they began.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from market.exports import FIRST_DAY, LATE_DAYS
from market.missions import DAY, SOURCES

from peers.asked import FINAL, Asked, asked, metric_sql
from peers.set_based import results_sql

TYPES = {"fares": "DECIMAL(38, 2)", "discounts": "DECIMAL(38, 2)", "distance_km": "DOUBLE"}
DAILY = """-- Sums of a supplier's final {source} of a day.
MODEL (
  name market.daily_{source},
  kind INCREMENTAL_BY_TIME_RANGE (time_column day, lookback {lookback}),
  columns (day DATE, supplier_id TEXT, {columns})
);

SELECT day, supplier_id, {metrics}
FROM market.{source}
WHERE day BETWEEN @start_ds AND @end_ds AND {final} AND supplier_id IS NOT NULL
GROUP BY day, supplier_id
"""
RESULTS = """MODEL (
  name market.results,
  kind INCREMENTAL_BY_TIME_RANGE (time_column as_of, batch_size 10),
  optimize_query false,
  columns (as_of DATE, mission_id TEXT, supplier_id TEXT, window_start DATE, window_end DATE, mission_status TEXT,
           condition TEXT, value DOUBLE, type TEXT, val DOUBLE, status TEXT)
);

SELECT * FROM ({query}) AS results WHERE as_of BETWEEN @start_ds AND @end_ds
"""


def write_models(given: Asked, project: Path) -> None:
    """The models that depend on metrics and missions."""
    shutil.copytree(Path(__file__).with_name("sqlmesh"), project, dirs_exist_ok=True)
    exports = given.work.resolve() / "exports"
    for model in (project / "models").glob("*.sql"):
        model.write_text(model.read_text().replace("@exports || '", f"'{exports}"))
    for source, metrics in SOURCES.items():
        columns = ", ".join(f"{metric} {TYPES.get(metric, 'BIGINT')}" for metric in metrics)
        model = DAILY.format(
            source=source, lookback=LATE_DAYS, columns=columns, metrics=metric_sql(source, given.peak), final=FINAL[source]
        )
        (project / f"models/daily_{source}.sql").write_text(model)
    days = "SELECT CAST(unnest(generate_series(CAST(@start_ds AS DATE), CAST(@end_ds AS DATE), INTERVAL 1 DAY)) AS DATE) AS as_of"
    daily = {source: f"market.daily_{source}" for source in SOURCES}
    (project / "models/results.sql").write_text(
        RESULTS.format(query=results_sql(given.missions, days, daily, "market.suppliers"))
    )


def main() -> None:
    given = asked()
    project = given.work / "sqlmesh"
    write_models(given, project)
    os.environ.update(BENCH_WORK=str(given.work.resolve()), BENCH_BEGIN=str(FIRST_DAY), TZ="UTC")
    os.environ["SQLMESH__DISABLE_ANONYMIZED_ANALYTICS"] = "1"
    from sqlmesh import Context

    context = Context(paths=str(project))
    last, now = given.days[-1], given.days[-1] + DAY
    if given.step in ("backfill", "changed"):
        context.plan(execution_time=str(now), no_prompts=True, auto_apply=True)
        if given.step == "changed":
            context.run(end=str(last), execution_time=str(now), ignore_cron=True)
    else:
        context.run(end=str(last), execution_time=str(now), ignore_cron=True)
    context.close()


if __name__ == "__main__":
    main()
