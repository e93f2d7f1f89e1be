"""Sockets, TLS and the way to Postgres."""
