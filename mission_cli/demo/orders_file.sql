-- The orders file of the day in the variable `day`: the rows due, and on some days a few damaged copies of sound rows.
-- Written line by line (no quoting), since some damaged lines are no proper CSV.
COPY (
    WITH sound AS (
        SELECT
            order_id, coalesce(supplier_id, '') AS supplier_id, service_id,
            status, coalesce(canceled_by, '') AS canceled_by,
            utc_text(created_at) AS created_at, utc_text(final_at) AS final_at, utc_text(updated_at) AS updated_at,
            coalesce(fare::VARCHAR, '') AS fare, coalesce(discount::VARCHAR, '') AS discount
        FROM order_rows
        WHERE due = getvariable('day')
    ),
    copied AS (
        SELECT *, row_number() OVER (ORDER BY noise('damage', order_id), updated_at) AS i
        FROM sound
        WHERE status = 'COMPLETED' AND service_id NOT LIKE '%PARTNER%'
          AND uniform(noise('orders spoilt', getvariable('day')), 0, 12) < 0.4
    ),
    damaged AS (
        SELECT * EXCLUDE (i), (i + day(getvariable('day'))) % 6 AS damage
        FROM copied
        WHERE i <= round(getvariable('broken_share') * (SELECT count(*) FROM sound))
    ),
    rows_written AS (
        SELECT *, NULL AS damage, updated_at AS position FROM sound
        UNION ALL
        SELECT * REPLACE (
            CASE damage WHEN 0 THEN '"12,5x"' ELSE fare END AS fare,
            CASE damage WHEN 1 THEN '2026-02-30T08:15:00Z' ELSE created_at END AS created_at,
            CASE damage WHEN 2 THEN '' ELSE order_id END AS order_id,
            CASE damage WHEN 3 THEN 'FINISHED?' ELSE status END AS status,
            CASE damage WHEN 4 THEN '' ELSE final_at END AS final_at
        ), updated_at AS position
        FROM damaged
    )
    SELECT
        concat_ws(
            ',', order_id, supplier_id, service_id, status, canceled_by, created_at, final_at, updated_at, fare,
            CASE WHEN damage IS DISTINCT FROM 5 THEN discount END
        ) AS "order_id,supplier_id,service_id,status,canceled_by,created_at,final_at,updated_at,Fare (VND),Discount (VND)"
    FROM rows_written
    ORDER BY position, 1
) TO $path (FORMAT csv, HEADER true, DELIMITER '\t', QUOTE '')
