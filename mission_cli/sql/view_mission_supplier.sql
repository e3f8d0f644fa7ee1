-- Every published mission result with its conditions in a list.
-- reads: published results / writes: view mission_supplier / parameters: none
-- grain: as_of, mission_id, supplier_id, window_start
CREATE OR REPLACE VIEW mission_supplier AS
SELECT as_of, supplier_id, mission_id, window_start, window_end, mission_status,
       list(struct_pack(name := condition, value := value, met := status = 'met')) AS conditions_values
FROM read_parquet({{files}}, hive_partitioning = false)
GROUP BY ALL
