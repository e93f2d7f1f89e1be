"""Rows are all there, with all their columns, in their shapes, or nothing is done."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from tests.e2e.permissions.conftest import APPLY, PLAN, Scene
from tests.fixtures.databases import Database

MakeRole = Callable[..., Database]
TRUST = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}"""
SYNC = "SELECT * FROM iasql_sync()"


@pytest.fixture
def with_roles(scene: Scene) -> Scene:
    """Two roles in AWS, with rows."""
    for name in ("x", "y"):
        scene.cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Description="d")
    scene.execute("SELECT iasql_sync()")
    return scene


@pytest.mark.parametrize("operation", [PLAN, APPLY, SYNC])
def test_row_security_hides_rows_from_a_role(with_roles: Scene, make_role: MakeRole, operation: str) -> None:
    who = make_role(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ROLE",
        "GRANT EXECUTE ON FUNCTION iasql_apply(), iasql_sync() TO ROLE",
        "ALTER TABLE role ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY p ON role TO ROLE USING (role_name = 'x')",
    )
    error = with_roles.refused(who, operation, state="42501")
    assert "row security" in str(error)


@pytest.mark.parametrize("operation", [PLAN, APPLY, SYNC])
def test_row_security_is_forced_on_the_owner(with_roles: Scene, operation: str) -> None:
    with_roles.execute(
        "ALTER TABLE role ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE role FORCE ROW LEVEL SECURITY",
        "CREATE POLICY p ON role USING (role_name = 'x')",
    )
    with_roles.refused(with_roles.owner, operation, state="42501")
    assert {each["RoleName"] for each in with_roles.cloud.client("iam").list_roles()["Roles"]} == {"x", "y"}


def test_row_security_is_no_hindrance_to_who_sees_all(with_roles: Scene) -> None:
    with_roles.execute("ALTER TABLE role ENABLE ROW LEVEL SECURITY")
    with psycopg.connect(with_roles.owner.url, autocommit=True) as connection:
        assert connection.execute(PLAN.encode()).fetchall() == []


@pytest.mark.parametrize("operation", [PLAN, APPLY, SYNC])
@pytest.mark.parametrize(
    "change", ["RENAME attached_policies_arns TO policies", "DROP description", "DROP description CASCADE"]
)
def test_a_column_was_renamed_or_dropped(with_roles: Scene, operation: str, change: str) -> None:
    with_roles.execute(
        f"ALTER TABLE role {change}", "INSERT INTO log_group (log_group_name) VALUES ('/other')"
    )
    error = with_roles.refused(with_roles.owner, operation, state="42703")
    assert error.diag.table_name == "role"


def test_a_column_was_dropped_from_an_empty_table(scene: Scene) -> None:
    scene.execute("ALTER TABLE role DROP COLUMN description")
    scene.refused(scene.owner, APPLY, state="42703")


@pytest.mark.parametrize("operation", [PLAN, APPLY, SYNC])
def test_one_of_a_modules_tables_was_dropped(scene: Scene, operation: str) -> None:
    scene.execute("SELECT iasql_install('aws_ecr')", "DROP TABLE repository_policy")
    error = scene.refused(scene.owner, operation, state="42P01")
    assert error.diag.table_name == "repository_policy"
    assert "aws_ecr still has" in str(error.diag.message_detail)


def test_all_of_a_modules_tables_were_dropped(scene: Scene) -> None:
    scene.execute(
        "SELECT iasql_install('aws_ecr')",
        "DROP TABLE repository_image, repository_policy, repository, public_repository",
    )
    with psycopg.connect(scene.owner.url, autocommit=True) as connection, scene.nothing_happens():
        assert connection.execute(PLAN.encode()).fetchall() == [("delete", "log_group")]


SHAPES = [
    ("assume_role_policy_document", """'{"Statement": 5}'"""),
    ("assume_role_policy_document", """'{"Statement": null}'"""),
    ("assume_role_policy_document", "'5'"),
    ("assume_role_policy_document", "'[1]'"),
    ("assume_role_policy_document", """'"no JSON"'"""),
    ("attached_policies_arns", "'{{a,b},{c,d}}'"),
    ("attached_policies_arns", "'{NULL,arn:aws:iam::aws:policy/x}'"),
]


@pytest.mark.parametrize(("column", "value"), SHAPES)
def test_a_value_has_a_shape_that_its_column_cannot_have(with_roles: Scene, column: str, value: str) -> None:
    with_roles.execute(f"UPDATE role SET {column} = {value} WHERE role_name = 'y'")
    error = with_roles.refused(with_roles.owner, APPLY, state="22023")
    assert (error.diag.table_name, error.diag.column_name) == ("role", column)
    assert "row y of role" in str(error)


def test_other_rows_are_planned_while_one_has_a_value_of_a_wrong_shape(with_roles: Scene) -> None:
    with_roles.execute(
        "UPDATE role SET assume_role_policy_document = '5', role_name = 'z' WHERE role_name = 'y'",
        "UPDATE role SET description = 'new' WHERE role_name = 'x'",
        "INSERT INTO log_group (log_group_name) VALUES ('/new')",
    )
    warnings: list[str] = []
    with psycopg.connect(with_roles.owner.url, autocommit=True) as connection, with_roles.nothing_happens():
        connection.add_notice_handler(
            lambda each: warnings.append(f"{each.severity}: {each.message_primary}")
        )
        planned = connection.execute(
            "SELECT action, table_name, description FROM iasql_plan_apply()"
        ).fetchall()
        assert planned == [
            ("create", "log_group", "/new"),
            ("update", "role", "x"),
        ]
        (warning, total) = warnings
        assert total == "NOTICE: 1 to create, 1 to update"
        assert warning.startswith("WARNING: the value of assume_role_policy_document in row z of role cannot")
        different = connection.execute("SELECT DISTINCT table_name FROM iasql_diff() ORDER BY 1").fetchall()
        assert different == [("log_group",), ("role",)]
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            connection.execute("SELECT * FROM iasql_apply(iasql_plan_id())")


def test_what_refers_to_a_row_of_a_wrong_shape_is_left_out_and_stays_in_aws(with_roles: Scene) -> None:
    ecs = with_roles.cloud.client("ecs")
    ecs.register_task_definition(
        family="f",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        taskRoleArn="arn:aws:iam::123456789012:role/y",
        containerDefinitions=[{"name": "a", "image": "nginx:1", "essential": True}],
    )
    with_roles.execute(
        "SELECT iasql_install('aws_ecs_fargate')",
        "UPDATE role SET attached_policies_arns = '{NULL}' WHERE role_name = 'y'",
        "UPDATE task_definition SET cpu_memory = 'vCPU1-2GB'",
    )
    warnings: list[str] = []
    with psycopg.connect(with_roles.owner.url, autocommit=True) as connection, with_roles.nothing_happens():
        connection.add_notice_handler(lambda each: warnings.append(str(each.message_primary)))
        assert connection.execute(PLAN.encode()).fetchall() == []
    assert any("of task_definition is left out of the plan too" in each for each in warnings)


def test_environment_variables_are_a_list_of_texts(scene: Scene) -> None:
    scene.cloud.client("ecs").register_task_definition(
        family="f",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "a", "image": "nginx:1", "essential": True}],
    )
    scene.execute("SELECT iasql_install('aws_ecs_fargate')")
    for value in ('["a"]', "5", '"x"'):
        scene.execute(f"UPDATE container_definition SET env_variables = '{value}'")
        error = scene.refused(scene.owner, APPLY, state="22023")
        assert error.diag.column_name == "env_variables"


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_transaction_that_does_not_see_what_others_commit(scene: Scene, level: str) -> None:
    with psycopg.connect(scene.owner.url) as connection, scene.nothing_happens():
        connection.execute(f"SET TRANSACTION ISOLATION LEVEL {level}".encode())
        connection.execute("SELECT count(*) FROM log_group")
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            connection.execute(APPLY.encode())
    with psycopg.connect(scene.owner.url, autocommit=True) as connection, scene.nothing_happens():
        connection.execute(f"SET default_transaction_isolation = '{level}'".encode())
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            connection.execute(APPLY.encode())
