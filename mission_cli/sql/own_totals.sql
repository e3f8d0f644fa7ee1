-- Days rolled into the totals of every span that belongs to one supplier.
-- reads: {{days}} (a table with _day, supplier_id and values), temp own_spans
-- writes: adds to the temp table {{into}} / parameters: none
-- grain: span; totals are exact, NULL where nothing counted
INSERT INTO {{into}}
SELECT s._span_no, d.supplier_id, {{values}}
FROM {{days}} AS d
JOIN (SELECT DISTINCT _span_no, _owner, _start, _through FROM own_spans WHERE {{of_source}}) AS s
  ON s._owner = d.supplier_id AND d._day BETWEEN s._start AND s._through
GROUP BY ALL
