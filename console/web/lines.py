"""What clients of Postgres are given to connect with, ready to be pasted. Pure."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

#: Addresses that mean all of a machine's.
_EVERYWHERE = ("0.0.0.0", "::", "")
_HOST = re.compile(r"[A-Za-z0-9.:-]+")


@dataclass(frozen=True, kw_only=True)
class At:
    """Where clients reach the server.

    Attributes:
        host: a name or an address, or the directory of a socket.
        encrypted: whether they need TLS.
    """

    host: str
    port: int
    encrypted: bool = False

    def seen_from(self, host: str | None) -> At:
        """The same; if it is all of a machine's addresses, the one that a browser has reached it by."""
        if self.host not in _EVERYWHERE:
            return self
        return replace(self, host=host if host and _HOST.fullmatch(host) else "127.0.0.1")

    @property
    def is_socket(self) -> bool:
        return self.host.startswith("/")

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def url(at: At, database: str, login: str, password: str | None, scheme: str = "postgresql") -> str:
    """A connection string."""
    who = quote(login, safe="") + (f":{quote(password, safe='')}" if password else "")
    given = {"host": at.host, "port": str(at.port)} if at.is_socket else {}
    if at.encrypted and not at.is_socket:
        given["sslmode"] = "require"
    where = "" if at.is_socket else str(at)
    query = "?" + urlencode(given, safe="/") if given else ""
    return f"{scheme}://{who}@{where}/{quote(database, safe='')}{query}"


def lines(at: At, database: str, login: str, password: str | None) -> list[tuple[str, str]]:
    """For each client its name, and what it takes."""
    found = [("psql", f"psql {shlex.quote(url(at, database, login, password))}")]
    if not at.is_socket:
        where = f"jdbc:postgresql://{at}/{quote(database, safe='')}"
        ssl = {"sslmode": "require"} if at.encrypted else {}
        given = {"user": login} | ({"password": password} if password else {})
        found.append(("JDBC", f"{where}?{urlencode(given | ssl)}"))
        options = [f"-url={where}{'?' + urlencode(ssl) if ssl else ''}", f"-user={login}"]
        options += [f"-password={password}"] if password else []
        found.append(("Flyway", f"flyway {shlex.join(options)} migrate"))
    engine = json.dumps(url(at, database, login, password, "postgresql+psycopg"))
    found.append(("SQLAlchemy", f"create_engine({engine})"))
    if not at.is_socket:
        fields = [("Host", at.host), ("Port", str(at.port)), ("Database name", database), ("Username", login)]
        fields += [("Password", password)] if password else []
        fields.append(("Use a secure connection (SSL)", "on" if at.encrypted else "off"))
        found.append(("Metabase", "\n".join(f"{name}: {value}" for name, value in fields)))
    return found
