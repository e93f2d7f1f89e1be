"""Users, and the access keys that they have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

_POLICY = "arn:aws:iam::aws:policy/"
_DENY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
)


@pytest.fixture
async def installed(session_with: SessionWith, iam: Any) -> Session:
    """A session with a user applied, who has been given a key since."""
    session = await session_with("aws_iam")
    await session.execute(
        "INSERT INTO iam_user (user_name, path, attached_policies_arns, permissions_boundary, tags) "
        f"VALUES ('ann', '/team/', ARRAY['{_POLICY}ReadOnlyAccess'], '{_POLICY}PowerUserAccess', "
        '\'{"team": "x"}\')'
    )
    assert [row[:2] for row in await session.apply()] == [("create", "iam_user")]
    iam.create_access_key(UserName="ann")
    await session("iasql_sync")
    return session


def user(iam: Any, name: str = "ann") -> dict[str, Any]:
    found: dict[str, Any] = iam.get_user(UserName=name)["User"]
    return found


def attached(iam: Any, name: str = "ann") -> set[str]:
    found = iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]
    return {each["PolicyName"] for each in found}


def keys(iam: Any, name: str = "ann") -> list[str]:
    return [each["Status"] for each in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]]


async def test_users_and_keys_are_imported(session: Session, iam: Any) -> None:
    iam.create_user(UserName="ann", Path="/a/", PermissionsBoundary=f"{_POLICY}PowerUserAccess")
    iam.attach_user_policy(UserName="ann", PolicyArn=f"{_POLICY}ReadOnlyAccess")
    key = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    await session("iasql_install", "aws_iam")
    assert await session.rows(
        "SELECT user_name, path, attached_policies_arns, permissions_boundary FROM iam_user"
    ) == [("ann", "/a/", [f"{_POLICY}ReadOnlyAccess"], f"{_POLICY}PowerUserAccess")]
    assert await session.rows("SELECT access_key_id, user_name, status FROM access_key") == [
        (key, "ann", "Active")
    ]
    assert await session("iasql_plan_apply") == []


async def test_a_user_is_made(installed: Session, iam: Any) -> None:
    made = user(iam)
    assert (made["Path"], made["Tags"]) == ("/team/", [{"Key": "team", "Value": "x"}])
    assert made["PermissionsBoundary"]["PermissionsBoundaryArn"] == f"{_POLICY}PowerUserAccess"
    assert attached(iam) == {"ReadOnlyAccess"}
    assert await installed.rows("SELECT arn, user_id FROM iam_user") == [(made["Arn"], made["UserId"])]


async def test_each_column_of_a_user_changes(installed: Session, iam: Any) -> None:
    await installed.execute(
        f"UPDATE iam_user SET attached_policies_arns = ARRAY['{_POLICY}AmazonS3FullAccess'], "
        f"permissions_boundary = '{_POLICY}ReadOnlyAccess', path = '/'"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "iam_user")]
    assert attached(iam) == {"AmazonS3FullAccess"}
    assert user(iam)["Path"] == "/"
    assert user(iam)["PermissionsBoundary"]["PermissionsBoundaryArn"] == f"{_POLICY}ReadOnlyAccess"
    await installed.execute("UPDATE iam_user SET permissions_boundary = NULL, attached_policies_arns = NULL")
    await installed.apply()
    assert (attached(iam), user(iam).get("PermissionsBoundary")) == (set(), None)


async def test_a_user_keeps_everything_under_another_name(installed: Session, iam: Any) -> None:
    before = user(iam)["UserId"]
    await installed.execute("UPDATE iam_user SET user_name = 'bea'")
    assert [row[:2] for row in await installed.apply()] == [("update", "iam_user")]
    after = user(iam, "bea")
    assert (after["UserId"], after["Path"]) == (before, "/team/")
    assert (attached(iam, "bea"), keys(iam, "bea")) == ({"ReadOnlyAccess"}, ["Active"])
    assert await installed.rows("SELECT arn, user_name FROM iam_user") == [(after["Arn"], "bea")]
    assert await installed.value("SELECT user_name FROM access_key") == "bea"


async def test_a_user_is_deleted_with_its_keys(installed: Session, iam: Any) -> None:
    await installed.execute("DELETE FROM iam_user")
    assert [row[:2] for row in await installed.apply()] == [("delete", "iam_user"), ("delete", "access_key")]
    assert iam.list_users()["Users"] == []


async def test_a_user_who_signs_in_otherwise_keeps_its_keys_and_is_not_deleted(
    installed: Session, iam: Any, simulator: Cloud
) -> None:
    iam.create_login_profile(UserName="ann", Password="Tr0ub4dor&3")
    await installed.execute("DELETE FROM iam_user")
    for function in ("iasql_plan_apply", "iasql_apply"):
        with pytest.raises(
            OperationError, match=r"iam_user ann .*cannot be deleted: .*a console password"
        ) as no:
            await installed(function)
        assert no.value.sqlstate == "2BP01"
    assert (keys(iam), attached(iam)) == (["Active"], {"ReadOnlyAccess"})
    assert simulator.called("DeleteAccessKey") == 0
    iam.delete_login_profile(UserName="ann")
    await installed.apply()
    assert iam.list_users()["Users"] == []


async def test_a_key_is_made_inactive_and_active_again(installed: Session, iam: Any) -> None:
    for status in ("Inactive", "Active"):
        await installed.execute(f"UPDATE access_key SET status = '{status}'")
        assert [row[:2] for row in await installed.apply()] == [("update", "access_key")]
        assert keys(iam) == [status]


async def test_a_key_is_deleted(installed: Session, iam: Any) -> None:
    await installed.execute("DELETE FROM access_key")
    assert [row[:2] for row in await installed.apply()] == [("delete", "access_key")]
    assert keys(iam) == []


async def test_a_row_makes_no_key(installed: Session, iam: Any, simulator: Cloud) -> None:
    made = simulator.called("CreateAccessKey")
    await installed.execute(
        "INSERT INTO access_key (access_key_id, user_name, status) VALUES ('AKIAX', 'ann', 'Active')"
    )
    assert await installed("iasql_apply") == []
    assert simulator.called("CreateAccessKey") == made
    assert await installed.value("SELECT count(*) FROM access_key") == 1
    assert any("only AWS makes such a thing" in each for each in installed.notices)
    columns = await installed.rows(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'access_key'"
    )
    assert not [name for (name,) in columns if "secret" in name]


async def test_a_status_that_there_is_not_is_refused(installed: Session, iam: Any) -> None:
    await installed.execute("UPDATE access_key SET status = 'Off'")
    with pytest.raises(OperationError, match="access_key"):
        await installed("iasql_apply")
    assert keys(iam) == ["Active"]


async def test_a_user_with_an_inline_policy(installed: Session, iam: Any) -> None:
    await installed.execute(
        "INSERT INTO iam_user_policy (user_name, policy_name, policy_document) "
        f"VALUES ('ann', 'own', '{_DENY}')"
    )
    assert [row[:2] for row in await installed.apply()] == [("create", "iam_user_policy")]
    assert iam.list_user_policies(UserName="ann")["PolicyNames"] == ["own"]
    await installed.execute("DELETE FROM iam_user")
    await installed.apply()
    assert iam.list_users()["Users"] == []
