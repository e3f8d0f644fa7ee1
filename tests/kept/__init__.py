"""Windows keep the rules that they were first published with."""
