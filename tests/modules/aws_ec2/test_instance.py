"""Instances."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from deploy.simulator.conditions import PLAIN
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PostgresServer
from tests.modules.aws_ec2.scene import AMI, KEY, WEB, apply, attribute, instance, instances

_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
        ],
    }
)
#: Two instance profiles, `one` and `two`.
_PROFILES = (
    f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('r', '{_TRUST}');"
    "INSERT INTO instance_profile (instance_profile_name, role_name) VALUES ('one', 'r'), ('two', 'r');"
)
_GROUP = "INSERT INTO security_group (group_name, description) VALUES ('web', 'd');"
_IN_GROUP = (
    "INSERT INTO instance_security_groups SELECT i.id, g.id FROM instance AS i, security_group AS g "
    "WHERE g.group_name = 'web';"
)


async def test_instances_are_imported_and_stay_as_they_are(session: Session, ec2: Any) -> None:
    ec2.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1, UserData="hidden")
    [other] = ec2.run_instances(ImageId=AMI, InstanceType="t3.nano", MinCount=1, MaxCount=1)["Instances"]
    ec2.stop_instances(InstanceIds=[other["InstanceId"]])
    [gone] = ec2.run_instances(ImageId=AMI, InstanceType="t3.large", MinCount=1, MaxCount=1)["Instances"]
    ec2.terminate_instances(InstanceIds=[gone["InstanceId"]])
    await session("iasql_install", "aws_ec2")
    assert await session.rows(
        "SELECT ami, instance_type, state, user_data, disable_api_termination FROM instance "
        "ORDER BY instance_type"
    ) == [(AMI, "t3.micro", "running", None, False), (AMI, "t3.nano", "stopped", None, False)]
    before = instances(ec2)
    assert await session("iasql_plan_apply") == []
    assert await session.apply() == []
    assert instances(ec2) == before


async def test_every_attribute_of_an_instance_is_sent(installed: Session, ec2: Any) -> None:
    await installed.execute(
        _PROFILES + _GROUP + f"INSERT INTO key_pair (name, public_key) VALUES ('k', '{KEY}');"
        "INSERT INTO instance (ami, instance_type, key_pair_name, user_data, hibernation_enabled, subnet_id, "
        "instance_profile_name, http_tokens, http_put_response_hop_limit, http_endpoint, "
        "instance_metadata_tags, ebs_optimized, monitoring, source_dest_check, disable_api_termination, "
        f"tags) SELECT '{AMI}', 't3.micro', 'k', 'echo 1', true, id, "
        "'one', 'required', 2, 'enabled', 'enabled', true, true, false, true, "
        '\'{"Name": "web"}\' FROM subnet ORDER BY subnet_id LIMIT 1;' + _IN_GROUP
    )
    made = [row for row in await apply(installed) if row[1] == "instance"]
    found = instance(ec2)
    assert [(row[0], row[3]) for row in made] == [("create", "web")]
    assert (found["ImageId"], found["InstanceType"], found["KeyName"]) == (AMI, "t3.micro", "k")
    assert found["SubnetId"] == await installed.value("SELECT min(subnet_id) FROM subnet")
    assert found["IamInstanceProfile"]["Arn"].endswith("/one")
    options = found["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 2)
    assert (options["HttpEndpoint"], options["InstanceMetadataTags"]) == ("enabled", "enabled")
    assert found["HibernationOptions"] == {"Configured": True}
    assert (found["EbsOptimized"], found["SourceDestCheck"]) == (True, False)
    assert found["Monitoring"]["State"] == "enabled"
    assert [each["GroupName"] for each in found["SecurityGroups"]] == ["web"]
    assert base64.b64decode(attribute(ec2, "userData")) == b"echo 1"
    assert attribute(ec2, "disableApiTermination") is True
    [volume] = ec2.describe_volumes()["Volumes"]
    assert found["Tags"] == volume["Tags"] == [{"Key": "Name", "Value": "web"}]
    await installed("iasql_sync")
    assert await installed.rows("SELECT user_data, disable_api_termination FROM instance") == [
        ("echo 1", True)
    ]


async def test_all_that_a_running_instance_lets_change_changes_in_place(installed: Session, ec2: Any) -> None:
    await installed.execute(_PROFILES + WEB + _GROUP)
    await apply(installed)
    identity = instance(ec2)["InstanceId"]
    await installed.execute(
        "UPDATE instance SET instance_profile_name = 'one', http_tokens = 'required', monitoring = true, "
        'source_dest_check = false, disable_api_termination = true, tags = \'{"Name": "other"}\';' + _IN_GROUP
    )
    assert [row[:2] for row in await apply(installed)] == [("update", "instance")]
    found = instance(ec2)
    assert (found["InstanceId"], found["State"]["Name"]) == (identity, "running")
    assert found["IamInstanceProfile"]["Arn"].endswith("/one")
    assert found["MetadataOptions"]["HttpTokens"] == "required"
    assert (found["SourceDestCheck"], found["Monitoring"]["State"]) == (False, "enabled")
    assert [each["GroupName"] for each in found["SecurityGroups"]] == ["web"]
    assert found["Tags"] == [{"Key": "Name", "Value": "other"}]
    assert attribute(ec2, "disableApiTermination") is True
    await installed.execute(
        "UPDATE instance SET instance_profile_name = 'two', monitoring = false, source_dest_check = true, "
        "disable_api_termination = false, http_endpoint = 'disabled', http_put_response_hop_limit = 3"
    )
    assert [row[:2] for row in await apply(installed)] == [("update", "instance")]
    found, options = instance(ec2), instance(ec2)["MetadataOptions"]
    assert found["IamInstanceProfile"]["Arn"].endswith("/two")
    assert (found["SourceDestCheck"], found["Monitoring"]["State"]) == (True, "disabled")
    assert (options["HttpEndpoint"], options["HttpTokens"]) == ("disabled", "required")
    assert options["HttpPutResponseHopLimit"] == 3
    assert attribute(ec2, "disableApiTermination") is False
    await installed.execute(
        "UPDATE instance SET instance_profile_name = NULL; "
        "DELETE FROM instance_profile WHERE instance_profile_name = 'two'"
    )
    assert [row[:2] for row in await apply(installed)] == [
        ("update", "instance"),
        ("delete", "instance_profile"),
    ]
    assert "IamInstanceProfile" not in instance(ec2)


async def test_an_instance_is_stopped_only_if_its_row_says_so(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    await installed.execute(WEB)
    await apply(installed)
    await installed.execute("UPDATE instance SET instance_type = 't3.large'")
    with pytest.raises(Exception, match="cannot be changed in instance_type") as refused:
        await apply(installed)
    assert "stopped" in str(getattr(refused.value, "hint", ""))
    assert (instance(ec2)["State"]["Name"], simulator.called("StopInstances")) == ("running", 0)
    await installed.execute("UPDATE instance SET state = 'stopped', user_data = 'echo 2'")
    assert [row[:2] for row in await apply(installed)] == [("update", "instance")]
    found = instance(ec2)
    assert (found["State"]["Name"], found["InstanceType"]) == ("stopped", "t3.large")
    assert base64.b64decode(attribute(ec2, "userData")) == b"echo 2"
    await installed.execute("UPDATE instance SET state = 'running', ebs_optimized = true")
    await apply(installed)
    found = instance(ec2)
    assert (found["State"]["Name"], found["EbsOptimized"]) == ("running", True)


async def test_an_instance_can_be_made_stopped_and_hibernates(installed: Session, ec2: Any) -> None:
    await installed.execute(
        "INSERT INTO instance (ami, instance_type, state, hibernation_enabled) "
        f"VALUES ('{AMI}', 't3.micro', 'stopped', true)"
    )
    await apply(installed)
    assert instance(ec2)["State"]["Name"] == "stopped"
    await installed.execute("UPDATE instance SET state = 'hibernate'")
    assert await installed("iasql_plan_apply") == []  # to AWS it is stopped either way
    await installed.execute("UPDATE instance SET state = 'running'")
    await apply(installed)
    await installed.execute("UPDATE instance SET state = 'hibernate'")
    await apply(installed)
    assert instance(ec2)["State"]["Name"] == "stopped"
    await installed.execute("UPDATE instance SET hibernation_enabled = false, state = 'stopped'")
    assert [row[:2] for row in await installed("iasql_plan_apply")] == [("replace", "instance")]


async def test_what_takes_time_is_waited_for(installed: Session, ec2: Any, simulator: Cloud) -> None:
    simulator.be(replace(PLAIN, pending=1.5))
    await installed.execute(
        WEB + _GROUP + _IN_GROUP + "UPDATE instance SET state = 'stopped', source_dest_check = false"
    )
    await apply(installed)
    found = instance(ec2)
    assert (found["State"]["Name"], found["SourceDestCheck"]) == ("stopped", False)
    await installed.execute("UPDATE instance SET state = 'running', instance_type = 't3.large'")
    await apply(installed)
    assert (instance(ec2)["State"]["Name"], instance(ec2)["InstanceType"]) == ("running", "t3.large")
    await installed.execute("UPDATE instance SET state = 'stopped', instance_type = 't3.micro'")
    await apply(installed)
    assert (instance(ec2)["State"]["Name"], instance(ec2)["InstanceType"]) == ("stopped", "t3.micro")
    # AWS lets nobody delete the group before the instance is gone.
    await installed.execute("DELETE FROM instance; DELETE FROM security_group WHERE group_name = 'web'")
    await apply(installed)
    assert instances(ec2) == []


async def test_a_replacement_loses_what_is_on_an_instance_and_is_refused(
    installed: Session, ec2: Any
) -> None:
    await installed.execute(WEB + "UPDATE instance SET user_data = 'echo 1'")
    await apply(installed)
    old = instance(ec2)
    ec2.modify_instance_attribute(InstanceId=old["InstanceId"], DisableApiStop={"Value": True})
    await installed.execute("UPDATE instance SET hibernation_enabled = true")
    with pytest.raises(Exception, match="would lose") as refused:
        await apply(installed)
    assert "what is on its disks" in str(getattr(refused.value, "detail", ""))
    assert instance(ec2)["InstanceId"] == old["InstanceId"]
    await installed.execute("SET iasql.allow_loss = on")
    assert ("replace", "instance") in [row[:2] for row in await apply(installed)]
    assert instance(ec2)["InstanceId"] != old["InstanceId"]
    assert base64.b64decode(attribute(ec2, "userData")) == b"echo 1"
    assert attribute(ec2, "disableApiStop") is True


async def test_user_data_are_compared_and_neither_shown_nor_recorded(installed: Session, ec2: Any) -> None:
    await installed.execute(WEB + "UPDATE instance SET state = 'stopped', user_data = 'first secret'")
    shown = [await installed("iasql_diff")]
    await apply(installed)
    await installed.execute("UPDATE instance SET user_data = 'second secret'")
    shown.append(await installed("iasql_diff"))
    assert [row[:2] for row in await apply(installed)] == [("update", "instance")]
    assert base64.b64decode(attribute(ec2, "userData")) == b"second secret"
    await installed.execute("UPDATE instance SET user_data = NULL")
    assert await installed("iasql_plan_apply") == []
    await installed.execute("DELETE FROM instance")
    shown.append(await installed("iasql_diff"))
    await installed("iasql_apply")
    shown.append(await installed.rows("SELECT s::text FROM iasql.iasql_step AS s"))
    shown.append(await installed.rows("SELECT o::text FROM iasql.iasql_operation AS o"))
    assert str(shown).count("***") >= 3
    assert "secret" not in str(shown) + str(installed.notices)


async def test_what_becomes_of_user_data_whose_instance_is_gone_is_not_shown(
    installed: Session, ec2: Any
) -> None:
    await installed.execute(WEB + "UPDATE instance SET state = 'stopped'")
    await apply(installed)
    ec2.terminate_instances(InstanceIds=[instance(ec2)["InstanceId"]])
    await installed.execute("UPDATE instance SET user_data = 'a secret'")
    shown = [await installed("iasql_drift"), await installed("iasql_diff")]
    with pytest.raises(Exception, match=r"conflict|gone") as refused:
        await installed("iasql_apply")
    told = (*vars(refused.value).values(), refused.value, installed.notices, shown)
    assert "secret" not in str(told)


async def test_a_protected_instance_is_not_deleted_in_the_same_apply(installed: Session, ec2: Any) -> None:
    await installed.execute(WEB + "UPDATE instance SET disable_api_termination = true")
    await apply(installed)
    await installed.execute("DELETE FROM instance")
    with pytest.raises(Exception, match="it has termination protection"):
        await installed("iasql_plan_apply")
    with pytest.raises(Exception, match="it has termination protection"):
        await apply(installed)
    assert instance(ec2)["State"]["Name"] == "running"
    await installed("iasql_sync")
    await installed.execute("UPDATE instance SET disable_api_termination = false")
    await apply(installed)
    await installed.execute("DELETE FROM instance")
    await apply(installed)
    assert instances(ec2) == []


async def test_a_deleted_instance_is_terminated_with_its_root_device(installed: Session, ec2: Any) -> None:
    await installed.execute(WEB)
    await apply(installed)
    await installed.execute("DELETE FROM instance")
    assert [row[:2] for row in await apply(installed)] == [("delete", "instance")]
    assert instances(ec2) == []
    assert ec2.describe_volumes()["Volumes"] == []


async def test_a_refused_instance_is_not_made(installed: Session, ec2: Any) -> None:
    await installed.execute(WEB + "UPDATE instance SET key_pair_name = 'none'")
    with pytest.raises(Exception, match="could not create instance web"):
        await installed("iasql_apply")
    assert instances(ec2) == []


@pytest.mark.parametrize("action", ["drop_after", "drop_before"])
async def test_like_instances_are_made_each_once_although_answers_are_lost(
    installed: Session, ec2: Any, simulator: Cloud, action: str
) -> None:
    simulator.plan({"operation": "RunInstances", "action": action, "times": 3})
    await installed.execute(WEB * 3)
    await apply(installed)
    assert len(instances(ec2)) == 3
    assert await installed.value("SELECT count(DISTINCT instance_id) FROM instance") == 3


async def test_like_instances_are_made_each_once_by_two_applies(
    installed: Session, ec2: Any, simulator: Cloud, postgres_server: PostgresServer
) -> None:
    """The first is cut off before it hears of what it has made, and the second shows it by a token."""
    await installed.execute((WEB + "UPDATE instance SET user_data = 'echo 1';") * 2)
    simulator.plan({"operation": "RunInstances", "action": "delay", "seconds": 1, "times": 2})
    applying = asyncio.create_task(installed("iasql_apply"))
    await simulator.until_called("RunInstances", 2)
    applying.cancel()
    await asyncio.gather(applying, return_exceptions=True)
    await asyncio.sleep(1.5)
    assert len(instances(ec2)) == 2
    own = await asyncpg.connect(postgres_server.superuser_url(installed.caller.database))
    await own.execute("UPDATE iasql.iasql_operation SET ended_at = NULL, outcome = NULL, pid = 1")
    await own.close()
    assert [row[:2] for row in await apply(installed)] == [("create", "instance")] * 2
    assert len(instances(ec2)) == 2
    assert await installed.value("SELECT count(DISTINCT instance_id) FROM instance") == 2


@pytest.mark.parametrize(
    ("tag", "owner"),
    [
        ("eks:cluster-name", "EKS cluster c"),
        ("aws:autoscaling:groupName", "Auto Scaling group c"),
        ("aws:ec2:fleet-id", "EC2 fleet c"),
    ],
)
async def test_what_others_make_is_theirs_and_not_asked_more(
    session: Session, ec2: Any, simulator: Cloud, tag: str, owner: str
) -> None:
    [made] = ec2.run_instances(ImageId=AMI, MinCount=1, MaxCount=1, InstanceType="t3.micro")["Instances"]
    ec2.create_tags(Resources=[made["InstanceId"]], Tags=[{"Key": tag, "Value": "c"}])
    await session("iasql_install", "aws_ec2")
    assert await session.rows("SELECT managed_by, disable_api_termination FROM instance") == [(owner, None)]
    assert simulator.called("DescribeInstanceAttribute") == 0
    await session.execute("UPDATE instance SET state = 'stopped'")
    with pytest.raises(Exception, match=owner):
        await session.apply()
    assert instance(ec2)["State"]["Name"] == "running"


async def test_another_region_has_instances_of_its_own(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    await installed("iasql_add_region", "us-west-2")
    await installed.execute("SET search_path = us_west_2, public")
    await installed("iasql_install", "aws_ec2")
    await installed.execute("SET search_path = public")
    there = simulator.at("us-west-2").client("ec2")
    await installed.execute(WEB.replace("INTO instance", "INTO us_west_2.instance"))
    await apply(installed)
    assert (instances(ec2), len(instances(there))) == ([], 1)
    await installed.execute("UPDATE us_west_2.instance SET monitoring = true")
    await apply(installed)
    assert instance(there)["Monitoring"]["State"] == "enabled"
