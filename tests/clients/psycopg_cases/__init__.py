"""What psycopg 3 and the libpq in it can do, connected by libpq's variables. Run by `psycopg_suite.py`.

What a test records as `shown` must be the same on both sides.
"""
