"""Where papers come from: each source turns bytes into entries."""
