"""AWS accounts, and which database is connected to which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from engine.aws.session import Cloud


class Account:
    """An AWS account, as databases are connected to it; its regions are opened when they are first needed.

    Attributes:
        region: the default one; None for what the standard settings say.
        regions: all that it is connected with, the default one first; empty if that is not recorded.
        schema: the schema whose tables are the default region's.
    """

    def __init__(
        self,
        open_region: Callable[[str | None], Cloud],
        region: str | None = None,
        *,
        regions: tuple[str, ...] = (),
        schema: str = "public",
    ) -> None:
        """
        Args:
            open_region: gives the clients of a region, None for the default one.
        """
        self.region = region
        self.regions = regions
        self.schema = schema
        self._open_region = open_region
        self._clouds: dict[str | None, Cloud] = {}

    def cloud(self, region: str | None = None) -> Cloud:
        """The clients of a region, the default one if none is named."""
        key = None if region == self.region else region
        if key not in self._clouds:
            self._clouds[key] = self._open_region(key)
        return self._clouds[key]

    @property
    def idle(self) -> float:
        """Seconds since any of its regions was used; 0 while a call is under way."""
        return min((each.idle for each in self._clouds.values()), default=0.0)

    async def close(self) -> None:
        """Close all clients; they are made anew when they are needed again."""
        for each in self._clouds.values():
            await each.close()


class Accounts(Protocol):
    """Knows the account of each database."""

    async def of(self, database: str, *, user: str = "", changing: bool = False) -> Account:
        """The account that a database is connected to.

        Args:
            user: the role that is logged in; AWS is told it where it can be.
            changing: whether AWS is to be changed; else what is given may do no more than read, where that
                can be had.

        Raises:
            OperationError: 55000, it is connected to none.
        """

    async def databases(self) -> Sequence[str]:
        """The databases that are connected to an account for good, by name.

        Raises:
            OperationError: 58000, that cannot be found out.
        """

    async def close(self) -> None:
        """Close all clients."""


class OneAccount:
    """The same account for every database; `Accounts`.

    Args:
        databases: those that are connected to it for good.
    """

    def __init__(self, account: Account, databases: Sequence[str] = ()) -> None:
        self._account = account
        self._databases = databases

    async def of(self, database: str, *, user: str = "", changing: bool = False) -> Account:
        return self._account

    async def databases(self) -> Sequence[str]:
        return self._databases

    async def close(self) -> None:
        await self._account.close()


def only(cloud: Cloud) -> OneAccount:
    """One account of one region, for every database."""
    return OneAccount(Account(lambda region: cloud))
