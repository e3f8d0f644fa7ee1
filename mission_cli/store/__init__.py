"""The DuckDB database and its transactions, published files, the ledger, the lock. Rooms keep things only through here."""
