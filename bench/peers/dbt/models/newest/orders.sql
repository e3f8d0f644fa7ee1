-- The newest version of each order.
{{ config(
    incremental_strategy='merge',
    unique_key='order_id',
    merge_update_condition='DBT_INTERNAL_SOURCE.updated_at > DBT_INTERNAL_DEST.updated_at',
    event_time='day',
) }}
SELECT
    order_id, supplier_id, status, canceled_by, fare, discount, distance_km, updated_at,
    CAST(final_at + INTERVAL 7 HOURS AS DATE) AS day, hour(final_at + INTERVAL 7 HOURS) AS hour, filename AS file
FROM read_csv({{ new_files('orders') }}, header = true, filename = true, auto_detect = false, columns = {
    'order_id': 'VARCHAR', 'supplier_id': 'VARCHAR', 'service': 'VARCHAR', 'status': 'VARCHAR', 'canceled_by': 'VARCHAR',
    'created_at': 'TIMESTAMP', 'final_at': 'TIMESTAMP', 'updated_at': 'TIMESTAMP',
    'fare': 'DECIMAL(18,2)', 'discount': 'DECIMAL(18,2)', 'distance_km': 'DOUBLE'})
QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY updated_at DESC) = 1
