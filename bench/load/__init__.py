"""Whether the proxy stays as it is under many connections for long: `make bench-load`.

clients.py  those that wait, and those that work and know what they must be told
scene.py    Postgres, the proxy, the clients; what the proxy's process holds meanwhile
"""
