-- The newest version of each order. An interval's rows are those of its days' export files.
MODEL (
  name market.orders,
  kind INCREMENTAL_BY_UNIQUE_KEY (unique_key order_id),
  columns (order_id TEXT, supplier_id TEXT, status TEXT, canceled_by TEXT, fare DECIMAL(18, 2), discount DECIMAL(18, 2),
           distance_km DOUBLE, updated_at TIMESTAMP, day DATE, hour BIGINT)
);

SELECT
  order_id, supplier_id, status, canceled_by, fare, discount, distance_km, updated_at,
  CAST(final_at + INTERVAL 7 HOURS AS DATE) AS day, hour(final_at + INTERVAL 7 HOURS) AS hour
FROM read_csv(@exports || '/orders/*.csv', header = true, filename = true, auto_detect = false, columns = {
  'order_id': 'VARCHAR', 'supplier_id': 'VARCHAR', 'service': 'VARCHAR', 'status': 'VARCHAR', 'canceled_by': 'VARCHAR',
  'created_at': 'TIMESTAMP', 'final_at': 'TIMESTAMP', 'updated_at': 'TIMESTAMP',
  'fare': 'DECIMAL(18,2)', 'discount': 'DECIMAL(18,2)', 'distance_km': 'DOUBLE'})
WHERE filename BETWEEN @exports || '/orders/' || @start_ds || '.csv' AND @exports || '/orders/' || @end_ds || '.csv'
QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY updated_at DESC) = 1
