"""Speaks the PostgreSQL protocol and finds the calls in it. Knows nothing of AWS."""
