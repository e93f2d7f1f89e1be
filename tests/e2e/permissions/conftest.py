"""A database with two modules, something to delete in AWS, and roles that have not been given much."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psycopg
import pytest
from psycopg import sql

from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PASSWORD, Database, PostgresServer

APPLY = "SELECT * FROM iasql_apply()"
PLAN = "SELECT action, table_name FROM iasql_plan_apply()"


@dataclass(frozen=True)
class Scene:
    """A database through the proxy, its server, and the account behind it."""

    owner: Database
    server: PostgresServer
    cloud: Cloud

    def execute(self, *statements: str) -> None:
        """Run statements as the database's owner."""
        with psycopg.connect(self.owner.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def as_superuser(self, *statements: str) -> None:
        """Run statements as a superuser, in the database, past the proxy."""
        with psycopg.connect(self.server.superuser_url(self.owner.name), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def write_functions(self) -> list[str]:
        """The functions by which the engine writes rows as the tables' owners."""
        named = "SELECT oid::regprocedure::text FROM pg_proc WHERE proname ~ '^iasql_write_' ORDER BY 1"
        return [str(name) for (name,) in fetched(self.owner, named)]

    def without_write_functions(self) -> None:
        """Make the database one that was installed before there were these functions."""
        self.as_superuser(*(f"DROP FUNCTION {each}" for each in self.write_functions()))

    def groups(self) -> list[str]:
        """The log groups in AWS."""
        found = self.cloud.client("logs").describe_log_groups()["logGroups"]
        return sorted(each["logGroupName"] for each in found)

    @contextmanager
    def nothing_happens(self) -> Iterator[None]:
        """Assert that nothing is changed in AWS meanwhile."""
        before = len(self.cloud.calls(mutating=True))
        yield
        assert self.cloud.calls(mutating=True)[before:] == []

    def refused(self, who: Database, statement: str, *parameters: object, state: str) -> psycopg.Error:
        """A statement that is refused, with nothing done in AWS, in the simple and the extended protocol."""
        with self.nothing_happens():
            error = failing(who, statement, *parameters)
            assert error.diag.sqlstate == state, error
            if not parameters:
                assert failing(who, statement, prepare=True).diag.sqlstate == state
        return error


def failing(who: Database, statement: str, *parameters: object, prepare: bool = False) -> psycopg.Error:
    """The error that a statement ends with."""
    with psycopg.connect(who.url, autocommit=True) as connection:
        try:
            connection.execute(statement.encode(), parameters or None, prepare=prepare)
        except psycopg.Error as error:
            return error
    raise AssertionError(f"{statement} was not refused")


def fetched(who: Database, statement: str) -> list[tuple[object, ...]]:
    """What a statement returns."""
    with psycopg.connect(who.url, autocommit=True) as connection:
        return connection.execute(statement.encode()).fetchall()


@pytest.fixture
def scene(database: Database, postgres_server: PostgresServer, simulator: Cloud) -> Scene:
    """Two log groups with rows; the row of `/precious` has been deleted, so that an apply would delete it."""
    logs = simulator.client("logs")
    for name in ("/kept", "/precious"):
        logs.create_log_group(logGroupName=name)
    scene = Scene(database, postgres_server, simulator)
    scene.execute(
        "SELECT iasql_install('aws_cloudwatch', 'aws_iam')",
        "DELETE FROM log_group WHERE log_group_name = '/precious'",
    )
    return scene


@pytest.fixture
def make_role(scene: Scene) -> Iterator[Callable[..., Database]]:
    """Makes roles that can log in, with the statements that grant them something (`ROLE` is the role)."""
    made: list[str] = []

    def make(*grants: str, by_superuser: bool = False) -> Database:
        name = f"someone_{secrets.token_hex(4)}"
        made.append(name)
        scene.as_superuser(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
        run = scene.as_superuser if by_superuser else scene.execute
        run(*(each.replace("ROLE", name) for each in grants))
        return replace(scene.owner, role=name)

    yield make
    scene.server.drop(scene.owner)  # with what was granted in it
    for name in made:
        scene.server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


@pytest.fixture
def reader(make_role: Callable[..., Database]) -> Database:
    """A role with nothing but SELECT."""
    return make_role("GRANT SELECT ON ALL TABLES IN SCHEMA public TO ROLE")
