"""What tests of Lambda have in common."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith
from tests.modules.aws_lambda.scene import TRUST


@pytest.fixture
def aws(simulator: Cloud) -> Any:
    """Lambda, in an account with a role that it can assume."""
    simulator.client("iam").create_role(RoleName="there", AssumeRolePolicyDocument=TRUST)
    return simulator.client("lambda")


@pytest.fixture
async def installed(session_with: SessionWith, aws: Any) -> Session:
    return await session_with("aws_lambda")
