"""The extended protocol, message by message."""

from __future__ import annotations

import asyncpg

from engine.caller import Caller
from engine.errors import OperationError
from engine.request import Call
from proxy.entry.limits import Limits
from proxy.server import Proxy
from proxy.wire.frames import message
from tests.proxy.conftest import FakeEngine
from tests.proxy.raw import (
    FLUSH,
    SYNC,
    bind,
    connected,
    describe,
    execute,
    fields,
    kinds,
    parse,
    query,
    rows,
)

APPLY = "SELECT action FROM iasql_apply()"


async def fail(call: Call, caller: Caller) -> None:
    raise OperationError("no", "58000")


async def test_describe_performs_nothing(proxy: Proxy, database: str, engine: FakeEngine) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(parse(APPLY, "s"), message(b"D", b"Ss\0"), SYNC)
        assert kinds(answers) == "1tTZ"
        answers = await raw.ask(bind("", "s"), describe(), SYNC)
        assert kinds(answers) == "2TZ"
        assert engine.calls == []


async def test_the_client_sees_no_private_answer(proxy: Proxy, database: str) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(parse(APPLY), bind(), describe(), execute(), SYNC)
        assert kinds(answers) == "12TNDDCZ"
        assert answers[-1] == ("Z", b"I")


async def test_begin_and_a_call_in_one_batch_run_in_the_transaction(
    proxy: Proxy, database: str, engine: FakeEngine, direct: asyncpg.Connection
) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(
            parse("BEGIN"), bind(), execute(), parse(APPLY), bind(), describe(), execute(), SYNC
        )
        assert kinds(answers) == "12C12TNDDCZ"
        assert answers[-1] == ("Z", b"T")
        assert engine.callers[0].in_transaction
        assert await direct.fetchval("SELECT count(*) FROM performed") == 0
        assert (await raw.ask(query("COMMIT")))[-1] == ("Z", b"I")
        assert await direct.fetchval("SELECT count(*) FROM performed") == 1


async def test_a_call_behind_an_error_in_its_batch_is_not_performed(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(parse("SELECT 1/0"), bind(), execute(), parse(APPLY), bind(), execute(), SYNC)
        assert kinds(answers) == "1EZ"
        assert fields(answers)["C"] == "22012"
        assert engine.calls == []
        assert kinds(await raw.ask(parse(APPLY), bind(), execute(), SYNC)) == "12NDDCZ"


async def test_two_batches_sent_at_once_are_two_transactions(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with connected(proxy.port, database) as raw:
        raw.send(parse("SELECT 1/0"), bind(), execute(), SYNC, parse(APPLY), bind(), execute(), SYNC)
        assert kinds(await raw.ready()) == "1EZ"
        assert kinds(await raw.ready()) == "12NDDCZ"
        assert not engine.callers[0].in_transaction


async def test_a_failed_operation_skips_the_rest_of_its_batch(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    engine.behave = fail
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(parse(APPLY), bind(), execute(), parse("SELECT 1"), bind(), execute(), SYNC)
        assert kinds(answers) == "12NEZ"
        assert fields(answers)["M"] == "no"
        assert answers[-1] == ("Z", b"I")
        raw.send(parse("BEGIN"), bind(), execute(), SYNC)
        await raw.ready()
        answers = await raw.ask(parse(APPLY), bind(), execute(), SYNC)
        assert answers[-1] == ("Z", b"E")
        answers = await raw.ask(parse(APPLY), bind(), execute(), SYNC)
        assert fields(answers)["C"] == "25P02"
        assert len(engine.calls) == 2
        answers = await raw.ask(query("ROLLBACK"))
        assert answers[-1] == ("Z", b"I")


async def test_a_rollback_and_a_call_in_one_batch_perform(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with connected(proxy.port, database) as raw:
        await raw.ask(query("BEGIN"))
        await raw.ask(query("SELECT 1/0"))
        answers = await raw.ask(parse("ROLLBACK"), bind(), execute(), parse(APPLY), bind(), execute(), SYNC)
        assert kinds(answers) == "12C12NDDCZ"
        assert len(engine.calls) == 1


async def test_a_portal_read_in_parts_is_performed_once_and_bound_again_performed_again(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with connected(proxy.port, database) as raw:
        await raw.ask(query("BEGIN"))
        answers = await raw.ask(parse(APPLY, "s"), bind("p", "s"), execute("p", 1), SYNC)
        assert kinds(answers) == "12NDsZ"
        assert kinds(await raw.ask(execute("p", 1), SYNC)) == "DsZ"
        assert kinds(await raw.ask(execute("p", 1), SYNC)) == "CZ"
        assert len(engine.calls) == 1
        assert kinds(await raw.ask(message(b"C", b"Pp\0"), bind("p", "s"), execute("p"), SYNC)) == "32NDDCZ"
        assert len(engine.calls) == 2


async def test_a_portal_that_has_gone_is_not_performed(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with connected(proxy.port, database) as raw:
        await raw.ask(parse(APPLY, "s"), bind("p", "s"), SYNC)
        answers = await raw.ask(execute("p"), SYNC)
        assert fields(answers)["C"] == "34000"
        assert answers[-1] == ("Z", b"I")
        assert engine.calls == []
        assert kinds(await raw.ask(bind("p", "s"), execute("p"), SYNC)) == "2NDDCZ"


async def test_a_statement_that_was_replaced_stays_the_portals_own(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(
            parse("SELECT action, $1::text FROM iasql_apply()"),
            bind("p", "", "value"),
            parse("SELECT 'other'"),
            execute("p"),
            bind(),
            execute(),
            SYNC,
        )
        assert kinds(answers) == "121NDDC2DCZ"
        assert rows(answers) == [("create", "value"), ("delete", "value"), ("other",)]


async def test_a_second_portal_of_the_batch_survives_the_operation(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(
            parse("SELECT 'kept'", "k"), bind("k", "k"), parse(APPLY), bind(), execute(), execute("k"), SYNC
        )
        assert kinds(answers) == "1212NDDCDCZ"
        assert engine.callers[0].in_transaction


async def test_answers_are_flushed_before_the_operation_begins(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with connected(proxy.port, database) as raw:
        raw.send(parse("SELECT 7"), bind(), execute(), parse(APPLY), bind(), execute(), FLUSH)
        answers = [await raw.answer() for _ in range(9)]
        assert kinds(answers) == "12DC12NDD"
        raw.send(SYNC)
        assert kinds(await raw.ready()) == "CZ"


async def test_a_refusal_comes_in_its_turn(proxy: Proxy, database: str, engine: FakeEngine) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(
            parse("SELECT 7"), bind(), execute(), parse(f"CREATE VIEW v AS {APPLY}"), bind(), execute(), SYNC
        )
        assert kinds(answers) == "12DCEZ"
        assert fields(answers)["C"] == "0A000"
        assert answers[-1] == ("Z", b"I")


async def test_a_named_statement_parsed_again_without_a_call_performs_nothing(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with connected(proxy.port, database) as raw:
        await raw.ask(parse(APPLY, "s"), SYNC)
        answers = await raw.ask(
            message(b"C", b"Ss\0"), parse("SELECT 1", "s"), bind("", "s"), execute(), SYNC
        )
        assert kinds(answers) == "312DCZ"
        assert engine.calls == []


async def test_a_query_between_parse_and_bind_forgets_the_unnamed_statement(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with connected(proxy.port, database) as raw:
        await raw.ask(parse(APPLY), SYNC)
        await raw.ask(query("SELECT 1"))
        answers = await raw.ask(bind(), execute(), SYNC)
        assert fields(answers)["C"] == "26000"
        assert engine.calls == []


async def test_the_operation_leaves_the_clients_unnamed_statement_alone(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    engine.behave = fail
    async with connected(proxy.port, database) as raw:
        await raw.ask(parse(APPLY), bind(), execute(), SYNC)
        engine.behave = None
        assert kinds(await raw.ask(bind(), execute(), SYNC)) == "2NDDCZ"


async def test_binary_parameters_and_results_work(proxy: Proxy, database: str, engine: FakeEngine) -> None:
    binary = message(
        b"B",
        b"\0\0" + b"\0\1\0\1" + b"\0\1" + b"\0\0\0\4" + b"\0\0\0\7" + b"\0\1\0\1",
    )
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(
            parse("SELECT id FROM iasql_install($1::int::text)", types=(23,)), binary, execute(), SYNC
        )
        assert engine.calls[0].arguments == ("7",)
        assert [body[6:] for kind, body in answers if kind == "D"] == [b"\0\0\0\1", b"\0\0\0\2"]


async def test_a_call_too_long_to_be_held_is_not_performed(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    proxy._state.limits = Limits(held=1000)
    async with connected(proxy.port, database) as raw:
        await raw.ask(parse("SELECT action FROM iasql_install($1)", "s"), SYNC)
        answers = await raw.ask(bind("", "s", "x" * 2000), execute(), SYNC)
        assert fields(answers)["C"] == "55000"
        assert engine.calls == []
        answers = await raw.ask(parse(f"{APPLY} -- {'x' * 2000}"), bind(), execute(), SYNC)
        assert fields(answers)["C"] == "55000"
        assert engine.calls == []


async def test_a_call_with_a_row_limit_is_performed_in_an_implicit_transaction(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(parse(APPLY), bind(), execute("", 1), execute("", 1), SYNC)
        assert kinds(answers) == "12NDsDsZ"
        assert len(engine.calls) == 1


async def test_a_deferred_constraint_fails_the_engines_commit(
    proxy: Proxy, database: str, engine: FakeEngine, direct: asyncpg.Connection
) -> None:
    async def break_later(call: Call, caller: Caller) -> None:
        await caller.query("INSERT INTO late VALUES (1), (1)")
        await caller.commit()

    await direct.execute("CREATE TABLE late (i int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    engine.behave = break_later
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(parse(APPLY), bind(), execute(), SYNC)
        assert (kinds(answers), answers[-1]) == ("12NEZ", ("Z", b"I"))
        assert fields(answers)["C"] == "23505"
        assert kinds(await raw.ask(parse("SELECT 1"), bind(), execute(), SYNC)) == "12DCZ"


async def test_settings_changed_by_the_operation_are_reported(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async def change(call: Call, caller: Caller) -> None:
        await caller.query("SELECT set_config('application_name', 'changed', false)")

    engine.behave = change
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(parse(APPLY), bind(), execute(), SYNC)
        assert ("S", b"application_name\0changed\0") in answers
