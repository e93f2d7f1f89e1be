"""Reads what AWS holds."""
