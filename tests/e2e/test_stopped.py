"""An apply is stopped on its way: what is in flight is finished and written back; the next one goes on."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import psycopg
import pytest

from deploy import tutorial
from deploy.simulator.conditions import Conditions
from tests.drivers.psql.client import rows, succeed
from tests.e2e.account import assert_holds_the_tutorial
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database, PostgresServer
from tests.fixtures.proxies import IasqlProcess, StartIasql
from tests.soak.world import Ended, Running

APPLY = "SELECT count(*) FROM iasql_apply()"
_ROWS = tutorial.migration(tutorial.V2).rpartition("SELECT * from iasql_apply()")[0]
#: So long that an apply takes some seconds, and a stop comes while calls are under way.
_SLOW = Conditions(latency=3.0)
#: Less than the two calls take that a service waits for, and more than an apply needs to begin.
_TIMEOUT = "SET statement_timeout = '4500ms'"
_SECONDS = 30.0


def begun(simulator: Cloud, running: Running) -> None:
    """Return when AWS has been asked for some changes and others are under way."""
    deadline = time.monotonic() + _SECONDS
    while len(simulator.calls(mutating=True)) < 6:
        assert running.is_running, running.wait()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def cancelled(running: Running, process: IasqlProcess) -> Ended:
    running.cancel()
    return running.wait()


def vanished(running: Running, process: IasqlProcess) -> Ended:
    running.vanish()
    return running.wait()


def terminated(running: Running, process: IasqlProcess) -> Ended:
    os.kill(process.pid, signal.SIGTERM)
    ended = running.wait()
    process.wait_for_death()
    return ended


def timed_out(running: Running, process: IasqlProcess) -> Ended:
    return running.wait()


@pytest.mark.parametrize(
    ("stop", "state", "first"),
    [
        (cancelled, "57014", ""),
        (timed_out, "57014", _TIMEOUT),
        (vanished, "", ""),
        (terminated, "57P01", ""),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_stopped_apply_leaves_nothing_in_aws_that_its_rows_do_not_show(
    start_iasql: StartIasql,
    iasql: IasqlProcess,
    simulator: Cloud,
    fresh_database: Database,
    postgres_server: PostgresServer,
    stop: Callable[[Running, IasqlProcess], Ended],
    state: str,
    first: str,
) -> None:
    process = start_iasql()
    succeed(process.serves(fresh_database), tutorial.migration(tutorial.V1) + _ROWS)
    simulator.be(_SLOW)
    running = Running(process.serves(fresh_database).url, APPLY, before=first)
    begun(simulator, running)
    assert stop(running, process).state == state
    _wait_for_its_end(postgres_server, fresh_database)
    simulator.be(Conditions())
    other = iasql.serves(fresh_database)
    left = set(rows(other, "SELECT action, table_name FROM iasql_plan_sync()"))
    assert "delete|service" in left
    # AWS gives a new group a rule of its own accord, for which a row may wait.
    assert {each for each in left if not each.startswith("delete")} <= {"update|security_group_rule"}
    succeed(other, APPLY)
    assert_holds_the_tutorial(simulator)
    assert rows(other, "SELECT * FROM iasql_plan_apply()") == []


def _wait_for_its_end(server: PostgresServer, database: Database) -> None:
    """Wait until the journal says that the operation has ended; then every step of it has."""
    deadline = time.monotonic() + _SECONDS
    with psycopg.connect(server.superuser_url(database.name), autocommit=True) as connection:
        while connection.execute("SELECT FROM iasql.iasql_operation WHERE ended_at IS NULL").rowcount:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        steps = connection.execute("SELECT outcome, ended_at IS NULL FROM iasql.iasql_step").fetchall()
    assert ("done", False) in steps
    assert not any(unended for _, unended in steps)
