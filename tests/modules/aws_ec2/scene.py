"""What tests of several tables of the module do and look at."""

from __future__ import annotations

from typing import Any

from tests.engine.direct import Session

#: An image that the simulated account knows.
AMI = "ami-03cf127a"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIf2eZFAr2KwVN6eYrCMP8kLnFBw5D+Ms+ZmGr3eOI5T"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
WEB = (
    f"INSERT INTO instance (ami, instance_type, tags) VALUES ('{AMI}', 't3.micro', '{{\"Name\": \"web\"}}');"
)
#: An Auto Scaling group of two, whose instances the target group `tg` has.
SCALED = (
    f"INSERT INTO launch_template (name, ami, instance_type) VALUES ('web', '{AMI}', 't3.micro');"
    "INSERT INTO autoscaling_group (name, launch_template_id, min_size, max_size, desired_capacity, "
    "subnets) SELECT 'web', id, 0, 4, 2, (SELECT array_agg(subnet_id) FROM (SELECT subnet_id FROM subnet "
    "LIMIT 2) AS s) FROM launch_template;"
    "INSERT INTO autoscaling_group_target_groups SELECT id, 'tg' FROM autoscaling_group;"
)


def instances(ec2: Any) -> list[dict[str, Any]]:
    """Those that have not been terminated."""
    found = [each for some in ec2.describe_instances()["Reservations"] for each in some["Instances"]]
    return [each for each in found if each["State"]["Name"] not in ("terminated", "shutting-down")]


def instance(ec2: Any) -> dict[str, Any]:
    [found] = instances(ec2)
    return found


def attribute(ec2: Any, name: str) -> Any:
    """An attribute that AWS tells of one instance a call."""
    identity = instance(ec2)["InstanceId"]
    found = ec2.describe_instance_attribute(InstanceId=identity, Attribute=name)
    return found[name[0].upper() + name[1:]].get("Value")


async def apply(session: Session) -> list[tuple[Any, ...]]:
    """Apply; the plan said the same before, and nothing is left to do after.

    Only the subnets' counts of free addresses are AWS's to change along with instances, and the root devices
    that go with them.
    """
    planned = await session("iasql_plan_apply")
    applied = await session("iasql_apply")
    assert applied == planned
    assert await session("iasql_plan_apply") == []
    assert {row[1].rpartition(".")[2] for row in await session("iasql_plan_sync")} <= {
        "subnet",
        "general_purpose_volume",
    }
    return applied
