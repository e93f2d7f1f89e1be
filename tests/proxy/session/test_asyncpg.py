"""Calls through asyncpg: extended protocol, named statements, binary results."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from engine.caller import Caller
from engine.errors import OperationError
from engine.request import Call
from proxy.server import Proxy
from tests.proxy.conftest import FakeEngine, until


async def test_a_call_is_performed_and_postgres_answers_it(
    connection: asyncpg.Connection, direct: asyncpg.Connection, engine: FakeEngine
) -> None:
    rows = await connection.fetch("SELECT * FROM iasql_plan_apply()")
    assert [tuple(row) for row in rows] == [("create", "note", 1, "one"), ("delete", "note", 2, None)]
    assert engine.calls == [Call(function="iasql_plan_apply")]
    assert await direct.fetchval("SELECT count(*) FROM performed") == 1
    assert await direct.fetchval("SELECT count(*) FROM note") == 1


async def test_arguments_are_evaluated_by_postgres(
    connection: asyncpg.Connection, engine: FakeEngine
) -> None:
    await connection.fetch("SELECT * FROM iasql_install($1, 'aws_' || lower('VPC'), $2)", "aws_ec2", "aws_s3")
    await connection.fetch("SELECT * FROM iasql_install(VARIADIC $1::text[])", ["aws_iam", "aws_ecs"])
    await connection.fetch("SELECT * FROM iasql_install($2, $1)", "second", "first")
    assert [call.arguments for call in engine.calls] == [
        ("aws_ec2", "aws_vpc", "aws_s3"),
        ("aws_iam", "aws_ecs"),
        ("first", "second"),
    ]


async def test_an_error_in_an_argument_is_the_statements_error(
    connection: asyncpg.Connection, engine: FakeEngine
) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        await connection.fetch("SELECT * FROM iasql_install((1 / 0)::text)")
    assert engine.calls == []
    assert await connection.fetchval("SELECT 1") == 1


async def test_a_named_statement_executed_five_times_performs_five_times(
    connection: asyncpg.Connection, direct: asyncpg.Connection, engine: FakeEngine
) -> None:
    statement = await connection.prepare("SELECT count(*) FROM iasql_install($1) WHERE id = $2")
    for number in range(5):
        assert await statement.fetchval(f"module{number}", 1) == 1
    assert [call.arguments for call in engine.calls] == [(f"module{number}",) for number in range(5)]
    assert await direct.fetchval("SELECT count(*) FROM performed") == 5


async def test_the_outer_query_sees_what_the_operation_wrote(connection: asyncpg.Connection) -> None:
    found = await connection.fetchval(
        "SELECT (SELECT count(*) FROM note) FROM iasql_apply() WHERE action = 'create'"
    )
    assert found == 1


async def test_rows_are_fetched_in_parts_without_performing_again(
    connection: asyncpg.Connection, engine: FakeEngine
) -> None:
    async with connection.transaction():
        actions = [
            row["action"] async for row in connection.cursor("SELECT action FROM iasql_apply()", prefetch=1)
        ]
    assert actions == ["create", "delete"]
    assert len(engine.calls) == 1


async def test_in_a_transaction_nothing_is_kept_unless_it_commits(
    connection: asyncpg.Connection, direct: asyncpg.Connection, engine: FakeEngine
) -> None:
    transaction = connection.transaction()
    await transaction.start()
    await connection.fetch("SELECT * FROM iasql_apply()")
    assert engine.callers[0].in_transaction
    assert await connection.fetchval("SELECT count(*) FROM performed") == 1
    await transaction.rollback()
    assert await direct.fetchval("SELECT count(*) FROM performed") == 0


async def test_idle_what_was_committed_stays_when_the_operation_fails(
    connection: asyncpg.Connection, direct: asyncpg.Connection, engine: FakeEngine
) -> None:
    async def fail(call: Call, caller: Caller) -> None:
        await caller.query("INSERT INTO note (text) VALUES ('lost')")
        raise OperationError("no", "58000", detail="why", hint="how", table="note", column="text")

    engine.behave = fail
    with pytest.raises(asyncpg.PostgresSystemError) as caught:
        await connection.fetch("SELECT * FROM iasql_apply()")
    error = caught.value
    assert (error.message, error.detail, error.hint) == ("no", "why", "how")
    assert (error.table_name, error.column_name) == ("note", "text")
    assert not engine.callers[0].in_transaction
    assert await direct.fetchval("SELECT count(*) FROM performed") == 1
    assert await direct.fetchval("SELECT count(*) FROM note") == 0
    engine.behave = None
    assert len(await connection.fetch("SELECT * FROM iasql_apply()")) == 2


async def test_a_failed_operation_fails_the_transaction(
    connection: asyncpg.Connection, engine: FakeEngine
) -> None:
    async def fail(call: Call, caller: Caller) -> None:
        raise OperationError("no", "58000")

    engine.behave = fail
    transaction = connection.transaction()
    await transaction.start()
    with pytest.raises(asyncpg.PostgresSystemError):
        await connection.fetch("SELECT * FROM iasql_apply()")
    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        await connection.fetch("SELECT * FROM iasql_apply()")
    assert len(engine.calls) == 1
    await transaction.rollback()
    assert await connection.fetchval("SELECT 1") == 1


async def test_an_error_of_the_engines_own_statement_reaches_the_client_whole(
    connection: asyncpg.Connection, engine: FakeEngine
) -> None:
    async def break_a_constraint(call: Call, caller: Caller) -> None:
        await caller.query("INSERT INTO note (text) VALUES (NULL)")

    engine.behave = break_a_constraint
    for _ in range(2):
        with pytest.raises(asyncpg.NotNullViolationError) as caught:
            await connection.fetch("SELECT * FROM iasql_apply()")
        assert caught.value.column_name == "text"
        assert caught.value.table_name == "note"
    assert await connection.fetchval("SELECT 1") == 1


async def test_idle_the_engine_goes_on_after_an_error(
    connection: asyncpg.Connection, engine: FakeEngine
) -> None:
    async def recover(call: Call, caller: Caller) -> None:
        for _ in range(2):
            with pytest.raises(OperationError):
                await caller.query("SELECT no_such_column")

    engine.behave = recover
    assert len(await connection.fetch("SELECT * FROM iasql_apply()")) == 2


async def test_in_a_transaction_the_engine_cannot_go_on_after_an_error(
    connection: asyncpg.Connection, engine: FakeEngine
) -> None:
    async def swallow(call: Call, caller: Caller) -> None:
        with pytest.raises(OperationError):
            await caller.query("SELECT no_such_column")
        with pytest.raises(OperationError) as caught:
            await caller.query("SELECT 1")
        assert caught.value.sqlstate == "25P02"

    engine.behave = swallow
    async with connection.transaction():
        with pytest.raises(asyncpg.UndefinedColumnError):
            async with connection.transaction():
                await connection.fetch("SELECT * FROM iasql_apply()")
        assert await connection.fetchval("SELECT 1") == 1


async def test_a_crash_in_the_engine_says_nothing_of_its_cause(
    connection: asyncpg.Connection, engine: FakeEngine
) -> None:
    async def crash(call: Call, caller: Caller) -> None:
        raise ValueError("secret")

    engine.behave = crash
    with pytest.raises(asyncpg.InternalServerError) as caught:
        await connection.fetch("SELECT * FROM iasql_apply()")
    assert caught.value.message == "internal error in iasql_apply()"
    assert "secret" not in str(caught.value.as_dict())
    assert await connection.fetchval("SELECT 1") == 1


async def test_several_tasks_may_query_at_once(connection: asyncpg.Connection, engine: FakeEngine) -> None:
    async def ask_at_once(call: Call, caller: Caller) -> None:
        answers = await asyncio.gather(
            *(caller.query("SELECT $1::int + 1, repeat('x', 100000)", str(number)) for number in range(50))
        )
        assert [answer[0][0] for answer in answers] == [str(number + 1) for number in range(50)]
        assert await caller.query("SELECT NULL, ''") == [(None, "")]

    engine.behave = ask_at_once
    assert len(await connection.fetch("SELECT * FROM iasql_apply()")) == 2


async def test_a_query_that_is_abandoned_does_not_confuse_the_next(
    connection: asyncpg.Connection, engine: FakeEngine
) -> None:
    async def abandon(call: Call, caller: Caller) -> None:
        task = asyncio.ensure_future(caller.query("SELECT 'abandoned', pg_sleep(0.05)"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        assert await caller.query("SELECT 'next'") == [("next",)]

    engine.behave = abandon
    assert len(await connection.fetch("SELECT * FROM iasql_apply()")) == 2


async def test_large_rows_reach_the_engine(connection: asyncpg.Connection, engine: FakeEngine) -> None:
    async def read(call: Call, caller: Caller) -> None:
        ((text,),) = await caller.query("SELECT repeat('é', 10000000)")
        assert text is not None
        assert len(text) == 10_000_000

    engine.behave = read
    assert len(await connection.fetch("SELECT * FROM iasql_apply()")) == 2


async def test_notices_arrive_while_the_operation_runs(
    connection: asyncpg.Connection, engine: FakeEngine
) -> None:
    heard: list[str] = []
    arrived = asyncio.Event()

    def listen(_: asyncpg.Connection, message: asyncpg.PostgresLogMessage) -> None:
        heard.append(f"{message.severity_en}: {message.message} ({message.hint})")
        arrived.set()

    async def wait(call: Call, caller: Caller) -> None:
        async with asyncio.timeout(5):
            await arrived.wait()

    engine.behave = wait
    connection.add_log_listener(listen)
    await connection.fetch("SELECT * FROM iasql_apply()")
    assert heard == ["NOTICE: performing iasql_apply (wait)"]


async def test_client_min_messages_decides_what_is_told(
    connection: asyncpg.Connection, engine: FakeEngine
) -> None:
    heard: list[str] = []

    async def talk(call: Call, caller: Caller) -> None:
        for severity in ("DEBUG1", "LOG", "INFO", "NOTICE", "WARNING"):
            caller.notice(severity.lower(), severity=severity)

    engine.behave = talk
    connection.add_log_listener(lambda _, message: heard.append(message.message))
    await connection.execute("SET client_min_messages = warning")
    await connection.fetch("SELECT * FROM iasql_apply()")
    assert heard == ["info", "warning"]
    await connection.execute("SET client_min_messages = debug1")
    heard.clear()
    await connection.fetch("SELECT * FROM iasql_apply()")
    for expected in ("debug1", "log", "info", "notice", "warning"):
        assert expected in heard


async def test_a_function_of_the_users_own_is_left_alone(
    connection: asyncpg.Connection, engine: FakeEngine
) -> None:
    await connection.execute("CREATE SCHEMA mine")
    await connection.execute("CREATE FUNCTION mine.iasql_apply() RETURNS int LANGUAGE sql RETURN 42")
    assert await connection.fetchval("SELECT mine.iasql_apply()") == 42
    await connection.execute("SET search_path = mine, public")
    assert await connection.fetchval("SELECT iasql_apply()") == 42
    assert await connection.fetchval("SELECT count(*) FROM public.iasql_apply()") == 2
    assert len(engine.calls) == 1


async def test_the_functions_are_prepared_once_before_the_first_call(
    connection: asyncpg.Connection, engine: FakeEngine, database: str
) -> None:
    await connection.fetch("SELECT 'iasql_apply()'")
    assert engine.prepared == []
    with pytest.raises(asyncpg.UndefinedFunctionError):
        await connection.fetch("SELECT iasql_help()")
    await connection.fetch("SELECT * FROM iasql_apply()")
    await connection.fetch("SELECT * FROM iasql_plan_apply()")
    assert engine.prepared == [database]


async def test_functions_that_cannot_be_prepared_fail_the_statement(
    connection: asyncpg.Connection, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(database: str) -> None:
        raise OperationError("no room", "53100")

    monkeypatch.setattr(engine, "prepare_database", fail)
    with pytest.raises(asyncpg.DiskFullError):
        await connection.fetch("SELECT * FROM iasql_apply()")
    assert await connection.fetchval("SELECT 1") == 1


async def test_a_refused_call_is_an_error_with_a_hint(
    connection: asyncpg.Connection, engine: FakeEngine
) -> None:
    for sql in (
        "CREATE VIEW seen AS SELECT * FROM iasql_apply()",
        "DO $$ BEGIN PERFORM iasql_apply(); END $$",
        "SELECT CASE WHEN true THEN iasql_apply() END",
        "EXPLAIN ANALYZE SELECT * FROM iasql_apply()",
    ):
        with pytest.raises(asyncpg.FeatureNotSupportedError) as caught:
            await connection.execute(sql)
        assert "SELECT * FROM iasql_apply" in caught.value.hint
        with pytest.raises(asyncpg.FeatureNotSupportedError):
            await connection.fetch(sql)
    assert engine.calls == []
    await connection.fetch("EXPLAIN SELECT * FROM iasql_apply()")
    assert engine.calls == []


async def test_statements_that_store_the_rows_perform_once(
    connection: asyncpg.Connection, engine: FakeEngine
) -> None:
    await connection.execute("CREATE TABLE log AS SELECT * FROM iasql_apply()")
    assert await connection.execute("INSERT INTO log SELECT * FROM iasql_apply()") == "INSERT 0 2"
    await connection.fetch("INSERT INTO log SELECT * FROM iasql_apply() WHERE id = $1", 1)
    assert await connection.fetchval("SELECT count(*) FROM log") == 5
    assert len(engine.calls) == 3
    async with connection.transaction():
        await connection.execute("DECLARE c CURSOR FOR SELECT * FROM iasql_apply()")
        assert len(await connection.fetch("FETCH 1 FROM c")) == 1
        assert len(await connection.fetch("FETCH 5 FROM c")) == 1
    assert len(engine.calls) == 4


async def test_notifications_pass_while_idle(
    connection: asyncpg.Connection, direct: asyncpg.Connection
) -> None:
    heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    await connection.add_listener("channel", lambda *said: heard.set_result(str(said[3])))
    await direct.execute("NOTIFY channel, 'hello'")
    async with asyncio.timeout(5):
        assert await heard == "hello"


async def test_sql_in_another_encoding_is_understood(dsn: str, engine: FakeEngine) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("SET client_encoding = 'LATIN1'")
    await connection.execute("SELECT * FROM iasql_install('a')")
    await connection.execute("SET client_encoding = 'UTF8'")
    await connection.execute("SELECT * FROM iasql_install('é', '日本')")
    await connection.close()
    assert [call.arguments for call in engine.calls] == [("a",), ("é", "日本")]


async def test_all_sessions_end_and_none_is_forgotten(dsn: str, proxy: Proxy) -> None:
    many = await asyncio.gather(*(asyncpg.connect(dsn) for _ in range(20)))
    assert proxy.sessions == 20
    await asyncio.gather(*(one.close() for one in many))
    await until(lambda: proxy.sessions == 0)
