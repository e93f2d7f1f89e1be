"""Compiled code that relays bytes and lets clients in, and its Python halves."""
