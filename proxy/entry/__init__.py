"""From an accepted connection to a session that is logged in."""
