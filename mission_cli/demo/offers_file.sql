-- The offers file of the day in the variable `day`: the rows due, and on some days a few damaged copies of sound rows.
-- Written line by line (no quoting), since some damaged lines are no proper CSV.
COPY (
    WITH sound AS (
        SELECT
            offer_id, order_id, supplier_id, kind, response,
            utc_text(sent_at) AS sent_at, utc_text(closed_at) AS closed_at, utc_text(updated_at) AS updated_at
        FROM offer_rows
        WHERE due = getvariable('day')
    ),
    copied AS (
        SELECT *, row_number() OVER (ORDER BY noise('damage', offer_id), updated_at) AS i
        FROM sound
        WHERE response = 'ACCEPTED' AND uniform(noise('offers spoilt', getvariable('day')), 0, 12) < 0.4
    ),
    damaged AS (
        SELECT * EXCLUDE (i), (i + day(getvariable('day'))) % 5 AS damage
        FROM copied
        WHERE i <= round(getvariable('broken_share') * (SELECT count(*) FROM sound))
    ),
    rows_written AS (
        SELECT *, NULL AS damage, updated_at AS position FROM sound
        UNION ALL
        SELECT * REPLACE (
            CASE damage WHEN 0 THEN '2026-02-30T08:15:00Z' ELSE sent_at END AS sent_at,
            CASE damage WHEN 1 THEN '' ELSE supplier_id END AS supplier_id,
            CASE damage WHEN 2 THEN 'MAYBE' ELSE response END AS response,
            CASE damage WHEN 3 THEN '' ELSE closed_at END AS closed_at
        ), updated_at AS position
        FROM damaged
    )
    SELECT
        concat_ws(
            ',', offer_id, order_id, supplier_id, kind, response, sent_at, closed_at,
            CASE WHEN damage IS DISTINCT FROM 4 THEN updated_at END
        ) AS "offer_id,order_id,supplier_id,kind,response,sent_at,closed_at,updated_at"
    FROM rows_written
    ORDER BY position, 1
) TO $path (FORMAT csv, HEADER true, DELIMITER '\t', QUOTE '')
