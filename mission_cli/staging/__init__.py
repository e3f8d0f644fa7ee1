"""Export file → typed staging rows, one batch per file content. Trusts nothing that arrives."""
