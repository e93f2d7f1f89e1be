"""How long to go on trying what AWS cannot do yet."""

from __future__ import annotations

import random
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
        lost: for AWS to show what it may have made in a call whose answer was lost.
    """

    eventual: float = 60
    busy: float = 120
    lost: float = 5


async def persist(
    attempt: Callable[[], Awaitable[T]], again: Callable[[CloudError], bool], seconds: float, stop: Stop
) -> T:
    """Try until it works, `again` says no, the time is up, or a stop is requested.

    Raises:
        CloudError: of the last attempt.
    """
    error: CloudError | None = None
    async for _ in Attempts(_pause, seconds=seconds, stop=stop, last_after_stop=True):
        try:
            return await attempt()
        except CloudError as reason:
            if not again(reason):
                raise
            error = reason
    assert error is not None
    raise error


_growing = growing(0.5)


def _pause(attempt: int) -> float:
    return 0.5 if attempt == 1 else min(_growing(attempt - 1) + random.uniform(0, 0.5), 8)
