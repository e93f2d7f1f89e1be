"""The bytes of the PostgreSQL protocol, version 3. Pure: no socket, no event loop.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""
