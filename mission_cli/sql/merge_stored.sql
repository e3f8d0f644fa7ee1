-- The orders that have the key of a staged row. Nothing else of a merge looks through all orders.
-- reads: staged, {{orders}} / writes: temp stored / parameters: least and greatest of the key's first column in staged
-- grain: key; `_rid`: rowid in orders
CREATE OR REPLACE TEMP TABLE stored AS
SELECT o.rowid AS _rid, o._batch, o._line, {{key_of_orders}}, {{updated_of_orders}} AS _updated
FROM {{orders}} AS o SEMI JOIN staged AS s ON {{same_key}}
WHERE o.{{first_of_key}} BETWEEN CAST(? AS {{its_type}}) AND CAST(? AS {{its_type}})
