"""Inline policies of roles."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.engines import SessionWith

_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def allow(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    """A session with a role that has an inline policy."""
    session = await session_with("aws_iam")
    await session.execute(
        f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('r', '{_TRUST}');"
        "INSERT INTO role_policy (role_name, policy_name, policy_document) "
        f"VALUES ('r', 'own', '{allow('s3:*')}')"
    )
    assert [row[:2] for row in await session.apply()] == [("create", "role"), ("create", "role_policy")]
    return session


def inline(iam: Any, role: str = "r") -> dict[str, str]:
    """What each inline policy of a role allows."""
    found = {}
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        found[name] = document["Statement"][0]["Action"]
    return found


async def test_inline_policies_are_imported(session: Session, iam: Any) -> None:
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=_TRUST)
    for name in ("a", "b"):
        iam.put_role_policy(RoleName="r", PolicyName=name, PolicyDocument=allow(f"{name}:*"))
    await session("iasql_install", "aws_iam")
    rows = await session.rows(
        "SELECT role_name, policy_name, policy_document #>> '{Statement,0,Action}' FROM role_policy "
        "ORDER BY policy_name"
    )
    assert rows == [("r", "a", "a:*"), ("r", "b", "b:*")]
    assert await session("iasql_plan_apply") == []


async def test_an_inline_policy_is_made_after_its_role_and_changed(installed: Session, iam: Any) -> None:
    assert inline(iam) == {"own": "s3:*"}
    await installed.execute(f"UPDATE role_policy SET policy_document = '{allow('sqs:*')}'")
    assert [row[:2] for row in await installed.apply()] == [("update", "role_policy")]
    assert inline(iam) == {"own": "sqs:*"}


async def test_another_name_is_another_inline_policy(installed: Session, iam: Any) -> None:
    await installed.execute("UPDATE role_policy SET policy_name = 'other'")
    assert [row[0] for row in await installed.apply()] == ["create", "delete"]
    assert inline(iam) == {"other": "s3:*"}


async def test_inline_policies_go_along_with_a_renamed_role(installed: Session, iam: Any) -> None:
    await installed.execute("UPDATE role SET role_name = 'new'")
    assert [row[:2] for row in await installed.apply()] == [
        ("create", "role_policy"),
        ("replace", "role"),
        ("delete", "role_policy"),
    ]
    assert inline(iam, "new") == {"own": "s3:*"}
    assert [each["RoleName"] for each in iam.list_roles()["Roles"]] == ["new"]


async def test_an_inline_policy_is_deleted_by_itself_and_before_its_role(
    installed: Session, iam: Any
) -> None:
    await installed.execute("DELETE FROM role_policy")
    assert [row[:2] for row in await installed.apply()] == [("delete", "role_policy")]
    assert inline(iam) == {}
    await installed.execute(
        "INSERT INTO role_policy (role_name, policy_name, policy_document) "
        f"VALUES ('r', 'own', '{allow('s3:*')}')"
    )
    await installed.apply()
    await installed.execute("DELETE FROM role")
    await installed.apply()
    assert iam.list_roles()["Roles"] == []


async def test_one_that_somebody_has_made_meanwhile_is_not_written_over(installed: Session, iam: Any) -> None:
    await installed.execute(
        "INSERT INTO role_policy (role_name, policy_name, policy_document) "
        f"VALUES ('r', 'more', '{allow('s3:*')}')"
    )
    iam.put_role_policy(RoleName="r", PolicyName="more", PolicyDocument=allow("sns:*"))
    with pytest.raises(OperationError, match="role_policy r more"):
        await installed("iasql_apply")
    assert inline(iam)["more"] == "sns:*"


async def test_a_malformed_document_is_refused(installed: Session, iam: Any) -> None:
    await installed.execute('UPDATE role_policy SET policy_document = \'{"Version": "2012-10-17"}\'')
    with pytest.raises(OperationError, match="MalformedPolicyDocument") as refused:
        await installed("iasql_apply")
    assert "role_policy.policy_document" in (refused.value.hint or "")
    assert inline(iam) == {"own": "s3:*"}
