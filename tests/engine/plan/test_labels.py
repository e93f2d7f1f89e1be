"""What people read of a resource."""

from __future__ import annotations

import pytest

from engine.plan.model import label

_ELB = "arn:aws:elasticloadbalancing:us-east-1:1:"


@pytest.mark.parametrize(
    ("natural", "name", "read"),
    [
        ("web", "sg-1", "web (sg-1)"),
        ("", "sg-1", "sg-1"),
        ("us-east-1", "us-east-1", "us-east-1"),
        ("/app", "arn:aws:logs:us-east-1:1:log-group:/app:*", "/app"),
        ("events", "arn:aws:sns:us-east-1:1:events", "events"),
        ("events", "arn:aws:sns:us-east-1:1:old-events", "events (old-events)"),
        ("jobs", "https://sqs.us-east-1.amazonaws.com/1/jobs", "jobs"),
        ("c s", "arn:aws:ecs:us-east-1:1:service/c/s", "c s"),
        ("td", "arn:aws:ecs:us-east-1:1:task-definition/td:3", "td (td:3)"),
        ("web", f"{_ELB}loadbalancer/app/web/50dc", "web (50dc)"),
    ],
)
def test_aws_s_name_is_in_brackets_where_it_says_more(natural: str, name: str, read: str) -> None:
    assert label(natural, name) == read
