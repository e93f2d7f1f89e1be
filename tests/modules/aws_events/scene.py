"""Rules for tests, and what AWS tells of them."""

from __future__ import annotations

import json
from typing import Any

from tests.engine.direct import Session

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "events.amazonaws.com"}}
        ],
    }
)
THERE = "arn:aws:iam::123456789012:role/there"
PATTERN = {"source": ["aws.ec2"], "detail": {"state": [{"prefix": "run"}]}}
#: A rule with nothing but what it needs.
PLAIN = "INSERT INTO event_rule (name, schedule_expression) VALUES ('often', 'rate(5 minutes)');"


def queue(name: str) -> str:
    return f"arn:aws:sqs:us-east-1:123456789012:{name}"


def rule(events: Any, name: str, bus: str = "default") -> dict[str, Any]:
    """What AWS tells of a rule."""
    told = events.describe_rule(Name=name, EventBusName=bus)
    told.pop("ResponseMetadata")
    return dict(told)


def rules(events: Any, bus: str = "default") -> set[str]:
    return {each["Name"] for each in events.list_rules(EventBusName=bus)["Rules"]}


def targets(events: Any, name: str, bus: str = "default") -> dict[str, Any]:
    """A rule's targets by their names."""
    told = events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]
    return {each["Id"]: each for each in told}


async def actions(session: Session) -> list[tuple[str, str]]:
    """What an apply has done."""
    return [row[:2] for row in await session.apply()]
