"""Text of an expression → syntax tree → checked names and types → dependency order → SQL. Pure."""
