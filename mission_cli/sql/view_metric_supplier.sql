-- Every stored number in the long form.
-- reads: published partitions / writes: view metric_supplier / parameters: none
-- grain: date, supplier_id, metric_id
CREATE OR REPLACE VIEW metric_supplier AS
WITH files AS (SELECT * FROM read_parquet({{files}}, hive_partitioning = true, hive_types = {'date': DATE, 'source': VARCHAR}, union_by_name = true))
{{metrics}}
