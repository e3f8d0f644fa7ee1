-- Records dated to some days that do not count, each with why; a version that lost names the one that won.
-- reads: {{orders}}, {{duplicates}}, batches, temp wanted_days / writes: nothing / parameters: none
-- grain: record, in no order; `_why`: not final | superseded | duplicate | conflict; `_final`: it would have counted
WITH o AS (
    SELECT _day, _final, _batch, _line, {{columns}}, 'not final' AS _why, CAST(NULL AS INTEGER) AS _winner_batch,
           CAST(NULL AS BIGINT) AS _winner_line
    FROM {{orders}} AS o JOIN wanted_days USING (_day) WHERE NOT o._final
    UNION ALL
    SELECT _day, _final, _batch, _line, {{columns}}, _why, _winner_batch, _winner_line
    FROM {{duplicates}} AS o JOIN wanted_days USING (_day)
)
SELECT o._day, o._final, {{columns}}, b.file AS _file, o._line, o._why, w.file AS _winner_file, o._winner_line
FROM o JOIN batches AS b ON b.batch = o._batch LEFT JOIN batches AS w ON w.batch = o._winner_batch
