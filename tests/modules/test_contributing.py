"""The example in CONTRIBUTING is one that works."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.check.check import faults
from modules.catalogue import Catalogue, find_modules
from modules.spec import Module
from tests.engine.direct import Session, session_in
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database, PostgresServer
from tests.fixtures.engines import engine_of

_PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"


def examples() -> list[str]:
    """The page's Python, a block each."""
    return re.findall(r"^```python\n(.*?)^```", _PAGE.read_text(), re.MULTILINE | re.DOTALL)


def run(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(text, names)
    return names


@pytest.fixture
async def session(
    simulator: Cloud, postgres_server: PostgresServer, fresh_database: Database, quick_clients: None
) -> AsyncIterator[Session]:
    """A session of an engine that has the example as its only module."""
    resource, module = examples()
    example = replace(run(module)["MODULE"], resources=(run(resource)["QUEUE"],))
    catalogue = Catalogue((find_modules().by_name["aws_account"], example))
    engine = engine_of(catalogue, simulator, postgres_server)
    async with session_in(engine, fresh_database) as made:
        yield made
    await engine.close()


async def test_the_example_of_a_resource_works(session: Session, simulator: Cloud) -> None:
    await session("iasql_install", "aws_sqs")
    await session.execute("INSERT INTO queue (name, delay_seconds) VALUES ('orders', 5)")
    assert [row[0] for row in await session.apply()] == ["create"]
    url = simulator.client("sqs").get_queue_url(QueueName="orders")["QueueUrl"]
    assert await session.rows("SELECT url, delay_seconds FROM queue") == [(url, 5)]
    assert await session("iasql_plan_apply") == []
    await session.execute("UPDATE queue SET delay_seconds = 6")
    assert [row[0] for row in await session.apply()] == ["update"]
    asked = simulator.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])
    assert asked["Attributes"] == {"DelaySeconds": "6"}
    assert await session("iasql_plan_apply") == []
    await session.execute("DELETE FROM queue")
    assert [row[0] for row in await session.apply()] == ["delete"]
    assert "QueueUrls" not in simulator.client("sqs").list_queues()


def test_nothing_is_wrong_with_the_example_of_a_resource() -> None:
    resource, module = examples()
    queue = run(resource)["QUEUE"]
    assert [str(each) for each in faults(queue, {**find_modules().resources, "queue": queue})] == []
    assert isinstance(run(module)["MODULE"], Module)
