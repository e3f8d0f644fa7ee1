-- The rejects of the files being loaded, with the names of the files.
-- reads: temp staged_rejects, batches / writes: temp logged_rejects / parameters: none
-- grain: record that was rejected
CREATE OR REPLACE TEMP TABLE logged_rejects AS
SELECT r.batch, b.file, r.line, r.column_name AS "column", r.reason, r.raw
FROM staged_rejects AS r JOIN batches AS b USING (batch)
