-- The day's orders and offers as they will be exported: one row per version and appearance, due in some day's file.

-- Offers follow one another every 25 seconds: k - 1 drivers pass, the k-th accepts. One row per closed offer.
CREATE OR REPLACE TEMP TABLE asked AS
WITH passing AS (
    SELECT p.number, p.call, p.created_at, p.driver, p.hour, d.city, d.vehicle, unnest(range(1, p.passed + 1)) AS k
    FROM placed AS p JOIN drivers AS d ON d.n = p.near
    WHERE p.passed > 0
),
passed AS (
    SELECT *, noise('offer', concat_ws('-', number, k)) AS chance FROM passing
),
others AS (
    SELECT o.number, o.call, o.created_at, o.k, o.chance, p.n
    FROM passed AS o ASOF JOIN passers AS p
        ON p.city = o.city AND p.vehicle = o.vehicle AND p.hour = o.hour AND uniform(o.chance, 0, 24) < p.upto
    WHERE p.n IS DISTINCT FROM o.driver
    QUALIFY row_number() OVER (PARTITION BY o.number, p.n ORDER BY o.k) = 1
),
everyone AS (
    SELECT number, call, created_at, k, chance, n, FALSE AS accepts FROM others
    UNION ALL
    SELECT number, call, created_at, passed + 1, noise('offer', concat_ws('-', number, passed + 1)), driver, TRUE
    FROM placed WHERE driver IS NOT NULL
),
closed AS (
    SELECT
        e.*,
        d.supplier_id,
        CASE WHEN accepts THEN 'ACCEPTED'
             WHEN uniform(chance, 24, 12) < d.rejection_share THEN 'REJECTED' ELSE 'IGNORED' END AS response,
        created_at + to_seconds(25 * k - 23) AS sent_at
    FROM everyone AS e JOIN drivers AS d USING (n)
)
SELECT
    'O' || number AS order_id,
    printf('F%s-%d', number, row_number() OVER (PARTITION BY number ORDER BY k)) AS offer_id,
    supplier_id,
    CASE WHEN uniform(call, 36, 12) < 0.80 THEN 'recommend' ELSE 'auto_assign' END AS kind,
    response,
    chance,
    sent_at,
    sent_at + to_seconds(
        CASE WHEN response = 'IGNORED' THEN 20 ELSE 3 + floor(12 * uniform(chance, 36, 4))::INTEGER END
    ) AS closed_at
FROM closed;

INSERT INTO offer_rows
WITH versions AS (
    SELECT *, 'SENT' AS answer, NULL AS ended_at, sent_at AS updated_at, uniform(chance, 40, 12) AS again FROM asked
    UNION ALL
    SELECT *, response, closed_at, closed_at, uniform(chance, 52, 12) FROM asked
)
SELECT
    unnest(appearances(local_day(updated_at), again)) AS due,
    offer_id, order_id, supplier_id, kind, answer, sent_at, ended_at, updated_at
FROM versions;

-- How each order ends. A driven order lasts less than 40 minutes; the fare (VND) follows the minutes of the ride.
CREATE OR REPLACE TEMP TABLE ended AS
WITH lengths AS (
    SELECT
        p.*,
        d.vehicle,
        CASE WHEN p.driver IS NOT NULL THEN d.supplier_id END AS supplier_id,
        p.created_at + to_seconds(25 * p.passed + 17) AS accepted_by,
        uniform(p.ride, 0, 12) AS length,
        6 + 30 * length * length AS minutes,
        CASE WHEN d.vehicle = 'CAR' THEN 20000 + 2000 * minutes ELSE 10000 + 1150 * minutes END AS price
    FROM placed AS p JOIN drivers AS d ON d.n = p.near
)
SELECT
    'O' || number AS order_id,
    supplier_id,
    CASE WHEN vehicle = 'CAR' AND uniform(ride, 36, 12) >= 0.83 THEN 'CAR_PARTNER' ELSE vehicle END AS service_id,
    CASE WHEN ending = 'completed' THEN 'COMPLETED' ELSE 'CANCELED' END AS status,
    CASE ending WHEN 'completed' THEN NULL WHEN 'driver' THEN 'DRIVER' ELSE 'CUSTOMER' END AS canceled_by,
    created_at,
    CASE ending
        WHEN 'completed' THEN accepted_by + to_seconds((60 * minutes)::INTEGER)
        WHEN 'driver' THEN accepted_by + to_seconds(60 + (840 * length)::INTEGER)
        WHEN 'customer' THEN accepted_by + to_seconds(30 + (450 * length)::INTEGER)
        ELSE created_at + to_seconds(80 + (300 * uniform(ride, 12, 12))::INTEGER)
    END AS final_at,
    CASE WHEN ending = 'completed' THEN (500 * round(price / 500))::DECIMAL(18, 2) END AS fare,
    uniform(ride, 12, 12) AS voucher,
    CASE WHEN fare IS NULL THEN NULL
         WHEN voucher < 0.15 THEN (fare * 0.125)::DECIMAL(18, 2)
         WHEN voucher < 0.30 THEN 8000 END AS discount,
    uniform(ride, 24, 12) AS regret,
    uniform(call, 48, 12) AS again_open,
    uniform(ride, 48, 12) AS again_final
FROM lengths;

-- Open, final, and for one in two hundred completed orders canceled by the customer one to three days later.
INSERT INTO order_rows
WITH versions AS (
    SELECT
        order_id, NULL AS supplier_id, service_id, 'CREATED' AS status, NULL AS canceled_by,
        created_at, NULL AS final_at, created_at AS updated_at, NULL AS fare, NULL AS discount, again_open AS again
    FROM ended
    UNION ALL
    SELECT
        order_id, supplier_id, service_id, status, canceled_by,
        created_at, final_at, final_at, fare, discount, again_final
    FROM ended
    UNION ALL
    SELECT
        order_id, supplier_id, service_id, 'CANCELED', 'CUSTOMER',
        created_at, final_at,
        -- between 9 and 17 o'clock local, which is 2 to 10 UTC
        (local_day(final_at) + 1 + floor(3 * regret / 0.005)::INTEGER)::TIMESTAMP
            + to_seconds(2 * 3600 + floor(8 * 3600 * again_open)::INTEGER),
        NULL, NULL, 1
    FROM ended
    WHERE status = 'COMPLETED' AND regret < 0.005
)
SELECT
    unnest(appearances(local_day(updated_at), again)) AS due,
    order_id, supplier_id, service_id, status, canceled_by, created_at, final_at, updated_at, fare, discount
FROM versions;
