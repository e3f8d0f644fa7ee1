-- The final orders of some days, with the file and line each came from.
-- reads: {{orders}}, batches, temp wanted_days / writes: nothing / parameters: none
-- grain: order, in no order
SELECT o._day, {{columns}}, b.file AS _file, o._line
FROM {{orders}} AS o JOIN wanted_days USING (_day) JOIN batches AS b ON b.batch = o._batch
WHERE o._final
