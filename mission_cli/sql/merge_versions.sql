-- Every version in play, in the order of arrival: staged rows, and the orders that have their keys.
-- reads: staged, {{orders}} / writes: temp versions / parameters: none
-- grain: version; `_rid`: rowid in staged or in orders; `_arrival`: 0 for what is there already, then by batch and line
CREATE OR REPLACE TEMP TABLE versions AS
SELECT FALSE AS _stored, rowid AS _rid, _batch, _line, row_number() OVER (ORDER BY _batch, _line) AS _arrival,
       {{key}}, {{updated}} AS _updated
FROM staged
UNION ALL
SELECT TRUE, o.rowid, o._batch, o._line, 0, {{key_of_orders}}, {{updated_of_orders}}
FROM {{orders}} AS o SEMI JOIN staged AS s ON {{same_key}}
