"""What time it is in the simulated account. A test may let it pass faster than it does."""

from __future__ import annotations

import time


class Clock:
    """Seconds that never go back; only their differences mean something."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        return time.monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let some seconds have passed."""
        self._ahead += seconds
