"""`verify` finds what was changed behind the back of the runs; `prune` removes what nothing can need, and nothing else."""
