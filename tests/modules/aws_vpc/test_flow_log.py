"""Flow logs of VPCs and subnets."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from engine.errors import OperationError
from modules.aws_vpc import flow_logs
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

_ROLE = "arn:aws:iam::123456789012:role/flow"
_FORMAT = "${srcaddr} ${dstaddr}"
IN_GROUP = (
    "INSERT INTO flow_log (vpc_id, traffic_type, log_group_name, deliver_logs_permission_arn, log_format, "
    f"max_aggregation_interval, tags) SELECT id, 'REJECT', 'flows', '{_ROLE}', '{_FORMAT}', 60, "
    '\'{"Name": "rejected"}\' FROM vpc;'
)


@pytest.fixture
def bucket(simulator: Cloud) -> str:
    simulator.client("s3").create_bucket(Bucket="flows-1")
    simulator.client("logs").create_log_group(logGroupName="flows")
    return "arn:aws:s3:::flows-1/vpc/"


def logs(ec2: Any) -> list[dict[str, Any]]:
    return list(ec2.describe_flow_logs()["FlowLogs"])


async def test_flow_logs_are_imported(session: Session, ec2: Any, bucket: str) -> None:
    [vpc] = [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    role = {"LogGroupName": "flows", "DeliverLogsPermissionArn": _ROLE}
    for kind, name, more in (
        ("VPC", vpc, role),
        ("Subnet", subnet, {"LogDestinationType": "s3", "LogDestination": bucket}),
        ("NetworkInterface", interface, role),
    ):
        ec2.create_flow_logs(ResourceIds=[name], ResourceType=kind, TrafficType="ALL", **more)
    await session("iasql_install", "aws_vpc")
    assert await session.rows(
        "SELECT v.vpc_id, s.subnet_id, f.resource_id, log_destination_type, log_group_name, log_destination, "
        "file_format, max_aggregation_interval, flow_log_status FROM flow_log AS f "
        "LEFT JOIN vpc AS v ON v.id = f.vpc_id LEFT JOIN subnet AS s ON s.id = f.subnet_id ORDER BY 1, 2"
    ) == [
        (vpc, None, None, "cloud-watch-logs", "flows", None, None, 600, "ACTIVE"),
        (None, subnet, None, "s3", None, bucket, "plain-text", 600, "ACTIVE"),
        (None, None, interface, "cloud-watch-logs", "flows", None, None, 600, "ACTIVE"),
    ]
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_a_flow_log_is_made_tagged_replaced_and_deleted(
    installed: Session, ec2: Any, bucket: str, simulator: Cloud
) -> None:
    simulator.plan({"operation": "CreateFlowLogs", "action": "drop_after"})
    await installed.execute(IN_GROUP)
    assert [row[:2] for row in await installed.apply()] == [("create", "flow_log")]
    [made] = logs(ec2)
    assert (made["TrafficType"], made["LogGroupName"], made["LogFormat"]) == ("REJECT", "flows", _FORMAT)
    assert (made["DeliverLogsPermissionArn"], made["MaxAggregationInterval"]) == (_ROLE, 60)
    assert made["Tags"] == [{"Key": "Name", "Value": "rejected"}]

    await installed.execute('UPDATE flow_log SET tags = \'{"team": "x"}\'')
    assert [row[0] for row in await installed("iasql_apply")] == ["update"]
    assert (logs(ec2)[0]["FlowLogId"], logs(ec2)[0]["Tags"]) == (
        made["FlowLogId"],
        [{"Key": "team", "Value": "x"}],
    )

    await installed.execute("UPDATE flow_log SET traffic_type = 'ALL', max_aggregation_interval = 600")
    assert [row[0] for row in await installed("iasql_apply")] == ["replace"]
    [other] = logs(ec2)
    assert (other["TrafficType"], other["MaxAggregationInterval"], other["LogFormat"]) == (
        "ALL",
        600,
        _FORMAT,
    )

    await installed.execute(
        "UPDATE flow_log SET log_destination_type = 's3', log_group_name = NULL, "
        f"deliver_logs_permission_arn = NULL, log_destination = '{bucket}', file_format = 'parquet', "
        "hive_compatible_partitions = true, vpc_id = NULL, subnet_id = (SELECT min(id) FROM subnet)"
    )
    assert [row[0] for row in await installed.apply()] == ["replace"]
    [files] = logs(ec2)
    assert (files["ResourceId"][:7], files["LogDestination"]) == ("subnet-", bucket)
    assert files["DestinationOptions"] == {
        "FileFormat": "parquet",
        "HiveCompatiblePartitions": True,
        "PerHourPartition": False,
    }
    simulator.plan({"operation": "DeleteFlowLogs", "action": "drop_after"})
    await installed.execute("DELETE FROM flow_log")
    assert [row[0] for row in await installed("iasql_apply")] == ["delete"]
    assert logs(ec2) == []


async def test_what_aws_refuses_is_said_also_within_its_answer(
    installed: Session, ec2: Any, bucket: str
) -> None:
    await installed.execute(IN_GROUP.replace(f"'{_ROLE}'", "NULL"))
    with pytest.raises(OperationError, match="InvalidParameter"):
        await installed("iasql_apply")
    await installed.execute(
        "UPDATE flow_log SET log_destination_type = 's3', log_group_name = NULL, "
        "log_destination = 'arn:aws:s3:::nowhere-1'"
    )
    with pytest.raises(OperationError, match="AWS answered 400") as caught:
        await installed("iasql_apply")
    assert "nowhere-1 does not exist" in (caught.value.detail or "")
    assert logs(ec2) == []
    for change, rule in (
        ("log_group_name = 'flows'", "flow_log_has_one_destination"),
        ("subnet_id = (SELECT min(id) FROM subnet)", "flow_log_of_one"),
        ("log_destination_type = 'kinesis-data-firehose', per_hour_partition = true", "of_files"),
    ):
        with pytest.raises(asyncpg.CheckViolationError, match=rule):
            await installed.execute(f"UPDATE flow_log SET {change}")


def test_a_log_group_of_another_account_is_a_destination() -> None:
    arn = "arn:aws:logs:us-east-1:{}:log-group:flows"
    ours = {"LogDestination": arn.format("1"), "Account": "1"}
    theirs = {"LogDestination": arn.format("2"), "Account": "1"}
    assert [flow_logs.group(each) for each in (ours, theirs)] == ["flows", None]
    assert [flow_logs.destination(each) for each in (ours, theirs)] == [None, arn.format("2")]


def test_an_id_says_of_which_kind_it_is() -> None:
    for ids, kind in (
        (("vpc-1", None, None), "VPC"),
        ((None, "subnet-1", None), "Subnet"),
        ((None, None, "tgw-attach-1"), "TransitGatewayAttachment"),
        ((None, None, "tgw-1"), "TransitGateway"),
        ((None, None, "other"), None),
    ):
        assert flow_logs.kind(None, *ids) == kind
