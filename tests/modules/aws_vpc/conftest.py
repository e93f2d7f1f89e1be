"""The account, and a session with the modules that the tables need."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith


@pytest.fixture
def ec2(simulator: Cloud) -> Any:
    return simulator.client("ec2")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_vpc")
