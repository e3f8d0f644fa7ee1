"""Statements of the engine, one file each."""
