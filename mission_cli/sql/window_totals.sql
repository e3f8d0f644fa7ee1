-- Partitions rolled into the totals of every reported window.
-- reads: temp daily (_source, _day, supplier_id, metrics), temp windows, temp mission_sources
-- writes: temp totals / parameters: none
-- grain: window, supplier with a row in a source of the window's mission; totals are exact, NULL where nothing counted
CREATE OR REPLACE TEMP TABLE totals AS
SELECT w.window_no, d.supplier_id{{totals}}
FROM daily AS d
JOIN (
    SELECT window_no, source, CAST(unnest(generate_series(window_start, through, INTERVAL 1 DAY)) AS DATE) AS day
    FROM windows JOIN mission_sources USING (mission_no)
) AS w ON w.day = d._day AND w.source = d._source
GROUP BY ALL
