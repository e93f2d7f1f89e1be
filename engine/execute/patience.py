"""How long to go on trying what AWS cannot do yet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception, stop_after_delay, wait_exponential_jitter
from tenacity.stop import stop_base

from engine.aws.errors import CloudError
from engine.caller import Stop

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

    def due(error: BaseException) -> bool:
        return isinstance(error, CloudError) and not stop.requested and again(error)

    try:
        return await attempt()  # as it is for most
    except CloudError as error:
        if not due(error):
            raise
        await stop.pause(0.5)
    limit: stop_base = stop_after_delay(seconds)
    async for trial in AsyncRetrying(
        retry=retry_if_exception(due),
        stop=limit,
        wait=wait_exponential_jitter(multiplier=0.5, max=8, jitter=0.5),
        reraise=True,
    ):
        with trial:
            return await attempt()
    raise AssertionError("the last attempt returns or raises")
