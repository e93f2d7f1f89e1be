"""Several clients at once: their operations come one after the other, and nobody's edit is lost."""

from __future__ import annotations

import time
from itertools import pairwise

import psycopg

from deploy import tutorial
from deploy.simulator.conditions import Conditions
from tests.drivers.psql.client import rows, succeed
from tests.e2e.account import TUTORIAL, assert_holds
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database, PostgresServer
from tests.soak.world import Running

APPLY = "SELECT count(*) FROM iasql_apply()"
_ROWS = tutorial.migration(tutorial.V2).rpartition("SELECT * from iasql_apply()")[0]
_SECONDS = 60.0


def waiting(server: PostgresServer, database: Database, many: int) -> None:
    """Return when so many sessions wait for the lock of an operation."""
    waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    deadline = time.monotonic() + _SECONDS
    with psycopg.connect(server.superuser_url(database.name), autocommit=True) as connection:
        while connection.execute(waits).fetchone() != (many,):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_two_apply_a_third_edits_and_a_fourth_syncs(
    installed: Database, simulator: Cloud, postgres_server: PostgresServer
) -> None:
    succeed(installed, _ROWS)
    simulator.be(Conditions(latency=0.5))
    before = len(simulator.calls())
    first = Running(installed.url, APPLY)
    while len(simulator.calls()) == before:
        time.sleep(0.01)
    second = Running(installed.url, APPLY)
    waiting(postgres_server, installed, 1)
    fourth = Running(installed.url, "SELECT * FROM iasql_sync()")
    waiting(postgres_server, installed, 2)
    # The first has read its rows already: these are for the second.
    succeed(
        installed,
        "INSERT INTO log_group (log_group_name) VALUES ('later');"
        "UPDATE repository SET scan_on_push = true;"
        "UPDATE service SET desired_count = 2",
    )
    assert first.wait().rows == ((12,),)
    assert second.wait().rows == ((3,),)
    # The fourth has read its rows as well, or is about to; what is edited now is neither dropped nor applied.
    calls = len(simulator.calls())
    while len(simulator.calls()) < calls + 3:
        assert fourth.is_running
        time.sleep(0.01)
    succeed(installed, "INSERT INTO log_group (log_group_name) VALUES ('last')")
    assert fourth.wait().rows == ()
    assert_holds(simulator, TUTORIAL | {"log_group": ["later", "quickstart-log-group"]})
    left = rows(installed, "SELECT action, table_name, description FROM iasql_plan_apply()")
    assert left == ["create|log_group|last"]
    succeed(installed, APPLY)
    _came_one_after_the_other(postgres_server, installed)


def _came_one_after_the_other(server: PostgresServer, database: Database) -> None:
    with psycopg.connect(server.superuser_url(database.name)) as connection:
        spans = connection.execute(
            "SELECT started_at, ended_at FROM iasql.iasql_operation "
            "WHERE function = 'iasql_apply' ORDER BY started_at"
        ).fetchall()
    assert len(spans) == 3
    for (_, ended), (started, _) in pairwise(spans):
        assert ended <= started
