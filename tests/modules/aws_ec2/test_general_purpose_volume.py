"""Volumes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_ec2.scene import WEB, apply, instance

_DATA = (
    "INSERT INTO general_purpose_volume (volume_type, availability_zone, size, iops, throughput, encrypted, "
    "tags) VALUES ('gp3', 'us-east-1a', 10, 4000, 200, true, '{\"Name\": \"data\"}')"
)


def volume(ec2: Any) -> dict[str, Any]:
    [found] = ec2.describe_volumes()["Volumes"]
    return dict(found)


async def test_volumes_are_imported_and_others_have_no_row(session: Session, ec2: Any) -> None:
    made = ec2.create_volume(Size=4, AvailabilityZone="us-east-1a", VolumeType="gp2")
    ec2.create_volume(Size=500, AvailabilityZone="us-east-1a", VolumeType="st1")
    await session("iasql_install", "aws_ec2")
    assert await session.rows(
        "SELECT volume_id, volume_type, size, state, is_root_device, iops FROM general_purpose_volume"
    ) == [(made["VolumeId"], "gp2", 4, "available", False, None)]
    assert await session.apply() == []


async def test_every_attribute_of_a_volume_is_sent_and_it_grows_in_place(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    simulator.plan({"operation": "CreateVolume", "action": "drop_after"})
    await installed.execute(_DATA)
    assert [row[3] for row in await installed.apply()] == ["data"]
    found = volume(ec2)
    assert (found["VolumeType"], found["Size"], found["Iops"], found["Throughput"]) == ("gp3", 10, 4000, 200)
    assert (found["AvailabilityZone"], found["Encrypted"]) == ("us-east-1a", True)
    assert found["Tags"] == [{"Key": "Name", "Value": "data"}]
    await installed.execute(
        "UPDATE general_purpose_volume SET size = 20, iops = 5000, throughput = 300, tags = '{}'"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "general_purpose_volume")]
    grown = volume(ec2)
    assert grown["VolumeId"] == found["VolumeId"]
    assert (grown["Size"], grown["Iops"], grown["Throughput"]) == (20, 5000, 300)
    assert "Tags" not in grown


async def test_a_volume_becomes_one_of_another_type(installed: Session, ec2: Any) -> None:
    await installed.execute(_DATA)
    await installed.apply()
    with pytest.raises(Exception, match="general_purpose_volume_of_gp3"):
        await installed.execute("UPDATE general_purpose_volume SET volume_type = 'gp2'")
    await installed.execute(
        "UPDATE general_purpose_volume SET volume_type = 'gp2', iops = NULL, throughput = NULL"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "general_purpose_volume")]
    assert volume(ec2)["VolumeType"] == "gp2"


async def test_a_volume_does_not_shrink_nor_change_again_at_once(installed: Session, ec2: Any) -> None:
    await installed.execute(_DATA)
    await installed.apply()
    await installed.execute("UPDATE general_purpose_volume SET size = 5")
    with pytest.raises(Exception, match="cannot be changed in size") as refused:
        await installed("iasql_plan_apply")
    assert "only grows" in str(getattr(refused.value, "detail", ""))
    await installed.execute("UPDATE general_purpose_volume SET size = 20")
    await installed.apply()
    await installed.execute("UPDATE general_purpose_volume SET size = 30")
    with pytest.raises(Exception, match="VolumeModificationRateExceeded") as refused:
        await installed("iasql_apply")
    assert "six hours" in str(getattr(refused.value, "hint", ""))
    assert volume(ec2)["Size"] == 20


@pytest.mark.parametrize("column", ["availability_zone = 'us-east-1b'", "encrypted = false"])
async def test_a_replacement_would_lose_what_is_on_a_volume(
    installed: Session, ec2: Any, column: str
) -> None:
    await installed.execute(_DATA)
    await installed.apply()
    before = volume(ec2)
    await installed.execute(f"UPDATE general_purpose_volume SET {column}")
    with pytest.raises(Exception, match="would lose"):
        await installed("iasql_apply")
    assert volume(ec2) == before


async def test_a_volume_is_deleted(installed: Session, ec2: Any) -> None:
    await installed.execute(_DATA)
    await installed.apply()
    await installed.execute("DELETE FROM general_purpose_volume")
    assert [row[:2] for row in await installed.apply()] == [("delete", "general_purpose_volume")]
    assert ec2.describe_volumes()["Volumes"] == []


@pytest.mark.parametrize("action", ["drop_after", "drop_before"])
async def test_like_volumes_are_made_each_once_although_answers_are_lost(
    installed: Session, ec2: Any, simulator: Cloud, action: str
) -> None:
    simulator.plan({"operation": "CreateVolume", "action": action, "times": 3})
    await installed.execute(";".join([_DATA] * 3))
    await installed.apply()
    assert len(ec2.describe_volumes()["Volumes"]) == 3
    assert await installed.value("SELECT count(DISTINCT volume_id) FROM general_purpose_volume") == 3


async def test_a_root_device_has_a_row_grows_and_goes_with_its_instance_only(
    installed: Session, ec2: Any
) -> None:
    await installed.execute(WEB)
    await apply(installed)
    assert await installed.rows("SELECT is_root_device, state, tags FROM general_purpose_volume") == [
        (True, "in-use", '{"Name": "web"}')
    ]
    assert await installed("iasql_drift") == []
    await installed.execute("UPDATE general_purpose_volume SET size = 40")
    await apply(installed)
    assert volume(ec2)["Size"] == 40
    await installed.execute("DELETE FROM general_purpose_volume")
    assert await apply(installed) == []
    assert volume(ec2)["State"] == "in-use"
    assert await installed.value("SELECT count(*) FROM general_purpose_volume") == 1
    await installed.execute("DELETE FROM instance; DELETE FROM general_purpose_volume")
    assert [row[:2] for row in await apply(installed)] == [("delete", "instance")]
    assert ec2.describe_volumes()["Volumes"] == []
    await installed("iasql_sync")
    assert await installed.value("SELECT count(*) FROM general_purpose_volume") == 0


async def test_a_new_instance_brings_a_root_device_of_its_own(installed: Session, ec2: Any) -> None:
    await installed.execute(WEB)
    await apply(installed)
    old = instance(ec2)["InstanceId"]
    await installed.execute("UPDATE instance SET hibernation_enabled = true; SET iasql.allow_loss = on")
    assert [row[:2] for row in await apply(installed)] == [("replace", "instance")]
    assert instance(ec2)["InstanceId"] != old
    await installed("iasql_sync")
    assert await installed.rows("SELECT volume_id FROM general_purpose_volume") == [
        (volume(ec2)["VolumeId"],)
    ]


async def test_a_volume_of_kubernetes_is_its(session: Session, ec2: Any) -> None:
    tags = [{"Key": "ebs.csi.aws.com/cluster", "Value": "true"}]
    ec2.create_volume(
        Size=4,
        AvailabilityZone="us-east-1a",
        VolumeType="gp3",
        TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
    )
    await session("iasql_install", "aws_ec2")
    await session.execute("DELETE FROM general_purpose_volume")
    with pytest.raises(Exception, match="Kubernetes' EBS driver"):
        await session("iasql_apply")
    assert volume(ec2)["State"] == "available"
