-- Every version of the contested keys, in the order of arrival: staged rows, and the orders that have them.
-- reads: staged, contested, stored / writes: temp versions / parameters: none
-- grain: version; `_rid`: rowid in staged or in orders; `_arrival`: 0 for what is there already, then by batch and line
CREATE OR REPLACE TEMP TABLE versions AS
SELECT FALSE AS _stored, s.rowid AS _rid, s._batch, s._line, row_number() OVER (ORDER BY s._batch, s._line) AS _arrival,
       {{key_of_staged}}, {{updated_of_staged}} AS _updated
FROM staged AS s SEMI JOIN contested AS c ON {{same_key_as_staged}}
UNION ALL
SELECT TRUE, _rid, _batch, _line, 0, {{key}}, _updated FROM stored
