-- Days rolled into the totals of every span: one shared by suppliers, or one that belongs to a supplier.
-- reads: {{days}} (a table with _day, supplier_id and values), temp span_days, temp own_spans
-- writes: the temp table {{into}} / parameters: none
-- grain: span, supplier with a row on one of its days; totals are exact, NULL where nothing counted
CREATE OR REPLACE TEMP TABLE {{into}} AS
SELECT s._span_no, d.supplier_id, {{values}}
FROM {{days}} AS d JOIN (SELECT DISTINCT _span_no, _on FROM span_days WHERE {{of_source}}) AS s ON s._on = d._day
GROUP BY ALL
UNION ALL
SELECT s._span_no, d.supplier_id, {{values}}
FROM {{days}} AS d
JOIN (SELECT DISTINCT _span_no, _owner, _start, _through FROM own_spans WHERE {{of_source}}) AS s
  ON s._owner = d.supplier_id AND d._day BETWEEN s._start AND s._through
GROUP BY ALL
