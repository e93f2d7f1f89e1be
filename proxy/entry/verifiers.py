"""What Postgres keeps in place of passwords, so that the proxy can check a client's proof itself."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Protocol

from proxy.wire.scram import Verifier

#: How many are remembered.
_REMEMBERED = 1_000

#: Connections that are used for reading at once.
_READERS = 4


class Passwords(Protocol):
    """Reads pg_authid (`engine.database.Database`)."""

    async def may_read_passwords(self) -> bool:
        """Whether it may be read."""

    async def password(self, role: str) -> str | None:
        """What it has for a role."""


class Verifiers:
    """Reads verifiers, and remembers those of the last roles.

    What is remembered may have been replaced in Postgres: a proof that does not match it
    is to be checked against what is read then. So a wrong password and a role that does
    not exist both cost one reading.
    """

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self._readers = asyncio.Semaphore(_READERS)
        self._readable: bool | None = None
        self._verifiers: OrderedDict[str, Verifier] = OrderedDict()

    async def readable(self) -> bool:
        """Whether there are any to be had; asked of Postgres once.

        Raises:
            OperationError: Postgres cannot be asked.
        """
        if self._readable is None:
            self._readable = await self._passwords.may_read_passwords()
        return self._readable

    def remembered(self, role: str) -> Verifier | None:
        """The verifier that was read for a role before."""
        if (verifier := self._verifiers.get(role)) is not None:
            self._verifiers.move_to_end(role)
        return verifier

    async def read(self, role: str) -> Verifier | None:
        """The verifier that a role has now; None if it has none, or does not exist.

        Raises:
            OperationError: Postgres cannot be asked.
        """
        async with self._readers:
            kept = await self._passwords.password(role)
        verifier = None if kept is None else Verifier.read(kept)
        if verifier is None:
            self._verifiers.pop(role, None)
            return None
        self._verifiers[role] = verifier
        self._verifiers.move_to_end(role)
        if len(self._verifiers) > _REMEMBERED:
            self._verifiers.popitem(last=False)
        return verifier
