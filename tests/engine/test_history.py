"""What tables and AWS have agreed on: by table, with the times and whose change it was."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

_HISTORY = (
    "SELECT repository_name, scan_on_push, changed_by, upper_inf(valid), "
    "operation = (SELECT max(id) FROM iasql.iasql_operation) "
    "FROM iasql_history.repository ORDER BY repository_name, lower(valid)"
)


@pytest.fixture
def ecr(simulator: Cloud) -> Any:
    return simulator.client("ecr")


@pytest.fixture
async def one(session: Session, ecr: Any) -> Session:
    """A session whose table shows the repository `one`, which is not scanned."""
    ecr.create_repository(repositoryName="one")
    await session("iasql_install", "aws_ecr", "aws_ecs_fargate")
    return session


async def test_an_install_begins_the_history(one: Session) -> None:
    assert await one.rows(_HISTORY) == [("one", False, "aws", True, True)]
    assert await one.rows("SELECT function, arguments, outcome FROM iasql.iasql_operation") == [
        ("iasql_install", ["aws_ecr", "aws_ecs_fargate"], "done")
    ]


async def test_what_an_apply_changes_is_the_rows_change(one: Session) -> None:
    await one.execute("UPDATE repository SET scan_on_push = true")
    await one("iasql_apply")
    assert await one.rows(_HISTORY) == [
        ("one", False, "aws", False, False),
        ("one", True, "row", True, True),
    ]


async def test_what_a_sync_takes_in_is_awss_change(one: Session, ecr: Any) -> None:
    ecr.put_image_scanning_configuration(
        repositoryName="one", imageScanningConfiguration={"scanOnPush": True}
    )
    await one("iasql_sync")
    assert await one.rows(_HISTORY) == [
        ("one", False, "aws", False, False),
        ("one", True, "aws", True, True),
    ]


async def test_what_a_row_follows_in_an_apply_is_awss_change(one: Session, ecr: Any) -> None:
    ecr.put_image_scanning_configuration(
        repositoryName="one", imageScanningConfiguration={"scanOnPush": True}
    )
    await one("iasql_apply")
    assert await one.rows(
        "SELECT scan_on_push, changed_by FROM iasql_history.repository ORDER BY lower(valid)"
    ) == [(False, "aws"), (True, "aws")]


async def test_what_was_there_at_a_moment(one: Session) -> None:
    ((moment,),) = await one.rows("SELECT clock_timestamp()")
    await one.execute("DELETE FROM repository; INSERT INTO repository (repository_name) VALUES ('two')")
    await one("iasql_apply")
    at = "SELECT repository_name FROM iasql_history.repository WHERE valid @> "
    assert await one.rows(f"{at} '{moment}'::timestamptz") == [("one",)]
    assert await one.rows(f"{at} clock_timestamp()") == [("two",)]


async def test_parts_have_a_history_of_their_own(one: Session) -> None:
    await one.execute(
        "INSERT INTO task_definition (family, cpu_memory) VALUES ('app', 'vCPU0.25-0.5GB');"
        "INSERT INTO container_definition (task_definition_id, name, image, env_variables) "
        "SELECT id, 'web', 'nginx', '{\"STAGE\": \"test\"}' FROM task_definition"
    )
    await one("iasql_apply")
    assert await one.rows(
        "SELECT name, image, env_variables->>'STAGE', task_definition_id LIKE 'arn:%', upper_inf(valid) "
        "FROM iasql_history.container_definition"
    ) == [("web", "nginx", "test", True, True)]


async def test_what_does_not_change_is_not_kept_again(one: Session) -> None:
    for _ in range(3):
        await one("iasql_sync")
        await one("iasql_apply")
    assert await one.rows("SELECT count(*) FROM iasql.history WHERE NOT upper_inf(valid)") == [(0,)]


async def test_a_transaction_that_is_rolled_back_leaves_no_history(one: Session, ecr: Any) -> None:
    ecr.put_image_scanning_configuration(
        repositoryName="one", imageScanningConfiguration={"scanOnPush": True}
    )
    await one.execute("BEGIN")
    one.caller.in_transaction = True
    await one("iasql_sync")
    await one.execute("ROLLBACK")
    one.caller.in_transaction = False
    assert await one.rows("SELECT count(*) FROM iasql_history.repository") == [(1,)]
    assert await one.rows("SELECT count(*) FROM iasql.iasql_operation") == [(1,)]


async def test_nobody_records_an_operation_but_the_engine(one: Session) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only the iasql server can record"):
        await one.execute("SELECT iasql.record_operation('{}')")


async def test_drift_is_told_column_by_column_and_left_as_it_is(one: Session, ecr: Any) -> None:
    ecr.put_image_scanning_configuration(
        repositoryName="one", imageScanningConfiguration={"scanOnPush": True}
    )
    ecr.create_repository(repositoryName="theirs")
    for _ in range(2):
        assert sorted(await one("iasql_drift"), key=str) == [
            ("repository", None, "one", "us-east-1", "scan_on_push", "false", "true"),
            ("repository", None, "theirs", "us-east-1", None, None, _arn("theirs")),
        ]
    assert await one.rows("SELECT repository_name, scan_on_push FROM repository") == [("one", False)]


def _arn(name: str) -> str:
    return f"arn:aws:ecr:us-east-1:123456789012:repository/{name}"


async def test_what_rows_ask_for_is_no_drift(one: Session) -> None:
    await one.execute(
        "UPDATE repository SET scan_on_push = true; INSERT INTO cluster (cluster_name) VALUES ('c')"
    )
    assert await one("iasql_drift") == []


async def test_what_is_gone_is_drift(one: Session, ecr: Any) -> None:
    ecr.delete_repository(repositoryName="one")
    assert await one("iasql_drift") == [
        ("repository", None, "one", "us-east-1", None, _arn("one"), None),
    ]


async def test_drift_does_not_depend_on_the_mode(one: Session, ecr: Any) -> None:
    ecr.put_image_scanning_configuration(
        repositoryName="one", imageScanningConfiguration={"scanOnPush": True}
    )
    await one.execute("SET iasql.apply_mode = enforce")
    assert [row[4] for row in await one("iasql_drift")] == ["scan_on_push"]


async def test_each_table_tells_when_it_has_followed_aws(one: Session) -> None:
    told = await one.rows("SELECT table_name, region_name, read_by FROM iasql_freshness()")
    assert ("repository", "us-east-1", "iasql_install") in told
    assert ("role", "global", "iasql_install") in told
    assert ("container_definition", "us-east-1", "iasql_install") in told
    ((before,),) = await one.rows("SELECT max(read_at) FROM iasql_freshness()")
    await one("iasql_plan_apply")
    assert await one.rows("SELECT max(read_at) FROM iasql_freshness()") == [(before,)]
    await one("iasql_apply")
    assert await one.rows(
        f"SELECT DISTINCT read_by FROM iasql_freshness() WHERE read_at > '{before}'::timestamptz"
    ) == [("iasql_apply",)]
    assert not await one.rows("SELECT FROM iasql_freshness() WHERE read_by = 'iasql_install'")


async def test_history_is_kept_as_long_as_the_owner_wants(one: Session) -> None:
    await one.execute("UPDATE repository SET scan_on_push = true")
    await one("iasql_apply")
    assert await one.rows("SELECT count(*) FROM iasql_history.repository") == [(2,)]
    await one.execute("INSERT INTO iasql.guard (setting, value) VALUES ('keep_history', '0 s')")
    await one.execute("UPDATE repository SET scan_on_push = false")
    await one("iasql_apply")
    assert await one.rows("SELECT scan_on_push FROM iasql_history.repository ORDER BY lower(valid)") == [
        (True,),  # it was so until this apply
        (False,),
    ]
    with pytest.raises(asyncpg.PostgresError, match="invalid input syntax for type interval"):
        await one.execute("UPDATE iasql.guard SET value = 'long' WHERE setting = 'keep_history'")


async def test_values_can_be_taken_out_of_history_and_journal(one: Session) -> None:
    await one.execute("UPDATE repository SET scan_on_push = true")
    await one("iasql_apply")
    assert await one.rows("SELECT iasql_forget('repository')") == [(1,)]
    assert await one.rows("SELECT scan_on_push FROM iasql_history.repository") == [(True,)]
    assert await one.rows("SELECT before, after, outcome FROM iasql.iasql_step") == [(None, None, "done")]
    with pytest.raises(asyncpg.UndefinedTableError):
        await one.execute("SELECT iasql_forget('nonsense')")


async def test_an_apply_in_a_transaction_says_that_a_rollback_does_not_reach_aws(one: Session) -> None:
    await one.execute("UPDATE repository SET scan_on_push = true")
    await one.execute("BEGIN")
    one.caller.in_transaction = True
    await one("iasql_apply")
    await one.execute("ROLLBACK")
    one.caller.in_transaction = False
    assert any("a ROLLBACK of this transaction does not reach AWS" in each for each in one.notices)


async def test_what_a_rollback_left_in_aws_is_marked_and_can_be_undone(one: Session, ecr: Any) -> None:
    await one.execute("BEGIN")
    one.caller.in_transaction = True
    await one.execute("INSERT INTO repository (repository_name) VALUES ('left'), ('over')")
    await one("iasql_apply")
    await one.execute("ROLLBACK")
    one.caller.in_transaction = False
    number = await one.value("SELECT max(id) FROM iasql.iasql_operation WHERE function = 'iasql_apply'")
    ecr.create_repository(repositoryName="somebodys")
    one.caller.notices.clear()
    assert await one("iasql_undo", str(number)) == []
    assert one.notices == [f"the rows show nothing of what operation {number} did"]
    one.caller.notices.clear()
    assert await one("iasql_plan_apply") == []
    over = f"is left over from operation {number}, whose transaction was rolled back: it gets a row"
    assert sorted(one.notices) == [
        "nothing to do in AWS",
        f"repository left {over}",
        f"repository over {over}",
        "repository somebodys has appeared in AWS: it gets a row",
    ]
    await one("iasql_apply")
    assert [row[0] for row in await one("iasql_undo", str(number))] == ["delete", "delete"]
    await one("iasql_apply")
    held = [each["repositoryName"] for each in ecr.describe_repositories()["repositories"]]
    assert sorted(held) == ["one", "somebodys"]


async def test_a_review_is_what_an_apply_would_do(one: Session) -> None:
    await one.execute("UPDATE repository SET scan_on_push = true")
    ((text,),) = await one("iasql_review")
    assert "1 to update." in text
    assert "| scan&#95;on&#95;push | false | true |" in text
    assert [row[0] for row in await one("iasql_apply", await _plan_id(one))] == ["update"]


async def _plan_id(session: Session) -> str:
    return str(await session.value("SELECT iasql_plan_id()"))


async def test_the_page_about_history_says_what_works(one: Session) -> None:
    await one("iasql_install", "aws_elb", "aws_security_group")
    page = (Path(__file__).parents[2] / "docs" / "history.md").read_text()
    history, drift = re.findall(r"^```sql\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    as_of, who = history.split("\n\n")
    now, listen = drift.splitlines()
    assert await one.rows(now) == []
    await one.execute(listen)
    assert await one.rows(as_of) == []
    assert await one.rows(who) == []
    group = await one.rows(who.replace("'web'", "'default'"))
    assert [row[1:4] for row in group] == [("aws", one.caller.user, "iasql_install")]
