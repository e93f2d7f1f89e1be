"""The simple protocol: one statement, and several in one Query."""

from __future__ import annotations

import asyncpg
import pytest

from engine.caller import Caller
from engine.errors import OperationError
from engine.request import Call
from proxy.server import Proxy
from proxy.wire.frames import message
from tests.proxy.conftest import FakeEngine
from tests.proxy.raw import connected, fields, kinds, query, rows

APPLY = "SELECT action FROM iasql_apply()"


async def fail(call: Call, caller: Caller) -> None:
    raise OperationError("no", "58000")


async def test_one_statement_is_performed_idle(
    proxy: Proxy, database: str, engine: FakeEngine, direct: asyncpg.Connection
) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(query(APPLY))
        assert (kinds(answers), answers[-1]) == ("NTDDCZ", ("Z", b"I"))
        assert not engine.callers[0].in_transaction
        assert await direct.fetchval("SELECT count(*) FROM note") == 1


async def test_a_failure_tells_the_true_state(proxy: Proxy, database: str, engine: FakeEngine) -> None:
    engine.behave = fail
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(query(APPLY))
        assert (kinds(answers), answers[-1]) == ("NEZ", ("Z", b"I"))
        await raw.ask(query("BEGIN"))
        answers = await raw.ask(query(APPLY))
        assert (kinds(answers), answers[-1]) == ("NEZ", ("Z", b"E"))
        answers = await raw.ask(query(APPLY))
        assert fields(answers)["C"] == "25P02"
        assert len(engine.calls) == 2


async def test_several_statements_are_one_transaction(
    proxy: Proxy, database: str, engine: FakeEngine, direct: asyncpg.Connection
) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(
            query(f"INSERT INTO note (text) VALUES ('a'); {APPLY}; ; SELECT count(*) FROM note")
        )
        assert kinds(answers) == "CNTDDCTDCZ"
        assert rows(answers)[-1] == ("2",)
        assert engine.callers[0].in_transaction
        answers = await raw.ask(query(f"{APPLY}; SELECT 1/0; SELECT 'never'"))
        assert kinds(answers) == "NTDDCEZ"
        assert answers[-1] == ("Z", b"I")
        assert await direct.fetchval("SELECT count(*) FROM performed") == 1


async def test_a_failed_operation_ends_the_string(
    proxy: Proxy, database: str, engine: FakeEngine, direct: asyncpg.Connection
) -> None:
    engine.behave = fail
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(query(f"INSERT INTO note (text) VALUES ('a'); {APPLY}; SELECT 1"))
        assert kinds(answers) == "CNEZ"
        assert await direct.fetchval("SELECT count(*) FROM note") == 0
        answers = await raw.ask(query(f"BEGIN; {APPLY}; SELECT 1"))
        assert (kinds(answers), answers[-1]) == ("CNEZ", ("Z", b"E"))
        engine.behave = None
        answers = await raw.ask(query(f"ROLLBACK; {APPLY}"))
        assert (kinds(answers), answers[-1]) == ("CNTDDCZ", ("Z", b"I"))


async def test_the_position_of_an_error_is_in_the_whole_text(proxy: Proxy, database: str) -> None:
    text = f"SELECT 'é'; {APPLY}; SELECT 'ü', nonsense"
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(query(text))
        assert text[int(fields(answers)["P"]) - 1 :] == "nonsense"


async def test_two_calls_in_one_string_perform_twice(proxy: Proxy, database: str, engine: FakeEngine) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(query(f"BEGIN; {APPLY}; SELECT * FROM iasql_install('x'); COMMIT"))
        assert kinds(answers) == "CNTDDCNTDDCCZ"
        assert [call.function for call in engine.calls] == ["iasql_apply", "iasql_install"]


@pytest.mark.parametrize("end", [message(b"c"), message(b"f", b"enough\0")])
async def test_data_can_be_copied_in_between(
    proxy: Proxy, database: str, engine: FakeEngine, end: bytes
) -> None:
    async with connected(proxy.port, database) as raw:
        raw.send(query(f"{APPLY}; COPY note (text) FROM STDIN; SELECT count(*) FROM note"))
        while (await raw.answer())[0] != "G":
            pass
        raw.send(message(b"d", b"one\n"), message(b"d", b"two\nthree\n"), end)
        answers = await raw.ready()
        if end[:1] == b"c":
            assert kinds(answers) == "CTDCZ"
            assert rows(answers) == [("4",)]
        else:
            assert kinds(answers) == "EZ"
        assert rows(await raw.ask(query("SELECT 1"))) == [("1",)]


async def test_a_bad_copy_line_ends_the_string(proxy: Proxy, database: str, engine: FakeEngine) -> None:
    async with connected(proxy.port, database) as raw:
        raw.send(query(f"{APPLY}; COPY note (id) FROM STDIN"))
        while (await raw.answer())[0] != "G":
            pass
        raw.send(message(b"d", b"no number\n"))
        answers = await raw.ready()
        assert kinds(answers) == "EZ"
        raw.send(message(b"d", b"late\n"), message(b"c"))
        assert rows(await raw.ask(query("SELECT 1"))) == [("1",)]


async def test_a_refused_call_runs_nothing_of_the_string(
    proxy: Proxy, database: str, engine: FakeEngine, direct: asyncpg.Connection
) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(query("INSERT INTO note (text) VALUES ('a'); SELECT (iasql_apply()).action"))
        assert kinds(answers) == "EZ"
        assert fields(answers)["C"] == "0A000"
        assert await direct.fetchval("SELECT count(*) FROM note") == 0


async def test_text_that_does_not_parse_is_postgres_error(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(query("SELEC * FROM iasql_apply()"))
        assert fields(answers)["C"] == "42601"
        answers = await raw.ask(query("SELECT * FROM iasql_apply( )  -- iasql_sync()"))
        assert kinds(answers) == "NTDDCZ"


async def test_several_queries_sent_at_once_are_answered_in_order(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with connected(proxy.port, database) as raw:
        raw.send(query("SELECT 1"), query(APPLY), query("SELECT 2"), query(f"{APPLY}; SELECT 3"))
        assert kinds(await raw.ready()) == "TDCZ"
        assert kinds(await raw.ready()) == "NTDDCZ"
        assert rows(await raw.ready()) == [("2",)]
        assert kinds(await raw.ready()) == "NTDDCTDCZ"
        assert len(engine.calls) == 2
