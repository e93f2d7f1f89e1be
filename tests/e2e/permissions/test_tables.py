"""Who may apply: it takes the privileges of the tables for all that would be done in AWS."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from tests.e2e.permissions.conftest import APPLY, Scene, fetched
from tests.fixtures.databases import Database

MakeRole = Callable[..., Database]
EXECUTE = "GRANT EXECUTE ON FUNCTION iasql_apply(), iasql_sync() TO ROLE"
SELECT = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO ROLE"


def test_a_role_that_may_apply_and_not_delete_rows_deletes(scene: Scene, make_role: MakeRole) -> None:
    who = make_role(SELECT, EXECUTE, "GRANT INSERT, UPDATE ON log_group, role TO ROLE")
    error = scene.refused(who, APPLY, state="42501")
    assert "DELETE on log_group" in str(error)
    assert "delete log_group /precious needs DELETE on log_group" in str(error.diag.message_detail)
    assert f'GRANT DELETE ON public."log_group" TO "{who.role}";' in str(error.diag.message_hint)


def test_the_grant_that_the_error_names_is_enough(scene: Scene, make_role: MakeRole) -> None:
    who = make_role(SELECT, EXECUTE)
    scene.execute("INSERT INTO log_group (log_group_name) VALUES ('/new')")
    error = scene.refused(who, APPLY, state="42501")
    scene.execute(*str(error.diag.message_hint).split("; "))
    assert len(fetched(who, APPLY)) == 2
    assert scene.groups() == ["/kept", "/new"]
    assert fetched(who, "SELECT log_group_arn IS NULL FROM log_group") == [(False,), (False,)]


def test_a_role_that_may_delete_rows_and_not_insert_creates(scene: Scene, make_role: MakeRole) -> None:
    who = make_role(SELECT, EXECUTE, "GRANT DELETE ON log_group TO ROLE")
    scene.execute("INSERT INTO log_group (log_group_name) VALUES ('/new')")
    error = scene.refused(who, APPLY, state="42501")
    assert "INSERT" in str(error)
    assert "DELETE" not in str(error)


def test_a_role_with_a_column_changes_another(scene: Scene, make_role: MakeRole) -> None:
    trust = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}"""
    scene.cloud.client("iam").create_role(RoleName="x", AssumeRolePolicyDocument=trust, Description="before")
    scene.execute("SELECT iasql_sync()", "UPDATE role SET description = 'after'")
    who = make_role(SELECT, EXECUTE, "GRANT UPDATE (assume_role_policy_document, arn) ON role TO ROLE")
    error = scene.refused(who, APPLY, state="42501")
    assert "update role" in str(error.diag.message_detail)
    assert 'GRANT UPDATE ("description") ON public."role"' in str(error.diag.message_hint)
    scene.execute(str(error.diag.message_hint))
    assert fetched(who, "SELECT action FROM iasql_apply()") == [("update",)]
    assert scene.cloud.client("iam").get_role(RoleName="x")["Role"]["Description"] == "after"


def test_what_the_caller_must_not_write_could_not_be_recorded(scene: Scene, make_role: MakeRole) -> None:
    who = make_role(
        SELECT,
        EXECUTE,
        "GRANT INSERT (log_group_name), DELETE ON log_group TO ROLE",
    )
    scene.without_write_functions()
    scene.execute("INSERT INTO log_group (log_group_name) VALUES ('/new')")
    error = scene.refused(who, APPLY, state="42501")
    assert "GRANT UPDATE (" in str(error.diag.message_hint)
    assert "arn" in str(error.diag.message_hint)


def test_privileges_come_with_the_role_that_is_set(scene: Scene, make_role: MakeRole) -> None:
    who = make_role(SELECT)
    scene.as_superuser(f"GRANT {scene.owner.role} TO {who.role}")
    with psycopg.connect(who.url, autocommit=True) as connection:
        connection.execute(f"SET ROLE {scene.owner.role}".encode())
        assert len(connection.execute(APPLY).fetchall()) == 1
    assert scene.groups() == ["/kept"]


def test_a_search_path_brings_operators_and_functions_of_its_own(scene: Scene, make_role: MakeRole) -> None:
    who = make_role(SELECT, EXECUTE)
    scene.execute(
        "CREATE SCHEMA evil",
        "CREATE FUNCTION evil.yes(text, text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT false'",
        "CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.yes)",
        "CREATE FUNCTION evil.has_table_privilege(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        f"GRANT USAGE ON SCHEMA evil TO {who.role}",
    )
    with psycopg.connect(who.url, autocommit=True) as connection, scene.nothing_happens():
        connection.execute("SET search_path = evil, pg_catalog, public")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM public.iasql_apply()")


def test_what_the_role_may_not_do_is_left_out_if_it_says_so(scene: Scene, make_role: MakeRole) -> None:
    who = make_role(
        SELECT,
        EXECUTE,
        "GRANT INSERT, UPDATE, DELETE ON log_group TO ROLE",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ROLE",
    )
    scene.execute("INSERT INTO role (role_name, assume_role_policy_document) VALUES ('x', '{}')")
    scene.refused(who, APPLY, state="42501")
    notices: list[str] = []
    with psycopg.connect(who.url, autocommit=True) as connection:
        connection.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
        connection.execute("SET iasql.only_mine = on")
        planned = connection.execute("SELECT action, table_name FROM iasql_plan_apply()").fetchall()
        assert planned == [("delete", "log_group")]
        plan = connection.execute("SELECT iasql_plan_id()").fetchone()
        applied = connection.execute("SELECT action, table_name FROM iasql_apply()").fetchall()
        assert applied == planned
        assert plan is not None
    assert scene.groups() == ["/kept"]
    assert scene.cloud.client("iam").list_roles()["Roles"] == []
    assert "left out: create role x, for which this role lacks privileges" in notices


def test_what_the_role_may_do_needs_what_it_may_not(scene: Scene, make_role: MakeRole) -> None:
    scene.execute(
        "SELECT iasql_install('aws_security_group')",
        "INSERT INTO security_group (group_name, description) VALUES ('web', 'w')",
        "INSERT INTO security_group_rule (is_egress, ip_protocol, cidr_ipv4, from_port, to_port, "
        "security_group_id) SELECT false, 'tcp', '10.0.0.0/8', 1, 2, id FROM security_group "
        "WHERE group_name = 'web'",
    )
    who = make_role(SELECT, EXECUTE, "GRANT INSERT, UPDATE, DELETE ON log_group, security_group_rule TO ROLE")
    with psycopg.connect(who.url, autocommit=True) as connection, scene.nothing_happens():
        connection.execute("SET iasql.only_mine = on")
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
            connection.execute(APPLY)
    assert "needs a change that this role may not make" in str(refused.value)
    assert "create security_group" in str(refused.value.diag.message_detail)


def test_what_goes_along_with_something_needs_that_it_may_be_deleted(
    scene: Scene, make_role: MakeRole
) -> None:
    scene.execute(
        "SELECT iasql_install('aws_security_group')",
        "INSERT INTO security_group (group_name, description) VALUES ('web', 'w')",
        "INSERT INTO security_group_rule (is_egress, ip_protocol, cidr_ipv4, from_port, to_port, "
        "security_group_id) SELECT false, 'tcp', '10.0.0.0/8', 1, 2, id FROM security_group "
        "WHERE group_name = 'web'",
        APPLY,
        "DELETE FROM security_group_rule WHERE cidr_ipv4 = '10.0.0.0/8'",
        "DELETE FROM security_group WHERE group_name = 'web'",
    )
    who = make_role(SELECT, EXECUTE, "GRANT INSERT, UPDATE, DELETE ON log_group, security_group_rule TO ROLE")
    with psycopg.connect(who.url, autocommit=True) as connection, scene.nothing_happens():
        connection.execute("SET iasql.only_mine = on")
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
            connection.execute(APPLY)
    assert "delete security_group" in str(refused.value.diag.message_detail)


def test_rows_of_others_that_would_follow_aws_do_not_stand_in_the_way(
    scene: Scene, make_role: MakeRole
) -> None:
    who = make_role(SELECT, EXECUTE, "GRANT INSERT, UPDATE, DELETE ON log_group TO ROLE")
    scene.without_write_functions()
    trust = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}"""
    scene.cloud.client("iam").create_role(RoleName="x", AssumeRolePolicyDocument=trust)
    scene.execute(
        f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('x', '{trust}')",
    )
    notices: list[str] = []
    with psycopg.connect(who.url, autocommit=True) as connection:
        connection.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
        assert len(connection.execute(APPLY).fetchall()) == 1
    assert "rows of role are not brought up to date: this role may not write them" in notices
    assert scene.groups() == ["/kept"]
    assert fetched(scene.owner, "SELECT arn IS NULL FROM role") == [(True,)]
