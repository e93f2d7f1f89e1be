"""Attempts at what may not succeed yet, with pauses between them: all of the engine's loops that wait."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

from tenacity import AsyncRetrying, RetryCallState, RetryError, retry_always

from engine.caller import Stop

#: Seconds to pause after an attempt, by the attempt's number, which begins at 1.
Pauses = Callable[[int], float]


def growing(first: float, *, factor: float = 2, most: float = math.inf) -> Pauses:
    """Pauses of which each is `factor` times as long as the one before, up to `most` seconds."""
    return lambda attempt: min(first * factor ** min(attempt - 1, _LONG), most)


#: After so many attempts pauses do not grow any more, so that no number overflows.
_LONG = 64


class Attempts:
    """The numbers of attempts, from 1 on: `async for number in Attempts(…)`.

    The body leaves the loop when an attempt succeeds, or when another would be in vain. The loop itself ends
    when the attempts are used up, the time is over, or a stop is requested, which also ends a pause.

    Attributes:
        number: of the attempt under way.
    """

    def __init__(
        self,
        pauses: Pauses,
        *,
        count: float = math.inf,
        seconds: float = math.inf,
        stop: Stop | None = None,
        last_after_stop: bool = False,
    ) -> None:
        """
        Args:
            count: how many attempts there are at most.
            seconds: after so long no other attempt follows.
            stop: ends the attempts.
            last_after_stop: a stop that comes in a pause is followed by one more attempt.
        """
        self.number = 0
        self._pauses = pauses
        self._count = count
        self._limit = seconds
        self._stop = stop
        self._last_after_stop = last_after_stop
        self._began = 0.0
        self._retrying: AsyncRetrying | None = None
        self._state: RetryCallState | None = None

    @property
    def seconds(self) -> float:
        """How long ago the first attempt began."""
        return time.monotonic() - self._began if self.number else 0.0

    @property
    def paused(self) -> float:
        """Seconds of all pauses so far."""
        return self._state.idle_for if self._state is not None else 0.0

    def __aiter__(self) -> Attempts:
        return self

    async def __anext__(self) -> int:
        if self.number:
            self.number = await self._another()
        else:
            self.number, self._began = 1, time.monotonic()
        return self.number

    async def _another(self) -> int:
        """The number of the next attempt, after a pause.

        Raises:
            StopAsyncIteration: none follows.
        """
        if self._retrying is None or self._state is None:
            # Not sooner: most attempts succeed at once, and this would be a quarter of an apply's CPU.
            self._retrying = aiter(self._rules())
            self._state = (await anext(self._retrying)).retry_state  # of the attempt that was made
        self._state.set_result(None)  # who is content with an attempt leaves the loop instead
        try:
            await anext(self._retrying)
        except RetryError:
            raise StopAsyncIteration from None
        if self._stopped() and not self._last_after_stop:
            raise StopAsyncIteration
        return self._state.attempt_number

    def _rules(self) -> AsyncRetrying:
        return AsyncRetrying(
            retry=retry_always,
            wait=lambda state: self._pauses(state.attempt_number),
            stop=lambda _: self.number >= self._count or self.seconds >= self._limit or self._stopped(),
            sleep=self._pause,
        )

    async def _pause(self, seconds: float) -> None:
        await (self._stop.pause(seconds) if self._stop is not None else asyncio.sleep(seconds))

    def _stopped(self) -> bool:
        return self._stop is not None and self._stop.requested
