"""Aliases of functions' versions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_lambda.scene import make, zipped

_LIVE = (
    "INSERT INTO lambda_alias (lambda_function_id, name, function_version, description, "
    "additional_version_weights) SELECT id, 'live', '1', 'what users see', '{\"2\": 0.1}' "
    "FROM lambda_function;"
)


@pytest.fixture
def versions(aws: Any) -> Any:
    """A function with two versions."""
    make(aws)
    for text in ("one", "two"):
        aws.update_function_code(FunctionName="f", ZipFile=zipped(text))
        aws.publish_version(FunctionName="f")
    return aws


def aliases(aws: Any, name: str = "f") -> list[tuple[str, str, str | None, dict[str, float]]]:
    return [
        (
            each["Name"],
            each["FunctionVersion"],
            each.get("Description"),
            each.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}),
        )
        for each in aws.list_aliases(FunctionName=name)["Aliases"]
    ]


async def test_aliases_are_imported(session: Session, versions: Any) -> None:
    live = versions.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    weights = {"AdditionalVersionWeights": {"2": 0.25}}
    versions.create_alias(FunctionName="f", Name="some", FunctionVersion="1", RoutingConfig=weights)
    await session("iasql_install", "aws_lambda")
    rows = await session.rows(
        "SELECT f.name, a.name, a.arn = f.arn || ':' || a.name, function_version, "
        "additional_version_weights::text FROM lambda_alias AS a "
        "JOIN lambda_function AS f ON f.id = lambda_function_id ORDER BY a.name"
    )
    assert rows == [("f", "live", True, "1", None), ("f", "some", True, "1", '{"2": 0.25}')]
    assert live["AliasArn"].endswith(":f:live")
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_an_alias_is_made_changed_in_place_and_deleted(
    versions: Any, installed: Session, simulator: Cloud
) -> None:
    simulator.plan({"operation": "CreateAlias", "action": "drop_after"})
    await installed.execute(_LIVE)
    assert [row[:2] for row in await installed.apply()] == [("create", "lambda_alias")]
    assert aliases(versions) == [("live", "1", "what users see", {"2": 0.1})]
    for change, expected in (
        ("additional_version_weights = '{\"2\": 0.5}'", ("live", "1", "what users see", {"2": 0.5})),
        ("description = NULL", ("live", "1", "", {"2": 0.5})),
        ("function_version = '2', additional_version_weights = NULL", ("live", "2", "", {})),
    ):
        await installed.execute(f"UPDATE lambda_alias SET {change}")
        assert [row[0] for row in await installed("iasql_apply")] == ["update"]
        assert aliases(versions) == [expected]
    assert await installed("iasql_plan_apply") == []
    await installed.execute("DELETE FROM lambda_alias")
    assert [row[0] for row in await installed.apply()] == ["delete"]
    assert aliases(versions) == []


async def test_an_alias_of_another_name_keeps_what_it_can_and_names_what_is_lost(
    versions: Any, installed: Session
) -> None:
    await installed.execute(_LIVE)
    await installed("iasql_apply")
    own = {"FunctionName": "f", "Qualifier": "live"}
    versions.put_provisioned_concurrency_config(**own, ProvisionedConcurrentExecutions=3)
    versions.put_function_event_invoke_config(**own, MaximumRetryAttempts=1)
    await installed.execute("UPDATE lambda_alias SET name = 'blue'")
    assert [row[0] for row in await installed.apply()] == ["replace"]
    assert aliases(versions) == [("blue", "1", "what users see", {"2": 0.1})]
    own["Qualifier"] = "blue"
    there = versions.get_provisioned_concurrency_config(**own)
    assert there["RequestedProvisionedConcurrentExecutions"] == 3
    assert versions.get_function_event_invoke_config(**own)["MaximumRetryAttempts"] == 1
    versions.create_function_url_config(**own, AuthType="NONE")
    versions.add_permission(
        **own, StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    await installed.execute("UPDATE lambda_alias SET name = 'green'")
    with pytest.raises(OperationError, match="lose") as caught:
        await installed("iasql_apply")
    assert "its own policy" in str(caught.value) + (caught.value.detail or "")
    assert "its URL" in str(caught.value) + (caught.value.detail or "")


async def test_what_aws_refuses_is_said(versions: Any, installed: Session) -> None:
    for name, version, weights, code in (
        ("live", "7", None, "ResourceNotFoundException"),
        ("live", "$LATEST", {"2": 0.5}, "InvalidParameterValueException"),
        ("7", "1", None, "ValidationException"),
    ):
        given = f"'{json.dumps(weights)}'" if weights else "NULL"
        await installed.execute(
            "INSERT INTO lambda_alias (lambda_function_id, name, function_version, "
            f"additional_version_weights) SELECT id, '{name}', '{version}', {given} FROM lambda_function"
        )
        with pytest.raises(OperationError, match=code):
            await installed("iasql_apply")
        await installed.execute("DELETE FROM lambda_alias")
    assert aliases(versions) == []


async def test_aliases_of_another_region_are_in_another_schema(versions: Any, installed: Session) -> None:
    await installed("iasql_add_region", "eu-west-1")
    await installed.execute("SET search_path = eu_west_1, public")
    await installed("iasql_install", "aws_lambda")
    assert await installed.value("SELECT count(*) FROM eu_west_1.lambda_alias") == 0
    with pytest.raises(Exception, match="lambda_alias_lambda_function_id_fkey"):
        await installed.execute(
            "INSERT INTO eu_west_1.lambda_alias (lambda_function_id, name) "
            "SELECT id, 'live' FROM public.lambda_function"
        )
