"""What the proxy costs, beside pgbouncer and a direct connection: `make bench-proxy`.

All of them serve the same Postgres and take turns, measurement by measurement, so that what else the machine
does meets each of them. Ratios are taken within a round; the median of the rounds counts.

    contestants.py  Postgres, pgbouncer and the proxies, running
    rounds.py       who is measured when, and the medians
    pgbench.py      transactions, and connections, a second
    bulk.py         COPY in both directions
    idle.py         memory of a connection that does nothing
    calls.py        what a statement with a call waits before the engine begins
"""
