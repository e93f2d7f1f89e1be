"""Operations of AWS are called by whom the owner lets call them."""

from __future__ import annotations

import json
from collections.abc import Callable

import psycopg
import pytest

from tests.drivers.psql.client import succeed
from tests.e2e.permissions.conftest import Scene, failing, fetched
from tests.fixtures.databases import Database

MakeRole = Callable[..., Database]
EXECUTE = "GRANT EXECUTE ON FUNCTION iasql_call(text, text, jsonb, text) TO ROLE"
GRANT = "INSERT INTO iasql.callable (role, service, operation) VALUES ('ROLE', 'logs', 'DescribeLogGroups')"
LIST = "SELECT iasql_call('logs', 'DescribeLogGroups')"
DELETE = """SELECT iasql_call('logs', 'DeleteLogGroup', '{"logGroupName": "/kept"}')"""


def test_a_role_needs_both_grants(scene: Scene, make_role: MakeRole) -> None:
    for grants in ((), (EXECUTE,), (GRANT,)):
        scene.refused(make_role(*grants), LIST, state="42501")
    both = make_role(EXECUTE, GRANT)
    ((answer,),) = fetched(both, LIST)
    assert isinstance(answer, dict)
    assert [each["logGroupName"] for each in answer["logGroups"]] == ["/kept", "/precious"]
    scene.refused(both, DELETE, state="42501")


def test_a_role_that_may_call_grants_itself_more(scene: Scene, make_role: MakeRole) -> None:
    caller = make_role(EXECUTE, GRANT)
    for statement in (
        "INSERT INTO iasql.callable VALUES ('PUBLIC', 'logs', '*')",
        "UPDATE iasql.callable SET operation = '*'",
        "TABLE iasql.callable",
    ):
        assert failing(caller, statement).diag.sqlstate == "42501"
    with psycopg.connect(caller.url, autocommit=True) as connection, scene.nothing_happens():
        connection.execute("CREATE TEMP TABLE callable (role text, service text, operation text)")
        connection.execute("INSERT INTO callable VALUES ('PUBLIC', 'logs', '*')")
        connection.execute("SET search_path = pg_temp, iasql, public")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(DELETE.replace("iasql_call", "public.iasql_call"))


def test_a_member_has_what_its_role_was_granted(scene: Scene, make_role: MakeRole) -> None:
    group = make_role(EXECUTE, GRANT)
    member = make_role(f"GRANT {group.role} TO ROLE", by_superuser=True)
    assert fetched(member, LIST)


def test_a_read_only_transaction_calls_nothing(scene: Scene) -> None:
    scene.execute("INSERT INTO iasql.callable VALUES ('PUBLIC', 'logs', '*')")
    with psycopg.connect(scene.owner.url) as connection, scene.nothing_happens():
        connection.read_only = True
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute(DELETE)


def test_an_answer_is_taken_apart_in_the_statement_that_asks_for_it(scene: Scene) -> None:
    scene.execute("INSERT INTO iasql.callable VALUES ('PUBLIC', 'logs', '*')")
    named = "SELECT g ->> 'logGroupName' FROM iasql_call('logs', 'DescribeLogGroups', jsonb_build_object("
    named += "'logGroupNamePrefix', '/pre')) AS c, jsonb_array_elements(c.answer -> 'logGroups') AS g"
    assert " /precious\n" in succeed(scene.owner, named)
    with psycopg.connect(scene.owner.url) as connection:
        given = json.dumps({"logGroupNamePrefix": "/kept"})
        row = connection.execute(
            "SELECT jsonb_array_length(iasql_call(%s, %s, %s::jsonb) -> 'logGroups')",
            ("logs", "DescribeLogGroups", given),
        ).fetchone()
    assert row == (1,)


def test_a_call_in_a_view_is_refused(scene: Scene) -> None:
    scene.execute("INSERT INTO iasql.callable VALUES ('PUBLIC', 'logs', '*')")
    scene.refused(scene.owner, f"CREATE VIEW v AS {LIST}", state="0A000")
