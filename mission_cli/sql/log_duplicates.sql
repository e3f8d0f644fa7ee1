-- The versions of orders that do not stand since the last merge, each with the one that does.
-- reads: temp losers, batches / writes: nothing / parameters: how many rows, after how many
-- grain: record; `batch`: the one that brought it; `why`: duplicate | superseded | conflict
SELECT l._batch AS batch, b.file, l._line AS line, concat_ws(', ', {{key}}) AS "key", {{supplier}} AS supplier,
       {{updated}} AS updated, l._why AS why,
       l._winner_batch AS winner_batch, w.file AS winner_file, l._winner_line AS winner_line
FROM losers AS l JOIN batches AS b ON b.batch = l._batch JOIN batches AS w ON w.batch = l._winner_batch
ORDER BY l._batch, l._line
LIMIT ? OFFSET ?
