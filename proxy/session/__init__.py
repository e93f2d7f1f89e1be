"""One client's session: what becomes of each message."""
