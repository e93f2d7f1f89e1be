"""What can be seen of a plan and of operations, and what can be forbidden."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database, PostgresServer

#: The name of a plan that nobody has been shown.
OTHER = "0" * 32


@pytest.fixture
async def installed(session: Session) -> Session:
    await session("iasql_install", "aws_security_group", "aws_ecr")
    return session


async def test_the_difference_is_shown_column_by_column(installed: Session) -> None:
    await installed.execute("INSERT INTO repository (repository_name) VALUES ('one'), ('two')")
    await installed.apply()
    await installed.execute(
        "UPDATE repository SET scan_on_push = true WHERE repository_name = 'one';"
        "DELETE FROM repository WHERE repository_name = 'two';"
        "INSERT INTO security_group (group_name, description) VALUES ('web', 'w');"
        "INSERT INTO security_group_rule (is_egress, ip_protocol, cidr_ipv4, security_group_id) "
        "SELECT false, '-1', '10.0.0.0/8', id FROM security_group WHERE group_name = 'web'"
    )
    found = [(row[0], row[1], *row[4:8]) for row in await installed("iasql_diff")]
    assert ("update", "repository", "scan_on_push", "false", "true", False) in found
    assert ("delete", "repository", "repository_name", "two", None, False) in found
    assert ("create", "security_group", "group_name", None, "web", False) in found
    reference = "(new security_group web)"
    assert ("create", "security_group_rule", "security_group_id", None, reference, False) in found
    assert len([row for row in found if row[0] == "update"]) == 1


async def test_what_makes_a_replacement_is_marked(installed: Session) -> None:
    await installed.execute("INSERT INTO repository (repository_name, scan_on_push) VALUES ('one', true)")
    await installed.apply()
    await installed.execute("UPDATE repository SET repository_name = 'other', scan_on_push = false")
    found = {row[4]: row[5:] for row in await installed("iasql_diff")}
    assert found == {
        "repository_name": ("one", "other", True, None, "one", "row"),
        "scan_on_push": ("true", "false", False, None, "true", "row"),
    }


async def test_an_apply_that_would_delete_too_much_is_refused_before_it_starts(
    installed: Session, simulator: Cloud
) -> None:
    await installed.execute("INSERT INTO repository (repository_name) VALUES ('one'), ('two')")
    await installed.apply()
    await installed.execute("DELETE FROM repository; SET iasql.max_deletes = 1")
    before = len(simulator.calls(mutating=True))
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert refused.value.sqlstate == "53400"
    assert "one" in (refused.value.detail or "")
    assert len(simulator.calls(mutating=True)) == before
    await installed.execute("SET iasql.max_deletes = 2")
    assert [row[0] for row in await installed("iasql_apply")] == ["delete", "delete"]


async def test_a_limit_that_is_no_number_is_an_error(installed: Session) -> None:
    await installed.execute("SET iasql.max_deletes = 'few'")
    with pytest.raises(OperationError, match="not a number") as refused:
        await installed("iasql_apply")
    assert refused.value.sqlstate == "22023"


async def test_others_see_how_far_an_apply_is(
    installed: Session, simulator: Cloud, fresh_database: Database
) -> None:
    await installed.execute("INSERT INTO repository (repository_name) VALUES ('one'), ('two')")
    delay = {"operation": "CreateRepository", "nth": 1, "action": "delay", "seconds": 2}
    simulator.plan(delay)
    other = await asyncpg.connect(fresh_database.url)
    applying = asyncio.create_task(installed("iasql_apply"))
    seen: list[tuple[int, int, list[str]]] = []
    while not applying.done():
        rows = await other.fetch("SELECT steps_done, steps, under_way FROM iasql.iasql_progress")
        seen += [tuple(row) for row in rows if tuple(row) not in seen]
        await asyncio.sleep(0.05)
    await applying
    await other.close()
    half = [row for row in seen if row[:2] == (1, 2)]
    assert half
    assert len(half[-1][2]) == 1
    assert half[-1][2][0].startswith("create repository ")


async def test_everyone_sees_their_own_errors_and_hears_of_the_end(
    installed: Session, postgres_server: PostgresServer
) -> None:
    heard: list[str] = []
    listener = await asyncpg.connect(postgres_server.superuser_url(installed.caller.database))
    await listener.add_listener("iasql", lambda *arguments: heard.append(arguments[3]))
    await installed.execute("INSERT INTO repository (repository_name) VALUES ('UPPER')")
    with pytest.raises(OperationError):
        await installed("iasql_apply")
    errors = await installed.rows("SELECT message FROM iasql_get_errors()")
    assert len(errors) == 1
    assert "could not create repository UPPER" in errors[0][0]
    assert await listener.fetch("SELECT * FROM iasql_get_errors()") == []
    assert await listener.fetch("SELECT * FROM iasql.iasql_progress") == []
    assert len(heard) == 1
    assert '"outcome" : "failed"' in heard[0]
    await listener.close()


async def test_an_apply_can_be_held_to_the_plan_that_was_seen(installed: Session, simulator: Cloud) -> None:
    await installed.execute("INSERT INTO repository (repository_name) VALUES ('one')")
    assert await installed.value("SELECT iasql_plan_id()") is None
    await installed("iasql_plan_apply")
    seen = await installed.value("SELECT iasql_plan_id()")
    await installed.execute("UPDATE repository SET scan_on_push = true")
    before = len(simulator.calls(mutating=True))
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply", seen)
    assert refused.value.sqlstate == "40001"
    assert refused.value.detail == (
        "no longer: create repository one: scan_on_push NULL → false\n"
        "now also: create repository one: scan_on_push NULL → true"
    )
    assert len(simulator.calls(mutating=True)) == before
    await installed("iasql_diff")
    seen = await installed.value("SELECT iasql_plan_id()")
    assert len(await installed("iasql_apply", seen)) == 1
    with pytest.raises(OperationError, match=f"have changed since the plan {OTHER}") as refused:
        await installed("iasql_apply", OTHER)


async def test_a_policy_refuses_a_plan_and_an_apply(installed: Session, simulator: Cloud) -> None:
    await installed.execute(
        "INSERT INTO iasql.policy (name, query, advice) VALUES "
        "('keep repositories', 'SELECT description FROM iasql.planned() "
        "WHERE action = ''delete'' AND table_name = ''repository''', 'Ask the registry team.'), "
        "('no open ports', 'SELECT id FROM security_group_rule WHERE NOT is_egress "
        "AND cidr_ipv4 = ''0.0.0.0/0'' -- anywhere', NULL)"
    )
    await installed.execute("INSERT INTO repository (repository_name) VALUES ('one')")
    await installed.apply()
    await installed.execute("DELETE FROM repository")
    before = len(simulator.calls(mutating=True))
    for function in ("iasql_plan_apply", "iasql_diff", "iasql_apply"):
        with pytest.raises(OperationError) as refused:
            await installed(function)
        assert refused.value.sqlstate == "23514"
        assert refused.value.message == "the plan is against the policy keep repositories"
        assert 'keep repositories: {"description":"one"}' in (refused.value.detail or "")
        assert refused.value.hint == "Ask the registry team."
    assert len(simulator.calls(mutating=True)) == before
    await installed("iasql_sync")
    assert await installed("iasql_plan_apply") == []
