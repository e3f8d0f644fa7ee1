-- The orders created on the local day in the variable `day`: who is on the road, who takes which order, how it ends.

-- Who is on the road: one row per driver and local hour. Nobody drives before onboarding, on a rest day, or asleep.
CREATE OR REPLACE TEMP TABLE online AS
SELECT d.n, d.city, d.vehicle, d.weight, d.refusal, d.turn, h.hour
FROM drivers AS d, range(24) AS h(hour)
WHERE d.onboarded_on <= getvariable('day')
  AND uniform(noise('rest', concat_ws('|', d.n, getvariable('day'))), 0, 32) >= d.rest_share
  AND (h.hour - d.sleeps_at + 48) % 24 >= 8;

-- Who takes the cell's first, second, … order: a draw by weight without replacement (least exponential wait first).
-- A driver's cells are 50 minutes apart and a trip ends within 40 minutes of its cell, so trips never overlap.
CREATE OR REPLACE TEMP TABLE takers AS
WITH cells AS (
    SELECT cell, cell // 6 AS hour, (144 * (getvariable('day') - DATE '2000-01-01') + cell) % 5 AS turn
    FROM range(144) AS r(cell)
)
SELECT
    cell,
    n,
    row_number() OVER (
        PARTITION BY cell
        ORDER BY -ln(uniform(noise('take', concat_ws('|', n, getvariable('day'), cell)), 0, 48) + 1e-15) / weight, n
    ) AS place
FROM online JOIN cells USING (hour, turn);

-- Who lets offers pass, of those on the road in a zone and hour: the passed offers' part in [previous `upto`, `upto`)
-- falls to the driver, in whole shares, so that sums do not depend on threads.
CREATE OR REPLACE TEMP TABLE passers AS
WITH keen AS (
    SELECT city, vehicle, hour, n, round(1000 * weight * refusal / (1 - refusal))::BIGINT AS share FROM online
)
SELECT
    city, vehicle, hour, n,
    sum(share) OVER (zone ORDER BY n) / sum(share) OVER zone AS upto
FROM keen
WINDOW zone AS (PARTITION BY city, vehicle, hour);

-- One row per order of the day: when, who drives (null: nobody was found), how many drivers passed it before, the ending.
-- An order that finds no driver in its cell ends like one whose customer (1 in 27) would not wait for any.
CREATE OR REPLACE TEMP TABLE placed AS
WITH numbered AS (
    SELECT i, strftime(getvariable('day'), '%y%m%d') || printf('%06d', i) AS number
    FROM range(1, getvariable('orders_per_day') + 1) AS r(i)
),
chances AS (
    SELECT i, number, noise('call', number) AS call, noise('ride', number) AS ride FROM numbered
),
-- evenly through the day's demand, so that numbers rise with time
moments AS (
    SELECT *, (i - 1 + uniform(call, 0, 12)) / getvariable('orders_per_day') AS moment FROM chances
),
timed AS (
    SELECT
        m.*,
        floor(3600 * (d.hour + (m.moment - d.lo) / (d.hi - d.lo)))::INTEGER AS second,
        second // 600 AS cell,
        uniform(call, 12, 12) AS fate
    FROM moments AS m
    ASOF JOIN demand AS d ON d.weekend = (isodow(getvariable('day')) > 5) AND m.moment >= d.lo
),
queued AS (
    SELECT *, fate >= 0.0375 AS patient, row_number() OVER (PARTITION BY cell, patient ORDER BY i) AS place
    FROM timed
)
SELECT
    q.number, q.call, q.ride, q.cell // 6 AS hour,
    getvariable('day')::TIMESTAMP + to_seconds(q.second) - INTERVAL 7 HOURS AS created_at,
    t.n AS driver,
    -- without a driver the customer waits near some other one, who tells the zone
    coalesce(t.n, 1 + floor(uniform(q.ride, 0, 12) * getvariable('suppliers'))::BIGINT) AS near,
    CASE
        WHEN t.n IS NULL THEN 'unserved'
        WHEN q.fate < 0.15 THEN 'customer'
        WHEN q.fate >= 1 - d.cancel_share THEN 'driver'
        ELSE 'completed'
    END AS ending,
    uniform(q.call, 24, 12) AS luck,
    CASE WHEN t.n IS NULL THEN (luck < 0.57)::INTEGER + (luck < 0.21)::INTEGER + (luck < 0.05)::INTEGER
         ELSE (luck < 0.072)::INTEGER + (luck < 0.010)::INTEGER + (luck < 0.0015)::INTEGER END AS passed
FROM queued AS q
LEFT JOIN takers AS t ON q.patient AND t.cell = q.cell AND t.place = q.place
LEFT JOIN drivers AS d ON d.n = t.n;
