"""What AWS tells of instances."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_ec2.scene import AMI, SCALED, WEB


@pytest.fixture
def ec2(simulator: Cloud) -> Any:
    return simulator.client("ec2")


def run(ec2: Any, count: int = 1) -> list[dict[str, Any]]:
    asked = {"ImageId": AMI, "InstanceType": "t3.micro", "MinCount": count, "MaxCount": count}
    return list(ec2.run_instances(**asked)["Instances"])


async def test_what_aws_tells_of_instances_is_shown_and_goes_with_them(
    session: Session, ec2: Any, simulator: Cloud
) -> None:
    made, other = run(ec2, 2)
    await session("iasql_install", "aws_ec2_metadata")
    assert simulator.called("DescribeInstanceTypes") == 1
    told = ec2.describe_instances(InstanceIds=[made["InstanceId"]])["Reservations"][0]["Instances"][0]
    [row] = await session.rows(
        "SELECT m.architecture, host(private_ip_address), host(public_ip_address), public_dns_name, "
        "launch_time, cpu_cores, mem_size_mb, m.ebs_optimized, root_device_type, root_device_name "
        "FROM instance_metadata AS m JOIN instance AS i ON i.id = m.id AND i.instance_id = m.instance_id "
        f"WHERE m.instance_id = '{made['InstanceId']}'"
    )
    assert row[:4] == tuple(
        told[name] for name in ("Architecture", "PrivateIpAddress", "PublicIpAddress", "PublicDnsName")
    )
    assert abs(row[4] - told["LaunchTime"]) < timedelta(seconds=1)
    assert row[5:] == (told["CpuOptions"]["CoreCount"], 1024, False, "ebs", told["RootDeviceName"])
    assert await session("iasql_plan_apply") == []
    # Edits are undone.
    await session.execute("UPDATE instance_metadata SET architecture = 'none', mem_size_mb = 1")
    await session("iasql_apply")
    assert await session.rows("SELECT DISTINCT architecture, mem_size_mb FROM instance_metadata") == [
        ("x86_64", 1024)
    ]
    await session.execute(f"DELETE FROM instance WHERE instance_id = '{made['InstanceId']}'")
    assert {row[:2] for row in await session("iasql_apply")} == {
        ("delete", "instance"),
        ("delete", "instance_metadata"),
    }
    assert await session.rows("SELECT instance_id FROM instance_metadata") == [(other["InstanceId"],)]
    assert await session("iasql_plan_apply") == []


async def test_rows_of_instances_that_an_auto_scaling_group_makes_and_removes_come_and_go(
    session: Session, simulator: Cloud
) -> None:
    await session("iasql_install", "aws_ec2_metadata")
    await session("iasql_install", "aws_autoscaling")
    await session.execute(
        "INSERT INTO target_group (target_group_name, target_type, protocol, port, vpc) "
        "SELECT 'tg', 'instance', 'HTTP', 80, id FROM vpc WHERE is_default;" + SCALED
    )
    await session("iasql_apply")
    await session("iasql_sync")
    shown = "SELECT DISTINCT managed_by, count(*) FROM instance_metadata GROUP BY 1"
    assert await session.rows(shown) == [("Auto Scaling group web", 2)]
    autoscaling = simulator.client("autoscaling")
    autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    await session.execute("UPDATE autoscaling_group SET health_check_grace_period = 91")
    await session("iasql_apply")
    assert await session("iasql_plan_apply") == []
    await session("iasql_sync")
    assert await session.rows(shown) == [("Auto Scaling group web", 1)]
    await session.execute("DELETE FROM autoscaling_group")
    await session("iasql_apply")
    await session("iasql_sync")
    assert await session("iasql_plan_apply") == []
    assert await session.rows(shown) == []


async def test_a_new_instance_has_its_row_once_aws_is_read_again_in_each_region(
    session: Session, simulator: Cloud
) -> None:
    await session("iasql_install", "aws_ec2_metadata")
    await session.execute(WEB)
    await session("iasql_apply")
    await session("iasql_sync")
    assert await session.value("SELECT count(*) FROM instance_metadata JOIN instance USING (id)") == 1
    await session("iasql_add_region", "us-west-2")
    await session.execute("SET search_path = us_west_2, public")
    run(simulator.at("us-west-2").client("ec2"))
    await session("iasql_install", "aws_ec2_metadata")
    assert await session.value("SELECT count(*) FROM us_west_2.instance_metadata") == 1
