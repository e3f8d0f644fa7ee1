"""Orders of one source and day → one metric partition: a row per supplier, a column per metric."""
