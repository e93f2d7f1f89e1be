"""Puts the parts together and runs them: the command line, the embedded Postgres, the simulated AWS."""
