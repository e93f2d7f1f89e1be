"""The account in memory against the simulated AWS."""

from __future__ import annotations

from collections import Counter

from botocore import xform_name

from bench.engine.account import Account
from bench.engine.cloud import BenchCloud
from bench.engine.world import MODULES, tutorial, world
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PostgresServer


async def test_the_stack_takes_the_calls_that_it_takes_on_the_simulated_aws(
    postgres_server: PostgresServer, session: Session, simulator: Cloud
) -> None:
    cloud = BenchCloud(Account(), latency=lambda operation: 0.0)
    async with world(postgres_server, cloud) as here:
        planned = await _make_the_stack(here.session)
    assert planned == await _make_the_stack(session)
    theirs = Counter(xform_name(call["operation"]) for call in simulator.calls(mutating=True))
    assert Counter(call.operation for call in cloud.calls if call.mutating) == theirs


async def _make_the_stack(session: Session) -> list[tuple[str, str]]:
    await session("iasql_install", *MODULES)
    await session.execute(tutorial("stack"))
    changes = [(action, table) for action, table, *_ in await session("iasql_apply")]
    assert await session("iasql_plan_apply") == []
    return sorted(changes)
