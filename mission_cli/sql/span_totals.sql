-- Days rolled into the totals of every span that suppliers share.
-- reads: {{days}} (a table with _day, supplier_id and values), temp shared_spans
-- writes: the temp table {{into}} / parameters: none
-- grain: span, supplier with a row on one of its days; totals are exact, NULL where nothing counted
CREATE OR REPLACE TEMP TABLE {{into}} AS
SELECT s._span_no, d.supplier_id, {{values}}
FROM {{days}} AS d
JOIN (SELECT DISTINCT _span_no, CAST(unnest(generate_series(_start, _through, INTERVAL 1 DAY)) AS DATE) AS _on
      FROM shared_spans WHERE {{of_source}}) AS s ON s._on = d._day
GROUP BY ALL
