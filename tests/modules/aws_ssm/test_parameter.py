"""Parameters."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

_POLICIES = [{"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": "2031-01-01T00:00:00Z"}}]
_EVERY = (
    "INSERT INTO parameter (name, type, value, description, tier, policies, allowed_pattern, tags) VALUES "
    "('/app/zones', 'StringList', 'a,b', 'The zones', 'Advanced', "
    f"""'{json.dumps(_POLICIES)}', '[a-z,]+', '{{"team": "x"}}')"""
)


@pytest.fixture
def ssm(simulator: Cloud) -> Any:
    return simulator.client("ssm")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_ssm")


def described(ssm: Any, name: str = "/app/zones") -> dict[str, Any]:
    return next(each for each in ssm.describe_parameters()["Parameters"] if each["Name"] == name)


def value(ssm: Any, name: str = "/app/zones") -> str:
    return str(ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])


def names(ssm: Any) -> set[str]:
    return {each["Name"] for each in ssm.describe_parameters()["Parameters"]}


def tags(ssm: Any, name: str) -> list[dict[str, str]]:
    return list(ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"])


async def test_parameters_are_imported_and_no_secret_is_asked_for(
    session: Session, ssm: Any, simulator: Cloud
) -> None:
    team = [{"Key": "team", "Value": "x"}]
    ssm.put_parameter(Name="/app/url", Type="String", Value="http://x", Description="d", Tags=team)
    ssm.put_parameter(Name="/app/password", Type="SecureString", Value="hunter2", KeyId="alias/aws/ssm")
    for number in range(12):
        ssm.put_parameter(Name=f"n{number}", Type="String", Value=str(number))
    await session("iasql_install", "aws_ssm")
    assert await session.rows(
        "SELECT name, arn, type, value, description, tier, data_type, key_id, tags::text FROM parameter "
        "WHERE name LIKE '/app%' ORDER BY name DESC"
    ) == [
        (
            *("/app/url", described(ssm, "/app/url")["ARN"], "String", "http://x", "d", "Standard", "text"),
            *(None, '{"team": "x"}'),
        ),
        (
            *("/app/password", described(ssm, "/app/password")["ARN"], "SecureString", None, None),
            *("Standard", "text", "alias/aws/ssm", "{}"),
        ),
    ]
    assert await session.value("SELECT count(*) FROM parameter WHERE value = substr(name, 2)") == 12
    # Ten a call.
    assert simulator.called("GetParameters") == 2
    assert await session("iasql_plan_apply") == []


async def test_every_attribute_of_a_parameter_is_sent(installed: Session, ssm: Any) -> None:
    await installed.execute(_EVERY)
    assert [row[:2] for row in await installed.apply()] == [("create", "parameter")]
    made = described(ssm)
    assert (made["Type"], made["Description"], made["Tier"]) == ("StringList", "The zones", "Advanced")
    assert (made["AllowedPattern"], value(ssm)) == ("[a-z,]+", "a,b")
    assert [json.loads(each["PolicyText"]) for each in made["Policies"]] == _POLICIES
    assert tags(ssm, "/app/zones") == [{"Key": "team", "Value": "x"}]
    assert await installed.rows("SELECT arn, version FROM parameter") == [(made["ARN"], 1)]


async def test_a_change_of_one_attribute_keeps_the_others(installed: Session, ssm: Any) -> None:
    await installed.execute(_EVERY)
    await installed.apply()
    before = described(ssm)
    await installed.execute("UPDATE parameter SET value = 'a,b,c'")
    assert [row[:2] for row in await installed.apply()] == [("update", "parameter")]
    assert value(ssm) == "a,b,c"
    changed = {"Version", "LastModifiedDate"}
    after = described(ssm)
    assert {name: each for name, each in after.items() if name not in changed} == {
        name: each for name, each in before.items() if name not in changed
    }
    assert after["Version"] == 2
    assert tags(ssm, "/app/zones") == [{"Key": "team", "Value": "x"}]
    assert await installed.value("SELECT version FROM parameter") == 2


async def test_all_that_can_change_of_a_parameter_changes_at_once(installed: Session, ssm: Any) -> None:
    await installed.execute(_EVERY)
    await installed.apply()
    await installed.execute(
        "UPDATE parameter SET value = 'A', description = NULL, policies = NULL, allowed_pattern = NULL"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "parameter")]
    after = described(ssm)
    assert value(ssm) == "A"
    assert not {"Description", "AllowedPattern"} & after.keys()
    assert after["Policies"] == []


async def test_what_aws_chooses_of_a_parameter_is_left_to_it(installed: Session, ssm: Any) -> None:
    await installed.execute(
        "INSERT INTO parameter (name, value, tier) VALUES ('t', 'v', 'Intelligent-Tiering')"
    )
    await installed.execute("INSERT INTO parameter (name, value) VALUES ('p', 'v')")
    await installed("iasql_apply")
    assert await installed("iasql_plan_apply") == []
    assert await installed.value("SELECT tier FROM parameter WHERE name = 'p'") == "Standard"
    await installed.execute("UPDATE parameter SET value = 'w'")
    await installed("iasql_apply")
    assert await installed("iasql_plan_apply") == []
    assert (value(ssm, "t"), value(ssm, "p")) == ("w", "w")


async def test_another_name_is_another_parameter_without_the_history(installed: Session, ssm: Any) -> None:
    await installed.execute(_EVERY)
    await installed.apply()
    await installed.execute("UPDATE parameter SET name = '/app/more'")
    assert [row[0] for row in await installed.apply()] == ["replace"]
    assert names(ssm) == {"/app/more"}
    assert described(ssm, "/app/more")["Description"] == "The zones"
    await installed.execute("UPDATE parameter SET value = 'c'")
    await installed.apply()
    await installed.execute("UPDATE parameter SET type = 'String'")
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert "its earlier versions (1)" in (refused.value.detail or "")
    await installed.execute("SET iasql.allow_loss = on")
    assert [row[0] for row in await installed.apply()] == ["replace"]
    assert (described(ssm, "/app/more")["Type"], described(ssm, "/app/more")["Version"]) == ("String", 1)


async def test_a_parameter_is_deleted(installed: Session, ssm: Any) -> None:
    ssm.put_parameter(Name="stays", Type="String", Value="v")
    await installed("iasql_sync")
    await installed.execute(_EVERY)
    await installed.apply()
    await installed.execute("DELETE FROM parameter WHERE name = '/app/zones'")
    assert [row[0] for row in await installed.apply()] == ["delete"]
    assert names(ssm) == {"stays"}


async def test_a_secret_keeps_its_value_whatever_its_row_says(session: Session, ssm: Any) -> None:
    ssm.put_parameter(Name="password", Type="SecureString", Value="hunter2")
    await session("iasql_install", "aws_ssm")
    await session.execute("""UPDATE parameter SET tags = '{"team": "x"}'""")
    assert [row[:2] for row in await session.apply()] == [("update", "parameter")]
    assert tags(ssm, "password") == [{"Key": "team", "Value": "x"}]
    for change in ("description = 'd'", "name = 'other'", "type = 'String', value = 'v'"):
        await session.execute(f"UPDATE parameter SET {change}")
        with pytest.raises(OperationError) as refused:
            await session("iasql_apply")
        assert (refused.value.sqlstate, refused.value.table) == ("0A000", "parameter")
        await session.execute("DELETE FROM parameter")
        await session("iasql_sync")
    assert value(ssm, "password") == "hunter2"
    await session.execute("DELETE FROM parameter")
    await session.apply()
    assert names(ssm) == set()


@pytest.mark.parametrize("values", ["'SecureString', 'v'", "'String', NULL"])
async def test_only_a_secret_has_no_value_in_its_row(installed: Session, values: str) -> None:
    with pytest.raises(Exception, match="parameter_value_is_not_secret"):
        await installed.execute(f"INSERT INTO parameter (name, type, value) VALUES ('p', {values})")


async def test_no_row_makes_a_secret(installed: Session, ssm: Any) -> None:
    await installed.execute("INSERT INTO parameter (name, type) VALUES ('p', 'SecureString')")
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert (refused.value.sqlstate, refused.value.column) == ("23502", "value")
    assert names(ssm) == set()


async def test_what_aws_refuses_says_why(installed: Session, ssm: Any) -> None:
    await installed.execute(_EVERY.replace("'a,b'", "'1'"))
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert refused.value.hint == "parameter.value does not match parameter.allowed_pattern."
    assert names(ssm) == set()


async def test_parameters_of_another_region_are_their_own(installed: Session, simulator: Cloud) -> None:
    await installed("iasql_add_region", "us-west-2")
    await installed.execute("SET search_path = us_west_2, public")
    await installed("iasql_install", "aws_ssm")
    await installed.execute("SET search_path = public")
    await installed.execute("INSERT INTO us_west_2.parameter (name, value) VALUES ('p', 'west')")
    await installed.execute("INSERT INTO parameter (name, value) VALUES ('p', 'east')")
    assert len(await installed.apply()) == 2
    assert value(simulator.client("ssm"), "p") == "east"
    assert value(simulator.at("us-west-2").client("ssm"), "p") == "west"
