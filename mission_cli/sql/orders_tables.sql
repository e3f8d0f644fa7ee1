-- The orders of one source, and the versions of them that do not stand.
-- reads: nothing / writes: {{orders}}, {{duplicates}} when they are not there / parameters: none
-- grain: orders: key; duplicates: record. `_batch`, `_line`: where it came from. No key constraint: see docs/decisions.
CREATE TABLE IF NOT EXISTS {{orders}} (_batch INTEGER, _line BIGINT, {{columns}}, _final BOOLEAN, _day DATE);
CREATE TABLE IF NOT EXISTS {{duplicates}} (
    _batch INTEGER, _line BIGINT, {{columns}}, _final BOOLEAN, _day DATE,
    _why VARCHAR,             -- duplicate | superseded | conflict (same `updated`, other content)
    _winner_batch INTEGER, _winner_line BIGINT
);
