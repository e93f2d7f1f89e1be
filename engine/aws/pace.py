"""How many calls of one service are under way at once: fewer when AWS throttles them, more again when not.

The limit is halved when a call is throttled and grows by one with each round of calls that are not, so that
it stays near what AWS allows, whatever that is (additive increase, multiplicative decrease, as in
https://www.rfc-editor.org/rfc/rfc5681).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque


class Pace:
    """Lets calls begin: `async with pace`.

    Attributes:
        limit: how many may be under way at once, now.
    """

    def __init__(self, most: int) -> None:
        self.limit = float(most)
        self._most = most
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._slowed = 0.0

    @property
    def under_way(self) -> int:
        """How many calls are."""
        return self._under_way

    async def __aenter__(self) -> None:
        if self._under_way < int(self.limit) and not self._waiting:
            self._under_way += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            raise

    async def __aexit__(self, *error: object) -> None:
        self._leave()

    def throttled(self, sent: float) -> None:
        """Slow down, once for all calls that were under way together.

        Args:
            sent: when the throttled call was sent, on the clock of `time.monotonic`.
        """
        if sent >= self._slowed:
            self.limit = max(self.limit / 2, 1)
            self._slowed = time.monotonic()

    def answered(self) -> None:
        """Speed up a little, if it was slowed down."""
        if self.limit < self._most:
            self.limit = min(self.limit + 1 / self.limit, self._most)
            self._admit()

    def _leave(self) -> None:
        self._under_way -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._under_way < int(self.limit):
            turn = self._waiting.popleft()
            if not turn.done():
                self._under_way += 1
                turn.set_result(None)
