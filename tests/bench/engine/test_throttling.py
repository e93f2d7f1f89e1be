"""Many stacks at once in an account that throttles."""

from __future__ import annotations

import time

from bench.engine import latency
from bench.engine.account import Account
from bench.engine.cloud import BenchCloud
from bench.engine.throttling import Buckets
from bench.engine.world import MODULES, tutorial, world
from deploy.simulator.throttling import Limit
from tests.fixtures.databases import PostgresServer


async def test_an_apply_of_many_stacks_ends_well_where_aws_throttles(postgres_server: PostgresServer) -> None:
    buckets = Buckets({False: Limit(capacity=20, refill=60), True: Limit(capacity=10, refill=30)})
    cloud = BenchCloud(Account(), latency=lambda operation: latency.seconds(operation) / 10, buckets=buckets)
    async with world(postgres_server, cloud) as here:
        await here.session("iasql_install", *MODULES)
        for number in range(10):
            await here.session.execute(tutorial(f"stack-{number}"))
        start = time.monotonic()
        assert len(await here.session("iasql_apply")) == 120
        seconds = time.monotonic() - start
        assert await here.session("iasql_plan_apply") == []
    assert buckets.refused > 0, "AWS has not throttled"
    assert cloud.pace("ec2", "create_security_group").limit < 64
    assert seconds < 30, f"crawls: {seconds:.1f} s, where {buckets.least:.1f} s would do"


def test_a_bucket_lets_its_size_through_and_then_what_is_refilled() -> None:
    buckets = Buckets({False: Limit(capacity=1, refill=1), True: Limit(capacity=3, refill=20)})
    start = time.monotonic()
    assert [buckets.take("ec2", True) for _ in range(4)] == [True, True, True, False]
    assert buckets.take("iam", True), "each service has its own"
    while not buckets.take("ec2", True):
        time.sleep(0.005)
    assert time.monotonic() - start >= 0.04
    assert buckets.refused > 1
    assert buckets.least == 0.05
