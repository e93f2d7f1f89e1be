"""An account that is open: its sessions, and the check that its credentials are of the account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from accounts import refusals, roles, sessions
from accounts.model import Connection, Role
from accounts.seal import SecretKeys
from engine.aws.account import Account
from engine.aws.calls import identity
from engine.aws.session import Cloud, Identity

#: Seconds after which a session that may change AWS is closed.
_CHANGING_IDLE = 60.0


class OpenedAccount:
    """An account that is open, and what it was opened for.

    A role has a session for each Postgres role, since AWS writes down whose it is, and one more while that
    applies. Other credentials have one for all.

    Attributes:
        connection: what it was opened for.
    """

    def __init__(self, connection: Connection, keys: SecretKeys, reading_policy: str) -> None:
        """
        Raises:
            OperationError: its credentials are not there, or cannot be decrypted.
        """
        self.connection = connection
        self._reading_policy = reading_policy
        self._region = connection.regions[0]
        credentials = sessions.usable(connection, keys)
        self._source: Cloud | None = None
        if isinstance(credentials, Role):
            self._source = Cloud(region=self._region)
            self._role = credentials
        else:
            self._session = sessions.session(credentials, self._region)
        self._verified_for: str | None = None
        self._who: Identity | None = None
        self._paced: dict[str, Cloud] = {}
        self._accounts: dict[tuple[str, bool], Account] = {}

    def account(self, user: str = "", *, changing: bool = False) -> Account:
        """The account, as a Postgres role sees it or changes it."""
        key = (user, changing) if self._source else ("", False)
        if key not in self._accounts:
            self._accounts[key] = Account(
                self._opening(self._session_of(*key), key[0]),
                self._region,
                regions=self.connection.regions,
                schema=self.connection.schema,
            )
        return self._accounts[key]

    @property
    def idle(self) -> float:
        """Seconds since anything of it was used."""
        return min((each.idle for each in self._accounts.values()), default=0.0)

    async def close(self) -> None:
        """Close all clients."""
        for each in self._accounts.values():
            await each.close()
        if self._source is not None:
            await self._source.close()

    async def close_idle(self, seconds: float) -> None:
        """Close the sessions of Postgres roles that have not been used, but for the last."""
        for key, account in list(self._accounts.items()):
            most = min(seconds, _CHANGING_IDLE) if key[1] else seconds
            if account.idle >= most and len(self._accounts) > 1:
                del self._accounts[key]
                await account.close()

    async def verify(self) -> None:
        """Ask AWS whose the credentials are, once for each that there are.

        Raises:
            OperationError: 55000, another account's; or AWS refuses.
        """
        cloud = self._source or self.account().cloud()
        key = await cloud.access_key()
        if key is not None and key == self._verified_for:
            return
        self._verified_for = None
        cloud = self.account().cloud()
        cloud.identity = None
        who = await identity(cloud)
        if (who.account, who.partition) != (self.connection.account, self.connection.partition):
            await self.close()
            raise refusals.other_account(self.connection, who)
        self._who, self._verified_for = who, key

    def _session_of(self, user: str, changing: bool) -> Any:
        if self._source is None:
            return self._session
        policy = None if changing else self._reading_policy
        return roles.session(self._source, self._role, self._region, user=user, policy=policy)

    def _arn(self, who: Identity, user: str) -> str:
        """Who a session of a Postgres role is, by who another of the same role is."""
        if self._source is None:
            return who.arn
        return f"{who.arn.rpartition('/')[0]}/{roles.session_name(user)}"

    def _opening(self, session: Any, user: str) -> Callable[[str | None], Cloud]:
        """Opens regions with the credentials of a session."""

        def opened(region: str | None) -> Cloud:
            name = region or self._region
            cloud = Cloud(region=name, session=session, paced_with=self._paced.get(name))
            self._paced.setdefault(name, cloud)
            if self._who is not None:
                cloud.identity = replace(self._who, region=name, arn=self._arn(self._who, user))
            return cloud

        return opened
