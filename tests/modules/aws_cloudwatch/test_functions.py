"""Functions of log groups."""

from __future__ import annotations

import time
from typing import Any

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud


async def test_the_events_of_the_last_hour_are_shown(session: Session, simulator: Cloud) -> None:
    logs: Any = simulator.client("logs")
    now = int(time.time() * 1000)
    logs.create_log_group(logGroupName="/app")
    for stream, age in (("a", 2 * 3600), ("b", 60), ("c", 1)):
        logs.create_log_stream(logGroupName="/app", logStreamName=stream)
        event = {"timestamp": now - age * 1000, "message": f"{age} seconds ago"}
        logs.put_log_events(logGroupName="/app", logStreamName=stream, logEvents=[event])
    found = await session("iasql_log_group_tail", "/app")
    assert [(stream, message) for _, stream, _, message in found] == [
        ("b", "60 seconds ago"),
        ("c", "1 seconds ago"),
    ]
    assert await session("iasql_log_group_tail", "/app", region="us-east-1") == found
