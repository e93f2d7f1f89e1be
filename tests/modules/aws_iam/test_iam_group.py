"""Groups of users."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.engines import SessionWith

_POLICY = "arn:aws:iam::aws:policy/"
_DENY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
)


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    """A session with a group applied that has one of two users."""
    session = await session_with("aws_iam")
    await session.execute(
        "INSERT INTO iam_user (user_name) VALUES ('ann'), ('bea');"
        "INSERT INTO iam_group (group_name, path, attached_policies_arns) "
        f"VALUES ('people', '/team/', ARRAY['{_POLICY}ReadOnlyAccess']);"
        "INSERT INTO iam_group_member (group_name, user_name) VALUES ('people', 'ann')"
    )
    await session.apply()
    return session


def members(iam: Any, group: str = "people") -> set[str]:
    return {each["UserName"] for each in iam.get_group(GroupName=group)["Users"]}


def attached(iam: Any, group: str = "people") -> set[str]:
    found = iam.list_attached_group_policies(GroupName=group)["AttachedPolicies"]
    return {each["PolicyName"] for each in found}


async def test_groups_and_members_are_imported(session: Session, iam: Any) -> None:
    iam.create_group(GroupName="people", Path="/team/")
    iam.create_group(GroupName="nobody")
    iam.attach_group_policy(GroupName="people", PolicyArn=f"{_POLICY}ReadOnlyAccess")
    iam.put_group_policy(GroupName="people", PolicyName="own", PolicyDocument=_DENY)
    iam.create_user(UserName="ann")
    iam.add_user_to_group(GroupName="people", UserName="ann")
    await session("iasql_install", "aws_iam")
    assert await session.rows(
        "SELECT group_name, path, attached_policies_arns FROM iam_group ORDER BY group_name"
    ) == [("nobody", "/", []), ("people", "/team/", [f"{_POLICY}ReadOnlyAccess"])]
    assert await session.rows("SELECT group_name, user_name FROM iam_group_member") == [("people", "ann")]
    assert await session.rows("SELECT group_name, policy_name FROM iam_group_policy") == [("people", "own")]
    assert await session("iasql_plan_apply") == []


async def test_a_group_is_made_with_its_members(installed: Session, iam: Any) -> None:
    group = iam.get_group(GroupName="people")["Group"]
    assert (group["Path"], members(iam), attached(iam)) == ("/team/", {"ann"}, {"ReadOnlyAccess"})
    assert await installed.rows("SELECT arn, group_id FROM iam_group") == [(group["Arn"], group["GroupId"])]


async def test_members_come_and_go(installed: Session, iam: Any) -> None:
    await installed.execute("INSERT INTO iam_group_member (group_name, user_name) VALUES ('people', 'bea')")
    assert [row[:2] for row in await installed.apply()] == [("create", "iam_group_member")]
    assert members(iam) == {"ann", "bea"}
    await installed.execute("DELETE FROM iam_group_member WHERE user_name = 'ann'")
    assert [row[:2] for row in await installed.apply()] == [("delete", "iam_group_member")]
    assert members(iam) == {"bea"}


async def test_a_group_keeps_everything_under_another_name(installed: Session, iam: Any) -> None:
    await installed.execute(
        "UPDATE iam_group SET group_name = 'staff', path = '/', "
        f"attached_policies_arns = ARRAY['{_POLICY}AmazonS3FullAccess']"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "iam_group")]
    group = iam.get_group(GroupName="staff")["Group"]
    assert (group["Path"], members(iam, "staff")) == ("/", {"ann"})
    assert attached(iam, "staff") == {"AmazonS3FullAccess"}
    assert await installed.value("SELECT arn FROM iam_group") == group["Arn"]
    assert [each["GroupName"] for each in iam.list_groups()["Groups"]] == ["staff"]


async def test_a_group_is_deleted_and_its_members_stay(installed: Session, iam: Any) -> None:
    await installed.execute(
        f"INSERT INTO iam_group_policy (group_name, policy_name, policy_document) VALUES "
        f"('people', 'own', '{_DENY}')"
    )
    await installed.apply()
    await installed.execute("DELETE FROM iam_group")
    await installed.apply()
    assert iam.list_groups()["Groups"] == []
    assert {each["UserName"] for each in iam.list_users()["Users"]} == {"ann", "bea"}


async def test_a_group_that_somebody_has_joined_meanwhile_is_not_deleted(
    installed: Session, iam: Any
) -> None:
    iam.add_user_to_group(GroupName="people", UserName="bea")
    await installed.execute("DELETE FROM iam_group")
    with pytest.raises(OperationError, match="iam_group_member people bea is in conflict"):
        await installed("iasql_apply")
    assert (members(iam), attached(iam)) == ({"ann", "bea"}, {"ReadOnlyAccess"})
