"""Many stacks at once in an account that throttles."""

from __future__ import annotations

import time

import pytest
from botocore import xform_name
from botocore.session import get_session

from bench.engine import latency
from bench.engine.account import Account
from bench.engine.cloud import BenchCloud
from bench.engine.throttling import Documented, Shared
from bench.engine.world import MODULES, tutorial, world
from deploy.simulator.throttling import Limit
from engine.aws.limits import buckets
from engine.aws.pace import Paces
from tests.fixtures.databases import PostgresServer


async def test_an_apply_of_many_stacks_ends_well_where_aws_throttles(postgres_server: PostgresServer) -> None:
    there = Shared(Limit(capacity=20, refill=60), Limit(capacity=10, refill=30))
    cloud = BenchCloud(Account(), latency=lambda operation: latency.seconds(operation) / 10, buckets=there)
    cloud.paces = Paces(there.known)
    async with world(postgres_server, cloud) as here:
        await here.session("iasql_install", *MODULES)
        for number in range(10):
            await here.session.execute(tutorial(f"stack-{number}"))
        start = time.monotonic()
        assert len(await here.session("iasql_apply")) == 120
        seconds = time.monotonic() - start
        assert await here.session("iasql_plan_apply") == []
    assert there.refused.total() > 0, "AWS has not throttled"
    assert seconds < 30, f"crawls: {seconds:.1f} s, where {there.least:.1f} s would do"


def test_a_bucket_lets_its_size_through_and_then_what_is_refilled() -> None:
    buckets = Shared(Limit(capacity=1, refill=1), Limit(capacity=3, refill=20))
    start = time.monotonic()
    assert [buckets.take("ec2", "create_vpc", {}) for _ in range(4)] == [True, True, True, False]
    assert buckets.take("iam", "create_role", {}), "each service has its own"
    while not buckets.take("ec2", "create_vpc", {}):
        time.sleep(0.005)
    assert time.monotonic() - start >= 0.04
    assert buckets.refused["create_vpc"] > 1
    assert buckets.least == 0.05


def test_documented_buckets_are_those_of_the_simulated_aws() -> None:
    buckets = Documented()
    passed = [buckets.take("elbv2", "create_load_balancer", {"Name": "a"}) for _ in range(11)]
    assert passed == [True] * 10 + [False]
    assert buckets.take("elbv2", "describe_load_balancers", {})
    assert sum(buckets.take("ec2", "describe_security_groups", {}) for _ in range(60)) == 50
    assert sum(buckets.take("ec2", "describe_security_groups", {"MaxResults": 5}) for _ in range(110)) == 100
    assert Documented(10).take("logs", "create_log_group", {}), "it documents nothing"


@pytest.mark.parametrize("service", ["ec2", "ecs", "elbv2"])
def test_the_engine_knows_what_aws_documents(service: str) -> None:
    operations = [xform_name(each) for each in get_session().get_service_model(service).operation_names]
    simulated, filtered = Documented(), {"MaxResults": 5}
    for operation in operations:
        theirs = {(limit.capacity, limit.refill) for _, limit in simulated.of(service, operation, filtered)}
        ours = {(limit.capacity, limit.rate) for _, limit in buckets(service, operation) if limit.sure}
        assert ours == theirs, operation
