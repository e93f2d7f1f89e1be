"""Where a suite's clients connect: to Postgres itself, or to the proxy in front of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

USER = "postgres"
DATABASE = "postgres"
HOST = "localhost"


@dataclass(frozen=True, kw_only=True)
class Target:
    """One side of a comparison; `USER` is a superuser, `DATABASE` is empty.

    Attributes:
        root: certificate that TLS is verified with, or None without TLS.
        programs: directory of psql, pgbench, pg_dump.
        proxied: whether there is a proxy in between.
        postmaster: its process id.
        data: the server's data directory.
    """

    port: int
    password: str
    root: Path | None
    programs: Path
    proxied: bool
    postmaster: int
    data: Path

    @property
    def sslmode(self) -> str:
        return "disable" if self.root is None else "verify-full"

    @property
    def parameters(self) -> dict[str, str]:
        """What says in a URL whether there is TLS, in libpq's words."""
        return {"sslmode": self.sslmode} | ({"sslrootcert": str(self.root)} if self.root else {})

    def url(self, database: str = DATABASE, **parameters: str) -> str:
        """A URL for libpq and those who follow it."""
        words = urlencode(self.parameters | parameters, quote_via=quote)
        return f"postgresql://{USER}:{quote(self.password, safe='')}@{HOST}:{self.port}/{database}?{words}"

    @property
    def environment(self) -> dict[str, str]:
        """The same for those who read libpq's variables."""
        variables = {
            "PGHOST": HOST,
            "PGPORT": str(self.port),
            "PGUSER": USER,
            "PGPASSWORD": self.password,
            "PGDATABASE": DATABASE,
            "PGSSLMODE": self.sslmode,
            "PGGSSENCMODE": "disable",
        }
        return variables | ({"PGSSLROOTCERT": str(self.root)} if self.root else {})

    def neutral(self, text: str) -> str:
        """What was printed, without what cannot be the same on both sides."""
        return re.sub(rf'(port "?|localhost:|127\.0\.0\.1:){self.port}\b', r"\1PORT", text)
