-- Text cells → typed values, or the first column that refuses its cell and why; and the day the record is dated to.
-- reads: staged_text / writes: temp staged / parameters: none
-- grain: record; `_column`, `_reason` are NULL when it is taken
-- a complaint is the column's name in the file, chr(31), and the reason
-- `_final`: it counts; `_day`: business day of its time, else of its last update, else 0001-01-01
INSERT INTO staged
WITH typed AS (
    SELECT _batch, _line, {{typed}}
    FROM staged_text
),
dated AS (
    SELECT *, coalesce({{final}}, FALSE) AS _final, {{complaint}} AS _complaint
    FROM typed
)
SELECT
    _batch, _line, {{columns}},
    _final,
    coalesce({{time_day}}, {{updated_day}}, DATE '0001-01-01') AS _day,
    CASE WHEN _complaint IS NOT NULL THEN split_part(_complaint, chr(31), 1)
         WHEN _final AND {{time}} IS NULL THEN {{time_name}} END AS _column,
    CASE WHEN _complaint IS NOT NULL THEN substr(_complaint, strpos(_complaint, chr(31)) + 1)
         WHEN _final AND {{time}} IS NULL THEN 'is empty in a record that is final' END AS _reason
FROM dated
