-- The spans of shared windows, in the sources that their missions use.
-- reads: temp windows, temp mission_sources / writes: temp shared_spans / parameters: none
-- grain: span, source
CREATE OR REPLACE TEMP TABLE shared_spans AS
SELECT DISTINCT _span_no, _start, _through, _source
FROM windows JOIN mission_sources USING (_mission_no) WHERE _owner IS NULL
