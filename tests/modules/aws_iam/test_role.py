"""Roles."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

_POLICY = "arn:aws:iam::aws:policy/"
_TRUST: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "",
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def trust(service: str) -> dict[str, Any]:
    return {**_TRUST, "Statement": [{**_TRUST["Statement"][0], "Principal": {"Service": service}}]}


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    """A session with one role applied."""
    session = await session_with("aws_iam")
    await session.execute(
        "INSERT INTO role (role_name, assume_role_policy_document, description, attached_policies_arns) "
        f"VALUES ('tasks', '{json.dumps(_TRUST)}', 'runs tasks', "
        f"ARRAY['{_POLICY}ReadOnlyAccess', '{_POLICY}AmazonS3FullAccess'])"
    )
    assert [row[:2] for row in await session.apply()] == [("create", "role")]
    return session


def policies(iam: Any, role: str) -> set[str]:
    found = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    return {each["PolicyArn"].removeprefix(_POLICY) for each in found}


async def test_roles_are_imported(session: Session, iam: Any) -> None:
    iam.create_role(RoleName="there", AssumeRolePolicyDocument=json.dumps(_TRUST), Description="d")
    iam.attach_role_policy(RoleName="there", PolicyArn=_POLICY + "ReadOnlyAccess")
    await session("iasql_install", "aws_iam")
    [(name, arn, document, description, attached)] = await session.rows(
        "SELECT role_name, arn, assume_role_policy_document, description, attached_policies_arns FROM role"
    )
    assert (name, description, attached) == ("there", "d", [_POLICY + "ReadOnlyAccess"])
    assert arn == iam.get_role(RoleName="there")["Role"]["Arn"]
    assert json.loads(document) == _TRUST
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_a_role_is_made_with_its_policies(installed: Session, iam: Any) -> None:
    role = iam.get_role(RoleName="tasks")["Role"]
    assert role["AssumeRolePolicyDocument"] == _TRUST
    assert role["Description"] == "runs tasks"
    assert policies(iam, "tasks") == {"ReadOnlyAccess", "AmazonS3FullAccess"}
    assert await installed.value("SELECT arn FROM role") == role["Arn"]


async def test_all_of_a_role_changes_at_once(installed: Session, iam: Any) -> None:
    await installed.execute(
        f"UPDATE role SET assume_role_policy_document = '{json.dumps(trust('ec2.amazonaws.com'))}', "
        f"description = 'other', attached_policies_arns = ARRAY['{_POLICY}ReadOnlyAccess', "
        f"'{_POLICY}AmazonEC2FullAccess']"
    )
    assert [row[0] for row in await installed.apply()] == ["update"]
    role = iam.get_role(RoleName="tasks")["Role"]
    assert role["AssumeRolePolicyDocument"] == trust("ec2.amazonaws.com")
    assert role["Description"] == "other"
    assert policies(iam, "tasks") == {"ReadOnlyAccess", "AmazonEC2FullAccess"}


async def test_another_description_leaves_the_session_duration(installed: Session, iam: Any) -> None:
    description = iam.get_role(RoleName="tasks")["Role"].get("Description", "")
    iam.update_role(RoleName="tasks", MaxSessionDuration=7200, Description=description)
    await installed.execute("UPDATE role SET description = 'other'")
    await installed.apply()
    role = iam.get_role(RoleName="tasks")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("other", 7200)


async def test_what_a_role_may_lack_is_removed(installed: Session, iam: Any) -> None:
    await installed.execute("UPDATE role SET description = NULL, attached_policies_arns = NULL")
    assert [row[0] for row in await installed.apply()] == ["update"]
    assert iam.get_role(RoleName="tasks")["Role"].get("Description", "") == ""
    assert policies(iam, "tasks") == set()


async def test_documents_compare_by_what_they_say(installed: Session) -> None:
    same = {
        "Statement": {
            "Principal": {"Service": ["ecs-tasks.amazonaws.com"]},
            "Action": ["sts:AssumeRole"],
            "Effect": "Allow",
        },
        "Version": "2012-10-17",
    }
    await installed.execute(
        f"UPDATE role SET assume_role_policy_document = '{json.dumps(same, indent=2)}', "
        f"attached_policies_arns = ARRAY['{_POLICY}AmazonS3FullAccess', '{_POLICY}ReadOnlyAccess']"
    )
    assert await installed("iasql_plan_apply") == []
    assert await installed("iasql_plan_sync") == []


async def test_another_name_is_another_role(installed: Session, iam: Any) -> None:
    await installed.execute("UPDATE role SET role_name = 'workers'")
    assert [row[0] for row in await installed.apply()] == ["replace"]
    assert [each["RoleName"] for each in iam.list_roles()["Roles"]] == ["workers"]
    assert policies(iam, "workers") == {"ReadOnlyAccess", "AmazonS3FullAccess"}


async def test_a_role_is_deleted_with_its_attachments(installed: Session, iam: Any) -> None:
    await installed.execute("DELETE FROM role")
    assert [row[:2] for row in await installed.apply()] == [("delete", "role")]
    assert iam.list_roles()["Roles"] == []


async def test_a_service_linked_role_stays_as_it_is(session: Session, iam: Any) -> None:
    iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    await session("iasql_install", "aws_iam")
    before = await session.rows("SELECT * FROM role")
    assert len(before) == 1
    await session.execute("UPDATE role SET description = 'mine'")
    assert await session.apply() == []
    assert await session.rows("SELECT * FROM role") == before
    await session.execute("DELETE FROM role")
    assert await session.apply() == []
    assert await session.rows("SELECT * FROM role") == before
    assert len([each for each in session.notices if "its row is restored" in each]) >= 2


@pytest.mark.parametrize(
    ("document", "code"), [('{"Version": "2012-10-17", "Statement": []}', "MalformedPolicyDocument")]
)
async def test_an_invalid_trust_policy_is_refused(
    session: Session, iam: Any, document: str, code: str
) -> None:
    await session("iasql_install", "aws_iam")
    await session.execute(
        f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('r', '{document}')"
    )
    with pytest.raises(OperationError) as refused:
        await session("iasql_apply")
    error = refused.value
    assert (error.sqlstate, error.schema, error.table) == ("22023", "public", "role")
    assert error.message == f"could not create role r: AWS answered {code}"
    assert error.detail is not None
    assert code in error.detail
    assert error.hint is not None
    assert "assume_role_policy_document" in error.hint
    assert iam.list_roles()["Roles"] == []


async def test_a_role_of_which_somebody_has_made_use_meanwhile_keeps_its_policies(
    installed: Session, iam: Any, simulator: Cloud
) -> None:
    inline = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}],
    }
    iam.put_role_policy(RoleName="tasks", PolicyName="own", PolicyDocument=json.dumps(inline))
    await installed.execute("DELETE FROM role")
    with pytest.raises(OperationError, match="role_policy tasks own is in conflict with AWS"):
        await installed("iasql_apply")
    iam.delete_role_policy(RoleName="tasks", PolicyName="own")
    iam.create_instance_profile(InstanceProfileName="profile")
    iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName="tasks")
    with pytest.raises(OperationError, match="instance_profile profile"):
        await installed("iasql_apply")
    assert simulator.called("DetachRolePolicy") == 0
    iam.remove_role_from_instance_profile(InstanceProfileName="profile", RoleName="tasks")
    await installed("iasql_apply")
    assert iam.list_roles()["Roles"] == []


async def test_what_was_taken_off_is_put_back_if_aws_refuses(
    installed: Session, iam: Any, simulator: Cloud
) -> None:
    simulator.plan(
        {
            "action": "error", "operation": "DeleteRole", "times": 0, "status": 409,
            "code": "UnmodifiableEntity", "message": "not yours",
        }
    )  # fmt: skip
    await installed.execute("DELETE FROM role")
    with pytest.raises(OperationError, match="UnmodifiableEntity"):
        await installed("iasql_apply")
    assert policies(iam, "tasks") == {"ReadOnlyAccess", "AmazonS3FullAccess"}
    assert simulator.called("DetachRolePolicy") == 2


async def test_a_renamed_role_keeps_what_no_column_shows(session: Session, iam: Any) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}],
    }
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    iam.create_role(
        RoleName="old",
        Path="/team/",
        AssumeRolePolicyDocument=json.dumps(_TRUST),
        MaxSessionDuration=7200,
        PermissionsBoundary=boundary,
    )
    iam.attach_role_policy(RoleName="old", PolicyArn=_POLICY + "ReadOnlyAccess")
    iam.put_role_policy(RoleName="old", PolicyName="own", PolicyDocument=json.dumps(document))
    await session("iasql_install", "aws_iam")
    await session.execute("UPDATE role SET role_name = 'new'")
    assert [row[:2] for row in await session.apply()] == [
        ("create", "role_policy"),
        ("replace", "role"),
        ("delete", "role_policy"),
    ]
    assert [each["RoleName"] for each in iam.list_roles()["Roles"]] == ["new"]
    role = iam.get_role(RoleName="new")["Role"]
    assert (role["Path"], role["MaxSessionDuration"]) == ("/team/", 7200)
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    assert policies(iam, "new") == {"ReadOnlyAccess"}
    assert iam.get_role_policy(RoleName="new", PolicyName="own")["PolicyDocument"] == document


async def test_a_renamed_role_stays_in_a_profile_that_somebody_has_made_meanwhile(
    installed: Session, iam: Any
) -> None:
    iam.create_instance_profile(InstanceProfileName="profile")
    iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName="tasks")
    await installed.execute("UPDATE role SET role_name = 'new'")
    await installed("iasql_apply")
    assert [each["RoleName"] for each in iam.list_roles()["Roles"]] == ["new"]
    profile = iam.get_instance_profile(InstanceProfileName="profile")["InstanceProfile"]
    assert [each["RoleName"] for each in profile["Roles"]] == ["new"]


async def test_each_column_of_a_role_changes(installed: Session, iam: Any) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    await installed("iasql_sync")
    await installed.execute(
        f"UPDATE role SET max_session_duration = 7200, permissions_boundary = '{boundary}'"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "role")]
    role = iam.get_role(RoleName="tasks")["Role"]
    assert (role["MaxSessionDuration"], role["Description"]) == (7200, "runs tasks")
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    await installed.execute("UPDATE role SET permissions_boundary = NULL")
    await installed.apply()
    assert "PermissionsBoundary" not in iam.get_role(RoleName="tasks")["Role"]
    await installed.execute("UPDATE role SET path = '/team/', role_name = 'new'")
    assert [row[:2] for row in await installed.apply()] == [("replace", "role")]
    role = iam.get_role(RoleName="new")["Role"]
    assert (role["Path"], role["MaxSessionDuration"]) == ("/team/", 7200)


async def test_a_boundary_is_made_before_the_role_and_is_not_deleted_before_it(
    session: Session, iam: Any
) -> None:
    await session("iasql_install", "aws_iam")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    arn = "arn:aws:iam::123456789012:policy/b"
    await session.execute(
        "INSERT INTO role (role_name, assume_role_policy_document, permissions_boundary) "
        f"VALUES ('r', '{json.dumps(_TRUST)}', '{arn}');"
        f"INSERT INTO iam_policy (policy_name, policy_document) VALUES ('b', '{json.dumps(document)}')"
    )
    await session.apply()
    assert iam.get_role(RoleName="r")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    await session.execute("DELETE FROM iam_policy")
    with pytest.raises(OperationError, match=f"role r uses iam_policy {arn}"):
        await session("iasql_apply")
    await session.execute("DELETE FROM role")
    await session.apply()
    assert iam.list_policies(Scope="Local")["Policies"] == []


async def test_an_account_by_its_number_is_its_root(session: Session, iam: Any) -> None:
    await session("iasql_install", "aws_iam")
    ours = {**_TRUST, "Statement": [{**_TRUST["Statement"][0], "Principal": {"AWS": "123456789012"}}]}
    await session.execute(
        f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('r', '{json.dumps(ours)}')"
    )
    await session.apply()
    theirs = json.dumps(ours).replace("123456789012", "arn:aws:iam::123456789012:root")
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=theirs)
    assert await session("iasql_plan_apply") == []
