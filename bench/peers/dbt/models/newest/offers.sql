-- The newest version of each offer.
{{ config(
    incremental_strategy='merge',
    unique_key='offer_id',
    merge_update_condition='DBT_INTERNAL_SOURCE.updated_at > DBT_INTERNAL_DEST.updated_at',
    event_time='day',
) }}
SELECT
    offer_id, supplier_id, response, answer_seconds, updated_at,
    CAST(closed_at + INTERVAL 7 HOURS AS DATE) AS day, filename AS file
FROM read_csv({{ new_files('offers') }}, header = true, filename = true, auto_detect = false, columns = {
    'offer_id': 'VARCHAR', 'order_id': 'VARCHAR', 'supplier_id': 'VARCHAR', 'response': 'VARCHAR',
    'answer_seconds': 'BIGINT', 'closed_at': 'TIMESTAMP', 'updated_at': 'TIMESTAMP'})
QUALIFY row_number() OVER (PARTITION BY offer_id ORDER BY updated_at DESC) = 1
