"""Instances that target groups send requests to."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_ec2.scene import AMI, SCALED, WEB, instances

_GROUP = (
    "INSERT INTO target_group (target_group_name, target_type, protocol, port, vpc) "
    "SELECT 'tg', '{}', 'HTTP', 80, id FROM vpc WHERE is_default;"
)
_AT = (
    "INSERT INTO registered_instance (target_group_name, instance, port) "
    "SELECT 'tg', i.id, p FROM instance AS i, unnest(ARRAY[{}]) AS p;"
)


@pytest.fixture
def elb(simulator: Cloud) -> Any:
    return simulator.client("elbv2")


def targets(elb: Any) -> set[tuple[str, int]]:
    """The ids and ports of those of the only target group."""
    [group] = elb.describe_target_groups()["TargetGroups"]
    told = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    return {(each["Target"]["Id"], each["Target"]["Port"]) for each in told}


async def test_instances_are_registered_with_their_group_and_change_ports_and_go(
    installed: Session, ec2: Any, elb: Any, simulator: Cloud
) -> None:
    simulator.plan({"operation": "RegisterTargets", "action": "drop_after"})
    await installed.execute(_GROUP.format("instance") + WEB + _AT.format("80, 81"))
    await installed("iasql_apply")
    assert await installed("iasql_plan_apply") == []
    [name] = [each["InstanceId"] for each in instances(ec2)]
    assert targets(elb) == {(name, 80), (name, 81)}
    await installed.execute("UPDATE registered_instance SET port = 82 WHERE port = 81")
    assert [row[0] for row in await installed.apply()] == ["create", "delete"]
    assert targets(elb) == {(name, 80), (name, 82)}
    simulator.plan({"operation": "DeregisterTargets", "action": "drop_after"})
    await installed.execute("DELETE FROM registered_instance WHERE port = 80")
    assert [row[:2] for row in await installed.apply()] == [("delete", "registered_instance")]
    assert targets(elb) == {(name, 82)}
    # The row goes with the instance's.
    await installed.execute("DELETE FROM instance")
    assert ("delete", "instance") in [row[:2] for row in await installed("iasql_apply")]
    assert (targets(elb), instances(ec2)) == (set(), [])
    assert await installed("iasql_plan_apply") == []


async def test_targets_of_others_and_other_targets(
    session: Session, ec2: Any, elb: Any, simulator: Cloud
) -> None:
    [made] = ec2.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"]
    for kind, target in (("instance", made["InstanceId"]), ("ip", "10.0.0.9")):
        asked = {"Name": kind, "TargetType": kind, "Protocol": "HTTP", "Port": 80, "VpcId": made["VpcId"]}
        [group] = elb.create_target_group(**asked)["TargetGroups"]
        elb.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": target}])
    await session("iasql_install", "aws_ec2")
    assert await session.rows(
        "SELECT target_group_name, i.instance_id, port FROM registered_instance AS r "
        "JOIN instance AS i ON i.id = r.instance"
    ) == [("instance", made["InstanceId"], 80)]
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []
    # AWS takes it off with the instance, and leaves the group.
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    await session("iasql_sync")
    assert await session.value("SELECT count(*) FROM registered_instance") == 0


async def test_instances_that_an_auto_scaling_group_registers_are_no_rows(
    session: Session, ec2: Any, elb: Any, simulator: Cloud
) -> None:
    await session("iasql_install", "aws_autoscaling")
    await session.execute(_GROUP.format("instance") + WEB + _AT.format("80") + SCALED)
    await session("iasql_apply")
    assert len(targets(elb)) == 3
    assert await session("iasql_plan_apply") == []
    await session("iasql_sync")
    assert await session.value("SELECT count(*) FROM registered_instance") == 1
    # What comes and goes with the group is in nobody's way.
    autoscaling = simulator.client("autoscaling")
    for count, all_told in ((4, 5), (1, 2)):
        autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=count)
        await session.execute(f"UPDATE registered_instance SET port = {80 + count}")
        assert ("delete", "registered_instance") in [row[:2] for row in await session("iasql_apply")]
        assert len(targets(elb)) == all_told
        assert await session("iasql_plan_apply") == []
    await session.execute("DELETE FROM autoscaling_group; DELETE FROM target_group")
    await session("iasql_apply")
    assert elb.describe_target_groups()["TargetGroups"] == []
    assert await session("iasql_plan_apply") == []


async def test_what_aws_refuses_is_said_and_regions_have_targets_of_their_own(
    installed: Session, ec2: Any, elb: Any, simulator: Cloud
) -> None:
    await installed.execute(_GROUP.format("ip") + WEB + _AT.format("80"))
    with pytest.raises(OperationError, match="ValidationError"):
        await installed("iasql_apply")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    await installed("iasql_sync")
    await installed.execute(
        "DELETE FROM target_group; INSERT INTO target_group (target_group_name, target_type, protocol, port, "
        f"vpc) SELECT 'tg', 'instance', 'HTTP', 80, id FROM vpc WHERE vpc_id = '{vpc}';" + _AT.format("80")
    )
    with pytest.raises(OperationError, match="InvalidTarget"):
        await installed("iasql_apply")
    assert targets(elb) == set()
    await installed("iasql_add_region", "us-west-2")
    await installed.execute("SET search_path = us_west_2, public")
    await installed("iasql_install", "aws_ec2")
    await installed.execute(_GROUP.format("instance") + WEB + _AT.format("80"))
    await installed("iasql_apply", only="us_west_2.registered_instance")
    assert len(targets(simulator.at("us-west-2").client("elbv2"))) == 1
