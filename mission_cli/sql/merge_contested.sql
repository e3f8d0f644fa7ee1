-- The keys of which more than one version is in play: twice among the staged rows, or in the orders already.
-- reads: staged, {{orders}} / writes: temp contested / parameters: none
-- grain: key
CREATE OR REPLACE TEMP TABLE contested AS
SELECT {{key}} FROM staged GROUP BY ALL HAVING count(*) > 1
UNION
SELECT {{key_of_orders}} FROM {{orders}} AS o SEMI JOIN staged AS s ON {{same_key}}
