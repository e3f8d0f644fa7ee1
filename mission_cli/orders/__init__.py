"""Staged rows → orders and duplicates (newest version of a key wins), and the days that changed; days → Parquet."""
