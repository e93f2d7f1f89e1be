"""The buckets hold and refill what AWS documents; time is the test's own."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from deploy.simulator.call import AwsCall
from deploy.simulator.throttling import Throttle


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


def call(
    service: str,
    operation: str,
    *,
    region: str = "us-east-1",
    account: str = "1",
    parameters: Mapping[str, str] | None = None,
) -> AwsCall:
    return AwsCall(
        service=service, operation=operation, region=region, account=account, parameters=parameters or {}
    )


def burst(throttle: Throttle, wanted: AwsCall) -> int:
    """How many calls are let through at once."""
    return next(number for number in range(1000) if not throttle.allows(wanted))


@pytest.mark.parametrize(
    ("service", "operation", "capacity", "refill"),
    [
        ("ec2", "DescribeVpcs", 100, 20),
        ("ec2", "DescribeSecurityGroups", 50, 10),
        ("ec2", "CreateSecurityGroup", 50, 5),
        ("ec2", "AuthorizeSecurityGroupIngress", 50, 5),
        ("ec2", "CreateNatGateway", 10, 1),
        ("ecs", "CreateCluster", 20, 1),
        ("ecs", "DescribeClusters", 50, 20),
        ("ecs", "RegisterTaskDefinition", 20, 1),
        ("ecs", "DescribeTaskDefinition", 50, 20),
        ("ecs", "CreateService", 50, 5),
        ("ecs", "ListServices", 100, 20),
        ("elasticloadbalancing", "DescribeListeners", 40, 10),
        ("elasticloadbalancing", "CreateListener", 20, 3),
        ("elasticloadbalancing", "CreateLoadBalancer", 10, 0.2),
        ("elasticloadbalancing", "RegisterTargets", 20, 4),
        ("iam", "ListRoles", 40, 10),
        ("iam", "CreateRole", 20, 3),
    ],
)
def test_a_bucket_lets_its_capacity_through_at_once_and_its_refill_each_second_after(
    service: str, operation: str, capacity: int, refill: float
) -> None:
    time = Time()
    throttle = Throttle(time)
    wanted = call(service, operation)
    assert burst(throttle, wanted) == capacity
    let_through = 0
    for _ in range(2000):  # 200 seconds, asked ten times a second as often as it says yes
        time.advance(0.1)
        let_through += burst(throttle, wanted)
    assert let_through / 200 == pytest.approx(refill, rel=0.02, abs=0.01)


def test_a_bucket_never_holds_more_than_its_capacity() -> None:
    time = Time()
    throttle = Throttle(time)
    assert throttle.allows(call("ecs", "CreateCluster"))
    time.advance(3600)
    assert burst(throttle, call("ecs", "CreateCluster")) == 20


def test_operations_of_ec2_have_buckets_of_their_own_and_those_of_ecs_share_one() -> None:
    throttle = Throttle(Time())
    assert burst(throttle, call("ec2", "CreateVpc")) == 50
    assert burst(throttle, call("ec2", "CreateSubnet")) == 50
    assert burst(throttle, call("ecs", "RegisterTaskDefinition")) == 20
    assert burst(throttle, call("ecs", "DeregisterTaskDefinition")) == 0


def test_all_calls_of_load_balancing_share_one_bucket_beside_their_own() -> None:
    throttle = Throttle(Time())
    assert burst(throttle, call("elasticloadbalancing", "CreateListener")) == 20
    assert burst(throttle, call("elasticloadbalancing", "DescribeListeners")) == 20


def test_a_listing_with_a_filter_or_a_page_size_takes_from_the_larger_bucket() -> None:
    throttle = Throttle(Time())
    assert burst(throttle, call("ec2", "DescribeSecurityGroups", parameters={"MaxResults": "5"})) == 100
    assert burst(throttle, call("ec2", "DescribeSecurityGroups")) == 50


def test_accounts_and_regions_do_not_share() -> None:
    throttle = Throttle(Time())
    assert burst(throttle, call("ecs", "CreateCluster")) == 20
    assert burst(throttle, call("ecs", "CreateCluster", region="us-east-2")) == 20
    assert burst(throttle, call("ecs", "CreateCluster", account="2")) == 20


def test_services_that_do_not_say_so_are_not_throttled() -> None:
    throttle = Throttle(Time())
    assert all(throttle.allows(call("logs", "CreateLogGroup")) for _ in range(1000))
