-- Versions that do not stand, each with why and with the version that does.
-- reads: ranked, staged, {{orders}} / writes: temp losers / parameters: none
-- grain: record; `_did`: what it did when it arrived
CREATE OR REPLACE TEMP TABLE losers AS
WITH lost AS (
    SELECT l._stored, l._rid, l._did,
           CASE WHEN l._rank = w._rank THEN 'duplicate'
                WHEN l._updated IS NOT DISTINCT FROM w._updated AND {{has_updated}} THEN 'conflict'
                ELSE 'superseded' END AS _why,
           w._batch AS _winner_batch, w._line AS _winner_line
    FROM ranked AS l JOIN (SELECT * FROM ranked WHERE _wins) AS w ON {{same_key}}
    WHERE NOT l._wins
)
SELECT r.*, _did, _why, _winner_batch, _winner_line FROM staged AS r JOIN lost ON NOT _stored AND r.rowid = _rid
UNION ALL BY NAME
SELECT r.*, _did, _why, _winner_batch, _winner_line FROM {{orders}} AS r JOIN lost ON _stored AND r.rowid = _rid
