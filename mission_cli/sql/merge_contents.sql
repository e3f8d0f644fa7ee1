-- The content of versions that their key and `updated` alone do not tell apart.
-- reads: versions, staged, {{orders}} / writes: temp contents / parameters: none
-- grain: version that shares key and `_updated` with another
CREATE OR REPLACE TEMP TABLE contents AS
WITH alike AS (
    SELECT v.* FROM versions AS v
    JOIN (SELECT {{key}}, _updated FROM versions GROUP BY ALL HAVING count(*) > 1) AS a
      ON {{same_key}} AND a._updated IS NOT DISTINCT FROM v._updated
)
SELECT _stored, _rid, row({{columns}}) AS _content FROM staged AS r JOIN alike ON NOT _stored AND r.rowid = _rid
UNION ALL
SELECT _stored, _rid, row({{columns}}) FROM {{orders}} AS r JOIN alike ON _stored AND r.rowid = _rid
