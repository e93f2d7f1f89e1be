"""The account, and a session with the modules that the tables need."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith
from tests.modules.aws_ecr.scene import POLICY


@pytest.fixture
def ecr(simulator: Cloud) -> Any:
    return simulator.client("ecr")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    """A session with one repository and its policy applied."""
    session = await session_with("aws_ecr")
    await session.execute(
        "INSERT INTO repository (repository_name, image_tag_mutability, scan_on_push) "
        "VALUES ('app', 'IMMUTABLE', true);"
        "INSERT INTO repository_policy (repository_name, policy_text) "
        f"VALUES ('app', '{json.dumps(POLICY)}')"
    )
    assert [row[:2] for row in await session.apply()] == [
        ("create", "repository"),
        ("create", "repository_policy"),
    ]
    return session
