"""TOML files → raw tables with key paths → the checked project; all problems at once."""
