"""The engine is not asked for a statement that Postgres would refuse."""

from __future__ import annotations

import asyncpg
import pytest

from proxy.server import Proxy
from tests.proxy.conftest import FakeEngine
from tests.proxy.raw import SYNC, bind, connected, execute, fields, kinds, parse, query

TYPO = "SELECT typo FROM iasql_apply()"


async def test_a_query(proxy: Proxy, database: str, engine: FakeEngine) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(query(TYPO))
        assert kinds(answers) == "EZ"
        assert fields(answers)["C"] == "42703"
        assert fields(answers)["P"] == "8"
    assert engine.calls == []


async def test_a_later_statement_of_a_query_keeps_its_position(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(query(f"SELECT 1; {TYPO}"))
        assert kinds(answers) == "TDCEZ"
        assert fields(answers)["P"] == "18"
    assert engine.calls == []


async def test_a_statement_whose_function_has_been_revoked_since_it_was_prepared(
    proxy: Proxy, database: str, engine: FakeEngine, direct: asyncpg.Connection
) -> None:
    await direct.execute("REVOKE EXECUTE ON FUNCTION iasql_apply() FROM PUBLIC")
    await direct.execute("DROP ROLE IF EXISTS nobody")
    await direct.execute("CREATE ROLE nobody")
    async with connected(proxy.port, database) as raw:
        await raw.ask(query("SET ROLE nobody"))
        answers = await raw.ask(parse("SELECT action FROM iasql_apply()"), bind(), execute(), SYNC)
        assert kinds(answers)[-2:] == "EZ"
        assert fields(answers)["C"] == "42501"
    assert engine.calls == []


@pytest.mark.parametrize("value", [1, 7])
async def test_values_of_parameters_are_planned_with_their_types(
    connection: asyncpg.Connection, engine: FakeEngine, value: int
) -> None:
    rows = await connection.fetch("SELECT action FROM iasql_apply() WHERE id = $1", value)
    assert len(rows) == (value == 1)
    assert len(engine.calls) == 1


DECLARE = "DECLARE c CURSOR FOR SELECT * FROM iasql_apply()"


async def test_a_cursor_that_is_declared_outside_a_transaction(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(query(DECLARE))
        assert fields(answers)["C"] == "25P01"
    assert engine.calls == []


async def test_a_cursor_whose_name_is_taken(proxy: Proxy, database: str, engine: FakeEngine) -> None:
    async with connected(proxy.port, database) as raw:
        await raw.ask(query("BEGIN"))
        await raw.ask(query("DECLARE c CURSOR FOR SELECT 1"))
        answers = await raw.ask(query(DECLARE))
        assert fields(answers)["C"] == "42P03"
    assert engine.calls == []


async def test_a_cursor_that_outlives_its_transaction(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with connected(proxy.port, database) as raw:
        held = await raw.ask(query(DECLARE.replace("CURSOR", "CURSOR WITH HOLD")))
        assert kinds(held) == "NCZ"
        assert kinds(await raw.ask(query("FETCH 1 FROM c"))) == "TDCZ"
    assert len(engine.calls) == 1
