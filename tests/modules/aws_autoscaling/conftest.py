"""A session with a service that can be scaled."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_ecs_fargate.scene import STACK


@pytest.fixture
def scaling(simulator: Cloud) -> Any:
    return simulator.client("application-autoscaling")


@pytest.fixture
def ecs(simulator: Cloud) -> Any:
    return simulator.client("ecs")


@pytest.fixture
async def applied(session: Session) -> Session:
    await session("iasql_install", "aws_autoscaling")
    await session.execute(STACK)
    await session.apply()
    return session
