"""Launch templates."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from engine.errors import OperationError
from modules.aws_ec2 import launch_templates
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PostgresServer
from tests.modules.aws_ec2.scene import AMI

_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
        ],
    }
)
_AROUND = (
    f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('r', '{_TRUST}');"
    "INSERT INTO instance_profile (instance_profile_name, role_name) VALUES ('one', 'r');"
    "INSERT INTO security_group (group_name, description) VALUES ('web', 'd');"
)
_DISKS = [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3"}}]
_WEB = (
    "INSERT INTO launch_template (name, version_description, ami, instance_type, key_pair_name, "
    "instance_profile_name, user_data, block_device_mappings, http_tokens, http_put_response_hop_limit, "
    f"http_endpoint, instance_metadata_tags, tags) VALUES ('web', 'first', '{AMI}', 't3.micro', 'k', 'one', "
    f"'echo 1', '{json.dumps(_DISKS)}', 'required', 2, 'enabled', 'enabled', '{{\"team\": \"x\"}}');"
)
_IN_GROUP = (
    "INSERT INTO launch_template_security_groups SELECT t.id, g.id FROM launch_template AS t, "
    "security_group AS g WHERE g.group_name = 'web';"
)
_NEW = "INSERT INTO launch_template (name, instance_type) VALUES ('web', 't3.nano')"
#: What no column shows.
_REST = {
    "EbsOptimized": True,
    "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": True}],
    "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}],
    "MetadataOptions": {"HttpProtocolIpv6": "enabled", "HttpTokens": "optional"},
    "IamInstanceProfile": {"Name": "nowhere"},
}


def version(ec2: Any, name: str = "web", number: str = "$Default") -> dict[str, Any]:
    asked = {"LaunchTemplateName": name, "Versions": [number]}
    [found] = ec2.describe_launch_template_versions(**asked)["LaunchTemplateVersions"]
    return dict(found)


def numbers(ec2: Any, name: str = "web") -> tuple[int, int]:
    [found] = ec2.describe_launch_templates(LaunchTemplateNames=[name])["LaunchTemplates"]
    return found["DefaultVersionNumber"], found["LatestVersionNumber"]


def said(ec2: Any) -> str:
    return base64.b64decode(version(ec2)["LaunchTemplateData"]["UserData"]).decode()


async def test_the_default_versions_are_imported_without_their_user_data(session: Session, ec2: Any) -> None:
    secret = base64.b64encode(b"a secret").decode()
    for name, data in (("many", _REST), ("some", {"ImageId": AMI, "UserData": secret})):
        ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    ec2.create_launch_template_version(
        LaunchTemplateName="some", LaunchTemplateData={"InstanceType": "t3.nano"}
    )
    ec2.create_launch_template(
        LaunchTemplateName="eks-1",
        LaunchTemplateData={"ImageId": AMI},
        TagSpecifications=[
            {"ResourceType": "launch-template", "Tags": [{"Key": "eks:cluster-name", "Value": "c"}]}
        ],
    )
    await session("iasql_install", "aws_ec2")
    assert await session.rows(
        "SELECT name, default_version, latest_version, ami, instance_type, user_data, http_tokens, "
        "instance_profile_name, iam_instance_profile, managed_by FROM launch_template ORDER BY name"
    ) == [
        ("eks-1", 1, 1, AMI, None, None, None, None, None, "EKS cluster c"),
        ("many", 1, 1, None, None, None, "optional", None, "nowhere", None),
        ("some", 1, 2, AMI, None, None, None, None, None, None),
    ]
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_a_template_is_made_with_all_and_deleted(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    simulator.plan({"operation": "CreateLaunchTemplate", "action": "drop_after"})
    await installed.execute(_AROUND + _WEB + _IN_GROUP)
    assert ("create", "launch_template") in [row[:2] for row in await installed.apply()]
    made, [group] = version(ec2), ec2.describe_security_groups(GroupNames=["web"])["SecurityGroups"]
    assert (made["VersionDescription"], made["VersionNumber"]) == ("first", 1)
    assert made["LaunchTemplateData"] == {
        "ImageId": AMI,
        "InstanceType": "t3.micro",
        "KeyName": "k",
        "IamInstanceProfile": {"Name": "one"},
        "UserData": base64.b64encode(b"echo 1").decode(),
        "BlockDeviceMappings": _DISKS,
        "MetadataOptions": {
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": 2,
            "HttpEndpoint": "enabled",
            "InstanceMetadataTags": "enabled",
        },
        "SecurityGroupIds": [group["GroupId"]],
    }
    assert await installed.rows("SELECT default_version, latest_version FROM launch_template") == [(1, 1)]
    await installed.execute(
        "DELETE FROM launch_template; DELETE FROM security_group WHERE group_name = 'web'"
    )
    assert {row[:2] for row in await installed.apply()} == {
        ("delete", "launch_template"),
        ("delete", "security_group"),
    }
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []


async def test_a_change_is_a_new_version_which_becomes_the_default_one(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    await installed.execute(_AROUND + _WEB + _IN_GROUP)
    await installed.apply()
    simulator.plan({"operation": "CreateLaunchTemplateVersion", "action": "drop_after"})
    options = version(ec2)["LaunchTemplateData"]["MetadataOptions"]
    changes: tuple[tuple[str, dict[str, Any]], ...] = (
        ("ami = 'ami-12c6146b'", {"ImageId": "ami-12c6146b"}),
        (
            "instance_type = NULL, key_pair_name = 'l', instance_profile_name = NULL, user_data = ''",
            {"InstanceType": None, "KeyName": "l", "IamInstanceProfile": None, "UserData": None},
        ),
        (
            "iam_instance_profile = 'other', block_device_mappings = NULL, user_data = 'echo 2', "
            "version_description = NULL, http_tokens = 'optional';"
            "DELETE FROM launch_template_security_groups",
            {
                "IamInstanceProfile": {"Name": "other"},
                "BlockDeviceMappings": None,
                "UserData": base64.b64encode(b"echo 2").decode(),
                "SecurityGroupIds": None,
                "MetadataOptions": {**options, "HttpTokens": "optional"},
            },
        ),
    )
    for number, (change, expected) in enumerate(changes, 2):
        await installed.execute(f"UPDATE launch_template SET {change}")
        assert [row[:2] for row in await installed("iasql_apply")] == [("update", "launch_template")]
        data = version(ec2)["LaunchTemplateData"]
        assert {key: data.get(key) for key in expected} == expected
        assert numbers(ec2) == (number, number)
    assert not version(ec2).get("VersionDescription")
    await installed.execute('UPDATE launch_template SET tags = \'{"team": "y"}\'')
    assert [row[:2] for row in await installed.apply()] == [("update", "launch_template")]
    assert numbers(ec2) == (4, 4)
    assert await installed.rows("SELECT default_version, latest_version FROM launch_template") == [(4, 4)]


async def test_a_new_version_and_a_new_name_keep_what_no_column_shows(installed: Session, ec2: Any) -> None:
    rest = {**_REST, "UserData": base64.b64encode(b"theirs").decode()}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=rest)
    await installed("iasql_sync")
    # Somebody has made another version, which is not the default one.
    ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData={"KernelId": "aki-1"})
    await installed.execute(f"UPDATE launch_template SET ami = '{AMI}', http_tokens = 'required'")
    await installed("iasql_apply")
    expected = {**rest, "ImageId": AMI}
    expected["MetadataOptions"] = {"HttpProtocolIpv6": "enabled", "HttpTokens": "required"}
    assert (version(ec2)["LaunchTemplateData"], numbers(ec2)) == (expected, (3, 3))
    await installed.execute("UPDATE launch_template SET name = 'other'")
    with pytest.raises(OperationError, match="lose") as refused:
        await installed("iasql_apply")
    assert "its other versions (1, 2)" in (refused.value.detail or "")
    await installed.execute("SET iasql.allow_loss = on")
    assert [row[:2] for row in await installed.apply()] == [("replace", "launch_template")]
    assert version(ec2, "other")["LaunchTemplateData"] == expected
    assert len(ec2.describe_launch_templates()["LaunchTemplates"]) == 1


async def test_what_aws_refuses_is_said_and_of_a_change_no_version_is_left(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    await installed.execute(_AROUND + _WEB)
    await installed.apply()
    denied = {"action": "error", "code": "UnauthorizedOperation", "status": 403}
    simulator.plan({"operation": "ModifyLaunchTemplate", **denied})
    await installed.execute("UPDATE launch_template SET instance_type = 't3.nano'")
    with pytest.raises(OperationError, match="UnauthorizedOperation"):
        await installed("iasql_apply")
    assert numbers(ec2) == (1, 1)
    assert [row[:2] for row in await installed("iasql_apply")] == [("update", "launch_template")]
    assert (numbers(ec2), said(ec2)) == ((3, 3), "echo 1")
    for change, code in (
        ("name = 'web server'", "InvalidLaunchTemplateName.MalformedException"),
        ("name = 'some', ami = NULL, instance_type = NULL", "MissingParameter"),
    ):
        await installed.execute(f"DELETE FROM launch_template; {_NEW}; UPDATE launch_template SET {change}")
        with pytest.raises(OperationError) as refused:
            await installed("iasql_apply")
        assert code in f"{refused.value} {refused.value.detail}"


async def test_user_data_are_in_no_plan_and_not_in_the_journal(
    installed: Session, ec2: Any, postgres_server: PostgresServer
) -> None:
    theirs = base64.b64encode(b"their secret").decode()
    data = {"ImageId": AMI, "UserData": theirs}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    await installed("iasql_sync")
    await installed.execute("UPDATE launch_template SET instance_type = 't3.nano'")
    await installed.apply()
    assert said(ec2) == "their secret"
    await installed.execute("UPDATE launch_template SET user_data = 'our secret'")
    shown = [await installed("iasql_diff"), await installed.apply()]
    shown += [
        await installed.rows("SELECT s::text FROM iasql.iasql_step AS s"),
        await installed("iasql_diff"),
    ]
    ours = base64.b64encode(b"our secret").decode()
    assert [each for each in (theirs, ours, "our secret", "their secret") if each in str(shown)] == []
    assert "***" in str(shown)
    assert said(ec2) == "our secret"


async def test_another_region_has_templates_of_its_own(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    await installed("iasql_add_region", "us-west-2")
    await installed.execute("SET search_path = us_west_2, public")
    await installed("iasql_install", "aws_ec2")
    await installed.execute(_NEW)
    await installed.apply()
    there = simulator.at("us-west-2").client("ec2")
    assert (ec2.describe_launch_templates()["LaunchTemplates"], numbers(there)) == ([], (1, 1))


def test_what_only_aws_tells_is_not_sent_and_what_is_there_stays_as_it_is() -> None:
    there = {
        "IamInstanceProfile": {"Arn": "arn:aws:iam::1:instance-profile/q/one"},
        "MetadataOptions": {"State": "applied", "HttpTokens": "optional"},
        "NetworkInterfaces": [{"Ipv6Addresses": [{"Ipv6Address": "::1", "IsPrimaryIpv6": True}]}],
        "Operator": {"Managed": False},
        "SecurityGroupIds": ["sg-2", "sg-1"],
    }
    row = dict.fromkeys(launch_templates.SAID)
    row["instance_profile_name"] = "one"
    row["launch_template_security_groups"] = [
        {"security_group_id": each} for each in ("sg-1", "sg-3", "sg-2")
    ]
    assert launch_templates.data(there, *row.values()) == {
        "IamInstanceProfile": there["IamInstanceProfile"],
        "MetadataOptions": {"HttpTokens": "optional"},
        "NetworkInterfaces": [{"Ipv6Addresses": [{"Ipv6Address": "::1"}]}],
        "SecurityGroupIds": ["sg-2", "sg-1", "sg-3"],
    }
