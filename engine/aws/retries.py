"""Which calls are made again, and after how long. Pure but for the dice."""

from __future__ import annotations

import random
from dataclasses import dataclass

from engine.aws.errors import CloudError, Treatment
from engine.waiting import growing


@dataclass(frozen=True, kw_only=True)
class Retries:
    """How long a call is repeated that AWS has not refused.

    Attributes:
        attempts: how often it is sent if it is lost on its way or AWS fails in it.
        throttled: seconds for which AWS may say of all calls that share its limits that they come too fast,
            until it is given up. How long a call waits for its turn (`engine.aws.pace`) does not count.
    """

    attempts: int = 6
    throttled: float = 120

    def again(self, error: CloudError, *, sent: int, throttled: float, repeatable: bool) -> bool:
        """Whether a call is sent again.

        Args:
            sent: how often it has been sent, without the times that it was throttled.
            throttled: seconds for which AWS has let none of the calls through that share its limits.
            repeatable: that it is performed twice does no harm.
        """
        match error.treatment:
            case Treatment.REFUSED:
                return False
            case Treatment.THROTTLED:
                return throttled < self.throttled
            case Treatment.UNSENT:
                return sent < self.attempts
            case Treatment.LOST:
                return repeatable and sent < self.attempts


_growing = growing(0.25, most=8)


def pause(sent: int) -> float:
    """Seconds until a call is sent again; at random, so that many do not come at once."""
    return random.uniform(0.5, 1) * _growing(sent)
