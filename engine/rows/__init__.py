"""Reads and writes the rows of module tables."""
