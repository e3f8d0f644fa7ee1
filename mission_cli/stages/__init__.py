"""The stages of a run: each puts a room to work and enters what it did in the ledger, in one commit."""
