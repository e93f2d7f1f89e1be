"""Which calls are made again, and after how long. Pure but for the dice."""

from __future__ import annotations

import random
from dataclasses import dataclass

from engine.aws.errors import CloudError, Treatment


@dataclass(frozen=True, kw_only=True)
class Retries:
    """How long a call is repeated that AWS has not refused.

    Attributes:
        attempts: how often it is sent if it is lost on its way or AWS fails in it.
        throttled: seconds for which it is sent again if AWS says that calls come too fast; `engine.aws.pace`
            makes them slower meanwhile.
    """

    attempts: int = 6
    throttled: float = 120

    def delay(self, error: CloudError, *, sent: int, seconds: float, repeatable: bool) -> float | None:
        """Seconds until the call is sent again, None if it is given up.

        Args:
            sent: how often it has been sent.
            seconds: since it was sent first.
            repeatable: that it is performed twice does no harm.
        """
        match error.treatment:
            case Treatment.REFUSED:
                again = False
            case Treatment.THROTTLED:
                again = seconds < self.throttled
            case Treatment.UNSENT:
                again = sent < self.attempts
            case Treatment.LOST:
                again = repeatable and sent < self.attempts
        return random.uniform(0.5, 1) * min(0.25 * 2 ** (sent - 1), 8) if again else None
