"""The console: pages to look at a database, and to change AWS from.

It connects to the proxy as any client does, with the name and password of whoever signs in.
"""
