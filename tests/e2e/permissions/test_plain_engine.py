"""The server's own role in Postgres need not be a superuser."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from tests.e2e.permissions.conftest import fetched
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PASSWORD, Database, PostgresServer
from tests.fixtures.proxies import StartIasql

PREPARE = (
    "SELECT iasql_install('aws_cloudwatch')",
    "INSERT INTO log_group (log_group_name) VALUES ('/made')",
)
POLICY = "INSERT INTO iasql.policy (name, query) VALUES ('none', 'SELECT 1 WHERE false')"


@pytest.fixture
def plain_role(postgres_server: PostgresServer, fresh_database: Database) -> Iterator[str]:
    """A role that may create in the database and in its schema public, and nothing else."""
    name = f"engine_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_server.superuser_url(fresh_database.name), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'".encode())
        connection.execute(f"GRANT CREATE ON DATABASE {fresh_database.name} TO {name}".encode())
        connection.execute(f"GRANT CREATE ON SCHEMA public TO {name}".encode())
    yield name
    postgres_server.drop(fresh_database)
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(f"DROP ROLE {name}".encode())


def url_of(database: Database, role: str) -> str:
    return database.url.replace(f"//{database.role}:", f"//{role}:")


def test_it_is_the_databases_owner(
    start_iasql: StartIasql, fresh_database: Database, simulator: Cloud
) -> None:
    owner = start_iasql("--postgres", fresh_database.url).serves(fresh_database)
    for statement in (*PREPARE, POLICY):
        fetched(owner, f"{statement} RETURNING 1" if statement.startswith("INSERT") else statement)
    assert [row[0] for row in fetched(owner, "SELECT action FROM iasql_apply()")] == ["create"]
    groups = simulator.client("logs").describe_log_groups()["logGroups"]
    assert [each["logGroupName"] for each in groups] == ["/made"]


def test_it_needs_no_rights_in_the_schema_of_a_region(
    start_iasql: StartIasql, fresh_database: Database, plain_role: str
) -> None:
    owner = start_iasql("--postgres", url_of(fresh_database, plain_role)).serves(fresh_database)
    fetched(owner, "SELECT iasql_add_region('eu-west-1')")
    fetched(owner, "SELECT iasql_install('aws_cloudwatch', region => '*')")
    fetched(owner, "INSERT INTO eu_west_1.log_group (log_group_name) VALUES ('/there') RETURNING 1")
    assert fetched(owner, "SELECT table_name FROM iasql_apply()") == [("eu_west_1.log_group",)]
    assert fetched(owner, "SELECT DISTINCT schema FROM iasql.installed_module ORDER BY 1") == [
        ("eu_west_1",),
        ("public",),
    ]
    assert fetched(owner, "SELECT * FROM iasql_remove_region('eu-west-1')") == [("eu-west-1", "eu_west_1")]


def test_it_may_create_in_the_database_and_its_public_schema(
    start_iasql: StartIasql, fresh_database: Database, plain_role: str, simulator: Cloud
) -> None:
    owner = start_iasql("--postgres", url_of(fresh_database, plain_role)).serves(fresh_database)
    for statement in PREPARE:
        fetched(owner, f"{statement} RETURNING 1" if statement.startswith("INSERT") else statement)
    assert [row[0] for row in fetched(owner, "SELECT action FROM iasql_apply()")] == ["create"]
    with psycopg.connect(owner.url, autocommit=True) as connection:
        with pytest.raises(psycopg.Error) as refused:
            connection.execute(POLICY.encode())
        assert "would run as" in str(refused.value.diag.message_primary)


def test_rows_follow_aws_for_a_role_that_may_not_write_them(
    start_iasql: StartIasql, fresh_database: Database, plain_role: str, postgres_server: PostgresServer
) -> None:
    owner = start_iasql("--postgres", url_of(fresh_database, plain_role)).serves(fresh_database)
    fetched(owner, PREPARE[0])
    with psycopg.connect(postgres_server.superuser_url(owner.name), autocommit=True) as connection:
        connection.execute(
            f"""CREATE ROLE {plain_role}_other LOGIN PASSWORD '{PASSWORD}';
            GRANT SELECT ON ALL TABLES IN SCHEMA public TO {plain_role}_other;
            GRANT INSERT (log_group_name) ON log_group TO {plain_role}_other;
            GRANT EXECUTE ON FUNCTION iasql_apply() TO {plain_role}_other""".encode()
        )
    try:
        other = replace(owner, role=f"{plain_role}_other")
        fetched(other, f"{PREPARE[1]} RETURNING 1")
        assert [row[0] for row in fetched(other, "SELECT action FROM iasql_apply()")] == ["create"]
        assert fetched(other, "SELECT log_group_arn IS NOT NULL FROM log_group") == [(True,)]
    finally:
        postgres_server.drop(fresh_database)
        with psycopg.connect(postgres_server.url, autocommit=True) as connection:
            connection.execute(f"DROP ROLE {plain_role}_other".encode())
