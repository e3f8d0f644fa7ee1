-- Trips completed between 07:00 and 09:00 or between 17:00 and 20:00 (local time), per driver.
-- The table `orders` holds the day's final orders of the source `orders`.
SELECT
    supplier_id,
    count(*) AS value
FROM orders
WHERE status = 'COMPLETED'
  AND (hour(final_at) BETWEEN 7 AND 8 OR hour(final_at) BETWEEN 17 AND 19)
GROUP BY supplier_id
