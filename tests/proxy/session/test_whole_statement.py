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


CALL = "SELECT * FROM iasql_apply()"
FAILING = [
    (f"CREATE TABLE made (a, b, c, d, e, f, g, h, i) AS {CALL}", "42601"),
    (f"CREATE TABLE made (a, a) AS {CALL}", "42701"),
    (f"CREATE TABLE made WITH (nonsense = 1) AS {CALL}", "22023"),
    (f"CREATE TABLE made WITH (fillfactor = 'x') AS {CALL} WITH DATA", "22023"),
    (f"CREATE TABLE made TABLESPACE nowhere AS {CALL} WITH /* all */ DATA -- now", "42704"),
    (f"COPY ({CALL}) TO STDOUT (nonsense 1)", "42601"),
    (f"COPY ({CALL}) TO STDOUT (FORMAT csv, DELIMITER 'ab')", "0A000"),
    (f"COPY ({CALL}) TO STDOUT (FORMAT csv, FORCE_QUOTE (nonsense))", "42703"),
    (f"{CALL} LIMIT -1", "2201W"),
    (f"{CALL} OFFSET -1", "2201X"),
    (f"{CALL} LIMIT 1 / 0", "22012"),
    (f"{CALL} FETCH FIRST -2 ROWS ONLY", "2201W"),
    (f"CREATE TABLE made AS {CALL} LIMIT -1", "2201W"),
    (f"COPY ({CALL} OFFSET -1) TO STDOUT", "2201X"),
]


@pytest.mark.parametrize(("statement", "state"), FAILING, ids=[each for each, _ in FAILING])
async def test_what_fails_when_it_is_run(
    proxy: Proxy, database: str, engine: FakeEngine, direct: asyncpg.Connection, statement: str, state: str
) -> None:
    async with connected(proxy.port, database) as raw:
        answers = await raw.ask(query(statement))
        assert fields(answers)["C"] == state
        assert kinds(answers)[-2:] == "EZ"
        assert kinds(await raw.ask(query("SELECT 1"))) == "TDCZ"
    assert engine.calls == []
    assert await direct.fetchval("SELECT to_regclass('made')") is None


async def test_a_parameter_is_a_limit_that_fails(connection: asyncpg.Connection, engine: FakeEngine) -> None:
    with pytest.raises(asyncpg.InvalidRowCountInLimitClauseError):
        await connection.fetch(f"{CALL} LIMIT $1", -1)
    assert engine.calls == []
    await connection.fetch(f"{CALL} LIMIT $1 OFFSET $2", 1, 0)
    assert len(engine.calls) == 1


RUNNING = [
    (f"CREATE TABLE made WITH (fillfactor = 50) AS {CALL}", "CZ"),
    (f"CREATE TABLE made (first) AS {CALL} WITH DATA;", "CZ"),
    (f"CREATE TEMP TABLE made ON COMMIT DROP AS ({CALL})", "CZ"),
    (f"COPY ({CALL}) TO STDOUT (FORMAT csv, HEADER)", None),
    (f"COPY ({CALL} WHERE id > 0) TO STDOUT CSV", None),
    (f"{CALL} LIMIT 1 + 1 OFFSET 0", None),
    (f"{CALL} LIMIT NULL", None),
    (f"{CALL} LIMIT '1'", None),
]


@pytest.mark.parametrize(("statement", "answer"), RUNNING, ids=[each for each, _ in RUNNING])
async def test_what_does_not_fail_is_run_once(
    proxy: Proxy, database: str, engine: FakeEngine, statement: str, answer: str | None
) -> None:
    async with connected(proxy.port, database) as raw:
        answers = kinds(await raw.ask(query(statement))).replace("N", "")
    assert "E" not in answers
    assert answer in (None, answers)
    assert len(engine.calls) == 1
