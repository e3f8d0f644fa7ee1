"""Missions and as-of days → day ranges; partitions → one row of window totals per window and supplier."""
