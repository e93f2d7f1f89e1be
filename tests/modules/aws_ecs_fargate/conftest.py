"""The account, and a session with the modules that the tables need."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith
from tests.modules.aws_ecs_fargate.scene import STACK


@pytest.fixture
def ecs(simulator: Cloud) -> Any:
    return simulator.client("ecs")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_ecs_fargate")


@pytest.fixture
async def applied(installed: Session) -> Session:
    """A session with a service behind a load balancer."""
    await installed.execute(STACK)
    assert {row[0] for row in await installed.apply()} == {"create"}
    return installed
