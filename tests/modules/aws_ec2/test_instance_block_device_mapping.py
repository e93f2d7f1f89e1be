"""Which volume is attached to which instance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deploy.simulator.conditions import PLAIN
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_ec2.scene import WEB, apply, instance, instances

_TABLE = "instance_block_device_mapping"
_VOLUME = (
    "INSERT INTO general_purpose_volume (volume_type, availability_zone, tags) "
    "VALUES ('gp3', 'us-east-1a', '{\"Name\": \"data\"}');"
)
_ATTACHED = (
    WEB + _VOLUME + f"INSERT INTO {_TABLE} (device_name, instance_id, volume_id, delete_on_termination) "
    "SELECT '/dev/sdf', i.id, v.id, true FROM instance AS i, general_purpose_volume AS v"
)


def data(ec2: Any) -> dict[str, Any]:
    found = ec2.describe_volumes(Filters=[{"Name": "tag:Name", "Values": ["data"]}])["Volumes"]
    return dict(found[0])


def attached(ec2: Any) -> list[tuple[str, bool]]:
    """Names of devices besides the root device, and whether they go with the instance."""
    found = instance(ec2)
    some = [each for each in found["BlockDeviceMappings"] if each["DeviceName"] != found["RootDeviceName"]]
    return [(each["DeviceName"], each["Ebs"]["DeleteOnTermination"]) for each in some]


async def test_attachments_are_imported_without_root_devices(session: Session, ec2: Any) -> None:
    [made] = ec2.run_instances(ImageId="ami-03cf127a", MinCount=1, MaxCount=1)["Instances"]
    found = ec2.create_volume(Size=4, AvailabilityZone="us-east-1a", VolumeType="gp3")["VolumeId"]
    ec2.attach_volume(VolumeId=found, InstanceId=made["InstanceId"], Device="/dev/sdf")
    await session("iasql_install", "aws_ec2")
    assert await session.rows(
        "SELECT m.device_name, i.instance_id, v.volume_id, m.delete_on_termination, v.is_root_device "
        f"FROM {_TABLE} AS m JOIN instance AS i ON i.id = m.instance_id "
        "JOIN general_purpose_volume AS v ON v.id = m.volume_id"
    ) == [("/dev/sdf", made["InstanceId"], found, False, False)]
    assert await session("iasql_plan_apply") == []


async def test_a_volume_is_attached_changed_and_taken_off(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    simulator.be(replace(PLAIN, pending=1.0))
    await installed.execute(_ATTACHED)
    await apply(installed)
    assert attached(ec2) == [("/dev/sdf", True)]
    await installed.execute(f"UPDATE {_TABLE} SET delete_on_termination = false")
    assert [row[:2] for row in await apply(installed)] == [("update", _TABLE)]
    assert attached(ec2) == [("/dev/sdf", False)]
    await installed.execute(f"UPDATE {_TABLE} SET device_name = '/dev/sdg'")
    assert [row[:2] for row in await apply(installed)] == [("replace", _TABLE)]
    assert attached(ec2) == [("/dev/sdg", False)]
    await installed.execute(f"DELETE FROM {_TABLE}")
    assert [row[:2] for row in await apply(installed)] == [("delete", _TABLE)]
    assert (attached(ec2), data(ec2)["State"]) == ([], "available")


async def test_a_volume_moves_to_another_instance(installed: Session, ec2: Any) -> None:
    await installed.execute(_ATTACHED)
    await apply(installed)
    await installed.execute(WEB + f"UPDATE {_TABLE} SET instance_id = (SELECT max(id) FROM instance)")
    await apply(installed)
    [attachment] = data(ec2)["Attachments"]
    wanted = await installed.value("SELECT instance_id FROM instance ORDER BY id DESC LIMIT 1")
    assert attachment["InstanceId"] == wanted


async def test_a_volume_is_attached_to_the_instance_that_takes_the_place_of_its_own(
    installed: Session, ec2: Any
) -> None:
    await installed.execute(_ATTACHED)
    await apply(installed)
    kept = data(ec2)["VolumeId"]
    await installed.execute("UPDATE instance SET hibernation_enabled = true; SET iasql.allow_loss = on")
    assert {row[:2] for row in await apply(installed)} == {("replace", "instance"), ("replace", _TABLE)}
    assert data(ec2)["VolumeId"] == kept
    assert data(ec2)["Attachments"][0]["InstanceId"] == instance(ec2)["InstanceId"]


async def test_what_does_not_fit_is_refused(installed: Session, ec2: Any) -> None:
    await installed.execute(_ATTACHED.replace("us-east-1a", "us-east-1b"))
    with pytest.raises(Exception, match="ZoneMismatch") as refused:
        await installed("iasql_apply")
    assert "one availability zone" in str(getattr(refused.value, "hint", ""))


@pytest.mark.parametrize("goes", [True, False])
async def test_an_instance_goes_with_the_volumes_that_are_to_go_with_it(
    installed: Session, ec2: Any, goes: bool
) -> None:
    await installed.execute(_ATTACHED.replace("true FROM", f"{goes} FROM"))
    await apply(installed)
    await installed.execute("DELETE FROM instance")
    assert {row[:2] for row in await apply(installed)} == {("delete", "instance"), ("delete", _TABLE)}
    assert instances(ec2) == []
    assert [each["State"] for each in ec2.describe_volumes()["Volumes"]] == ["available"] * (not goes)
    await installed("iasql_sync")
    assert await installed.value("SELECT count(*) FROM general_purpose_volume") == int(not goes)


async def test_all_is_deleted_at_once(installed: Session, ec2: Any) -> None:
    await installed.execute(_ATTACHED.replace("true FROM", "false FROM"))
    await apply(installed)
    await installed.execute("DELETE FROM instance; DELETE FROM general_purpose_volume")
    await apply(installed)
    assert (instances(ec2), ec2.describe_volumes()["Volumes"]) == ([], [])
