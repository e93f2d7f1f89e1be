"""Instance profiles."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    """A session with two roles, one of which is in a profile."""
    session = await session_with("aws_iam")
    await session.execute(
        "INSERT INTO role (role_name, assume_role_policy_document) "
        f"VALUES ('a', '{_TRUST}'), ('b', '{_TRUST}');"
        "INSERT INTO instance_profile (instance_profile_name, path, role_name, tags) "
        "VALUES ('web', '/team/', 'a', '{\"team\": \"x\"}')"
    )
    assert ("create", "instance_profile") in [row[:2] for row in await session.apply()]
    return session


def profiles(iam: Any) -> dict[str, list[str]]:
    """The roles in each profile."""
    found = iam.list_instance_profiles()["InstanceProfiles"]
    return {each["InstanceProfileName"]: [role["RoleName"] for role in each["Roles"]] for each in found}


async def test_profiles_are_imported(session: Session, iam: Any) -> None:
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=_TRUST)
    for name in ("full", "empty"):
        iam.create_instance_profile(InstanceProfileName=name, Path="/q/")
    iam.add_role_to_instance_profile(InstanceProfileName="full", RoleName="r")
    await session("iasql_install", "aws_iam")
    assert await session.rows(
        "SELECT instance_profile_name, path, role_name FROM instance_profile ORDER BY 1"
    ) == [("empty", "/q/", None), ("full", "/q/", "r")]
    assert await session("iasql_plan_apply") == []


async def test_a_profile_is_made_with_its_role(installed: Session, iam: Any) -> None:
    profile = iam.get_instance_profile(InstanceProfileName="web")["InstanceProfile"]
    assert (profile["Path"], profiles(iam)) == ("/team/", {"web": ["a"]})
    assert iam.list_instance_profile_tags(InstanceProfileName="web")["Tags"] == [
        {"Key": "team", "Value": "x"}
    ]
    assert await installed.value("SELECT arn FROM instance_profile") == profile["Arn"]


async def test_another_role_takes_the_place_of_one(installed: Session, iam: Any) -> None:
    await installed.execute("UPDATE instance_profile SET role_name = 'b'")
    assert [row[:2] for row in await installed.apply()] == [("update", "instance_profile")]
    assert profiles(iam) == {"web": ["b"]}
    await installed.execute("UPDATE instance_profile SET role_name = NULL")
    assert [row[:2] for row in await installed.apply()] == [("update", "instance_profile")]
    assert profiles(iam) == {"web": []}
    await installed.execute("UPDATE instance_profile SET role_name = 'a'")
    await installed.apply()
    assert profiles(iam) == {"web": ["a"]}


async def test_the_role_stays_in_it_if_another_is_refused(
    installed: Session, iam: Any, simulator: Cloud
) -> None:
    simulator.plan(
        {
            "action": "error", "operation": "AddRoleToInstanceProfile", "times": 1, "status": 403,
            "code": "AccessDenied", "message": "you may not pass it",
        }
    )  # fmt: skip
    await installed.execute("UPDATE instance_profile SET role_name = 'b'")
    with pytest.raises(OperationError, match="AccessDenied"):
        await installed("iasql_apply")
    assert profiles(iam) == {"web": ["a"]}


async def test_another_name_or_path_is_another_profile(installed: Session, iam: Any) -> None:
    await installed.execute("UPDATE instance_profile SET path = '/'")
    assert [row[:2] for row in await installed.apply()] == [("replace", "instance_profile")]
    await installed.execute("UPDATE instance_profile SET instance_profile_name = 'other'")
    assert [row[:2] for row in await installed.apply()] == [("replace", "instance_profile")]
    assert profiles(iam) == {"other": ["a"]}
    profile = iam.get_instance_profile(InstanceProfileName="other")["InstanceProfile"]
    assert profile["Path"] == "/"
    assert iam.list_instance_profile_tags(InstanceProfileName="other")["Tags"] == [
        {"Key": "team", "Value": "x"}
    ]


async def test_a_profile_is_deleted_and_its_role_stays(installed: Session, iam: Any) -> None:
    await installed.execute("DELETE FROM instance_profile")
    assert [row[:2] for row in await installed.apply()] == [("delete", "instance_profile")]
    assert profiles(iam) == {}
    assert {each["RoleName"] for each in iam.list_roles()["Roles"]} == {"a", "b"}


async def test_the_role_is_put_back_if_aws_refuses_the_deletion(
    installed: Session, iam: Any, simulator: Cloud
) -> None:
    simulator.plan(
        {
            "action": "error", "operation": "DeleteInstanceProfile", "times": 0, "status": 403,
            "code": "AccessDenied", "message": "not yours",
        }
    )  # fmt: skip
    await installed.execute("DELETE FROM instance_profile")
    with pytest.raises(OperationError, match="AccessDenied"):
        await installed("iasql_apply")
    assert profiles(iam) == {"web": ["a"]}


async def test_a_role_is_whole_before_it_takes_the_place_of_another(
    installed: Session, iam: Any, simulator: Cloud
) -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    await installed.execute(
        f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('new', '{_TRUST}');"
        "INSERT INTO role_policy (role_name, policy_name, policy_document) "
        f"VALUES ('new', 'p', '{document}');"
        "UPDATE instance_profile SET role_name = 'new'; DELETE FROM role WHERE role_name = 'a'"
    )
    made = len(simulator.calls(mutating=True))
    await installed.apply()
    calls = [each["operation"] for each in simulator.calls(mutating=True)[made:]]
    assert calls == [
        "CreateRole",
        "PutRolePolicy",
        "RemoveRoleFromInstanceProfile",
        "AddRoleToInstanceProfile",
        "DeleteRole",
    ]
    assert profiles(iam) == {"web": ["new"]}
    assert {each["RoleName"] for each in iam.list_roles()["Roles"]} == {"new", "b"}


async def test_a_role_is_deleted_after_its_profile(installed: Session, iam: Any) -> None:
    await installed.execute("DELETE FROM instance_profile; DELETE FROM role")
    await installed.apply()
    assert (profiles(iam), iam.list_roles()["Roles"]) == ({}, [])
