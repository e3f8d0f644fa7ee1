-- Records of the files being loaded that changed nothing, and every conflict, each with the version that stands.
-- reads: temp losers, batches / writes: temp logged_duplicates / parameters: none
-- grain: record; `why`: duplicate | superseded | conflict (same `updated`, other content: here the loser may have stood before)
-- a version that a newer one replaced is no such record: that is how orders change
CREATE OR REPLACE TEMP TABLE logged_duplicates AS
SELECT l._batch AS batch, b.file, l._line AS line, concat_ws(', ', {{key}}) AS "key", {{supplier}} AS supplier,
       {{updated}} AS updated,
       CASE WHEN l._why = 'conflict' OR l._did = 'superseded' AND l._why <> 'duplicate' THEN l._why ELSE 'duplicate' END AS why,
       l._winner_batch AS winner_batch, w.file AS winner_file, l._winner_line AS winner_line
FROM losers AS l JOIN batches AS b ON b.batch = l._batch JOIN batches AS w ON w.batch = l._winner_batch
WHERE l._did IN ('duplicate', 'superseded') OR l._why = 'conflict'
