MODEL (name market.suppliers, kind FULL, columns (supplier_id TEXT, city TEXT, tier INTEGER));

SELECT supplier_id, city, tier FROM read_csv(@exports || '/suppliers.csv')
