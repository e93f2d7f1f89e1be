"""What operators do on the console: connect databases to AWS accounts. How it is done, `deploy` says."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from console.web.lines import At

#: How the server may get into an account.
WAYS = ("role", "profile", "key", "own")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What an operator wants to be connected.

    Attributes:
        regions: the default one first.
        way: one of `WAYS`.
        of: the role's ARN, the profile's name, or the access key's id.
        secret: of an access key.
        existing: a database that is there; empty for a new one.
        database, login: names for what is new; empty for names by chance.
    """

    name: str
    regions: tuple[str, ...]
    way: str
    of: str = ""
    secret: str = field(default="", repr=False)
    source_identity: bool = False
    existing: str = ""
    database: str = ""
    login: str = ""
    schema: str = "public"
    shared: bool = False


@dataclass(frozen=True, kw_only=True)
class Made:
    """A connection that was made.

    Attributes:
        arn: who the credentials are to AWS.
        said: what else is to be known, in sentences.
        password: of a new login, None if there is none.
    """

    name: str
    account: str
    arn: str
    said: tuple[str, ...]
    database: str
    login: str
    password: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Operators:
    """Who may connect accounts, and what does it.

    Attributes:
        password: reads the operators' password, anew each time; None if it cannot be read.
        connect: connects, or raises `Refused`; nothing is left of it then.
        at: where clients reach the server.
    """

    password: Callable[[], str | None]
    connect: Callable[[Wanted], Awaitable[Made]]
    at: At

    def has_among_them(self, given: str) -> bool:
        """Whether somebody knows the password."""
        password = self.password()
        return bool(password) and hmac.compare_digest((password or "").encode(), given.encode())


def wanted(form: Mapping[str, str]) -> Wanted:
    """What a form asks for. Pure.

    Raises:
        ValueError: what is missing, as a sentence.
    """
    text = {name: value.strip() for name, value in form.items()}
    if any("\0" in each for each in text.values()):
        raise ValueError("There is a character in it that cannot be.")
    regions = tuple(dict.fromkeys(text.get("regions", "").replace(",", " ").split()))
    way = text.get("way", "")
    if not text.get("name") or not regions:
        raise ValueError("A name and a region are needed.")
    if way not in WAYS:
        raise ValueError("How the server gets into the account has to be chosen.")
    of = "" if way == "own" else text.get(way, "")
    secret = text.get("secret", "") if way == "key" else ""
    if way != "own" and not of:
        needed = {"role": "The role's ARN is", "profile": "The profile's name is", "key": "The key's id is"}
        raise ValueError(f"{needed[way]} needed.")
    if way == "key" and not secret:
        raise ValueError("The key's secret is needed; it is not kept in the form.")
    if text.get("existing") and text.get("database"):
        raise ValueError("A database is there already, or is a new one; not both.")
    return Wanted(
        name=text["name"],
        regions=regions,
        way=way,
        of=of,
        secret=secret,
        source_identity=way == "role" and text.get("source_identity") == "on",
        existing=text.get("existing", ""),
        database=text.get("database", ""),
        login=text.get("login", ""),
        schema=text.get("schema") or "public",
        shared=text.get("shared") == "on",
    )
