"""A finished mail, and the ways of handing it over."""
