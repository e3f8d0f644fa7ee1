-- Written rows leave the queues. Rebuilt rather than deleted from, which would keep the memory.
CREATE OR REPLACE TABLE order_rows AS SELECT * FROM order_rows WHERE due > getvariable('day');
CREATE OR REPLACE TABLE offer_rows AS SELECT * FROM offer_rows WHERE due > getvariable('day');
