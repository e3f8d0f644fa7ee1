-- The newest version of each offer. An interval's rows are those of its days' export files.
MODEL (
  name market.offers,
  kind INCREMENTAL_BY_UNIQUE_KEY (unique_key offer_id),
  columns (offer_id TEXT, supplier_id TEXT, response TEXT, answer_seconds BIGINT, updated_at TIMESTAMP, day DATE)
);

SELECT offer_id, supplier_id, response, answer_seconds, updated_at, CAST(closed_at + INTERVAL 7 HOURS AS DATE) AS day
FROM read_csv(@exports || '/offers/*.csv', header = true, filename = true, auto_detect = false, columns = {
  'offer_id': 'VARCHAR', 'order_id': 'VARCHAR', 'supplier_id': 'VARCHAR', 'response': 'VARCHAR',
  'answer_seconds': 'BIGINT', 'closed_at': 'TIMESTAMP', 'updated_at': 'TIMESTAMP'})
WHERE filename BETWEEN @exports || '/offers/' || @start_ds || '.csv' AND @exports || '/offers/' || @end_ds || '.csv'
QUALIFY row_number() OVER (PARTITION BY offer_id ORDER BY updated_at DESC) = 1
