-- What holds for the whole simulation: the source of chance, the drivers, the hours of demand, the export queues.
-- Reads the variables seed, first_day, days, suppliers (set by simulate.py).

-- Chance: one 64-bit number for (seed, purpose, id), out of which several independent uniforms are cut.
-- MD5 never changes; hash() may with any version of the engine, and random() with the number of threads.
CREATE MACRO noise(purpose, id) AS md5_number_lower(concat_ws('|', getvariable('seed'), purpose, id));
CREATE MACRO uniform(number, first_bit, bits) AS
    ((number >> first_bit::UBIGINT) & ((1::UBIGINT << bits::UBIGINT) - 1)) / (1::UBIGINT << bits::UBIGINT)::DOUBLE;

-- A driver's place among all drivers by chance, in (0, 1): exact shares even when drivers are few.
CREATE MACRO standing(number, first_bit, n) AS
    (row_number() OVER (ORDER BY uniform(number, first_bit, 12), n) - 0.5) / count(*) OVER ();

-- Instants are UTC without a zone; Ho Chi Minh City is 7 hours ahead all year.
CREATE MACRO local_day(instant) AS (instant + INTERVAL 7 HOURS)::DATE;
CREATE MACRO utc_text(instant) AS coalesce(strftime(instant, '%Y-%m-%dT%H:%M:%SZ'), '');

-- The files a row appears in, by their day: mostly one, at times the same file twice or the next one, too.
CREATE MACRO appearances(due, chance) AS
    CASE WHEN chance < 0.0035 THEN [due, due] WHEN chance < 0.005 THEN [due, due + 1] ELSE [due] END;

-- One row per driver; n counts them in the order they joined. The purposes' names are as arbitrary as a seed: these
-- make driver 7 of the default marketplace a close call in every mission, which suits a demonstration.
--   weight        how keenly the driver takes trips (a whole number, so that sums do not depend on threads)
--   refusal       share of offers that the driver does not accept
--   turn          the driver is free in every fifth ten-minute cell, so that no two of their trips overlap
CREATE TABLE drivers AS
WITH chances AS (
    SELECT n, noise('what', n) AS traits, noise('ways', n) AS habits
    FROM range(1, getvariable('suppliers') + 1) AS r(n)
),
standings AS (
    SELECT
        n,
        (n - 0.5) / count(*) OVER () AS seniority,
        standing(traits, 0, n) AS city,
        standing(traits, 12, n) AS tier,
        standing(traits, 24, n) AS vehicle,
        standing(traits, 36, n) AS activity,
        standing(traits, 48, n) AS rest,
        standing(habits, 0, n) AS refusal,
        standing(habits, 12, n) AS rejection,
        standing(habits, 24, n) AS cancel,
        standing(habits, 36, n) AS sleep,
        standing(habits, 48, n) AS waking
    FROM chances
)
SELECT
    n,
    printf('D%05d', n) AS supplier_id,
    (84900000000 + n)::VARCHAR AS phone,
    CASE WHEN city < 0.60 THEN 'SGN' WHEN city < 0.85 THEN 'HAN' ELSE 'DAD' END AS city,
    CASE WHEN tier < 0.30 THEN 1 WHEN tier < 0.65 THEN 2 WHEN tier < 0.90 THEN 3 ELSE 4 END AS tier,
    CASE WHEN vehicle < 0.70 THEN 'BIKE' ELSE 'CAR' END AS vehicle,
    getvariable('first_day') + CASE
        WHEN seniority < 0.90 THEN -floor(1 + 700 * (1 - seniority / 0.90))::INTEGER
        ELSE floor(0.8 * getvariable('days') * (seniority - 0.90) / 0.10)::INTEGER
    END AS onboarded_on,
    round(1000 * exp(2.2 * (activity - 0.5)))::BIGINT AS weight,
    CASE WHEN refusal < 0.12 THEN 0.28 + 1.7 * refusal ELSE 0.01 + 0.07 * (refusal - 0.12) END AS refusal,
    CASE WHEN rejection < 0.20 THEN 0.30 ELSE 0.05 END AS rejection_share,
    CASE WHEN cancel < 0.15 THEN 0.080 ELSE 0.021 END AS cancel_share,
    0.05 + 0.20 * rest AS rest_share,
    CASE WHEN waking < 0.15 THEN 8 ELSE 20 END + floor(6 * sleep)::INTEGER AS sleeps_at,
    n % 5 AS turn
FROM standings;

-- Demand of an hour (local time) on weekdays and at the weekend: the part [lo, hi) of the day's orders.
CREATE TABLE demand AS
WITH hours AS (
    SELECT
        unnest(range(24)) AS hour,
        unnest([8, 5, 4, 4, 6, 16, 40, 75, 70, 45, 42, 52, 52, 44, 42, 44, 55, 78, 80, 70, 52, 44, 36, 25]) AS weekday,
        unnest([14, 9, 6, 5, 6, 12, 24, 36, 46, 54, 58, 62, 60, 54, 52, 54, 58, 66, 72, 70, 64, 56, 44, 30]) AS weekend
),
weights AS (UNPIVOT hours ON weekday, weekend INTO NAME kind VALUE weight)
SELECT
    kind = 'weekend' AS weekend,
    hour,
    (sum(weight) OVER through - weight) / sum(weight) OVER (PARTITION BY kind) AS lo,
    sum(weight) OVER through / sum(weight) OVER (PARTITION BY kind) AS hi
FROM weights
WINDOW through AS (PARTITION BY kind ORDER BY hour);

-- Rows waiting for the file of the day `due`; what a day leaves over goes to a later day's file.
CREATE TABLE order_rows (
    due DATE, order_id VARCHAR, supplier_id VARCHAR, service_id VARCHAR, status VARCHAR, canceled_by VARCHAR,
    created_at TIMESTAMP, final_at TIMESTAMP, updated_at TIMESTAMP, fare DECIMAL(18, 2), discount DECIMAL(18, 2)
);
CREATE TABLE offer_rows (
    due DATE, offer_id VARCHAR, order_id VARCHAR, supplier_id VARCHAR, kind VARCHAR, response VARCHAR,
    sent_at TIMESTAMP, closed_at TIMESTAMP, updated_at TIMESTAMP
);
