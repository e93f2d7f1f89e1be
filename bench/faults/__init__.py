"""What faults of AWS do to an apply: `make bench-faults`.

The tutorial's stack is made and deleted again while a part of all calls goes wrong in one way. The engine,
the journal and Postgres are the real ones, the account is the simulated one.
"""
