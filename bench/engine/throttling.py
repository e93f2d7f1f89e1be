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

from deploy.simulator.throttling import Bucket, Limit

Kind = tuple[str, bool]


READING, CHANGING = Limit(capacity=100, refill=20), Limit(capacity=50, refill=10)


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
    _buckets: dict[Kind, Bucket] = field(default_factory=dict)

    def take(self, service: str, changing: bool) -> bool:
        """Whether a call is let through now."""
        kind, limit, now = (service, changing), self.limits[changing], time.monotonic()
        bucket = self._buckets.setdefault(kind, Bucket(limit, limit.capacity, now))
        bucket.fill(now)
        if bucket.tokens < 1:
            self.refused += 1
            return False
        bucket.tokens -= 1
        self.taken[kind] += 1
        return True

    @property
    def least(self) -> float:
        """Seconds in which nobody could have made these calls faster, were it for the buckets alone."""
        waits = [
            (count - self.limits[changing].capacity) / self.limits[changing].refill
            for (_, changing), count in self.taken.items()
        ]
        return max([0.0, *waits])
