"""A plan inside a transaction shows its uncommitted work, and forgets it with the rollback."""

from __future__ import annotations

from collections.abc import Iterator

import asyncpg
import pytest

from tests.drivers.pgjdbc.client import jdbc
from tests.drivers.psql.client import succeed
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database
from tests.fixtures.maven import Maven

CHANGE = "UPDATE service SET desired_count = 3 WHERE name = 'quickstart-service'"
PLAN = "SELECT * FROM iasql_plan_apply()"


@pytest.fixture(autouse=True)
def nothing_is_changed_in_the_account(deployed: Database, simulator: Cloud) -> Iterator[None]:
    """No test here may change anything."""
    before = len(simulator.calls(mutating=True))
    yield
    assert len(simulator.calls(mutating=True)) == before


def test_in_one_psql_session(deployed: Database) -> None:
    printed = succeed(deployed, f"BEGIN; {CHANGE};\n{PLAN};\nROLLBACK;\n{PLAN};\n")
    first, second = printed.split("ROLLBACK")
    assert " update | service " in first
    assert "(1 row)" in first
    assert "(0 rows)" in second


def test_through_pgjdbc_with_prepared_statements_and_a_fetch_size(deployed: Database, maven: Maven) -> None:
    results = jdbc(maven)(
        deployed,
        "BEGIN", "0:UPDATE service SET desired_count = ?::int WHERE name = ?\t3\tquickstart-service",
        f"1:{PLAN}", "ROLLBACK", "BEGIN", f"1:{PLAN}", "ROLLBACK",
        options="prepareThreshold=1",
    )  # fmt: skip
    assert [row[:2] for row in results[2]] == [["update", "service"]]
    assert results[5] == []


async def test_through_asyncpgs_binary_protocol(deployed: Database) -> None:
    connection = await asyncpg.connect(deployed.url)
    try:
        plan = await connection.prepare(PLAN)
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(CHANGE)
        assert [tuple(row)[:2] for row in await plan.fetch()] == [("update", "service")]
        await transaction.rollback()
        assert await plan.fetch() == []
    finally:
        await connection.close()


async def test_an_apply_of_a_plan_that_is_out_of_date_says_what_has_changed(deployed: Database) -> None:
    connection = await asyncpg.connect(deployed.url)
    try:
        await connection.execute(CHANGE)
        await connection.fetch(PLAN)
        seen = await connection.fetchval("SELECT iasql_plan_id()")
        await connection.execute("UPDATE service SET assign_public_ip = 'DISABLED'")
        with pytest.raises(asyncpg.SerializationError) as refused:
            await connection.fetch("SELECT * FROM iasql_apply($1)", seen)
        assert "now also: update service" in (refused.value.detail or "")
        assert "assign_public_ip ENABLED → DISABLED" in (refused.value.detail or "")
        await connection.execute("SELECT iasql_sync()")
    finally:
        await connection.close()


def test_a_part_is_named_without_quotes(deployed: Database) -> None:
    name = "quickstart-cluster quickstart-service"
    part = f"SELECT action, description FROM iasql_plan_apply(only => 'service {name}')"
    printed = succeed(
        deployed, f"BEGIN; {CHANGE}; UPDATE repository SET scan_on_push = true;\n{part};\nROLLBACK;\n"
    )
    assert f" update | {name}" in printed
    assert "(1 row)" in printed


async def test_a_part_is_a_parameter_of_a_prepared_statement(deployed: Database) -> None:
    connection = await asyncpg.connect(deployed.url)
    try:
        steps = await connection.prepare("SELECT * FROM iasql_plan_steps(only => $1)")
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(f"{CHANGE}; UPDATE repository SET scan_on_push = true")
        [step] = await steps.fetch("service")
        assert (step["step"], step["action"], step["table_name"], step["waits_for"]) == (
            0,
            "update",
            "service",
            [],
        )
        await transaction.rollback()
    finally:
        await connection.close()
