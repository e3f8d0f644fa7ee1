-- What a group of files becomes on its way in.
-- reads: nothing / writes: temp staged, staged_rejects, both empty / parameters: none
-- grain: record, in one of the two; `_column`, `_reason` only until its rejects are taken out
CREATE OR REPLACE TEMP TABLE staged (
    _batch INTEGER, _line BIGINT, {{columns}}, _final BOOLEAN, _day DATE, _column VARCHAR, _reason VARCHAR
);
CREATE OR REPLACE TEMP TABLE staged_rejects (
    source VARCHAR, batch INTEGER, line BIGINT, column_name VARCHAR, reason VARCHAR, raw VARCHAR
);
