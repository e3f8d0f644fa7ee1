-- The days of every span of shared windows, in the sources that its missions use.
-- reads: temp windows, temp mission_sources / writes: temp span_days / parameters: none
-- grain: span, source, day; the day is called _on, so that _day means that of the rolled rows
CREATE OR REPLACE TEMP TABLE span_days AS
SELECT _span_no, _source, CAST(unnest(generate_series(_start, _through, INTERVAL 1 DAY)) AS DATE) AS _on
FROM (SELECT DISTINCT _span_no, _start, _through, _source FROM windows JOIN mission_sources USING (_mission_no) WHERE _owner IS NULL)
