"""Read-only: what the published files say. Never opens the working database, never waits for a run."""
