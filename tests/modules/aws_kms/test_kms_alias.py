"""Names of keys."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

_OWN = "alias_name NOT LIKE 'alias/aws/%'"


@pytest.fixture
def kms(simulator: Cloud) -> Any:
    return simulator.client("kms")


@pytest.fixture
async def installed(session: Session, kms: Any) -> Session:
    """With a key, `one`, and another, `two`."""
    for name in ("one", "two"):
        kms.create_key(Description=name)
    await session("iasql_install", "aws_kms")
    return session


def aliases(kms: Any) -> dict[str, str]:
    """The description of the key of each alias."""
    return {
        each["AliasName"]: kms.describe_key(KeyId=each["TargetKeyId"])["KeyMetadata"]["Description"]
        for each in kms.list_aliases()["Aliases"]
        if not each["AliasName"].startswith("alias/aws/")
    }


def _add(alias: str, key: str) -> str:
    return f"INSERT INTO kms_alias SELECT 'alias/{alias}', id FROM kms_key WHERE description = '{key}'"


async def test_aliases_are_imported_and_those_of_aws_left_alone(session: Session, kms: Any) -> None:
    key = kms.create_key(Description="one")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/app", TargetKeyId=key)
    await session("iasql_install", "aws_kms")
    assert await session.rows(
        f"SELECT alias_name, description FROM kms_alias JOIN kms_key ON id = kms_key WHERE {_OWN}"
    ) == [("alias/app", "one")]
    owners = await session.rows(f"SELECT DISTINCT managed_by FROM kms_alias WHERE NOT {_OWN}")
    assert owners == [("AWS",)]
    assert await session("iasql_plan_apply") == []
    await session.execute("DELETE FROM kms_alias WHERE alias_name = 'alias/aws/s3'")
    assert await session("iasql_apply") == []
    assert await session.rows("SELECT 1 FROM kms_alias WHERE alias_name = 'alias/aws/s3'") == [(1,)]


async def test_an_alias_is_made_with_its_key(installed: Session, kms: Any) -> None:
    await installed.execute("INSERT INTO kms_key (description) VALUES ('new')")
    await installed.execute(_add("app", "new"))
    assert [row[:2] for row in await installed.apply()] == [("create", "kms_key"), ("create", "kms_alias")]
    assert aliases(kms) == {"alias/app": "new"}


async def test_an_alias_is_given_another_key_in_one_call_and_outlives_the_first(
    installed: Session, kms: Any, simulator: Cloud
) -> None:
    await installed.execute(_add("app", "one"))
    await installed.apply()
    made = len(simulator.calls(mutating=True))
    await installed.execute(
        "UPDATE kms_alias SET kms_key = (SELECT id FROM kms_key WHERE description = 'two') WHERE "
        f"{_OWN}; DELETE FROM kms_key WHERE description = 'one'"
    )
    await installed.apply()
    calls = [each["operation"] for each in simulator.calls(mutating=True)[made:]]
    assert calls == ["UpdateAlias", "ScheduleKeyDeletion"]
    assert aliases(kms) == {"alias/app": "two"}


async def test_the_alias_of_a_key_that_is_being_deleted_can_be_given_another(
    installed: Session, kms: Any
) -> None:
    await installed.execute(_add("app", "one"))
    await installed.apply()
    key = await installed.value("SELECT key_id FROM kms_key WHERE description = 'one'")
    kms.schedule_key_deletion(KeyId=key)
    await installed("iasql_sync")
    assert await installed.rows(f"SELECT alias_name, kms_key FROM kms_alias WHERE {_OWN}") == [
        ("alias/app", None)
    ]
    assert await installed("iasql_plan_apply") == []
    await installed.execute(f"UPDATE kms_alias SET kms_key = (SELECT id FROM kms_key) WHERE {_OWN}")
    assert [row[:2] for row in await installed.apply()] == [("update", "kms_alias")]
    assert aliases(kms) == {"alias/app": "two"}


async def test_another_name_is_another_alias(installed: Session, kms: Any) -> None:
    await installed.execute(_add("app", "one"))
    await installed.apply()
    await installed.execute(f"UPDATE kms_alias SET alias_name = 'alias/other' WHERE {_OWN}")
    assert [row[0] for row in await installed.apply()] == ["create", "delete"]
    assert aliases(kms) == {"alias/other": "one"}


async def test_an_alias_is_deleted_and_its_key_is_not(installed: Session, kms: Any) -> None:
    await installed.execute(_add("app", "one"))
    await installed.apply()
    await installed.execute(f"DELETE FROM kms_alias WHERE {_OWN}")
    assert [row[:2] for row in await installed.apply()] == [("delete", "kms_alias")]
    assert aliases(kms) == {}
    assert len(await installed.rows("SELECT FROM kms_key")) == 2


async def test_an_alias_has_its_form_and_a_key(installed: Session, kms: Any) -> None:
    with pytest.raises(Exception, match="kms_alias_has_its_form"):
        await installed.execute("INSERT INTO kms_alias VALUES ('app')")
    await installed.execute("INSERT INTO kms_alias VALUES ('alias/app')")
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert refused.value.table == "kms_alias"
    assert aliases(kms) == {}
