-- The keys of which more than one version is in play: twice among the staged rows, or in the orders already.
-- reads: staged, stored / writes: temp contested / parameters: none
-- grain: key
CREATE OR REPLACE TEMP TABLE contested AS
SELECT {{key}} FROM staged GROUP BY ALL HAVING count(*) > 1
UNION
SELECT {{key}} FROM stored
