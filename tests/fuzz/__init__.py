"""Damaged and odd export files by the thousand, loaded and held against a slow reader of our own; see `make fuzz`."""
