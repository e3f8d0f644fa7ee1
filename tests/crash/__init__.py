"""Runs killed, and failed, at every storage call that they make; readers and starters beside them; see `make crash`."""
