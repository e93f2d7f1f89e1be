"""Throttling as AWS documents it: every call takes a token from the bucket of its category.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html

AWS documents that IAM throttles, but not at which rate: its buckets here are as small as those of ELB.
Calls of other services are not throttled.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError


@dataclass(frozen=True)
class Limit:
    """A bucket's size.

    Attributes:
        capacity: how many calls can be made at once.
        refill: how many more each second.
    """

    capacity: float
    refill: float


@dataclass
class Bucket:
    """The tokens that are left, and when that was so."""

    limit: Limit
    tokens: float
    at: float

    def fill(self, now: float) -> None:
        """Add what has been refilled since."""
        self.tokens = min(self.limit.capacity, self.tokens + (now - self.at) * self.limit.refill)
        self.at = now


_EC2_READS, _EC2_UNFILTERED = Limit(100, 20), Limit(50, 10)
_EC2_CHANGES, _EC2_GATEWAYS = Limit(50, 5), Limit(10, 1)
_UNFILTERED = frozenset(
    {
        "DescribeInstances",
        "DescribeInstanceStatus",
        "DescribeNetworkInterfaces",
        "DescribeSecurityGroups",
        "DescribeSnapshots",
        "DescribeSpotInstanceRequests",
        "DescribeVolumes",
    }
)
_GATEWAYS = frozenset({"CreateNatGateway", "DeleteNatGateway"})

_ECS: tuple[tuple[str, Limit, frozenset[str]], ...] = (
    ("cluster modify", Limit(20, 1), frozenset({"CreateCluster", "DeleteCluster", "UpdateCluster"})),
    ("cluster read", Limit(50, 20), frozenset({"DescribeClusters", "ListClusters"})),
    (
        "task definition modify",
        Limit(20, 1),
        frozenset({"RegisterTaskDefinition", "DeregisterTaskDefinition"}),
    ),
    (
        "task definition read",
        Limit(50, 20),
        frozenset({"DescribeTaskDefinition", "ListTaskDefinitions", "ListTaskDefinitionFamilies"}),
    ),
    ("service modify", Limit(50, 5), frozenset({"CreateService", "UpdateService", "DeleteService"})),
    ("service read", Limit(100, 20), frozenset({"DescribeServices", "ListServices"})),
)

_ELB_ALL = Limit(40, 10)
_ELB_RESOURCES, _ELB_REGISTRATION = Limit(10, 0.2), Limit(20, 4)
_ELB_READS, _ELB_CHANGES = Limit(40, 10), Limit(20, 3)

_ROUTE_53 = Limit(5, 5)

_IAM_READS, _IAM_CHANGES = Limit(40, 10), Limit(20, 3)

#: What each service's refusal is called, and its HTTP status.
_REFUSALS = {
    "ec2": ("RequestLimitExceeded", 503),
    "iam": ("Throttling", 400),
    "route53": ("Throttling", 400),
}


def refusal(call: AwsCall) -> AwsError:
    """What AWS answers to a call that is one too many."""
    code, status = _REFUSALS.get(call.service, ("ThrottlingException", 400))
    return AwsError(code, "Rate exceeded", status)


def limits(call: AwsCall) -> Iterator[tuple[str, Limit]]:
    """The buckets that a call takes a token from, each by its name within the service."""
    match call.service:
        case "ec2":
            yield _of_ec2(call)
        case "ecs":
            yield from ((name, limit) for name, limit, operations in _ECS if call.operation in operations)
        case "elasticloadbalancing":
            yield "all", _ELB_ALL
            yield _of_elb(call)
        case "route53":
            yield "all", _ROUTE_53
        case "iam":
            yield ("mutating", _IAM_CHANGES) if call.mutating else ("reading", _IAM_READS)


def _of_ec2(call: AwsCall) -> tuple[str, Limit]:
    """Each operation of EC2 has a bucket of its own, of the size of its category."""
    name = call.operation
    if name in _GATEWAYS:
        return name, _EC2_GATEWAYS
    if call.mutating:
        return name, _EC2_CHANGES
    if name in _UNFILTERED and not any(key.startswith(("Filter.", "MaxResults")) for key in call.parameters):
        return f"{name}, unfiltered", _EC2_UNFILTERED
    return name, _EC2_READS


def _of_elb(call: AwsCall) -> tuple[str, Limit]:
    if call.operation in {"CreateLoadBalancer", "SetSubnets"}:
        return "resource-intensive", _ELB_RESOURCES
    if call.operation in {"RegisterTargets", "DeregisterTargets"}:
        return "registration", _ELB_REGISTRATION
    return ("mutating", _ELB_CHANGES) if call.mutating else ("non-mutating", _ELB_READS)


class Time(Protocol):
    """What tells the time."""

    def now(self) -> float: ...


class Throttle:
    """The buckets of every account and region; safe for threads."""

    def __init__(self, clock: Time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str, str, str], Bucket] = {}

    def allows(self, call: AwsCall) -> bool:
        """Whether every bucket of a call has a token for it; then they are taken."""
        now = self._clock.now()
        with self._lock:
            buckets = [self._bucket(call, name, limit, now) for name, limit in limits(call)]
            if any(bucket.tokens < 1 for bucket in buckets):
                return False
            for bucket in buckets:
                bucket.tokens -= 1
            return True

    def _bucket(self, call: AwsCall, name: str, limit: Limit, now: float) -> Bucket:
        key = (call.account, call.region, call.service, name)
        bucket = self._buckets.setdefault(key, Bucket(limit, limit.capacity, now))
        bucket.fill(now)
        return bucket
