-- The spans that belong to one supplier, in the sources that their missions use.
-- reads: temp windows, temp mission_sources / writes: temp own_spans / parameters: none
-- grain: span, source
CREATE OR REPLACE TEMP TABLE own_spans AS
SELECT DISTINCT _span_no, _owner, _start, _through, _source
FROM windows JOIN mission_sources USING (_mission_no) WHERE _owner IS NOT NULL
