"""Managed policies."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

_ARN = "arn:aws:iam::123456789012:policy"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def allow(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def add_role(name: str, *policies: str) -> str:
    names = ", ".join(f"'{each}'" for each in policies)
    return (
        "INSERT INTO role (role_name, assume_role_policy_document, attached_policies_arns) "
        f"VALUES ('{name}', '{json.dumps(_TRUST)}', ARRAY[{names}])"
    )


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    """A session with one policy applied, in /team/."""
    session = await session_with("aws_iam")
    await session.execute(
        "INSERT INTO iam_policy (policy_name, path, description, policy_document, tags) "
        f"VALUES ('app', '/team/', 'what the app may do', '{allow('s3:GetObject')}', '{{\"team\": \"x\"}}')"
    )
    assert [row[:2] for row in await session.apply()] == [("create", "iam_policy")]
    return session


def own(iam: Any) -> dict[str, list[str]]:
    """The account's own policies, with what they allow."""
    found = {}
    for each in iam.list_policies(Scope="Local")["Policies"]:
        version = iam.get_policy_version(PolicyArn=each["Arn"], VersionId=each["DefaultVersionId"])
        found[each["PolicyName"]] = version["PolicyVersion"]["Document"]["Statement"][0]["Action"]
    return found


def versions(iam: Any, arn: str = f"{_ARN}/team/app") -> set[str]:
    return {each["VersionId"] for each in iam.list_policy_versions(PolicyArn=arn)["Versions"]}


def full(iam: Any) -> None:
    """Somebody has changed the policy until it has five versions, and gone back to the first."""
    for number in range(4):
        iam.create_policy_version(
            PolicyArn=f"{_ARN}/team/app", PolicyDocument=allow(f"sqs:{number}"), SetAsDefault=True
        )
    iam.set_default_policy_version(PolicyArn=f"{_ARN}/team/app", VersionId="v1")


async def change(session: Session, *actions: str) -> None:
    await session.execute(f"UPDATE iam_policy SET policy_document = '{allow(*actions)}'")


async def test_policies_are_imported_and_those_of_aws_are_no_rows(session: Session, iam: Any) -> None:
    arn = iam.create_policy(PolicyName="there", PolicyDocument=allow("sqs:*"))["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("sns:*"), SetAsDefault=True)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("ec2:*"), SetAsDefault=False)
    await session("iasql_install", "aws_iam")
    [(name, path, document, version)] = await session.rows(
        "SELECT policy_name, path, policy_document, default_version_id FROM iam_policy"
    )
    assert (name, path, json.loads(document), version) == ("there", "/", json.loads(allow("sns:*")), "v2")
    assert await session("iasql_plan_apply") == []


async def test_a_policy_is_made(installed: Session, iam: Any) -> None:
    policy = iam.get_policy(PolicyArn=f"{_ARN}/team/app")["Policy"]
    assert (policy["Path"], policy["Description"]) == ("/team/", "what the app may do")
    assert own(iam) == {"app": ["s3:GetObject"]}
    assert await installed.rows("SELECT arn, default_version_id FROM iam_policy") == [
        (f"{_ARN}/team/app", "v1")
    ]


async def test_another_document_is_a_new_version(installed: Session, iam: Any) -> None:
    await change(installed, "s3:PutObject")
    assert [row[:2] for row in await installed.apply()] == [("update", "iam_policy")]
    assert own(iam) == {"app": ["s3:PutObject"]}
    assert versions(iam) == {"v1", "v2"}
    assert await installed.value("SELECT default_version_id FROM iam_policy") == "v2"


async def test_documents_compare_by_what_they_say(installed: Session, iam: Any) -> None:
    same = {
        "Statement": {"Resource": ["*"], "Action": "s3:GetObject", "Effect": "Allow"},
        "Version": "2012-10-17",
    }
    await installed.execute(f"UPDATE iam_policy SET policy_document = '{json.dumps(same)}'")
    assert await installed("iasql_plan_apply") == []
    assert versions(iam) == {"v1"}


async def test_of_five_versions_the_oldest_that_does_not_count_goes_and_the_plan_says_so(
    installed: Session, iam: Any
) -> None:
    full(iam)
    await installed("iasql_sync")
    await change(installed, "s3:PutObject")
    [row] = await installed("iasql_diff")
    assert (row[1], "policy_document" in row, "version v2" in row) == ("iam_policy", True, True)
    assert any("needs room: version v2 would be deleted" in each for each in installed.notices)
    assert [row[:2] for row in await installed.apply()] == [("update", "iam_policy")]
    assert versions(iam) == {"v1", "v3", "v4", "v5", "v6"}
    assert own(iam) == {"app": ["s3:PutObject"]}


async def test_no_version_goes_for_a_document_that_aws_refuses(
    installed: Session, iam: Any, simulator: Cloud
) -> None:
    full(iam)
    await installed("iasql_sync")
    await installed.execute('UPDATE iam_policy SET policy_document = \'{"Version": "2012-10-17"}\'')
    with pytest.raises(OperationError, match="MalformedPolicyDocument") as refused:
        await installed("iasql_apply")
    assert "iam_policy.policy_document" in (refused.value.hint or "")
    assert versions(iam) == {"v1", "v2", "v3", "v4", "v5"}
    assert simulator.called("DeletePolicyVersion") == 0


async def test_another_path_or_description_is_another_policy(installed: Session, iam: Any) -> None:
    await installed.execute("UPDATE iam_policy SET path = '/', description = 'other'")
    assert [row[:2] for row in await installed.apply()] == [("replace", "iam_policy")]
    policy = iam.get_policy(PolicyArn=f"{_ARN}/app")["Policy"]
    assert (policy["Description"], policy["Tags"]) == ("other", [{"Key": "team", "Value": "x"}])
    assert own(iam) == {"app": ["s3:GetObject"]}


async def test_a_replacement_says_that_it_loses_other_versions(installed: Session, iam: Any) -> None:
    await change(installed, "s3:PutObject")
    await installed.apply()
    await installed.execute("UPDATE iam_policy SET policy_name = 'other'")
    with pytest.raises(OperationError, match="lose") as refused:
        await installed("iasql_apply")
    assert "its other versions (v1)" in (refused.value.detail or "")
    await installed.execute("SET iasql.allow_loss = on")
    assert [row[:2] for row in await installed.apply()] == [("replace", "iam_policy")]
    assert own(iam) == {"other": ["s3:PutObject"]}


async def test_a_policy_is_deleted_with_its_versions(installed: Session, iam: Any) -> None:
    full(iam)
    await installed("iasql_sync")
    await installed.execute("DELETE FROM iam_policy")
    assert [row[:2] for row in await installed.apply()] == [("delete", "iam_policy")]
    assert own(iam) == {}


async def test_what_somebody_attaches_meanwhile_keeps_its_versions(
    installed: Session, iam: Any, simulator: Cloud
) -> None:
    full(iam)
    iam.create_group(GroupName="people")
    await installed("iasql_sync")
    await installed.execute("DELETE FROM iam_policy")
    simulator.plan({"action": "hang_before", "operation": "ListEntitiesForPolicy", "times": 1, "seconds": 2})
    applied = asyncio.ensure_future(installed("iasql_apply"))
    await simulator.until_called("ListEntitiesForPolicy", 1)
    iam.attach_group_policy(GroupName="people", PolicyArn=f"{_ARN}/team/app")
    with pytest.raises(OperationError, match="groups that it is attached to") as refused:
        await applied
    assert refused.value.sqlstate == "2BP01"
    assert "people" in (refused.value.detail or "")
    assert len(versions(iam)) == 5
    assert simulator.called("DeletePolicyVersion") == 0


async def test_what_a_group_goes_on_having_keeps_its_versions(installed: Session, iam: Any) -> None:
    full(iam)
    iam.create_group(GroupName="people")
    iam.attach_group_policy(GroupName="people", PolicyArn=f"{_ARN}/team/app")
    await installed("iasql_sync")
    await installed.execute("DELETE FROM iam_policy")
    with pytest.raises(OperationError, match="iam_group people uses iam_policy") as refused:
        await installed("iasql_apply")
    assert refused.value.sqlstate == "23503"
    assert len(versions(iam)) == 5


async def test_a_role_and_its_policy_are_made_and_deleted_in_one_apply(session: Session, iam: Any) -> None:
    await session("iasql_install", "aws_iam")
    await session.execute(add_role("r", f"{_ARN}/app", "arn:aws:iam::aws:policy/ReadOnlyAccess"))
    await session.execute(
        f"INSERT INTO iam_policy (policy_name, policy_document) VALUES ('app', '{allow('s3:*')}')"
    )
    await session.apply()
    attached = iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]
    assert {each["PolicyName"] for each in attached} == {"app", "ReadOnlyAccess"}
    await session.execute("DELETE FROM role; DELETE FROM iam_policy")
    await session.apply()
    assert own(iam) == {}


async def test_a_role_is_given_the_policy_that_takes_the_place_of_another(
    installed: Session, iam: Any
) -> None:
    await installed.execute(add_role("r", f"{_ARN}/team/app"))
    await installed.apply()
    await installed.execute(
        "UPDATE iam_policy SET policy_name = 'other'; "
        f"UPDATE role SET attached_policies_arns = ARRAY['{_ARN}/team/other']"
    )
    assert {row[:2] for row in await installed.apply()} == {("replace", "iam_policy"), ("update", "role")}
    attached = iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]
    assert [each["PolicyName"] for each in attached] == ["other"]
    assert own(iam) == {"other": ["s3:GetObject"]}


async def test_a_policy_that_a_role_goes_on_naming_is_not_deleted(installed: Session, iam: Any) -> None:
    await installed.execute(add_role("r", f"{_ARN}/team/app"))
    await installed.apply()
    await installed.execute("DELETE FROM iam_policy")
    with pytest.raises(OperationError, match=f"role r uses iam_policy {_ARN}/team/app") as refused:
        await installed("iasql_apply")
    assert refused.value.sqlstate == "23503"
    assert own(iam) == {"app": ["s3:GetObject"]}


async def test_a_name_that_aws_has_already_is_refused(installed: Session, iam: Any, simulator: Cloud) -> None:
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.create_policy(PolicyName="APP", PolicyDocument=allow("sqs:*"))
