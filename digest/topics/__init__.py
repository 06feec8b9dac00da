"""Topics: the taxonomy, and what says which papers are about which topic."""
