"""The demo marketplace: simulated exports that fit the repository's metrics.toml and missions.toml."""
