"""The main of these tests on older PostgreSQL servers, with an engine role that is no superuser.

Debian's are found, and those that `make postgres-versions` fetches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.e2e.permissions.conftest import fetched

# What is imported here is run here, with the fixtures below.
from tests.e2e.permissions.test_escalation import test_somebody_tells_the_engine_what_is_installed  # noqa: F401
from tests.e2e.permissions.test_execute import (
    test_a_role_gives_itself_what_it_does_not_have,  # noqa: F401
    test_a_role_with_select_alone_gets_plans_and_lists,  # noqa: F401
    test_an_overload_of_somebodys_stands_beside_ours,  # noqa: F401
    test_execute_was_revoked_from_a_role_that_has_the_tables,  # noqa: F401
)
from tests.e2e.permissions.test_guards import operator as operator
from tests.e2e.permissions.test_guards import (
    test_a_roles_limit_stands_in_the_place_of_publics,  # noqa: F401
    test_a_session_makes_the_owners_limit_looser,  # noqa: F401
)
from tests.e2e.permissions.test_rows import (
    test_row_security_hides_rows_from_a_role,  # noqa: F401
    test_row_security_is_forced_on_the_owner,  # noqa: F401
)
from tests.e2e.permissions.test_rows import with_roles as with_roles
from tests.e2e.permissions.test_tables import (
    test_a_role_with_a_column_changes_another,  # noqa: F401
    test_the_grant_that_the_error_names_is_enough,  # noqa: F401
    test_what_the_role_may_not_do_is_left_out_if_it_says_so,  # noqa: F401
)
from tests.e2e.permissions.test_write_back import other_installer as other_installer
from tests.e2e.permissions.test_write_back import (
    test_a_sync_needs_no_privilege_of_the_tables,  # noqa: F401
    test_an_apply_needs_no_privilege_for_what_aws_assigns,  # noqa: F401
    test_an_owner_of_tables_has_the_function_of_another_called_within_its_own,  # noqa: F401
    test_an_upgrade_gives_the_function_to_a_database_that_was_installed_before,  # noqa: F401
    test_somebody_calls_the_function,  # noqa: F401
    test_somebody_with_trigger_has_code_run_as_the_tables_owner,  # noqa: F401
    test_the_owner_has_changed_its_function_which_is_then_not_used,  # noqa: F401
)
from tests.fixtures import versions
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PASSWORD, Database, PostgresServer
from tests.fixtures.proxies import IasqlProcess, launch

_FOUND = versions.found()
_ENGINE = "plain_engine"


@pytest.fixture(scope="module", params=_FOUND)
def postgres_server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """A server of each version that there is here."""
    with versions.running_version(_FOUND[request.param], fsync="off") as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {_ENGINE} LOGIN PASSWORD '{PASSWORD}'".encode())
        yield server


@pytest.fixture(scope="module")
def shared_iasql(
    postgres_server: PostgresServer, simulator_process: Cloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[IasqlProcess]:
    """A proxy whose role in PostgreSQL may create in databases and their schema public, and nothing else."""
    log = tmp_path_factory.mktemp("iasql") / "iasql.log"
    address = Database(
        name="postgres", role=_ENGINE, host=postgres_server.host, port=postgres_server.port
    ).url
    process = launch(log, postgres_server, simulator_process, "--postgres", address)
    yield process
    process.stop()


@pytest.fixture
def fresh_database(make_database: Callable[[], Database], postgres_server: PostgresServer) -> Database:
    """An empty database in which the engine's role may do what it needs."""
    database = make_database()
    with psycopg.connect(postgres_server.superuser_url(database.name), autocommit=True) as connection:
        connection.execute(f"GRANT CREATE ON DATABASE {database.name} TO {_ENGINE}".encode())
        connection.execute(f"GRANT CREATE ON SCHEMA public TO {_ENGINE}".encode())
        # Until PostgreSQL 15 PUBLIC may create there, and the database's owner not more than others.
        connection.execute(f"GRANT ALL ON SCHEMA public TO {database.role} WITH GRANT OPTION".encode())
    return database


def test_it_is_an_older_server_and_a_plain_role(database: Database) -> None:
    assert int(str(fetched(database, "SHOW server_version_num")[0][0])) < 180000
    fetched(database, "SELECT * FROM iasql_version()")
    found = fetched(
        database,
        "SELECT r.rolname, r.rolsuper FROM pg_namespace AS n JOIN pg_roles AS r ON r.oid = n.nspowner "
        "WHERE n.nspname = 'iasql'",
    )
    assert found == [(_ENGINE, False)]


def test_all_older_versions_are_here() -> None:
    missing = versions.FETCHED.keys() - _FOUND.keys()
    if missing:
        pytest.skip(f"PostgreSQL {', '.join(sorted(missing))} not here: make postgres-versions fetches them")
