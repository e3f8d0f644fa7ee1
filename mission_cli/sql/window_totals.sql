-- Partitions rolled into the totals of every reported window.
-- reads: temp daily (_source, _day, supplier_id, metrics), temp windows, temp mission_sources
-- writes: temp totals / parameters: none
-- grain: window, supplier with a row in a source of the window's mission; totals are exact, NULL where nothing counted
-- `_ordered`: the supplier has a final order in the window so far
CREATE OR REPLACE TEMP TABLE totals AS
SELECT w._window_no, d.supplier_id, bool_or(d._ordered) AS _ordered{{totals}}
FROM daily AS d
JOIN (
    SELECT _window_no, _source, CAST(unnest(generate_series(_start, _through, INTERVAL 1 DAY)) AS DATE) AS _day
    FROM windows JOIN mission_sources USING (_mission_no)
) AS w ON w._day = d._day AND w._source = d._source
GROUP BY ALL
