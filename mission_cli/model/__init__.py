"""Records everybody speaks of: the project, its days, its mistakes. Pure; imports nothing of ours but the formula's tree."""
