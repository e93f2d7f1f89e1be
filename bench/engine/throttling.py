"""How AWS limits the rate of calls: two accounts with buckets of tokens.

`Documented` has the buckets that AWS documents, which are those of the simulated AWS. `Shared` has one for
all reading calls of a service and one for all that change, and the engine knows nothing of either; the sizes
are of the order of those of EC2 and ECS.
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from botocore import xform_name
from botocore.session import get_session

from bench.engine import latency
from deploy.simulator.call import AwsCall
from deploy.simulator.throttling import Bucket, Limit, limits
from engine.aws.bucket import Limit as EngineLimit
from engine.aws.limits import Named, guess
from engine.aws.limits import buckets as documented

READING, CHANGING = Limit(capacity=100, refill=20), Limit(capacity=50, refill=10)

#: A bucket's service and name, and its size.
_Kind = tuple[str, str, Limit]


def unlimited(service: str, operation: str) -> tuple[Named, ...]:
    """What the engine knows of an account where no limit is in the way."""
    return (("all", EngineLimit(1e9, 1e9)),)


def undocumented(service: str, operation: str) -> tuple[Named, ...]:
    """What the engine knows of an account whose services document nothing."""
    return guess(operation)


def least(taken: Iterable[tuple[Limit, int]]) -> float:
    """Seconds that it takes at least until full buckets have let so many calls through."""
    waits = ((count - limit.capacity) / limit.refill for limit, count in taken)
    return max((0.0, *waits))


class Buckets(ABC):
    """The buckets of one account.

    Attributes:
        taken: calls that were let through, by bucket.
        passed: how many they were.
        refused: calls that were not, by operation.
        known: what the engine knows of them at first.
    """

    known = staticmethod(documented)

    def __init__(self) -> None:
        self.taken: Counter[_Kind] = Counter()
        self.passed = 0
        self.refused: Counter[str] = Counter()
        self._buckets: dict[_Kind, Bucket] = {}

    @abstractmethod
    def of(self, service: str, operation: str, params: Mapping[str, Any]) -> Iterator[tuple[str, Limit]]:
        """The buckets that a call takes a token from, each by its name within the service.

        Args:
            service, operation: botocore's names.
        """

    def take(self, service: str, operation: str, params: Mapping[str, Any]) -> bool:
        """Whether a call is let through now."""
        kinds = [(service, name, limit) for name, limit in self.of(service, operation, params)]
        buckets = [self._bucket(kind) for kind in kinds]
        if any(bucket.tokens < 1 for bucket in buckets):
            self.refused[operation] += 1
            return False
        for bucket in buckets:
            bucket.tokens -= 1
        self.passed += 1
        self.taken.update(kinds)
        return True

    @property
    def least(self) -> float:
        """Seconds in which nobody could have made these calls faster, were it for the buckets alone."""
        return least((limit, count) for (_, _, limit), count in self.taken.items())

    def _bucket(self, kind: _Kind) -> Bucket:
        limit, now = kind[2], time.monotonic()
        bucket = self._buckets.setdefault(kind, Bucket(limit, limit.capacity, now))
        bucket.fill(now)
        return bucket


class Shared(Buckets):
    """A service's reading calls share a bucket, and so do those that change something."""

    known = staticmethod(undocumented)

    def __init__(self, reading: Limit = READING, changing: Limit = CHANGING) -> None:
        super().__init__()
        self._limits = {False: ("reading", reading), True: ("changing", changing)}

    def of(self, service: str, operation: str, params: Mapping[str, Any]) -> Iterator[tuple[str, Limit]]:
        yield self._limits[latency.mutating(operation)]


class Documented(Buckets):
    """The buckets of the simulated AWS.

    Args:
        times: how much larger they are, and how much faster they are refilled.
    """

    def __init__(self, times: float = 1) -> None:
        super().__init__()
        self._times = times

    def of(self, service: str, operation: str, params: Mapping[str, Any]) -> Iterator[tuple[str, Limit]]:
        signing_name, names = _names(service)
        filtered = {"MaxResults": "1"} if params.keys() & {"Filters", "MaxResults"} else {}
        call = AwsCall(
            service=signing_name,
            operation=names[operation],
            region="",
            account="",
            parameters=filtered,
        )
        for name, limit in limits(call):
            yield name, Limit(limit.capacity * self._times, limit.refill * self._times)


@cache
def _names(service: str) -> tuple[str, Mapping[str, str]]:
    """What AWS calls a service in a signature, and its operations, by botocore's names."""
    model = get_session().get_service_model(service)
    return model.signing_name, {xform_name(each): each for each in model.operation_names}
