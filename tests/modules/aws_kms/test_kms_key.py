"""Keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

_POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}
_ANOTHER = {
    **_POLICY,
    "Statement": [*_POLICY["Statement"], {**_POLICY["Statement"][0], "Action": "kms:Sign"}],
}
_EVERY = (
    "INSERT INTO kms_key (description, policy, multi_region, key_rotation_enabled, rotation_period_in_days, "
    f"enabled) VALUES ('payments', '{json.dumps(_POLICY)}', true, true, 180, false)"
)


@pytest.fixture
def kms(simulator: Cloud) -> Any:
    return simulator.client("kms")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_kms")


def keys(kms: Any) -> list[dict[str, Any]]:
    """The keys that are not being deleted."""
    found = [kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"] for each in kms.list_keys()["Keys"]]
    return [each for each in found if each["KeyState"] != "PendingDeletion"]


def policy(kms: Any, key: str) -> Any:
    return json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])


async def test_keys_are_imported_but_for_those_that_are_being_deleted(session: Session, kms: Any) -> None:
    tags = [{"TagKey": "team", "TagValue": "x"}]
    there = kms.create_key(Description="there", KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY", Tags=tags)
    key = there["KeyMetadata"]
    gone = kms.create_key(Description="gone")["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=gone)
    await session("iasql_install", "aws_kms")
    assert await session.rows(
        "SELECT key_id, arn, description, enabled, key_spec, key_usage, multi_region, key_rotation_enabled, "
        "rotation_period_in_days, key_state, origin, tags::text FROM kms_key"
    ) == [
        (
            *(key["KeyId"], key["Arn"], "there", True, "RSA_2048", "SIGN_VERIFY", False, False, None),
            *("Enabled", "AWS_KMS", '{"team": "x"}'),
        )
    ]
    assert json.loads(await session.value("SELECT policy FROM kms_key")) == policy(kms, key["KeyId"])
    assert await session("iasql_plan_apply") == []


async def test_every_attribute_of_a_key_is_sent(installed: Session, kms: Any) -> None:
    await installed.execute(_EVERY)
    assert [row[:2] for row in await installed.apply()] == [("create", "kms_key")]
    [key] = keys(kms)
    assert (key["Description"], key["MultiRegion"], key["KeyState"]) == ("payments", True, "Disabled")
    rotation = kms.get_key_rotation_status(KeyId=key["KeyId"])
    assert (rotation["KeyRotationEnabled"], rotation["RotationPeriodInDays"]) == (True, 180)
    assert policy(kms, key["KeyId"]) == _POLICY
    assert await installed.rows("SELECT key_id, key_state FROM kms_key") == [(key["KeyId"], "Disabled")]


async def test_a_key_that_says_nothing_has_what_aws_gives_it(installed: Session, kms: Any) -> None:
    await installed.execute("INSERT INTO kms_key (key_rotation_enabled) VALUES (true), (false)")
    await installed.apply()
    [rotated, plain] = await installed.rows(
        "SELECT key_id, rotation_period_in_days, policy IS NOT NULL FROM kms_key ORDER BY 2"
    )
    assert (rotated[1:], plain[1:]) == ((365, True), (None, True))
    assert {each["KeyId"] for each in keys(kms)} == {rotated[0], plain[0]}


async def test_all_that_can_change_of_a_key_changes_at_once(installed: Session, kms: Any) -> None:
    await installed.execute(_EVERY)
    await installed.apply()
    [before] = keys(kms)
    # Of a disabled key AWS would not change the rotation: it is enabled first.
    await installed.execute(
        "UPDATE kms_key SET enabled = true, description = NULL, rotation_period_in_days = 200, "
        f"policy = '{json.dumps(_ANOTHER)}'"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "kms_key")]
    [key] = keys(kms)
    assert (key["KeyId"], key["KeyState"], key["Description"]) == (before["KeyId"], "Enabled", "")
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["RotationPeriodInDays"] == 200
    assert policy(kms, key["KeyId"]) == _ANOTHER
    await installed.execute("UPDATE kms_key SET key_rotation_enabled = false, enabled = false")
    await installed.apply()
    assert keys(kms)[0]["KeyState"] == "Disabled"
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is False


async def test_a_description_alone_is_one_call(installed: Session, kms: Any, simulator: Cloud) -> None:
    await installed.execute(_EVERY)
    await installed.apply()
    made = len(simulator.calls(mutating=True))
    await installed.execute("UPDATE kms_key SET description = 'other'")
    await installed.apply()
    assert [each["operation"] for each in simulator.calls(mutating=True)[made:]] == ["UpdateKeyDescription"]


async def test_another_kind_of_key_is_another_key_and_loses_what_it_has_encrypted(
    installed: Session, kms: Any
) -> None:
    await installed.execute(_EVERY)
    await installed.apply()
    [old] = keys(kms)
    await installed.execute("UPDATE kms_key SET multi_region = false, enabled = true")
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert "what is encrypted or signed with it" in (refused.value.detail or "")
    await installed.execute("SET iasql.allow_loss = on")
    assert [row[0] for row in await installed.apply()] == ["replace"]
    [new] = keys(kms)
    assert new["KeyId"] != old["KeyId"]
    assert (new["MultiRegion"], new["Description"]) == (False, "payments")
    assert await installed.value("SELECT key_id FROM kms_key") == new["KeyId"]


async def test_a_key_is_deleted_after_the_longest_window(installed: Session, kms: Any) -> None:
    kms.create_key(Description="stays")
    await installed("iasql_sync")
    await installed.execute(_EVERY)
    await installed.apply()
    key = await installed.value("SELECT key_id FROM kms_key WHERE description = 'payments'")
    await installed.execute("DELETE FROM kms_key WHERE description = 'payments'")
    assert [row[0] for row in await installed.apply()] == ["delete"]
    gone = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert gone["KeyState"] == "PendingDeletion"
    assert 29 <= (gone["DeletionDate"] - gone["CreationDate"]).days <= 30
    assert [each["Description"] for each in keys(kms)] == ["stays"]
    # Had back, it is shown again.
    kms.cancel_key_deletion(KeyId=key)
    await installed("iasql_sync")
    assert await installed.rows("SELECT description FROM kms_key WHERE NOT enabled") == [("payments",)]


async def test_a_policy_that_would_lock_its_writer_out_is_refused(installed: Session, kms: Any) -> None:
    locked = {**_POLICY, "Statement": [{**_POLICY["Statement"][0], "Action": "kms:Encrypt"}]}
    await installed.execute(f"INSERT INTO kms_key (policy) VALUES ('{json.dumps(locked)}')")
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert "kms:PutKeyPolicy" in (refused.value.hint or "")
    assert keys(kms) == []


async def test_a_policy_may_name_a_role_that_aws_does_not_see_yet(
    installed: Session, kms: Any, simulator: Cloud
) -> None:
    simulator.plan(
        {
            "service": "kms",
            "operation": "CreateKey",
            "action": "error",
            "code": "MalformedPolicyDocumentException",
            "message": "Policy contains a statement with one or more invalid principals.",
            "status": 400,
        }
    )
    await installed.execute(_EVERY)
    await installed.apply()
    assert simulator.called("CreateKey") == 2
    assert len(keys(kms)) == 1


async def test_a_key_of_aws_s_own_is_shown_and_left_alone(session: Session, kms: Any) -> None:
    kms.generate_data_key(KeyId="alias/aws/s3", KeySpec="AES_256")
    [key] = keys(kms)
    await session("iasql_install", "aws_kms")
    assert key["KeyManager"] == "AWS"
    assert await session.rows("SELECT key_id, managed_by FROM kms_key") == [(key["KeyId"], "AWS")]
    await session.execute("DELETE FROM kms_alias WHERE alias_name = 'alias/aws/s3'; DELETE FROM kms_key")
    assert await session("iasql_apply") == []
    assert await session.rows("SELECT key_id FROM kms_key") == [(key["KeyId"],)]
    assert keys(kms) == [key]


async def test_a_key_that_others_keep_to_themselves_is_not_shown(
    session: Session, kms: Any, simulator: Cloud
) -> None:
    ours = kms.create_key(Description="ours")["KeyMetadata"]["KeyId"]
    theirs = kms.create_key(Description="theirs")["KeyMetadata"]["KeyId"]
    denied = {
        "service": "kms",
        "operation": "DescribeKey",
        "action": "error",
        "code": "AccessDeniedException",
        "status": 400,
    }
    simulator.plan({**denied, "times": 1})
    await session("iasql_install", "aws_kms")
    [(shown,)] = await session.rows("SELECT key_id FROM kms_key")
    assert shown in {ours, theirs}
    # Where none may be looked at, it is for the want of a right, and nothing is taken for gone.
    simulator.plan({**denied, "times": 2})
    await session("iasql_sync")
    assert any("could not read kms_key" in each for each in session.notices)
    assert await session.rows("SELECT key_id FROM kms_key") == [(shown,)]
