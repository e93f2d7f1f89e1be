"""`--simulate` and `--simulate-databases`: whose account is a simulated one."""

from __future__ import annotations

import psycopg

from tests.accounts.conftest import OTHER, Commands, at, groups, make_group, refused
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PostgresServer

OWN = "123456789012"


def create(server: PostgresServer, name: str) -> str:
    """Make a database; its URL, directly."""
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
    return server.superuser_url(name)


def drop(server: PostgresServer, name: str) -> None:
    """Drop a database to which nobody is connected."""
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}"'.encode())


def names(url: str) -> list[str]:
    """The log groups that AWS has, as a database sees them."""
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("SELECT * FROM iasql_install('aws_cloudwatch')")
        return [name for (name,) in session.execute("SELECT log_group_name FROM log_group")]


def test_databases_of_certain_names_have_accounts_of_their_own(commands: Commands, simulator: Cloud) -> None:
    iasql = commands.up("--simulate-databases", "test_*", "--simulate-databases", "*_scratch")
    one, two, other = (create(commands.server, each) for each in ("test_one", "my_scratch", "another"))
    make_group(at(iasql, one), "/of-a-test")
    assert names(at(iasql, one)) == ["/of-a-test"]
    assert names(at(iasql, two)) == []
    refused(at(iasql, other))
    assert groups(simulator, OWN) == []


def test_a_test_database_that_is_made_again_has_a_fresh_account(commands: Commands) -> None:
    iasql = commands.up("--simulate-databases", "test_*")
    for _ in range(2):
        url = at(iasql, create(commands.server, "test_again"))
        assert names(url) == []
        make_group_only(url)
        drop(commands.server, "test_again")


def make_group_only(url: str) -> None:
    """Apply a log group where there is the module."""
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("INSERT INTO log_group (log_group_name) VALUES ('/of-a-run')")
        session.execute("SELECT * FROM iasql_apply()")


def test_a_connected_database_of_such_a_name_is_simulated_all_the_same(
    commands: Commands, simulator: Cloud
) -> None:
    made = commands.connect("test", "--database", "test_connected", account=OTHER)
    iasql = commands.up("--simulate-databases", "test_*")
    make_group(at(iasql, made.url), "/of-a-test")
    assert groups(simulator, OTHER) == []


def test_a_simulating_server_leaves_connected_accounts_alone(commands: Commands, simulator: Cloud) -> None:
    made = commands.connect("other", account=OTHER)
    iasql = commands.up("--simulate")
    before = len(simulator.calls())
    error = refused(at(iasql, made.url))
    assert "for its default database alone" in (error.diag.message_detail or "")
    assert len(simulator.calls()) == before
    make_group(at(iasql, commands.server.url), "/simulated")
    assert len(simulator.calls()) == before
