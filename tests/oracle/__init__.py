"""An independent, slow evaluator of a project (`naive`), and random small marketplaces (`strategies`) to hold up to it.

Nothing here imports the engine: both sides read the same two TOML files and the same exports, and must come to the
same rows.
"""
