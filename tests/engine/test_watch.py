"""The watch: what it sees in AWS, what it records, and what it leaves alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from engine.errors import OperationError
from engine.look import Look, look
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PASSWORD, PostgresServer

_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
LookAt = Callable[[], Awaitable[Look]]

_DRIFT = (
    "SELECT table_name, name, region_name, column_name, base_value #>> '{}', seen_value #>> '{}' "
    "FROM iasql.drift WHERE upper_inf(valid) ORDER BY table_name, name, column_name"
)


@pytest.fixture
def ecr(simulator: Cloud) -> Any:
    return simulator.client("ecr")


@pytest.fixture
async def one(session: Session, ecr: Any, simulator: Cloud) -> Session:
    """A session whose tables show the repository `one`, which is not scanned, and the log group `logs`."""
    ecr.create_repository(repositoryName="one")
    simulator.client("logs").create_log_group(logGroupName="logs")
    await session("iasql_install", "aws_ecr", "aws_cloudwatch")
    return session


@pytest.fixture
def look_at(one: Session) -> LookAt:
    """Looks at the account of the session's database, once."""

    async def once() -> Look:
        await one.caller.commit()
        return await look(one.engine._common, one.caller.database, 0, lambda: False)

    return once


def scan(ecr: Any, name: str = "one", on: bool = True) -> None:
    ecr.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration={"scanOnPush": on})


@pytest.fixture
async def heard(one: Session, postgres_server: PostgresServer) -> AsyncIterator[asyncio.Queue[str]]:
    """What is notified in the session's database."""
    connection = await asyncpg.connect(postgres_server.superuser_url(one.caller.database))
    queue: asyncio.Queue[str] = asyncio.Queue()
    await connection.add_listener("iasql_drift", lambda *each: queue.put_nowait(each[3]))
    yield queue
    await connection.close()


async def operations(session: Session) -> int:
    return int(await session.value("SELECT count(*) FROM iasql.iasql_operation"))


async def test_where_nothing_differs_nothing_is_recorded_but_when_it_was_looked_at(
    one: Session, look_at: LookAt
) -> None:
    before = await operations(one)
    assert await look_at() == Look(outcome="done")
    assert await one.rows("SELECT * FROM iasql.drift") == []
    assert await operations(one) == before
    ((first,),) = await one.rows("SELECT min(watched_at) FROM iasql_freshness()")
    await look_at()
    assert await one.value(f"SELECT bool_and(watched_at > '{first}') FROM iasql_freshness()")


async def test_a_change_in_aws_is_recorded_and_told_and_changes_neither_rows_nor_aws(
    one: Session, look_at: LookAt, ecr: Any, simulator: Cloud, heard: asyncio.Queue[str]
) -> None:
    scan(ecr)
    rows = await one.rows("SELECT r, xmin::text FROM repository AS r")
    changing = simulator.calls(mutating=True)
    found = await look_at()
    assert (found.outcome, found.new, found.drifted) == ("done", 1, {"repository": 1})
    arn = await one.value("SELECT repository_arn FROM repository")
    assert await one.rows(_DRIFT) == [("repository", arn, "us-east-1", "scan_on_push", "false", "true")]
    assert await one.rows("SELECT r, xmin::text FROM repository AS r") == rows
    assert simulator.calls(mutating=True) == changing
    operation, function, message = (
        await one.rows("SELECT id, function, message FROM iasql.iasql_operation ORDER BY id DESC LIMIT 1")
    )[0]
    assert function == "iasql_drift"
    assert message.startswith("repository one")
    assert message.endswith("has been changed in AWS: scan_on_push")
    assert json.loads(await asyncio.wait_for(heard.get(), 20)) == {
        "operation": operation,
        "new": 1,
        "drifted": {"us-east-1": {"repository": 1}},
    }


async def test_the_same_drift_is_not_recorded_again(
    one: Session, look_at: LookAt, ecr: Any, heard: asyncio.Queue[str]
) -> None:
    scan(ecr)
    await look_at()
    before = await operations(one), await one.rows("SELECT * FROM iasql.drift")
    found = await look_at()
    assert (found.new, found.drifted) == (0, {"repository": 1})
    assert (await operations(one), await one.rows("SELECT * FROM iasql.drift")) == before
    await asyncio.wait_for(heard.get(), 20)
    assert heard.empty()


@pytest.mark.parametrize("function", ["iasql_sync", "iasql_apply"])
async def test_it_ends_when_the_rows_follow(one: Session, look_at: LookAt, ecr: Any, function: str) -> None:
    scan(ecr)
    await look_at()
    await one(function)
    assert await one.rows("SELECT upper(valid) < clock_timestamp() FROM iasql.drift") == [(True,)]
    if function == "iasql_sync":
        assert (
            await one.value(
                "SELECT o.function FROM iasql.drift AS d JOIN iasql.iasql_operation AS o ON o.id = d.ended_by"
            )
            == "iasql_sync"
        )
    assert (await look_at()).drifted == {}


async def test_what_ended_it_is_undone_with_its_transaction(one: Session, look_at: LookAt, ecr: Any) -> None:
    scan(ecr)
    await look_at()
    await one.execute("BEGIN")
    one.caller.in_transaction = True
    await one("iasql_sync")
    await one.execute("ROLLBACK")
    one.caller.in_transaction = False
    assert len(await one.rows(_DRIFT)) == 1


async def test_it_ends_when_aws_is_as_it_was(one: Session, look_at: LookAt, ecr: Any) -> None:
    scan(ecr)
    await look_at()
    scan(ecr, on=False)
    before = await operations(one)
    assert await look_at() == Look(outcome="done")
    assert await one.rows(_DRIFT) == []
    assert await one.rows("SELECT upper(valid) > lower(valid), ended_by FROM iasql.drift") == [(True, None)]
    assert await operations(one) == before


async def test_what_changes_again_is_recorded_again(one: Session, look_at: LookAt, ecr: Any) -> None:
    arn = await one.value("SELECT repository_arn FROM repository")
    for value in ("b", "c"):
        ecr.tag_resource(resourceArn=arn, tags=[{"Key": "a", "Value": value}])
        assert (await look_at()).new == 1
    assert await one.rows(
        "SELECT seen_value ->> 'a', upper_inf(valid) FROM iasql.drift ORDER BY lower(valid)"
    ) == [("b", False), ("c", True)]


async def test_what_has_appeared_or_is_gone_is_recorded_as_a_whole(
    one: Session, look_at: LookAt, ecr: Any, simulator: Cloud
) -> None:
    ecr.create_repository(repositoryName="two", tags=[{"Key": "a", "Value": "b"}])
    simulator.client("logs").delete_log_group(logGroupName="logs")
    assert (await look_at()).drifted == {"repository": 1, "log_group": 1}
    assert await one.rows(
        "SELECT table_name, column_name, base_value #>> '{values,log_group_name}', "
        "seen_value #>> '{values,repository_name}' FROM iasql.drift ORDER BY 1"
    ) == [("log_group", None, "logs", None), ("repository", None, None, "two")]
    message = await one.value("SELECT message FROM iasql.iasql_operation ORDER BY id DESC LIMIT 1")
    assert [line.split(" ", 2)[0] for line in sorted(message.splitlines())] == ["log_group", "repository"]
    assert "is gone from AWS" in message
    assert "has appeared in AWS" in message
    await one("iasql_sync")
    assert await one.rows(_DRIFT) == []


async def test_what_iasql_drift_tells_is_seen_and_nothing_else(
    one: Session, look_at: LookAt, ecr: Any, simulator: Cloud
) -> None:
    await one("iasql_install", "aws_security_group", "aws_elb", "aws_ecs_fargate", "aws_iam")
    assert (await look_at()).drifted == {}
    ec2, iam = simulator.client("ec2"), simulator.client("iam")
    scan(ecr)
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="new", Description="new", VpcId=vpc)["GroupId"]
    iam.create_role(RoleName="new", AssumeRolePolicyDocument=_TRUST)
    ec2.create_tags(Resources=[group], Tags=[{"Key": "a", "Value": "b"}])
    found = await look_at()
    told = [(each[0], each[4]) for each in await one("iasql_drift")]
    seen = await one.rows("SELECT table_name, column_name FROM iasql.drift WHERE upper_inf(valid)")
    assert sorted(map(repr, seen)) == sorted(map(repr, told))
    assert sum(found.drifted.values()) == len(told) >= 4


async def test_a_row_that_was_changed_is_no_drift(one: Session, look_at: LookAt) -> None:
    await one.execute("UPDATE repository SET scan_on_push = true; DELETE FROM log_group")
    assert (await look_at()).drifted == {}


async def test_a_look_gives_way_to_an_operation_under_way(one: Session, look_at: LookAt, ecr: Any) -> None:
    scan(ecr)
    await one.execute("BEGIN")
    one.caller.in_transaction = True
    await one("iasql_sync")
    assert (await look(one.engine._common, one.caller.database, 0, lambda: False)).outcome == "busy"
    await one.execute("COMMIT")
    one.caller.in_transaction = False
    assert await look_at() == Look(outcome="done")


async def test_what_an_apply_under_way_does_is_no_drift(
    one: Session, look_at: LookAt, simulator: Cloud
) -> None:
    await one.execute("INSERT INTO log_group (log_group_name) VALUES ('new')")
    simulator.plan({"action": "delay", "operation": "CreateLogGroup", "seconds": 2})
    applying = asyncio.ensure_future(one("iasql_apply"))
    await simulator.until_called("CreateLogGroup", 2)
    # It has been made by now, and no row or base shows it.
    assert (await look(one.engine._common, one.caller.database, 0, lambda: False)).outcome == "busy"
    await applying
    assert await look_at() == Look(outcome="done")


async def test_what_an_operation_changes_while_aws_is_read_is_no_drift(
    one: Session, look_at: LookAt, simulator: Cloud
) -> None:
    await one.execute("UPDATE repository SET scan_on_push = true")
    simulator.plan({"action": "delay", "operation": "DescribeLogGroups", "seconds": 2})
    before = simulator.called("DescribeLogGroups")
    looking = asyncio.ensure_future(look_at())
    await simulator.until_called("DescribeLogGroups", before + 1)
    await one("iasql_apply")
    assert (await looking).outcome == "overtaken"
    assert await one.rows("SELECT * FROM iasql.drift") == []
    assert await look_at() == Look(outcome="done")


async def test_a_look_holds_no_connection_to_the_database_while_aws_is_read(
    one: Session, look_at: LookAt, simulator: Cloud, postgres_server: PostgresServer
) -> None:
    simulator.plan({"action": "delay", "operation": "DescribeLogGroups", "seconds": 1})
    before = simulator.called("DescribeLogGroups")
    looking = asyncio.ensure_future(look_at())
    await simulator.until_called("DescribeLogGroups", before + 1)
    own = await asyncpg.connect(postgres_server.url)
    there = await own.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND application_name = 'iasql'",
        one.caller.database,
    )
    await own.close()
    assert there == 0
    assert (await looking).outcome == "done"


async def test_what_aws_does_not_tell_is_neither_gone_nor_as_it_was(
    one: Session, look_at: LookAt, ecr: Any, simulator: Cloud
) -> None:
    scan(ecr)
    await look_at()
    simulator.plan(
        {"action": "error", "operation": "DescribeRepositories", "code": "AccessDeniedException", "times": 0}
    )
    found = await look_at()
    assert "repository" in found.unread
    assert len(await one.rows(_DRIFT)) == 1
    assert await one.value(
        "SELECT w.at < v.at FROM iasql_freshness() AS f, "
        "LATERAL (SELECT f.watched_at) AS w (at), "
        "LATERAL (SELECT max(watched_at) FROM iasql_freshness()) AS v (at) WHERE f.table_name = 'repository'"
    )


async def test_a_look_fails_with_what_aws_says(one: Session, look_at: LookAt, simulator: Cloud) -> None:
    simulator.plan({"action": "error", "code": "ExpiredTokenException", "times": 0})
    with pytest.raises(OperationError):
        await look_at()
    simulator.cancel_faults()
    assert (await look_at()).outcome == "done"


async def test_what_the_owner_ignores_is_no_drift(one: Session, look_at: LookAt, ecr: Any) -> None:
    await one.execute(
        "INSERT INTO iasql.ignored (table_name, columns) VALUES ('repository', '{scan_on_push}')"
    )
    scan(ecr)
    assert await look_at() == Look(outcome="done")


async def test_a_reader_sees_the_drift_of_the_tables_that_they_may_read(
    one: Session, look_at: LookAt, ecr: Any, simulator: Cloud, postgres_server: PostgresServer
) -> None:
    scan(ecr)
    simulator.client("logs").tag_log_group(logGroupName="logs", tags={"a": "b"})
    await look_at()
    name, database = f"reader_{one.caller.database}", one.caller.database
    own = await asyncpg.connect(postgres_server.superuser_url(database))
    await own.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'; GRANT SELECT ON log_group TO {name}")
    try:
        reader = await asyncpg.connect(
            host=postgres_server.host,
            port=postgres_server.port,
            user=name,
            password=PASSWORD,
            database=database,
        )
        assert [each[0] for each in await reader.fetch("SELECT table_name FROM iasql.drift")] == ["log_group"]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.fetch("SELECT * FROM iasql.drift_seen")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.fetch("SELECT * FROM iasql.watched")
        await reader.close()
    finally:
        await own.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
        await own.close()


async def test_values_are_forgotten_with_those_of_the_history(
    one: Session, look_at: LookAt, ecr: Any
) -> None:
    scan(ecr)
    await look_at()
    await one.execute("SELECT iasql_forget('repository')")
    assert len(await one.rows(_DRIFT)) == 1  # it is so still
    await one("iasql_sync")
    await one.execute("SELECT iasql_forget('repository')")
    assert await one.rows("SELECT * FROM iasql.drift") == []


async def test_what_is_older_than_history_is_kept_is_forgotten(
    one: Session, look_at: LookAt, ecr: Any
) -> None:
    scan(ecr)
    await look_at()
    await one("iasql_sync")
    await one.execute("INSERT INTO iasql.guard (setting, value) VALUES ('keep_history', '0 s')")
    scan(ecr, on=False)
    await look_at()
    assert await one.rows("SELECT seen_value::text FROM iasql.drift") == [("false",)]


async def test_the_tables_code_is_not_run_with_the_engines_rights(
    one: Session, look_at: LookAt, ecr: Any
) -> None:
    await one.execute(
        "CREATE TABLE ran (who text);"
        "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO public.ran VALUES (current_user); RETURN 'x'; END $$;"
        "ALTER TABLE repository ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY p ON repository USING (f() = 'x')"
    )
    scan(ecr)
    assert (await look_at()).new == 1
    assert await one.rows("SELECT * FROM ran") == []


async def test_a_database_that_nobody_has_used_is_left_alone(
    one: Session, postgres_server: PostgresServer
) -> None:
    other = postgres_server.create()
    try:
        found = await look(one.engine._common, other.name, 0, lambda: False)
        assert found.outcome == "nothing"
        connection = await asyncpg.connect(other.url)
        assert await connection.fetchval("SELECT to_regnamespace('iasql') IS NULL")
        await connection.close()
    finally:
        postgres_server.drop(other)


async def test_another_servers_look_counts(one: Session, look_at: LookAt) -> None:
    await look_at()
    found = await look(one.engine._common, one.caller.database, 60, lambda: False)
    assert found.outcome == "early"
    assert 0 <= found.ago < 60
