"""How AWS limits the rate of calls: a bucket of tokens for each service's reading and changing calls.

The sizes are of the order of those that AWS documents for EC2 and ECS.
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

Kind = tuple[str, bool]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A bucket.

    Attributes:
        size: calls that can be made at once.
        refill: calls that become possible in a second.
    """

    size: float
    refill: float


READING, CHANGING = Limit(size=100, refill=20), Limit(size=50, refill=10)


@dataclass
class Buckets:
    """The buckets of one account.

    Attributes:
        limits: of calls that read, and of those that change.
        taken: calls that were let through, by service and whether they change.
        refused: how many were not.
    """

    limits: Mapping[bool, Limit] = field(default_factory=lambda: {False: READING, True: CHANGING})
    taken: Counter[Kind] = field(default_factory=Counter)
    refused: int = 0
    _tokens: dict[Kind, float] = field(default_factory=dict)
    _since: dict[Kind, float] = field(default_factory=dict)

    def take(self, service: str, changing: bool) -> bool:
        """Whether a call is let through now."""
        kind, limit, now = (service, changing), self.limits[changing], time.monotonic()
        tokens = self._tokens.get(kind, limit.size) + (now - self._since.get(kind, now)) * limit.refill
        tokens = min(tokens, limit.size)
        self._since[kind] = now
        enough = tokens >= 1
        self._tokens[kind] = tokens - 1 if enough else tokens
        if enough:
            self.taken[kind] += 1
        else:
            self.refused += 1
        return enough

    @property
    def least(self) -> float:
        """Seconds in which nobody could have made these calls faster, were it for the buckets alone."""
        waits = [
            (count - self.limits[changing].size) / self.limits[changing].refill
            for (_, changing), count in self.taken.items()
        ]
        return max([0.0, *waits])
