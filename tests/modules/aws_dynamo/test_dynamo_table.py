"""Tables of DynamoDB."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from deploy.simulator.conditions import PLAIN as AT_ONCE
from engine.errors import OperationError
from modules.aws_dynamo import indexes, keys
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

PLAIN = "INSERT INTO dynamo_table (table_name, primary_key) VALUES ('orders', '{\"id\": \"S\"}');"
_UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 2}
_INDEXES: dict[str, Any] = {
    "by_mail": {"key": {"mail": "S"}},
    "by_shop": {"key": [{"shop": "S"}, {"at": "N"}], "projection": ["total", "state"]},
}
_EVERY = (
    "INSERT INTO dynamo_table (table_name, primary_key, billing_mode, throughput, table_class, "
    "global_indexes, local_indexes, stream_view_type, ttl_attribute, point_in_time_recovery, "
    "recovery_period_in_days, kms_encryption, kms_key_arn, deletion_protection, tags) VALUES ('orders', "
    f"""'[{{"id": "S"}}, {{"at": "N"}}]', 'PROVISIONED', '{json.dumps(_UNITS)}', """
    f"""'STANDARD_INFREQUENT_ACCESS', '{json.dumps(_INDEXES)}', """
    """'{"by_total": {"key": {"total": "N"}, "projection": "KEYS_ONLY"}}', 'NEW_IMAGE', 'until', true, 7, """
    """true, 'KEY', true, '{"team": "x"}');"""
)


@pytest.fixture
def aws(simulator: Cloud) -> Any:
    return simulator.client("dynamodb")


@pytest.fixture
def key(simulator: Cloud) -> str:
    """A key of the account's."""
    return str(simulator.client("kms").create_key()["KeyMetadata"]["Arn"])


@pytest.fixture
async def installed(session_with: SessionWith, aws: Any) -> Session:
    return await session_with("aws_dynamo")


def table(aws: Any, name: str = "orders") -> dict[str, Any]:
    """What AWS tells of a table."""
    return dict(aws.describe_table(TableName=name)["Table"])


def tables(aws: Any) -> list[str]:
    return list(aws.list_tables()["TableNames"])


def indexes_of(aws: Any) -> dict[str, Any]:
    """A table's indexes with keys of their own."""
    return {each["IndexName"]: each for each in table(aws).get("GlobalSecondaryIndexes", ())}


def ttl(aws: Any) -> dict[str, str]:
    return dict(aws.describe_time_to_live(TableName="orders")["TimeToLiveDescription"])


def recovery(aws: Any) -> dict[str, Any]:
    told = aws.describe_continuous_backups(TableName="orders")["ContinuousBackupsDescription"]
    return dict(told["PointInTimeRecoveryDescription"])


async def actions(session: Session) -> list[tuple[str, str]]:
    return [row[:2] for row in await session.apply()]


async def test_tables_are_imported(session: Session, aws: Any) -> None:
    aws.create_table(
        TableName="orders",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind}
            for name, kind in (("at", "N"), ("mail", "S"), ("shop", "S"))
        ],
        KeySchema=[
            {"AttributeName": "shop", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_mail",
                "KeySchema": [{"AttributeName": "mail", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b", "a"]},
                "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
            }
        ],
        ProvisionedThroughput=_UNITS,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        Tags=[{"Key": "team", "Value": "x"}],
    )
    aws.create_table(
        TableName="plain",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "B"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    before = [table(aws, name) for name in tables(aws)]
    await session("iasql_install", "aws_dynamo")
    rows = await session.rows(
        "SELECT table_name, arn, table_id, primary_key::text, billing_mode::text, throughput, "
        "table_class::text, global_indexes, stream_view_type::text, stream_arn, ttl_attribute, "
        "point_in_time_recovery, kms_encryption, deletion_protection, tags::text, created_at IS NOT NULL "
        "FROM dynamo_table ORDER BY 1"
    )
    assert [row[:5] for row in rows] == [
        (
            "orders",
            before[0]["TableArn"],
            before[0]["TableId"],
            '[{"shop": "S"}, {"at": "N"}]',
            "PROVISIONED",
        ),
        ("plain", before[1]["TableArn"], before[1]["TableId"], '{"id": "B"}', "PAY_PER_REQUEST"),
    ]
    assert [row[5] and json.loads(row[5]) for row in rows] == [_UNITS, None]
    assert [row[6] for row in rows] == ["STANDARD", "STANDARD"]
    assert [row[7] and json.loads(row[7]) for row in rows] == [
        {
            "by_mail": {
                "key": {"mail": "S"},
                "projection": ["a", "b"],
                "throughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
            }
        },
        None,
    ]
    assert rows[0][8:] == (
        "KEYS_ONLY",
        before[0]["LatestStreamArn"],
        None,
        False,
        False,
        False,
        '{"team": "x"}',
        True,
    )
    assert await session.apply() == []
    assert [table(aws, name) for name in tables(aws)] == before


async def test_a_table_is_made_with_all_that_it_can_have(installed: Session, aws: Any, key: str) -> None:
    await installed.execute(_EVERY.replace("KEY'", f"{key}'"))
    assert await actions(installed) == [("create", "dynamo_table")]
    made = table(aws)
    assert made["TableArn"] == await installed.value("SELECT arn FROM dynamo_table")
    assert made["KeySchema"] == [
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "at", "KeyType": "RANGE"},
    ]
    assert {each["AttributeName"]: each["AttributeType"] for each in made["AttributeDefinitions"]} == {
        "id": "S",
        "at": "N",
        "mail": "S",
        "shop": "S",
        "total": "N",
    }
    found = indexes_of(aws)
    assert found["by_mail"]["Projection"] == {"ProjectionType": "ALL"}
    assert found["by_shop"]["Projection"] == {
        "ProjectionType": "INCLUDE",
        "NonKeyAttributes": ["total", "state"],
    }
    assert [each["AttributeName"] for each in found["by_shop"]["KeySchema"]] == ["shop", "at"]
    assert {name: found["by_mail"]["ProvisionedThroughput"][name] for name in _UNITS} == _UNITS
    [local] = made["LocalSecondaryIndexes"]
    assert [each["AttributeName"] for each in local["KeySchema"]] == ["id", "total"]
    assert local["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert {name: made["ProvisionedThroughput"][name] for name in _UNITS} == _UNITS
    assert made["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert made["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert made["SSEDescription"]["KMSMasterKeyArn"] == key
    assert made["DeletionProtectionEnabled"] is True
    assert ttl(aws) == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
    assert recovery(aws)["PointInTimeRecoveryStatus"] == "ENABLED"
    assert recovery(aws)["RecoveryPeriodInDays"] == 7
    assert aws.list_tags_of_resource(ResourceArn=made["TableArn"])["Tags"] == [{"Key": "team", "Value": "x"}]


async def test_a_table_is_paid_by_request_if_nothing_else_is_said(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN)
    await installed.apply()
    made = table(aws)
    assert made["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    assert "SSEDescription" not in made
    assert made["DeletionProtectionEnabled"] is False


async def test_settings_are_changed_in_place(installed: Session, aws: Any, key: str) -> None:
    await installed.execute(PLAIN)
    await installed.apply()
    before = table(aws)
    for change, told in (
        ("table_class = 'STANDARD_INFREQUENT_ACCESS'", ("TableClassSummary", "TableClass")),
        (f"kms_encryption = true, kms_key_arn = '{key}'", ("SSEDescription", "KMSMasterKeyArn")),
        ("stream_view_type = 'OLD_IMAGE'", ("StreamSpecification", "StreamViewType")),
        ("deletion_protection = true", ("DeletionProtectionEnabled", "")),
    ):
        await installed.execute(f"UPDATE dynamo_table SET {change}")
        assert await actions(installed) == [("update", "dynamo_table")]
        found = table(aws)[told[0]]
        assert str(found[told[1]] if told[1] else found).lower() in change.lower()
    assert table(aws)["TableId"] == before["TableId"]
    await installed.execute(
        "UPDATE dynamo_table SET table_class = 'STANDARD', kms_encryption = false, stream_view_type = NULL, "
        "deletion_protection = false, ttl_attribute = 'until', point_in_time_recovery = true, tags = "
        '\'{"a": "b"}\''
    )
    assert await actions(installed) == [("update", "dynamo_table")]
    after = table(aws)
    assert not {"SSEDescription", "StreamSpecification"} & after.keys()
    assert after["DeletionProtectionEnabled"] is False
    assert after["TableClassSummary"] == {"TableClass": "STANDARD"} if "TableClassSummary" in after else True
    assert (ttl(aws)["TimeToLiveStatus"], recovery(aws)["PointInTimeRecoveryStatus"]) == (
        "ENABLED",
        "ENABLED",
    )
    assert aws.list_tags_of_resource(ResourceArn=after["TableArn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    await installed.execute(
        "UPDATE dynamo_table SET ttl_attribute = NULL, point_in_time_recovery = false, tags = '{}'"
    )
    assert await actions(installed) == [("update", "dynamo_table")]
    assert (ttl(aws)["TimeToLiveStatus"], recovery(aws)["PointInTimeRecoveryStatus"]) == (
        "DISABLED",
        "DISABLED",
    )


async def test_a_key_of_the_accounts_encrypts_if_none_is_named(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN + "UPDATE dynamo_table SET kms_encryption = true")
    await installed.apply()
    told = table(aws)["SSEDescription"]
    assert told["SSEType"] == "KMS"
    assert told["KMSMasterKeyArn"] == await installed.value("SELECT kms_key_arn FROM dynamo_table")


async def test_another_stream_takes_the_place_of_one(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN + "UPDATE dynamo_table SET stream_view_type = 'NEW_IMAGE'")
    await installed.apply()
    before = table(aws)["LatestStreamArn"]
    await installed.execute("UPDATE dynamo_table SET stream_view_type = 'OLD_IMAGE'")
    await installed.apply()
    assert table(aws)["StreamSpecification"]["StreamViewType"] == "OLD_IMAGE"
    now = table(aws)["LatestStreamArn"]
    assert now != before
    assert await installed.value("SELECT stream_arn FROM dynamo_table") == now


async def test_the_days_of_recovery_are_changed(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN + "UPDATE dynamo_table SET point_in_time_recovery = true")
    await installed.apply()
    await installed.execute("UPDATE dynamo_table SET recovery_period_in_days = 3")
    assert await actions(installed) == [("update", "dynamo_table")]
    assert recovery(aws)["RecoveryPeriodInDays"] == 3


async def test_a_table_and_its_indexes_get_units_and_lose_them(installed: Session, aws: Any) -> None:
    own = {**_INDEXES, "by_mail": {"key": {"mail": "S"}, "throughput": dict.fromkeys(_UNITS, 9)}}
    await installed.execute(PLAIN + f"UPDATE dynamo_table SET global_indexes = '{json.dumps(_INDEXES)}'")
    await installed.apply()
    await installed.execute(
        f"UPDATE dynamo_table SET billing_mode = 'PROVISIONED', throughput = '{json.dumps(_UNITS)}', "
        f"global_indexes = '{json.dumps(own)}'"
    )
    assert await actions(installed) == [("update", "dynamo_table")]
    units = {
        name: each["ProvisionedThroughput"]["ReadCapacityUnits"] for name, each in indexes_of(aws).items()
    }
    assert (units, table(aws)["ProvisionedThroughput"]["ReadCapacityUnits"]) == (
        {"by_mail": 9, "by_shop": 5},
        5,
    )
    own["by_mail"]["throughput"] = dict.fromkeys(_UNITS, 4)
    await installed.execute(f"UPDATE dynamo_table SET global_indexes = '{json.dumps(own)}'")
    assert await actions(installed) == [("update", "dynamo_table")]
    assert indexes_of(aws)["by_mail"]["ProvisionedThroughput"]["ReadCapacityUnits"] == 4
    await installed.execute(
        'UPDATE dynamo_table SET throughput = \'{"ReadCapacityUnits": 6, "WriteCapacityUnits": 6}\''
    )
    await installed.apply()
    assert table(aws)["ProvisionedThroughput"]["ReadCapacityUnits"] == 6
    units = {
        name: each["ProvisionedThroughput"]["ReadCapacityUnits"] for name, each in indexes_of(aws).items()
    }
    assert units == {"by_mail": 4, "by_shop": 6}
    await installed.execute("UPDATE dynamo_table SET billing_mode = 'PAY_PER_REQUEST'")
    assert await actions(installed) == [("update", "dynamo_table")]
    assert table(aws)["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


async def test_indexes_come_and_go_one_at_a_time_each_waited_for(
    installed: Session, aws: Any, simulator: Cloud
) -> None:
    simulator.be(replace(AT_ONCE, pending=1.0))
    await installed.execute(PLAIN)
    await installed.apply()
    await installed.execute(f"UPDATE dynamo_table SET global_indexes = '{json.dumps(_INDEXES)}'")
    assert await actions(installed) == [("update", "dynamo_table")]
    assert indexes_of(aws).keys() == _INDEXES.keys()
    others = {"by_mail": _INDEXES["by_mail"], "by_state": {"key": {"state": "S"}}}
    await installed.execute(f"UPDATE dynamo_table SET global_indexes = '{json.dumps(others)}'")
    assert await actions(installed) == [("update", "dynamo_table")]
    assert indexes_of(aws).keys() == others.keys()
    assert {each["AttributeName"] for each in table(aws)["AttributeDefinitions"]} == {"id", "mail", "state"}
    await installed.execute("UPDATE dynamo_table SET global_indexes = NULL")
    assert await actions(installed) == [("update", "dynamo_table")]
    assert indexes_of(aws) == {}


async def test_several_things_of_a_table_are_changed_one_after_the_other(
    installed: Session, aws: Any, simulator: Cloud
) -> None:
    simulator.be(replace(AT_ONCE, pending=1.0))
    await installed.execute(PLAIN)
    await installed.apply()
    await installed.execute(
        "UPDATE dynamo_table SET billing_mode = 'PROVISIONED', "
        f"throughput = '{json.dumps(_UNITS)}', stream_view_type = 'KEYS_ONLY', ttl_attribute = 'until', "
        f"global_indexes = '{json.dumps(_INDEXES)}', kms_encryption = true, point_in_time_recovery = true"
    )
    assert await actions(installed) == [("update", "dynamo_table")]
    found = table(aws)
    assert found["StreamSpecification"]["StreamViewType"] == "KEYS_ONLY"
    assert {each["IndexName"] for each in found["GlobalSecondaryIndexes"]} == _INDEXES.keys()
    assert found["TableStatus"] == "ACTIVE"
    await installed.execute("DELETE FROM dynamo_table")
    assert await actions(installed) == [("delete", "dynamo_table")]
    await installed.execute(PLAIN)
    assert await actions(installed) == [("create", "dynamo_table")]


async def test_an_index_is_not_made_another_one(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN + f"UPDATE dynamo_table SET global_indexes = '{json.dumps(_INDEXES)}'")
    await installed.apply()
    other = {**_INDEXES, "by_mail": {"key": {"mail": "S"}, "projection": "KEYS_ONLY"}}
    await installed.execute(f"UPDATE dynamo_table SET global_indexes = '{json.dumps(other)}'")
    with pytest.raises(OperationError, match="global_indexes") as refused:
        await installed("iasql_apply")
    assert "another name" in str(refused.value.hint)
    assert indexes_of(aws)["by_mail"]["Projection"] == {"ProjectionType": "ALL"}


async def test_aws_deletes_by_one_attribute(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN + "UPDATE dynamo_table SET ttl_attribute = 'until'")
    await installed.apply()
    await installed.execute("UPDATE dynamo_table SET ttl_attribute = 'other'")
    with pytest.raises(OperationError, match="ttl_attribute") as refused:
        await installed("iasql_apply")
    assert "an hour later" in str(refused.value.hint)
    assert ttl(aws)["AttributeName"] == "until"


@pytest.mark.parametrize(
    "change",
    [
        "table_name = 'other'",
        'primary_key = \'{"id": "N"}\'',
        'primary_key = \'[{"id": "S"}, {"at": "N"}]\'',
        'local_indexes = \'{"by_a": {"key": {"a": "S"}}}\', primary_key = \'[{"id": "S"}, {"at": "N"}]\'',
    ],
)
async def test_another_table_loses_the_items_which_is_said_first(
    installed: Session, aws: Any, change: str
) -> None:
    await installed.execute(
        PLAIN + "UPDATE dynamo_table SET ttl_attribute = 'until', tags = '{\"a\": \"b\"}'"
    )
    await installed.apply()
    before = table(aws)
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    aws.put_resource_policy(ResourceArn=before["TableArn"], Policy=policy)
    await installed.execute(f"UPDATE dynamo_table SET {change}")
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert "its items" in f"{refused.value} {refused.value.detail}"
    await installed.execute("SET iasql.allow_loss = on")
    assert await actions(installed) == [("replace", "dynamo_table")]
    [name] = tables(aws)
    after = table(aws, name)
    assert after["TableId"] != before["TableId"]
    assert aws.get_resource_policy(ResourceArn=after["TableArn"])["Policy"] == policy
    assert aws.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["AttributeName"] == "until"
    assert await installed("iasql_plan_apply") == []


async def test_what_has_no_column_is_kept(session: Session, aws: Any) -> None:
    aws.create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        OnDemandThroughput={"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 8},
    )
    most = table(aws)["OnDemandThroughput"]
    await session("iasql_install", "aws_dynamo")
    await session.execute("UPDATE dynamo_table SET stream_view_type = 'KEYS_ONLY', tags = '{\"a\": \"b\"}'")
    assert await actions(session) == [("update", "dynamo_table")]
    assert table(aws)["OnDemandThroughput"] == most
    await session.execute("SET iasql.allow_loss = on; UPDATE dynamo_table SET table_name = 'other'")
    assert await actions(session) == [("replace", "dynamo_table")]
    assert table(aws, "other")["OnDemandThroughput"] == most


async def test_a_protected_table_is_not_deleted(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN + "UPDATE dynamo_table SET deletion_protection = true")
    await installed.apply()
    await installed.execute("DELETE FROM dynamo_table")
    with pytest.raises(OperationError, match="deletion protection") as refused:
        await installed("iasql_apply")
    assert refused.value.sqlstate == "0A000"
    aws.update_table(TableName="orders", DeletionProtectionEnabled=False)
    assert await actions(installed) == [("delete", "dynamo_table")]
    assert tables(aws) == []


async def test_a_form_that_says_the_same_is_no_change(installed: Session, aws: Any) -> None:
    await installed.execute(_EVERY.replace("true, 'KEY'", "true, NULL"))
    await installed.apply()
    whole = {name: {"throughput": _UNITS, "projection": "ALL", **index} for name, index in _INDEXES.items()}
    whole["by_shop"]["projection"] = ["state", "total"]
    whole["by_mail"]["key"] = [{"mail": "S"}]
    await installed.execute(f"UPDATE dynamo_table SET global_indexes = '{json.dumps(whole)}'")
    assert await installed("iasql_plan_apply") == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ('primary_key = \'{"id": "X"}\'', "AttributeType"),
        (
            "kms_encryption = true, kms_key_arn = 'arn:aws:kms:us-east-1:123456789012:key/none'",
            "KMS validation",
        ),
        ("table_name = 'x y'", "TableName"),
    ],
)
async def test_what_aws_refuses_makes_no_table(installed: Session, aws: Any, change: str, what: str) -> None:
    await installed.execute(f"{PLAIN} UPDATE dynamo_table SET {change}")
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert refused.value.table == "dynamo_table"
    assert what.lower() in str(refused.value.detail).lower()
    assert tables(aws) == []


async def test_a_row_says_the_order_of_two_attributes_and_its_units(installed: Session) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="has_an_order"):
        await installed.execute(PLAIN.replace('{"id": "S"}', '{"id": "S", "at": "N"}'))
    with pytest.raises(asyncpg.CheckViolationError, match="has_throughput"):
        await installed.execute(PLAIN + "UPDATE dynamo_table SET billing_mode = 'PROVISIONED'")


async def test_a_table_is_not_made_twice_although_answers_are_lost(
    installed: Session, aws: Any, simulator: Cloud
) -> None:
    simulator.plan({"operation": "CreateTable", "action": "drop_after", "times": 1})
    await installed.execute(PLAIN + "UPDATE dynamo_table SET ttl_attribute = 'until'")
    await installed.apply()
    assert tables(aws) == ["orders"]
    assert ttl(aws)["AttributeName"] == "until"


async def test_tables_of_another_region_are_in_another_schema(
    installed: Session, aws: Any, simulator: Cloud
) -> None:
    await installed("iasql_add_region", "eu-west-1")
    await installed.execute("SET search_path = eu_west_1, public")
    await installed("iasql_install", "aws_dynamo")
    await installed.execute("SET search_path = public")
    await installed.execute(PLAIN.replace("INTO ", "INTO eu_west_1."))
    assert {row[0] for row in await installed.apply()} == {"create"}
    assert tables(aws) == []
    assert tables(simulator.at("eu-west-1").client("dynamodb")) == ["orders"]


def test_keys_are_read_in_their_order() -> None:
    schema = [{"AttributeName": "at", "KeyType": "RANGE"}, {"AttributeName": "id", "KeyType": "HASH"}]
    assert keys.told(schema, {"at": "N", "id": "S"}) == [{"id": "S"}, {"at": "N"}]
    assert keys.schema([{"id": "S"}, {"at": "N"}]) == schema[::-1]
    assert keys.definitions([{"id": "S"}, [{"id": "S"}, {"at": "N"}]]) == [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "at", "AttributeType": "N"},
    ]


def test_an_index_that_is_being_deleted_is_not_shown() -> None:
    index = {"IndexName": "i", "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]}
    types = [{"AttributeName": "a", "AttributeType": "S"}]
    for status, shown in (("CREATING", {"i": {"key": {"a": "S"}}}), ("DELETING", None)):
        told = {"AttributeDefinitions": types, "GlobalSecondaryIndexes": [{**index, "IndexStatus": status}]}
        assert indexes.told(told) == shown


def test_the_limits_of_an_index_go_along_to_another_table() -> None:
    most = {"MaxReadRequestUnits": 7}
    there: list[Any] = [{"IndexName": "by_mail", "OnDemandThroughput": most}, {"IndexName": "by_shop"}]
    made = indexes.new(there, "PAY_PER_REQUEST", None, _INDEXES)
    assert made is not None
    assert [each.get("OnDemandThroughput") for each in made] == [most, None]


def test_an_index_has_the_units_of_its_table_unless_it_says_others() -> None:
    row = {"billing_mode": "PROVISIONED", "throughput": _UNITS, "global_indexes": _INDEXES}
    own = {"by_mail": {**_INDEXES["by_mail"], "throughput": dict.fromkeys(_UNITS, 1)}}
    assert indexes.comparable(row)["global_indexes"]["by_mail"]["throughput"] == _UNITS
    changed = indexes.comparable({**row, "global_indexes": own})["global_indexes"]
    assert changed["by_mail"]["throughput"] == dict.fromkeys(_UNITS, 1)
    free = indexes.comparable({**row, "billing_mode": "PAY_PER_REQUEST", "global_indexes": own})
    assert free["global_indexes"]["by_mail"]["throughput"] is None
