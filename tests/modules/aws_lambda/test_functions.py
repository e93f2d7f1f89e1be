"""Functions that are invoked."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.modules.aws_lambda.scene import make


async def test_a_function_is_invoked_and_the_journal_has_no_event(session: Session, aws: Any) -> None:
    make(aws)
    ((name, version, status, payload, error),) = await session(
        "iasql_invoke_lambda", "f", '{"secret": "hunter2"}'
    )
    assert (name, version, status, error) == ("f", "$LATEST", "200", None)
    assert payload
    [(kept,)] = await session.rows("SELECT arguments::text FROM iasql.iasql_operation")
    assert "hunter2" not in kept
    assert "***" in kept
    assert len(await session("iasql_invoke_lambda", "f")) == 1, "with an empty event"


async def test_a_function_that_is_not_there_is_said(session: Session, aws: Any) -> None:
    with pytest.raises(OperationError, match="ResourceNotFoundException"):
        await session("iasql_invoke_lambda", "nobody")
