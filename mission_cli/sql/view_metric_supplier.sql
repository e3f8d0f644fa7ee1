-- Every stored number in the long form; columns with a dot are merge state, no numbers of their own.
-- reads: published partitions / writes: view metric_supplier / parameters: none
-- grain: date, supplier_id, metric_id
CREATE OR REPLACE VIEW metric_supplier AS
WITH numbers AS (
    SELECT date, supplier_id, CAST(COLUMNS(lambda c: c NOT IN ('date', 'source', 'supplier_id', '_ordered') AND NOT contains(c, '.') AND NOT contains(c, '@')) AS DOUBLE)
    FROM read_parquet({{files}}, hive_partitioning = true, hive_types = {'date': DATE, 'source': VARCHAR}, union_by_name = true)
)
SELECT date, supplier_id, metric_id, value
FROM (UNPIVOT numbers ON COLUMNS(* EXCLUDE (date, supplier_id)) INTO NAME metric_id VALUE value)
