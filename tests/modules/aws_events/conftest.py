"""What tests of EventBridge have in common."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_events.scene import TRUST


@pytest.fixture
def events(simulator: Cloud) -> Any:
    """EventBridge, in an account with a role that it can assume."""
    simulator.client("iam").create_role(RoleName="there", AssumeRolePolicyDocument=TRUST)
    return simulator.client("events")


@pytest.fixture
async def installed(session: Session, simulator: Cloud) -> Session:
    await session("iasql_install", "aws_events")
    return session
