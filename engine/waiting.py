"""Attempts at what may not succeed yet, with pauses between them: all of the engine's loops that wait."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

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
        paused: seconds of all pauses so far.
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
        self.paused = 0.0
        self._pauses = pauses
        self._count = count
        self._limit = seconds
        self._stop = stop
        self._last_after_stop = last_after_stop
        self._began = 0.0

    @property
    def seconds(self) -> float:
        """How long ago the first attempt began."""
        return time.monotonic() - self._began

    def __aiter__(self) -> Attempts:
        return self

    async def __anext__(self) -> int:
        if self.number == 0:
            self._began = time.monotonic()
        elif not await self._another():
            raise StopAsyncIteration
        self.number += 1
        return self.number

    async def _another(self) -> bool:
        """Pause; whether an attempt follows."""
        if self._stopped() or self.number >= self._count or self.seconds >= self._limit:
            return False
        pause = self._pauses(self.number)
        await (self._stop.pause(pause) if self._stop is not None else asyncio.sleep(pause))
        self.paused += pause
        return self._last_after_stop or not self._stopped()

    def _stopped(self) -> bool:
        return self._stop is not None and self._stop.requested
