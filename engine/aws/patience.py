"""How long to go on trying what AWS cannot do yet."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from engine.aws.errors import CloudError
from engine.caller import Stop
from engine.waiting import Attempts, growing

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Limits of the engine's own retries, in seconds; the AWS client's are beside them.

    Attributes:
        eventual: for AWS to see what has just been made.
        busy: for what is going away to be gone.
        awaited: for what has to come about before a resource can be used.
        lost: for AWS to show what it may have made in a call whose answer was lost.
    """

    eventual: float = 60
    busy: float = 120
    awaited: float = 900
    lost: float = 5


async def persist(
    attempt: Callable[[], Awaitable[T]],
    again: Callable[[CloudError], bool],
    seconds: float,
    stop: Stop,
    *,
    spacing: float = 0,
) -> T:
    """Try until it works, `again` says no, the time is up, or a stop is requested.

    Args:
        spacing: seconds between two attempts at least.

    Raises:
        CloudError: of the last attempt.
    """
    error: CloudError | None = None
    pauses = (lambda number: max(_pause(number), spacing)) if spacing else _pause
    async for _ in Attempts(pauses, seconds=seconds, stop=stop, last_after_stop=True):
        try:
            return await attempt()
        except CloudError as reason:
            if not again(reason):
                raise
            error = reason
    assert error is not None
    raise error


class Scouting:
    """Calls of one operation, each of which AWS refuses as long as it does not see what was just made for it.

    Each try takes a token that other calls need, and all have to wait equally long. So one of them tries for
    all; once it has got through it is known for how long the others have to wait.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._seen_after: float | None = None

    async def persist(
        self,
        attempt: Callable[[], Awaitable[T]],
        again: Callable[[CloudError], bool],
        seconds: float,
        stop: Stop,
        *,
        spacing: float,
    ) -> T:
        """As `persist`, but for the first of those calls, when AWS can be expected to see what they need.

        Raises:
            CloudError: of the last attempt.
            OperationError: a stop was requested before the first.
        """
        began = time.monotonic()

        async def timed() -> T:
            tried = time.monotonic()
            result = await attempt()
            if self._seen_after is None:
                self._seen_after = tried - began
            return result

        if self._seen_after is None:
            async with self._turn:
                if time.monotonic() > began:
                    stop.check()
                if self._seen_after is None:
                    return await persist(timed, again, seconds, stop, spacing=spacing)
        await stop.pause(began + self._seen_after - time.monotonic())
        stop.check()
        return await persist(attempt, again, seconds, stop, spacing=spacing)


_growing = growing(0.5)


def _pause(attempt: int) -> float:
    return 0.5 if attempt == 1 else min(_growing(attempt - 1) + random.uniform(0, 0.5), 8)
