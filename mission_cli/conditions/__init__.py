"""Window totals and checked formulas → values, statuses and mission results, as SQL. Pure."""
