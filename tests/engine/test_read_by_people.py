"""What people read of plans, steps and the journal: names, totals, and the same words everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

_GROUP = "INSERT INTO security_group (group_name, description) VALUES ('web', 'before')"
_REPLACED = "UPDATE security_group SET description = 'after' WHERE group_name = 'web'"


@pytest.fixture
async def installed(session: Session) -> Session:
    await session("iasql_install", "aws_security_group", "aws_ecr", "aws_cloudwatch")
    return session


async def test_a_plan_names_what_exists_by_its_natural_key_and_says_what_aws_calls_it(
    installed: Session,
) -> None:
    await installed.execute(_GROUP)
    assert [row[3] for row in await installed("iasql_plan_apply")] == ["web"]
    await installed.apply()
    group = await installed.value("SELECT group_id FROM security_group WHERE group_name = 'web'")
    await installed.execute(_REPLACED)
    [(action, table, _, described)] = await installed("iasql_plan_apply")
    assert (action, table, described) == ("replace", "security_group", f"web ({group})")
    assert {row[3] for row in await installed("iasql_diff")} == {f"web ({group})"}
    await installed.execute("DELETE FROM security_group WHERE group_name = 'web'")
    assert [row[3] for row in await installed("iasql_plan_apply")] == [f"web ({group})"]
    assert [row[3] for row in await installed("iasql_plan_sync")] == [f"web ({group})"]


async def test_an_arn_that_ends_with_the_name_is_not_said(installed: Session) -> None:
    await installed.execute("INSERT INTO log_group (log_group_name) VALUES ('/app')")
    await installed.apply()
    await installed.execute("DELETE FROM log_group")
    assert await installed("iasql_plan_apply") == [("delete", "log_group", None, "/app")]


async def test_the_name_of_a_plan_does_not_depend_on_what_people_read(
    installed: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    await installed.execute(_GROUP)
    await installed.apply()
    await installed.execute(_REPLACED)
    await installed("iasql_plan_apply")
    named = await installed.value("SELECT iasql_plan_id()")
    monkeypatch.setattr("engine.plan.model.label", lambda natural, name: f"what was called {natural}")
    assert [row[3] for row in await installed("iasql_plan_apply")] == ["what was called web"]
    assert await installed.value("SELECT iasql_plan_id()") == named


async def test_totals_come_last_of_a_plan_and_of_an_apply(installed: Session) -> None:
    await installed("iasql_plan_apply")
    assert installed.notices[-1] == "nothing to do: AWS holds what the tables hold"
    await installed.execute(f"{_GROUP}; INSERT INTO log_group (log_group_name) VALUES ('a'), ('b')")
    await installed("iasql_plan_apply")
    assert installed.notices[-1] == "3 to create"
    await installed("iasql_apply")
    assert installed.notices[-1] == "3 created"
    await installed.execute(
        f"{_REPLACED}; DELETE FROM log_group;"
        "UPDATE security_group SET description = 'mine' WHERE group_name = 'default'"
    )
    for function in ("iasql_plan_apply", "iasql_diff"):
        await installed(function)
        assert installed.notices[-1] == "1 to replace, 2 to delete; 1 protected"
        assert installed.notices[-2].endswith("cannot be changed: its row would be restored")
    await installed("iasql_apply")
    assert installed.notices[-1] == "1 replaced, 2 deleted; 1 protected"
    assert any(each.endswith("cannot be changed: its row is restored") for each in installed.notices)


async def test_there_is_something_to_do_for_rows_if_aws_has_changed(installed: Session, boto: Any) -> None:
    boto("logs").create_log_group(logGroupName="theirs")
    await installed("iasql_plan_apply")
    assert installed.notices[-1] == "nothing to do in AWS"
    await installed("iasql_apply")
    assert installed.notices[-1] == "nothing to do in AWS"
    await installed("iasql_apply")
    assert installed.notices[-1] == "nothing to do: AWS holds what the tables hold"


async def test_the_journal_has_the_words_of_the_plan(installed: Session) -> None:
    await installed.execute(_GROUP)
    await installed.apply()
    group = await installed.value("SELECT group_id FROM security_group WHERE group_name = 'web'")
    await installed.execute(_REPLACED)
    await installed.apply()
    connection = installed.engine._common.database.connection(installed.caller.database)
    async with connection as own:
        steps = await own.fetch(
            "SELECT kind, action, name, description FROM iasql.iasql_step ORDER BY operation, started_at"
        )
    assert [tuple(each) for each in steps] == [
        ("create", "create", "web", "web"),
        ("delete", "replace", group, f"web ({group})"),
        ("create", "replace", group, f"web ({group})"),
    ]
    said = [each.split(":")[0] for each in installed.notices if each.startswith("[")]
    assert said == [
        "[1/1] create security_group web",
        f"[1/2] delete security_group web ({group})",
        f"[2/2] replace security_group web ({group})",
    ]


async def test_the_steps_of_a_plan_say_what_each_waits_for(installed: Session) -> None:
    await installed.execute(
        f"{_GROUP}; INSERT INTO log_group (log_group_name) VALUES ('a');"
        "INSERT INTO security_group_rule (is_egress, ip_protocol, cidr_ipv4, security_group_id) "
        "SELECT false, '-1', '10.0.0.0/8', id FROM security_group WHERE group_name = 'web'"
    )
    steps = {
        (action, table): (step, waits)
        for step, action, table, _, waits in await installed("iasql_plan_steps")
    }
    assert steps.keys() == {
        ("create", "security_group"),
        ("create", "security_group_rule"),
        ("create", "log_group"),
    }
    group, waits = steps["create", "security_group"]
    assert waits == []
    assert steps["create", "security_group_rule"][1] == [group]
    assert await installed.value("SELECT iasql_plan_id() IS NOT NULL")


async def test_what_a_diff_describes_can_be_kept_by_that_name(installed: Session, boto: Any) -> None:
    await installed.execute(_GROUP)
    await installed.apply()
    group = await installed.value("SELECT group_id FROM security_group WHERE group_name = 'web'")
    boto("ec2").create_tags(Resources=[group], Tags=[{"Key": "a", "Value": "theirs"}])
    await installed.execute("""UPDATE security_group SET tags = '{"a": "ours"}' WHERE group_name = 'web'""")
    [described] = {row[3] for row in await installed("iasql_diff") if row[0] == "conflict"}
    assert described == f"web ({group})"
    await installed("iasql_sync", keep=f"security_group {described}")
    assert [row[:2] for row in await installed("iasql_plan_apply")] == [("update", "security_group")]


async def test_each_failure_has_a_hint_of_its_own(installed: Session, simulator: Cloud) -> None:
    for operation, code in (
        ("CreateRepository", "LimitExceededException"),
        ("CreateLogGroup", "AccessDenied"),
    ):
        simulator.plan(
            {
                "action": "error",
                "operation": operation,
                "status": 400,
                "times": 1,
                "code": code,
                "message": "No.",
            }
        )
    await installed.execute(
        "INSERT INTO repository (repository_name) VALUES ('one');"
        "INSERT INTO log_group (log_group_name) VALUES ('two')"
    )
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    hints = {
        "A quota of the AWS account is used up. Have AWS raise it, or remove something; then apply again.",
        "The credentials of the iasql server lack this permission. Grant it, then apply again.",
    }
    [also] = [each for each in (refused.value.detail or "").splitlines() if each.startswith("Also: ")]
    said, _, hint = also.partition(". Hint: ")
    assert {refused.value.hint, hint} == hints
    assert ("repository one" in said) != ("repository one" in refused.value.message)
