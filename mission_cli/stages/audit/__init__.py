"""Is what lies in data/ what the runs left there? Files, manifest and ledger compared; nothing is changed."""
