-- What each version did on arrival, and which version of its key stands in the end.
-- reads: versions, contents / writes: temp ranked / parameters: none
-- grain: version; `_did`: stood | new | updated | duplicate | superseded; `_wins`: it is the one that stands
-- `_rank` orders the versions of a key: a later `updated`, then the content that sorts higher (looked at only in ties)
CREATE OR REPLACE TEMP TABLE ranked AS
WITH sorted AS (
    SELECT v.*, {{rank}} AS _rank
    FROM versions AS v LEFT JOIN contents AS c USING (_stored, _rid)
),
arrived AS (
    SELECT *, {{best_before}} AS _before
    FROM sorted
),
judged AS (
    SELECT * EXCLUDE (_before),
           CASE WHEN _stored THEN 'stood'
                WHEN _before IS NULL THEN 'new'
                WHEN _rank = _before THEN 'duplicate'
                WHEN {{is_newer}} THEN 'updated'
                ELSE 'superseded' END AS _did
    FROM arrived
)
SELECT *,
       _did IN ('stood', 'new', 'updated')
       AND _arrival = max(_arrival) FILTER (_did IN ('stood', 'new', 'updated')) OVER (
           PARTITION BY {{key}} ORDER BY _arrival ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
       ) AS _wins
FROM judged
