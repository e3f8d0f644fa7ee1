"""The limit: what one would write by hand for the two missions of bench/flights, without ledger, checks or fsync.

Loads the same files in one statement, keeps the newest version of each flight, sums per aircraft and day, and answers
both missions as of every day of the year, a Parquet file a day.

usage: flights_by_hand.py EXPORTS OUT
"""

import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb

exports, out = Path(sys.argv[1]), Path(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
con = duckdb.connect()
con.execute("SET TimeZone = 'America/New_York'")
con.execute(f"""CREATE TABLE raw AS SELECT * FROM read_csv('{exports}/orders/*.csv', header = true, columns = {{
    order_id: 'VARCHAR', supplier_id: 'VARCHAR', carrier: 'VARCHAR', origin: 'VARCHAR', dest: 'VARCHAR', status: 'VARCHAR',
    scheduled_at: 'TIMESTAMPTZ', final_at: 'TIMESTAMPTZ', updated_at: 'TIMESTAMPTZ',
    distance: 'BIGINT', dep_delay: 'BIGINT', arr_delay: 'BIGINT'}})""")
con.execute("""CREATE TABLE orders AS SELECT * FROM raw
    QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY updated_at DESC) = 1""")
con.execute("""CREATE TABLE daily AS
    SELECT final_at::DATE AS day, supplier_id, count(*) AS offered, count(*) FILTER (status = 'COMPLETED') AS completed,
           count(*) FILTER (arr_delay <= 15) AS on_time, sum(distance) FILTER (status = 'COMPLETED') AS miles,
           sum(arr_delay) AS delay_minutes, count(arr_delay) AS delay_known
    FROM orders WHERE status <> 'SCHEDULED' AND supplier_id IS NOT NULL GROUP BY ALL""")

MONTH = """
    SELECT DATE '{day}' AS as_of, 'reliable_month' AS mission, supplier_id, date_trunc('month', DATE '{day}')::DATE AS start,
           last_day(DATE '{day}') AS "end", ar AS v1, completed::DOUBLE AS v2, delay AS v3,
           ar > 0.95 AS c1, completed >= 20 AS c2, delay <= 10 AS c3
    FROM (SELECT supplier_id, sum(completed) AS completed, sum(completed) / nullif(sum(offered), 0) AS ar,
                 sum(delay_minutes) / nullif(sum(delay_known), 0) AS delay
          FROM daily WHERE day BETWEEN date_trunc('month', DATE '{day}') AND DATE '{day}' GROUP BY supplier_id)"""
QUARTER = """
    UNION ALL
    SELECT DATE '{day}', 'first_quarter_miles', supplier_id, DATE '2013-01-01', DATE '2013-03-31', miles::DOUBLE, punctual, NULL,
           miles >= 50000, punctual >= 0.8, NULL
    FROM (SELECT supplier_id, sum(miles) AS miles, sum(on_time) / nullif(sum(completed), 0) AS punctual
          FROM daily WHERE day BETWEEN DATE '2013-01-01' AND least(DATE '{day}', DATE '2013-03-31') GROUP BY supplier_id)"""

day = date(2013, 1, 1)
while day.year == 2013:
    query = MONTH + (QUARTER if day <= date(2013, 4, 2) else "")
    con.execute(f"COPY ({query.format(day=day)} ORDER BY mission, supplier_id) TO '{out}/{day}.parquet'")
    day += timedelta(days=1)
