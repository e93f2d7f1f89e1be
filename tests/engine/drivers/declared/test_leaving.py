"""What AWS is deleting already is waited for, and nothing is asked for again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from engine.caller import Stop
from engine.drivers.declared.lookup import Lookup
from engine.drivers.declared.worker import DeclaredWorker
from engine.drivers.job import Job
from engine.plan import descriptions
from engine.plan.model import Change, Desired, Found, Row
from modules.aws_rds.rds import RDS
from tests.modules.told import PATIENCE, TellingCloud


async def _asked_to_remove(status: str) -> list[str]:
    """The calls that a deletion of an instance makes, by their operations."""
    cloud = TellingCloud(RDS)
    told: dict[str, Any] = {
        "DBInstanceIdentifier": "db",
        "DBInstanceArn": "arn:db",
        "DBInstanceStatus": status,
    }
    cloud.answers = {"describe_db_instances": {"DBInstances": []}}
    found: Found = descriptions.found(RDS, told)
    desired = Desired(Row(table="rds", key=(1,), values={}), found.values, found.parts)
    change = Change(action="delete", table="rds", id=None, name="arn:db", found=found)
    job = Job(number=1, resource=replace(RDS, parts=()), change=change, desired=desired, token="t")
    worker = DeclaredWorker(cloud, {"account": "1", "region": "here"}, PATIENCE, Stop(), cast(Lookup, None))
    await worker.remove(job)
    assert cloud.complaints == []
    return [each.operation for each in cloud.asked]


@pytest.mark.parametrize(
    ("status", "expected"),
    [("available", ["delete_db_instance", "describe_db_instances"]), ("deleting", ["describe_db_instances"])],
)
async def test_a_deletion_that_aws_is_at_is_only_waited_for(status: str, expected: list[str]) -> None:
    assert await _asked_to_remove(status) == expected
