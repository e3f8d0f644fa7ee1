-- The rejects of the files being loaded, with the names of the files.
-- reads: temp staged_rejects, batches / writes: nothing / parameters: how many rows, after how many
-- grain: record that was rejected
SELECT r.batch, b.file, r.line, r.column_name AS "column", r.reason, r.raw
FROM staged_rejects AS r JOIN batches AS b USING (batch)
ORDER BY r.batch, r.line
LIMIT ? OFFSET ?
