"""Secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

_EVERY = (
    "INSERT INTO secret (name, description, kms_key_id, tags) "
    """VALUES ('app/db', 'The database', 'alias/app', '{"team": "x"}')"""
)


@pytest.fixture
def secrets(simulator: Cloud) -> Any:
    return simulator.client("secretsmanager")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_secrets_manager")


def names(secrets: Any) -> set[str]:
    return {each["Name"] for each in secrets.list_secrets()["SecretList"]}


async def everything(session: Session) -> str:
    """Every row that there is to be read, those of history and journal included, as one text."""
    tables = await session.rows(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') "
        "AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')"
    )
    texts = [await session.rows(f"SELECT to_jsonb(t)::text FROM {name} AS t") for (name,) in tables]
    return str(texts)


async def test_secrets_are_imported_without_their_values(session: Session, secrets: Any) -> None:
    tags = [{"Key": "team", "Value": "x"}]
    made = secrets.create_secret(Name="there", Description="d", SecretString="hunter2", Tags=tags)
    secrets.create_secret(Name="empty", KmsKeyId="alias/app")
    secrets.create_secret(Name="gone")
    secrets.delete_secret(SecretId="gone")
    await session("iasql_install", "aws_secrets_manager")
    assert await session.rows(
        "SELECT name, arn, description, kms_key_id, version_id, rotation_enabled, tags::text FROM secret "
        "ORDER BY name DESC"
    ) == [
        ("there", made["ARN"], "d", None, made["VersionId"], False, '{"team": "x"}'),
        ("empty", secrets.describe_secret(SecretId="empty")["ARN"], None, "alias/app", None, False, "{}"),
    ]
    assert await session("iasql_plan_apply") == []
    assert "hunter2" not in await everything(session)


async def test_a_secret_is_made_without_a_value_and_shows_when_it_has_one(
    installed: Session, secrets: Any
) -> None:
    await installed.execute(_EVERY)
    assert [row[:2] for row in await installed.apply()] == [("create", "secret")]
    made = secrets.describe_secret(SecretId="app/db")
    assert (made["Description"], made["KmsKeyId"]) == ("The database", "alias/app")
    assert made["Tags"] == [{"Key": "team", "Value": "x"}]
    assert await installed.rows("SELECT arn, version_id FROM secret") == [(made["ARN"], None)]
    version = secrets.put_secret_value(SecretId="app/db", SecretString="hunter2")["VersionId"]
    assert await installed("iasql_plan_apply") == []
    await installed("iasql_sync")
    assert await installed.value("SELECT version_id FROM secret") == version


async def test_all_that_can_change_of_a_secret_changes_at_once_and_its_value_stays(
    installed: Session, secrets: Any, simulator: Cloud
) -> None:
    await installed.execute(_EVERY)
    await installed.apply()
    secrets.put_secret_value(SecretId="app/db", SecretString="hunter2")
    made = len(simulator.calls(mutating=True))
    await installed.execute("UPDATE secret SET description = 'Other', kms_key_id = 'alias/other'")
    assert [row[:2] for row in await installed.apply()] == [("update", "secret")]
    assert [each["operation"] for each in simulator.calls(mutating=True)[made:]] == ["UpdateSecret"]
    changed = secrets.describe_secret(SecretId="app/db")
    assert (changed["Description"], changed["KmsKeyId"]) == ("Other", "alias/other")
    assert secrets.get_secret_value(SecretId="app/db")["SecretString"] == "hunter2"
    await installed.execute("UPDATE secret SET description = NULL, kms_key_id = NULL")
    await installed.apply()
    changed = secrets.describe_secret(SecretId="app/db")
    assert "Description" not in changed
    assert "KmsKeyId" not in changed  # AWS does not tell its own


async def test_another_name_is_another_secret_whose_value_is_lost(installed: Session, secrets: Any) -> None:
    await installed.execute(_EVERY)
    await installed.apply()
    version = secrets.put_secret_value(SecretId="app/db", SecretString="hunter2")["VersionId"]
    await installed.execute("UPDATE secret SET name = 'app/other'")
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert f"its values ({version})" in (refused.value.detail or "")
    assert names(secrets) == {"app/db"}
    await installed.execute("SET iasql.allow_loss = on")
    assert [row[0] for row in await installed.apply()] == ["replace"]
    assert names(secrets) == {"app/other"}
    assert secrets.describe_secret(SecretId="app/other")["Description"] == "The database"


async def test_a_deleted_secret_is_had_back_by_a_row_of_its_name(installed: Session, secrets: Any) -> None:
    secrets.create_secret(Name="stays")
    await installed("iasql_sync")
    await installed.execute(_EVERY)
    await installed.apply()
    secrets.put_secret_value(SecretId="app/db", SecretString="hunter2")
    await installed.execute("DELETE FROM secret WHERE name = 'app/db'")
    assert [row[0] for row in await installed.apply()] == ["delete"]
    assert names(secrets) == {"stays"}
    gone = secrets.describe_secret(SecretId="app/db")
    assert 29 <= (gone["DeletedDate"] - gone["CreatedDate"]).days <= 30

    await installed.execute("INSERT INTO secret (name, description) VALUES ('app/db', 'Again')")
    assert [row[0] for row in await installed.apply()] == ["create"]
    back = secrets.describe_secret(SecretId="app/db")
    assert (back["ARN"], back["Description"]) == (gone["ARN"], "Again")
    assert secrets.get_secret_value(SecretId="app/db")["SecretString"] == "hunter2"
    assert await installed.rows(
        "SELECT arn, version_id IS NOT NULL, tags::text FROM secret WHERE name = 'app/db'"
    ) == [(gone["ARN"], True, "{}")]


async def test_a_secret_of_another_service_s_is_left_alone(session: Session, simulator: Cloud) -> None:
    rds = simulator.client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="db",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        MasterUsername="me",
        ManageMasterUserPassword=True,
        AllocatedStorage=20,
    )
    await session("iasql_install", "aws_secrets_manager")
    assert await session.rows("SELECT managed_by FROM secret") == [("AWS service rds",)]
    await session.execute("UPDATE secret SET description = 'mine'")
    with pytest.raises(OperationError) as refused:
        await session("iasql_apply")
    assert refused.value.sqlstate == "42501"


async def test_a_replica_belongs_to_its_primary_and_keeps_that_from_being_replaced(
    session: Session, simulator: Cloud
) -> None:
    west = simulator.at("us-west-2").client("secretsmanager")
    west.create_secret(Name="there", SecretString="s", AddReplicaRegions=[{"Region": "us-east-1"}])
    here = simulator.client("secretsmanager")
    here.create_secret(Name="mine", SecretString="s", AddReplicaRegions=[{"Region": "us-west-2"}])
    await session("iasql_install", "aws_secrets_manager")
    owners = dict(await session.rows("SELECT name, managed_by FROM secret"))
    assert owners == {"there": "the secret in us-west-2", "mine": None}
    await session.execute("UPDATE secret SET name = 'other' WHERE name = 'mine'")
    with pytest.raises(OperationError) as refused:
        await session("iasql_plan_apply")
    assert "replicas in other regions: us-west-2" in (refused.value.detail or "")


async def test_a_policy_of_a_secret_is_a_row_of_its_own(installed: Session, secrets: Any) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    policy: dict[str, Any] = {"Version": "2012-10-17", "Statement": [statement]}

    def there() -> Any:
        text = secrets.get_resource_policy(SecretId="app/db").get("ResourcePolicy")
        return text and json.loads(text)

    await installed.execute(
        f"{_EVERY}; INSERT INTO secret_policy (secret_id, policy) "
        f"SELECT id, '{json.dumps(policy)}' FROM secret"
    )
    assert [row[1] for row in await installed.apply()] == ["secret", "secret_policy"]
    assert there() == policy
    statement["Action"] = "secretsmanager:DescribeSecret"
    await installed.execute(f"UPDATE secret_policy SET policy = '{json.dumps(policy)}'")
    assert [row[:2] for row in await installed.apply()] == [("update", "secret_policy")]
    assert there() == policy
    await installed.execute("UPDATE secret SET name = 'app/db2'; SET iasql.allow_loss = on")
    await installed.apply()
    new = json.loads(secrets.get_resource_policy(SecretId="app/db2")["ResourcePolicy"])
    assert new == policy
    await installed.execute("DELETE FROM secret_policy")
    assert [row[:2] for row in await installed.apply()] == [("delete", "secret_policy")]
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId="app/db2")
