"""The account, and a session with the modules that the tables need."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith
from tests.modules.aws_elb.scene import BALANCER, GROUPS, LISTENER_OF_TARGETS, TARGETS


@pytest.fixture
def elb(simulator: Cloud) -> Any:
    return simulator.client("elbv2")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_elb")


@pytest.fixture
async def applied(installed: Session) -> Session:
    """A session with a load balancer that listens and two target groups."""
    await installed.execute(GROUPS + BALANCER + TARGETS + LISTENER_OF_TARGETS)
    assert {row[0] for row in await installed.apply()} == {"create"}
    return installed
