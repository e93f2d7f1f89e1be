"""Buckets, their blocks of public access, and their websites."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

_PUBLIC: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site-1/*"}
    ],
}
_OPEN = "INSERT INTO public_access_block VALUES ('site-1', false, false, false, false)"
_RULES: list[dict[str, Any]] = [
    {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "log/"}, "Expiration": {"Days": 30}}
]
_CORS: list[dict[str, Any]] = [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.com"]}]
_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_ENCRYPTION = [
    {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": _KEY},
        "BucketKeyEnabled": True,
    }
]
_NOTIFICATION = {
    "QueueConfigurations": [
        {"Id": "q", "QueueArn": "arn:aws:sqs:us-east-1:123456789012:q", "Events": ["s3:ObjectCreated:*"]}
    ]
}
_EVERYTHING = f"""
    INSERT INTO bucket (name) VALUES ('logs-1');
    INSERT INTO bucket (name, policy, versioning, object_ownership, encryption, lifecycle_rules, cors_rules,
        notification, tags)
    VALUES ('site-1', '{json.dumps(_PUBLIC)}', 'Enabled', 'BucketOwnerPreferred', '{json.dumps(_ENCRYPTION)}',
        '{json.dumps(_RULES)}', '{json.dumps(_CORS)}', '{json.dumps(_NOTIFICATION)}',
        '{{"team": "x"}}');
    {_OPEN};
    INSERT INTO bucket_website (bucket_name, index_document, error_document)
    VALUES ('site-1', 'index.html', 'error.html')
"""


@pytest.fixture
def s3(simulator: Cloud) -> Any:
    return simulator.client("s3")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_s3")


def names(s3: Any) -> set[str]:
    return {each["Name"] for each in s3.list_buckets()["Buckets"]}


def policy(s3: Any, bucket: str) -> Any:
    return json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])


def block(s3: Any, bucket: str) -> dict[str, bool]:
    return dict(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"])


async def test_buckets_are_imported(session: Session, s3: Any) -> None:
    s3.create_bucket(Bucket="there-1")
    s3.put_bucket_versioning(Bucket="there-1", VersioningConfiguration={"Status": "Suspended"})
    s3.put_bucket_tagging(Bucket="there-1", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.put_bucket_website(
        Bucket="there-1", WebsiteConfiguration={"RedirectAllRequestsTo": {"HostName": "example.com"}}
    )
    await session("iasql_install", "aws_s3")
    assert await session.rows(
        "SELECT arn, policy, versioning, object_ownership, lifecycle_rules, cors_rules, logging, "
        "notification, object_lock, tags, managed_by, created_at IS NOT NULL FROM bucket"
    ) == [
        (
            "arn:aws:s3:::there-1",
            None,
            "Suspended",
            "BucketOwnerEnforced",
            None,
            None,
            None,
            None,
            None,
            '{"a": "b"}',
            None,
            True,
        )
    ]
    assert json.loads(await session.value("SELECT encryption FROM bucket")) == [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
    ]
    assert await session.rows("SELECT * FROM public_access_block") == [("there-1", True, True, True, True)]
    assert await session.rows("SELECT bucket_name, index_document, redirect_host FROM bucket_website") == [
        ("there-1", None, "example.com")
    ]
    assert await session("iasql_plan_apply") == []


async def test_a_bucket_is_made_with_all_that_it_can_have(installed: Session, s3: Any) -> None:
    await installed.execute(_EVERYTHING)
    assert [row[:2] for row in await installed.apply()] == [("create", "bucket")] * 2
    assert policy(s3, "site-1") == _PUBLIC
    assert s3.get_bucket_versioning(Bucket="site-1")["Status"] == "Enabled"
    owned = s3.get_bucket_ownership_controls(Bucket="site-1")["OwnershipControls"]["Rules"]
    assert owned == [{"ObjectOwnership": "BucketOwnerPreferred"}]
    encryption = s3.get_bucket_encryption(Bucket="site-1")["ServerSideEncryptionConfiguration"]["Rules"]
    assert encryption == _ENCRYPTION
    assert s3.get_bucket_lifecycle_configuration(Bucket="site-1")["Rules"] == _RULES
    assert s3.get_bucket_cors(Bucket="site-1")["CORSRules"] == _CORS
    told = s3.get_bucket_notification_configuration(Bucket="site-1")
    assert told["QueueConfigurations"] == _NOTIFICATION["QueueConfigurations"]
    assert s3.get_bucket_tagging(Bucket="site-1")["TagSet"] == [{"Key": "team", "Value": "x"}]
    assert not any(block(s3, "site-1").values())
    website = s3.get_bucket_website(Bucket="site-1")
    assert website["IndexDocument"] == {"Suffix": "index.html"}
    assert website["ErrorDocument"] == {"Key": "error.html"}
    # What AWS gives a new bucket is in its rows.
    assert await installed.rows("SELECT * FROM public_access_block WHERE bucket_name = 'logs-1'") == [
        ("logs-1", True, True, True, True)
    ]
    assert await installed.value("SELECT object_ownership FROM bucket WHERE name = 'logs-1'")
    assert await installed.value("SELECT created_at IS NOT NULL FROM bucket WHERE name = 'logs-1'")


async def test_everything_of_a_bucket_changes_in_place(installed: Session, s3: Any) -> None:
    await installed.execute(_EVERYTHING)
    await installed.apply()
    other = {**_PUBLIC, "Statement": [{**_PUBLIC["Statement"][0], "Action": "s3:GetObjectVersion"}]}
    await installed.execute(
        f"UPDATE bucket SET policy = '{json.dumps(other)}', versioning = 'Suspended', "
        "object_ownership = 'ObjectWriter', "
        """encryption = '[{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]', """
        f"lifecycle_rules = '{json.dumps([{**_RULES[0], 'Expiration': {'Days': 7}}])}', "
        f"cors_rules = '{json.dumps([{**_CORS[0], 'AllowedMethods': ['PUT']}])}', "
        """notification = NULL, tags = '{"team": "y", "stage": "z"}' WHERE name = 'site-1';"""
        "UPDATE bucket_website SET error_document = NULL;"
        "UPDATE public_access_block SET ignore_public_acls = true WHERE bucket_name = 'site-1'"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "bucket")]
    assert policy(s3, "site-1") == other
    assert s3.get_bucket_versioning(Bucket="site-1")["Status"] == "Suspended"
    owned = s3.get_bucket_ownership_controls(Bucket="site-1")["OwnershipControls"]["Rules"]
    assert owned == [{"ObjectOwnership": "ObjectWriter"}]
    assert s3.get_bucket_lifecycle_configuration(Bucket="site-1")["Rules"][0]["Expiration"] == {"Days": 7}
    assert s3.get_bucket_cors(Bucket="site-1")["CORSRules"][0]["AllowedMethods"] == ["PUT"]
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket="site-1")
    assert {each["Key"]: each["Value"] for each in s3.get_bucket_tagging(Bucket="site-1")["TagSet"]} == {
        "team": "y",
        "stage": "z",
    }
    assert "ErrorDocument" not in s3.get_bucket_website(Bucket="site-1")
    assert block(s3, "site-1")["IgnorePublicAcls"] is True
    assert block(s3, "site-1")["BlockPublicPolicy"] is False


async def test_what_a_bucket_may_lack_is_taken_off(installed: Session, s3: Any, simulator: Cloud) -> None:
    await installed.execute(_EVERYTHING)
    await installed.apply()
    await installed.execute(
        "UPDATE bucket SET policy = NULL, lifecycle_rules = NULL, cors_rules = NULL, tags = '{}' "
        "WHERE name = 'site-1'; DELETE FROM bucket_website"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "bucket")]
    for look in (
        s3.get_bucket_policy,
        s3.get_bucket_lifecycle_configuration,
        s3.get_bucket_cors,
        s3.get_bucket_tagging,
        s3.get_bucket_website,
    ):
        with pytest.raises(s3.exceptions.ClientError, match="NoSuch"):
            look(Bucket="site-1")


async def test_a_deleted_block_comes_back_and_opens_nothing(installed: Session, s3: Any) -> None:
    await installed.execute("INSERT INTO bucket (name) VALUES ('shut-1')")
    await installed.apply()
    await installed.execute("DELETE FROM public_access_block")
    assert await installed("iasql_plan_apply") == []
    await installed("iasql_sync")
    assert all(block(s3, "shut-1").values())
    assert await installed.rows("SELECT * FROM public_access_block") == [("shut-1", True, True, True, True)]


async def test_a_public_policy_without_an_open_block_is_refused(installed: Session, s3: Any) -> None:
    await installed.execute(f"INSERT INTO bucket (name, policy) VALUES ('site-1', '{json.dumps(_PUBLIC)}')")
    with pytest.raises(Exception, match="AccessDenied"):
        await installed("iasql_apply")
    await installed.execute("UPDATE public_access_block SET block_public_policy = false")
    if not await installed.value("SELECT count(*) FROM public_access_block"):
        await installed.execute(_OPEN)
    await installed("iasql_apply")
    assert policy(s3, "site-1") == _PUBLIC
    assert await installed("iasql_plan_apply") == []


async def test_another_name_is_another_bucket_with_the_same_settings(installed: Session, s3: Any) -> None:
    await installed.execute(_EVERYTHING.replace("s3:::site-1/*", "s3:::site-2/*"))
    s3_policy = json.loads(json.dumps(_PUBLIC).replace("site-1", "site-2"))
    await installed("iasql_apply")
    s3.put_bucket_accelerate_configuration(Bucket="site-1", AccelerateConfiguration={"Status": "Enabled"})
    await installed.execute("UPDATE bucket SET name = 'site-2' WHERE name = 'site-1'")
    assert [row[:2] for row in await installed.apply()] == [("replace", "bucket")]
    assert names(s3) == {"logs-1", "site-2"}
    assert policy(s3, "site-2") == s3_policy
    assert s3.get_bucket_accelerate_configuration(Bucket="site-2")["Status"] == "Enabled"
    assert s3.get_bucket_website(Bucket="site-2")["IndexDocument"] == {"Suffix": "index.html"}
    assert not any(block(s3, "site-2").values())
    assert s3.get_bucket_lifecycle_configuration(Bucket="site-2")["Rules"] == _RULES


@pytest.mark.parametrize("change", ["UPDATE bucket SET name = 'full-2'", "DELETE FROM bucket"])
async def test_a_bucket_with_objects_is_neither_deleted_nor_replaced(
    installed: Session, s3: Any, change: str
) -> None:
    await installed.execute("""INSERT INTO bucket (name, tags) VALUES ('full-1', '{"team": "x"}')""")
    await installed.apply()
    s3.put_object(Bucket="full-1", Key="treasure", Body=b"gold")
    await installed.execute(change)
    with pytest.raises(Exception, match=r"BucketNotEmpty|it has objects") as refused:
        await installed("iasql_apply")
    assert refused.value.sqlstate in ("2BP01", "0A000")  # type: ignore[attr-defined]
    assert names(s3) == {"full-1"}
    assert s3.get_bucket_tagging(Bucket="full-1")["TagSet"] == [{"Key": "team", "Value": "x"}]


async def test_a_bucket_is_deleted(installed: Session, s3: Any) -> None:
    s3.create_bucket(Bucket="stays-1")
    await installed("iasql_sync")
    await installed.execute("INSERT INTO bucket (name) VALUES ('goes-1')")
    await installed.apply()
    await installed.execute("DELETE FROM bucket WHERE name = 'goes-1'")
    assert [row[0] for row in await installed.apply()] == ["delete"]
    assert names(s3) == {"stays-1"}


async def test_a_bucket_that_somebody_makes_meanwhile_is_not_made_again(
    installed: Session, s3: Any, simulator: Cloud
) -> None:
    """In us-east-1 AWS would answer as if it had made it, and set its ACL back."""
    simulator.plan({"action": "stale", "operation": "ListBuckets", "seconds": 600, "times": 0})
    await installed("iasql_sync")
    s3.create_bucket(Bucket="both-1", ObjectOwnership="ObjectWriter", ACL="public-read")
    before = s3.get_bucket_acl(Bucket="both-1")["Grants"]
    await installed.execute("INSERT INTO bucket (name) VALUES ('both-1')")
    with pytest.raises(Exception, match="there is a bucket of that name already") as refused:
        await installed("iasql_apply")
    assert refused.value.sqlstate == "23505"  # type: ignore[attr-defined]
    assert simulator.called("CreateBucket") == 1
    simulator.cancel_faults()
    await installed("iasql_apply")
    assert s3.get_bucket_acl(Bucket="both-1")["Grants"] == before
    assert await installed("iasql_plan_apply") == []


async def test_a_name_that_another_account_has_is_said_to_be_taken(
    installed: Session, simulator: Cloud
) -> None:
    simulator.at("us-east-1", account="999999999999").client("s3").create_bucket(Bucket="theirs-1")
    await installed.execute("INSERT INTO bucket (name) VALUES ('theirs-1')")
    with pytest.raises(Exception, match="BucketAlreadyExists") as refused:
        await installed("iasql_apply")
    assert refused.value.sqlstate == "23505"  # type: ignore[attr-defined]
    assert "nobody" in (refused.value.hint or "")  # type: ignore[attr-defined]


async def test_each_region_has_its_own_buckets(installed: Session, s3: Any, simulator: Cloud) -> None:
    ireland = {"LocationConstraint": "eu-west-1"}
    simulator.client("s3", "eu-west-1").create_bucket(Bucket="west-1", CreateBucketConfiguration=ireland)
    s3.create_bucket(Bucket="east-1")
    await installed("iasql_add_region", "eu-west-1")
    await installed("iasql_install", "aws_s3", region="*")
    await installed("iasql_sync")
    assert await installed.rows("SELECT name FROM bucket") == [("east-1",)]
    assert await installed.rows("SELECT name FROM eu_west_1.bucket") == [("west-1",)]
    await installed.execute("INSERT INTO eu_west_1.bucket (name) VALUES ('west-2')")
    await installed("iasql_apply")
    assert s3.get_bucket_location(Bucket="west-2")["LocationConstraint"] == "eu-west-1"
    assert await installed("iasql_plan_apply") == []
