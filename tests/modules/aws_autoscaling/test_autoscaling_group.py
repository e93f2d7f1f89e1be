"""Auto Scaling groups."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from engine.errors import OperationError
from modules.aws_autoscaling import groups
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith
from tests.modules.aws_ec2.scene import AMI

_TEMPLATE = f"INSERT INTO launch_template (name, ami, instance_type) VALUES ('web', '{AMI}', 't3.micro');"
_TARGETS = (
    "INSERT INTO target_group (target_group_name, target_type, protocol, port, vpc) "
    "SELECT 'tg', 'instance', 'HTTP', 80, id FROM vpc;"
)
_WEB = (
    "INSERT INTO autoscaling_group (name, launch_template_id, launch_template_version, min_size, max_size, "
    "desired_capacity, subnets, health_check_type, health_check_grace_period, default_cooldown, "
    "termination_policies, protected_from_scale_in, tags) SELECT 'web', t.id, '$Latest', 1, 4, 2, "
    "(SELECT array_agg(subnet_id) FROM (SELECT subnet_id FROM subnet ORDER BY 1 LIMIT 2) AS s), 'ELB', 60, "
    "30, '{OldestInstance,Default}', false, '{\"team\": \"x\"}' FROM launch_template AS t;"
    "INSERT INTO autoscaling_group_target_groups SELECT id, 'tg' FROM autoscaling_group;"
)


@pytest.fixture
def autoscaling(simulator: Cloud) -> Any:
    return simulator.client("autoscaling")


@pytest.fixture
def ec2(simulator: Cloud) -> Any:
    return simulator.client("ec2")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_autoscaling")


def group(autoscaling: Any, name: str = "web") -> dict[str, Any]:
    [found] = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return dict(found)


def make(autoscaling: Any, ec2: Any, **more: Any) -> str:
    """A group that somebody else has made; its launch template's id."""
    data = {"ImageId": AMI, "InstanceType": "t3.micro"}
    made = ec2.create_launch_template(LaunchTemplateName="theirs", LaunchTemplateData=data)["LaunchTemplate"]
    template = {"LaunchTemplateId": made["LaunchTemplateId"], "Version": "1"}
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    asked = {"LaunchTemplate": template, "VPCZoneIdentifier": subnet, **more}
    if "MixedInstancesPolicy" in more:
        asked.pop("LaunchTemplate")
        more["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"] = template
    autoscaling.create_auto_scaling_group(AutoScalingGroupName="theirs", MinSize=0, MaxSize=3, **asked)
    return str(made["LaunchTemplateId"])


async def changed(session: Session) -> list[tuple[Any, ...]]:
    """Apply; what has changed, without what instances bring along. Nothing is left to do after."""
    applied = await session("iasql_apply")
    assert await session("iasql_plan_apply") == []
    return [row[:2] for row in applied]


async def test_groups_are_imported_and_their_instances_are_theirs(
    session: Session, ec2: Any, autoscaling: Any
) -> None:
    make(autoscaling, ec2, DesiredCapacity=1, Tags=[{"Key": "eks:cluster-name", "Value": "c"}])
    await session("iasql_install", "aws_autoscaling")
    assert await session.rows(
        "SELECT g.name, t.name, g.launch_template_version, min_size, max_size, desired_capacity, "
        "cardinality(subnets), availability_zones, health_check_type, g.managed_by "
        "FROM autoscaling_group AS g JOIN launch_template AS t ON t.id = g.launch_template_id"
    ) == [("theirs", "theirs", "1", 0, 3, 1, 1, ["us-east-1a"], "EC2", "EKS cluster c")]
    assert await session.rows("SELECT managed_by FROM instance") == [("Auto Scaling group theirs",)]
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_a_group_is_made_with_all_changed_in_place_and_deleted(
    installed: Session, ec2: Any, autoscaling: Any, simulator: Cloud
) -> None:
    simulator.plan({"operation": "CreateAutoScalingGroup", "action": "drop_after"})
    await installed.execute(_TEMPLATE + _TARGETS + _WEB)
    assert ("create", "autoscaling_group") in await changed(installed)
    made = group(autoscaling)
    assert (made["MinSize"], made["MaxSize"], made["DesiredCapacity"]) == (1, 4, 2)
    assert made["LaunchTemplate"]["Version"] == "$Latest"
    assert len(made["VPCZoneIdentifier"].split(",")) == len(made["AvailabilityZones"]) == 2
    assert (made["HealthCheckType"], made["HealthCheckGracePeriod"], made["DefaultCooldown"]) == (
        "ELB",
        60,
        30,
    )
    assert made["TerminationPolicies"] == ["OldestInstance", "Default"]
    assert [arn.split("/")[1] for arn in made["TargetGroupARNs"]] == ["tg"]
    assert [(each["Key"], each["Value"], each["PropagateAtLaunch"]) for each in made["Tags"]] == [
        ("team", "x", True)
    ]
    assert (
        await installed.value("SELECT count(*) FROM instance WHERE managed_by = 'Auto Scaling group web'")
        == 2
    )
    for change, expected in (
        (
            "min_size = 3, launch_template_version = '1', health_check_type = 'EC2', default_cooldown = 40",
            {"MinSize": 3, "DesiredCapacity": 3, "HealthCheckType": "EC2", "DefaultCooldown": 40},
        ),
        (
            "min_size = 0, max_size = 1, desired_capacity = 0, subnets = subnets[:1], "
            "health_check_grace_period = 90, termination_policies = '{NewestInstance}', "
            "protected_from_scale_in = true; DELETE FROM autoscaling_group_target_groups",
            {
                "MaxSize": 1,
                "DesiredCapacity": 0,
                "VPCZoneIdentifier": made["VPCZoneIdentifier"].split(",")[0],
                "HealthCheckGracePeriod": 90,
                "TerminationPolicies": ["NewestInstance"],
                "NewInstancesProtectedFromScaleIn": True,
                "TargetGroupARNs": [],
            },
        ),
        (
            "protected_from_scale_in = false; " + _WEB[_WEB.index("INSERT INTO autoscaling_group_target") :],
            {},
        ),
    ):
        await installed.execute(f"UPDATE autoscaling_group SET {change}")
        assert await changed(installed) == [("update", "autoscaling_group")]
        now = group(autoscaling)
        assert {key: now[key] for key in expected} == expected
    assert group(autoscaling)["TargetGroupARNs"] == made["TargetGroupARNs"]
    assert group(autoscaling)["LaunchTemplate"]["Version"] == "1"
    # Scaling moves the number: the row follows, and no apply takes it back.
    autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    await installed.execute("UPDATE autoscaling_group SET health_check_grace_period = 91")
    assert await changed(installed) == [("update", "autoscaling_group")]
    assert (group(autoscaling)["DesiredCapacity"], group(autoscaling)["HealthCheckGracePeriod"]) == (1, 91)
    assert await installed.value("SELECT desired_capacity FROM autoscaling_group") == 1
    await installed.execute("DELETE FROM autoscaling_group; DELETE FROM target_group")
    assert set(await changed(installed)) == {("delete", "autoscaling_group"), ("delete", "target_group")}
    assert autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


async def test_a_group_is_emptied_before_it_goes_and_not_begun_with_if_that_would_not_end(
    installed: Session, ec2: Any, autoscaling: Any, simulator: Cloud
) -> None:
    make(autoscaling, ec2, DesiredCapacity=2)
    ids = [each["InstanceId"] for each in group(autoscaling, "theirs")["Instances"]]
    asked = {"AutoScalingGroupName": "theirs", "InstanceIds": ids}
    autoscaling.set_instance_protection(**asked, ProtectedFromScaleIn=True)
    await installed("iasql_sync")
    await installed.execute("DELETE FROM autoscaling_group")
    with pytest.raises(OperationError, match="scale-in protection of instances"):
        await installed("iasql_apply")
    assert group(autoscaling, "theirs")["DesiredCapacity"] == 2
    autoscaling.set_instance_protection(**asked, ProtectedFromScaleIn=False)
    simulator.plan(
        {"operation": "DeleteAutoScalingGroup", "action": "error", "code": "AccessDenied", "status": 403}
    )
    with pytest.raises(OperationError, match="AccessDenied"):
        await installed("iasql_apply")
    now = group(autoscaling, "theirs")
    assert (now["MinSize"], now["MaxSize"], now["DesiredCapacity"]) == (0, 3, 2)
    assert ("delete", "autoscaling_group") in [row[:2] for row in await installed("iasql_apply")]
    assert autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert simulator.called("DeleteAutoScalingGroup") == 2


async def test_what_no_column_shows_is_kept(installed: Session, ec2: Any, autoscaling: Any) -> None:
    mixed: dict[str, Any] = {
        "LaunchTemplate": {"Overrides": [{"InstanceType": "t3.nano"}, {"InstanceType": "t3.small"}]},
        "InstancesDistribution": {"OnDemandBaseCapacity": 1},
    }
    tags = [{"Key": key, "Value": "1", "PropagateAtLaunch": key == "a"} for key in "ab"]
    make(autoscaling, ec2, MixedInstancesPolicy=mixed, DefaultInstanceWarmup=20, Tags=tags)
    name = {"AutoScalingGroupName": "theirs"}
    hook = {"LifecycleHookName": "h", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING"}
    autoscaling.put_lifecycle_hook(**name, **hook, HeartbeatTimeout=100)
    autoscaling.put_scheduled_update_group_action(
        **name, ScheduledActionName="s", Recurrence="0 8 * * *", MinSize=1
    )
    autoscaling.suspend_processes(**name, ScalingProcesses=["AZRebalance"])
    await installed("iasql_sync")
    await installed.execute(
        _TEMPLATE + 'UPDATE autoscaling_group SET tags = \'{"a": "2", "b": "2", "c": "2"}\', '
        "launch_template_id = (SELECT id FROM launch_template WHERE name = 'web'), "
        "launch_template_version = '$Default'"
    )
    await changed(installed)
    now = group(autoscaling, "theirs")
    policy = now["MixedInstancesPolicy"]
    assert [each["InstanceType"] for each in policy["LaunchTemplate"]["Overrides"]] == ["t3.nano", "t3.small"]
    assert policy["LaunchTemplate"]["LaunchTemplateSpecification"]["LaunchTemplateName"] == "web"
    assert policy["InstancesDistribution"]["OnDemandBaseCapacity"] == 1
    assert {each["Key"]: (each["Value"], each["PropagateAtLaunch"]) for each in now["Tags"]} == {
        "a": ("2", True),
        "b": ("2", False),
        "c": ("2", True),
    }
    await installed.execute('UPDATE autoscaling_group SET name = \'other\', tags = \'{"a": "2", "b": "2"}\'')
    assert await changed(installed) == [("replace", "autoscaling_group")]
    other, name = group(autoscaling, "other"), {"AutoScalingGroupName": "other"}
    assert (other["MixedInstancesPolicy"], other["DefaultInstanceWarmup"]) == (policy, 20)
    assert {each["Key"]: each["PropagateAtLaunch"] for each in other["Tags"]} == {"a": True, "b": False}
    assert [each["ProcessName"] for each in other["SuspendedProcesses"]] == ["AZRebalance"]
    assert autoscaling.describe_lifecycle_hooks(**name)["LifecycleHooks"][0]["HeartbeatTimeout"] == 100
    assert autoscaling.describe_scheduled_actions(**name)["ScheduledUpdateGroupActions"][0]["MinSize"] == 1
    autoscaling.set_desired_capacity(**name, DesiredCapacity=1)
    autoscaling.put_scaling_policy(
        **name, PolicyName="p", AdjustmentType="ExactCapacity", ScalingAdjustment=2
    )
    await installed.execute("UPDATE autoscaling_group SET name = 'third'")
    with pytest.raises(OperationError, match="lose") as refused:
        await installed("iasql_apply")
    assert "its instances" in (refused.value.detail or "")
    assert "its scaling policies" not in (refused.value.detail or "")  # which rows make again


async def test_what_aws_refuses_is_said_and_regions_have_groups_of_their_own(
    installed: Session, autoscaling: Any, simulator: Cloud
) -> None:
    await installed("iasql_add_region", "us-west-2")
    await installed.execute("SET search_path = us_west_2, public")
    await installed("iasql_install", "aws_autoscaling")
    await installed.execute(_TEMPLATE.replace(f"'{AMI}'", "NULL") + _TARGETS + _WEB)
    with pytest.raises(OperationError, match="ValidationError") as refused:
        await installed("iasql_apply")
    assert "Launch template must specify an image" in (refused.value.detail or "")
    with pytest.raises(asyncpg.CheckViolationError, match="min_is_not_over_max"):
        await installed.execute("UPDATE autoscaling_group SET min_size = 5")
    await installed.execute(f"UPDATE launch_template SET ami = '{AMI}'")
    assert ("create", "us_west_2.autoscaling_group") in await changed(installed)
    assert autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert group(simulator.at("us-west-2").client("autoscaling"))["DesiredCapacity"] == 2


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (
            {"Instances": [{"ProtectedFromScaleIn": True}]},
            "scale-in protection of instances",
        ),
        ({"SuspendedProcesses": [{"ProcessName": "Terminate"}]}, "suspension of the process Terminate"),
        ({"WarmPoolConfiguration": {"MinSize": 1}}, "warm pool"),
        ({"Instances": [{"ProtectedFromScaleIn": False}], "SuspendedProcesses": []}, None),
    ],
)
def test_a_group_that_would_not_become_empty_is_not_deleted(told: dict[str, Any], why: str | None) -> None:
    assert groups.obstacle(told) == why
