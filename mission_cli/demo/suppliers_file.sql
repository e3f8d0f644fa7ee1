-- exports/suppliers.csv: one row per driver.
COPY (
    SELECT supplier_id, phone, city, tier, onboarded_on FROM drivers ORDER BY n
) TO $path (FORMAT csv, HEADER true)
