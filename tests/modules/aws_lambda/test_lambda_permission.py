"""Who may invoke a function: the statements of its policy."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from deploy.simulator.conditions import PLAIN as AT_ONCE
from engine.errors import OperationError
from modules.aws_lambda import statements
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_lambda.scene import PLAIN, ROLE, actions, make, names

_BUCKET = "arn:aws:s3:::uploads"
_LET_IN = (
    "INSERT INTO lambda_permission (lambda_function_id, statement_id, principal, source_arn, source_account) "
    f"SELECT id, 'uploads', 's3.amazonaws.com', '{_BUCKET}', '123456789012' FROM lambda_function;"
)


def policy(aws: Any, name: str = "f") -> dict[str, Any]:
    """The statements of a function's policy by their names; none if there is no policy."""
    try:
        told = json.loads(aws.get_policy(FunctionName=name)["Policy"])
    except aws.exceptions.ResourceNotFoundException:
        return {}
    return {each["Sid"]: each for each in told["Statement"]}


async def test_statements_are_imported(session: Session, aws: Any) -> None:
    make(aws)
    make(aws, "silent")
    plain = {"FunctionName": "f", "Action": "lambda:InvokeFunction"}
    aws.add_permission(
        **plain,
        StatementId="uploads",
        Principal="s3.amazonaws.com",
        SourceArn=_BUCKET,
        SourceAccount="123456789012",
    )
    aws.add_permission(**plain, StatementId="them", Principal="210987654321", PrincipalOrgID="o-abcdefghij")
    aws.add_permission(
        FunctionName="f",
        Action="lambda:InvokeFunctionUrl",
        StatementId="all",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    before = policy(aws)
    await session("iasql_install", "aws_lambda")
    rows = await session.rows(
        "SELECT f.name, p.statement_id, p.action, p.principal, p.source_arn, p.source_account, "
        "p.principal_org_id, p.function_url_auth_type FROM lambda_permission AS p "
        "JOIN lambda_function AS f ON f.id = p.lambda_function_id ORDER BY p.statement_id"
    )
    root = "arn:aws:iam::210987654321:root"
    assert rows == [
        ("f", "all", "lambda:InvokeFunctionUrl", "*", None, None, None, "NONE"),
        ("f", "them", "lambda:InvokeFunction", root, None, None, "o-abcdefghij", None),
        ("f", "uploads", "lambda:InvokeFunction", "s3.amazonaws.com", _BUCKET, "123456789012", None, None),
    ]
    assert await session.apply() == []
    assert policy(aws) == before


async def test_a_statement_is_made_with_all_that_it_can_have(installed: Session, aws: Any) -> None:
    await installed.execute(
        PLAIN
        + _LET_IN
        + "INSERT INTO lambda_permission (lambda_function_id, statement_id, action, principal, "
        "principal_org_id, function_url_auth_type, invoked_via_function_url, event_source_token) "
        "SELECT id, 'other', 'lambda:InvokeFunctionUrl', '210987654321', 'o-abcdefghij', 'AWS_IAM', true, "
        "'amzn1.ask.skill' FROM lambda_function"
    )
    await installed.apply()
    found = policy(aws)
    assert found["uploads"]["Principal"] == {"Service": "s3.amazonaws.com"}
    assert found["uploads"]["Action"] == "lambda:InvokeFunction"
    assert found["uploads"]["Condition"] == {
        "ArnLike": {"AWS:SourceArn": _BUCKET},
        "StringEquals": {"AWS:SourceAccount": "123456789012"},
    }
    assert found["other"]["Principal"] == {"AWS": "arn:aws:iam::210987654321:root"}
    assert found["other"]["Condition"] == {
        "StringEquals": {
            "aws:PrincipalOrgID": "o-abcdefghij",
            "lambda:FunctionUrlAuthType": "AWS_IAM",
            "lambda:EventSourceToken": "amzn1.ask.skill",
        },
        "Bool": {"lambda:InvokedViaFunctionUrl": "true"},
    }
    assert await installed.value("SELECT principal FROM lambda_permission WHERE statement_id = 'other'") in (
        "210987654321",
        "arn:aws:iam::210987654321:root",
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("action = 'lambda:*'", ("Action", "lambda:*")),
        ("principal = 'sns.amazonaws.com'", ("Principal", {"Service": "sns.amazonaws.com"})),
        (
            "source_arn = 'arn:aws:s3:::*'",
            (
                "Condition",
                {
                    "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::*"},
                    "StringEquals": {"AWS:SourceAccount": "123456789012"},
                },
            ),
        ),
        ("source_account = NULL", ("Condition", {"ArnLike": {"AWS:SourceArn": _BUCKET}})),
        ("principal = '210987654321'", ("Principal", {"AWS": "arn:aws:iam::210987654321:root"})),
    ],
)
async def test_another_statement_takes_the_place_of_one_that_is_changed(
    installed: Session, aws: Any, change: str, expected: tuple[str, Any]
) -> None:
    await installed.execute(PLAIN + _LET_IN)
    await installed.apply()
    await installed.execute(f"UPDATE lambda_permission SET {change}")
    assert await actions(installed) == [("replace", "lambda_permission")]
    assert list(policy(aws)) == ["uploads"]
    assert policy(aws)["uploads"][expected[0]] == expected[1]


async def test_another_name_is_another_statement(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN + _LET_IN)
    await installed.apply()
    await installed.execute("UPDATE lambda_permission SET statement_id = 'files'")
    assert sorted(await actions(installed)) == [
        ("create", "lambda_permission"),
        ("delete", "lambda_permission"),
    ]
    assert list(policy(aws)) == ["files"]


async def test_a_function_of_another_name_lets_in_whom_the_old_one_let_in(session: Session, aws: Any) -> None:
    await session("iasql_install", "aws_lambda")
    await session.execute(PLAIN)
    await session.apply()
    for name in ("a", "b"):
        aws.add_permission(
            FunctionName="f", StatementId=name, Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
        )
    await session("iasql_sync")
    before = policy(aws)
    await session.execute("UPDATE lambda_function SET name = 'other'")
    assert set(await actions(session)) == {
        ("replace", "lambda_function"),
        ("create", "lambda_permission"),
        ("delete", "lambda_permission"),
    }
    assert names(aws) == {"other"}
    after = policy(aws, "other")
    assert {sid: each | {"Resource": ""} for sid, each in after.items()} == {
        sid: each | {"Resource": ""} for sid, each in before.items()
    }
    assert all(each["Resource"].endswith(":other") for each in after.values())


async def test_a_deleted_statement_lets_nobody_in(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN + _LET_IN)
    await installed.apply()
    await installed.execute("DELETE FROM lambda_permission")
    assert await actions(installed) == [("delete", "lambda_permission")]
    assert policy(aws) == {}


async def test_a_deleted_function_takes_its_statements_along(
    installed: Session, aws: Any, simulator: Cloud
) -> None:
    await installed.execute(PLAIN + _LET_IN)
    await installed.apply()
    await installed.execute("DELETE FROM lambda_function")
    assert ("delete", "lambda_function") in await actions(installed)
    assert names(aws) == set()
    assert simulator.called("RemovePermission") == 0
    assert await installed.value("SELECT count(*) FROM lambda_permission") == 0


async def test_what_somebody_else_allows_is_shown_and_stays(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN + _LET_IN)
    await installed.apply()
    aws.add_permission(
        FunctionName="f", StatementId="theirs", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
    )
    await installed.apply()
    assert set(policy(aws)) == {"uploads", "theirs"}
    assert await installed.value("SELECT count(*) FROM lambda_permission") == 2


async def test_who_is_not_there_is_let_in_nowhere(installed: Session, aws: Any) -> None:
    await installed.execute(
        PLAIN + _LET_IN + "UPDATE lambda_permission SET source_arn = NULL, source_account = NULL, "
        "principal = 'arn:aws:iam::123456789012:role/nobody'"
    )
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert refused.value.table == "lambda_permission"
    assert "principal was invalid" in str(refused.value.detail)
    assert "has to exist" in str(refused.value.hint)
    assert policy(aws) == {}


async def test_a_role_of_the_same_apply_is_let_in_once_aws_sees_it(
    installed: Session, aws: Any, simulator: Cloud
) -> None:
    simulator.be(replace(AT_ONCE, unseen=1.5))
    role = "arn:aws:iam::123456789012:role/r"
    await installed.execute(
        ROLE + PLAIN + "INSERT INTO lambda_permission (lambda_function_id, statement_id, principal) "
        f"SELECT id, 'r', '{role}' FROM lambda_function"
    )
    assert ("create", "lambda_permission") in await actions(installed)
    assert policy(aws)["r"]["Principal"] == {"AWS": role}


async def test_a_name_that_aws_does_not_take_is_refused(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN + _LET_IN + "UPDATE lambda_permission SET statement_id = 'no spaces'")
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert "statementId" in str(refused.value.detail)
    assert policy(aws) == {}


async def test_a_statement_is_not_made_twice_although_answers_are_lost(
    installed: Session, aws: Any, simulator: Cloud
) -> None:
    simulator.plan({"operation": "AddPermission", "action": "drop_after", "times": 1})
    await installed.execute(PLAIN + _LET_IN)
    await installed.apply()
    assert list(policy(aws)) == ["uploads"]


async def test_policies_of_aliases_are_not_the_functions(session: Session, aws: Any) -> None:
    make(aws)
    aws.create_alias(FunctionName="f", Name="live", FunctionVersion="$LATEST")
    aws.add_permission(
        FunctionName="f",
        Qualifier="live",
        StatementId="s",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
    )
    await session("iasql_install", "aws_lambda")
    assert await session.value("SELECT count(*) FROM lambda_permission") == 0
    assert await session.apply() == []


async def test_statements_of_another_region_are_in_another_schema(
    installed: Session, aws: Any, simulator: Cloud
) -> None:
    await installed("iasql_add_region", "eu-west-1")
    await installed.execute("SET search_path = eu_west_1, public")
    await installed("iasql_install", "aws_lambda")
    await installed.execute("SET search_path = public")
    await installed.execute(
        (PLAIN + _LET_IN).replace("INTO ", "INTO eu_west_1.").replace("FROM lambda", "FROM eu_west_1.lambda")
    )
    assert {row[0] for row in await installed.apply()} == {"create"}
    assert list(policy(simulator.at("eu-west-1").client("lambda"))) == ["uploads"]


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("*", "*"),
        ({"AWS": "*"}, "*"),
        ({"Service": ["sns.amazonaws.com"]}, "sns.amazonaws.com"),
        ({"AWS": ["1", "2"]}, None),
        ({"AWS": "1", "Service": "s"}, None),
        (None, None),
    ],
)
def test_who_is_let_in_is_read_as_it_is_said(told: Any, read: Any) -> None:
    assert statements.principal(told) == read


def test_an_account_is_the_root_of_it() -> None:
    assert statements.same_principal("arn:aws-cn:iam::123456789012:root") == "123456789012"
    assert statements.same_principal("s3.amazonaws.com") == "s3.amazonaws.com"


def test_conditions_are_read_whatever_the_case_of_their_keys() -> None:
    told = {"StringLike": {"aws:sourcearn": "a"}, "Bool": {"lambda:InvokedViaFunctionUrl": "false"}}
    assert statements.condition("AWS:SourceArn")(told) == "a"
    assert statements.condition("AWS:SourceAccount")(told) is None
    assert statements.flag("lambda:InvokedViaFunctionUrl")(told) is False
    assert statements.flag("lambda:InvokedViaFunctionUrl")(None) is None
