"""dbt-core with dbt-duckdb, run by its own interface for programs, in an environment of its own.

The newest versions are incremental models that merge by key; daily sums and results are microbatches by day. Which days a
run fills is said in event times, as its documentation has it: for daily sums the day and the one before, with late changes
the twenty days before, of a changed metric all days that are needed; of results the days themselves.
"""

from __future__ import annotations

import os
import shutil
import sys
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from market.exports import FIRST_DAY, LATE_DAYS
from market.missions import DAY

from peers.asked import FINAL, Asked, asked, metric_sql
from peers.set_based import results_sql

DAILY = """-- Sums of a supplier's final {source} of a day.
SELECT day, supplier_id, {metrics}
FROM {{{{ ref('{source}') }}}}
WHERE {final} AND supplier_id IS NOT NULL
GROUP BY day, supplier_id
"""
RESULTS = """{{{{ config(
    incremental_strategy='microbatch', event_time='as_of', batch_size='day', begin=env_var('BENCH_BEGIN')
) }}}}
{query}
"""


def write_models(given: Asked, project: Path) -> None:
    """The models that depend on metrics and missions."""
    shutil.copytree(Path(__file__).with_name("dbt"), project, dirs_exist_ok=True)
    for source in ("offers", "orders"):
        model = DAILY.format(source=source, metrics=metric_sql(source, given.peak), final=FINAL[source])
        _write(project / f"models/daily/daily_{source}.sql", model)
    day = "SELECT CAST('{{ model.batch.event_time_start }}' AS TIMESTAMPTZ)::DATE AS as_of"
    daily = {source: f"{{{{ ref('daily_{source}').render() }}}}" for source in ("offers", "orders")}
    query = results_sql(given.missions, day, daily, "{{ ref('suppliers') }}")
    _write(project / "models/results/results.sql", RESULTS.format(query=query))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def first_daily(given: Asked) -> date:
    """The first day whose sums are filled."""
    first = given.days[0]
    back = {"backfill": first, "day": first - DAY, "late": first - LATE_DAYS * DAY, "changed": first - DAY}[given.step]
    if given.step == "changed":
        back = min([back, *given.needed_days("orders")])
    return max(back, FIRST_DAY)


def main() -> None:
    given = asked()
    project = given.work / "dbt"
    write_models(given, project)
    os.environ.update(BENCH_WORK=str(given.work.resolve()), BENCH_BEGIN=str(FIRST_DAY), TZ="UTC")
    from dbt.cli.main import dbtRunner

    runner = dbtRunner()
    until = str(given.days[-1] + DAY)
    where = ["--project-dir", str(project), "--profiles-dir", str(project), "--log-path", str(given.work / "dbt-logs"), "--quiet"]
    for chosen, since in ((["newest", "daily"], first_daily(given)), (["results"], given.days[0])):
        selected = ["--select", *chosen, "--event-time-start", str(since), "--event-time-end", until]
        done = runner.invoke(["run", *where, *selected])
        if not done.success:
            said = [f"{r.node.name}: {r.message}" for r in done.result or () if r.status != "success"]
            sys.exit(f"{done.exception or said}")


if __name__ == "__main__":
    main()
