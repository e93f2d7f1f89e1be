"""Postgres, or a session of it, ends during an apply: what AWS did is in the journal, and found again."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest

from deploy import tutorial
from deploy.embedded_postgres import EmbeddedPostgres
from deploy.simulator.conditions import Conditions
from tests.drivers.psql.client import psql, rows, succeed
from tests.e2e.account import assert_holds_the_tutorial, inventory
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database, PostgresServer, free_port
from tests.fixtures.proxies import IasqlProcess, launch
from tests.soak.world import Running

APPLY = "SELECT * FROM iasql_apply();"
_ROWS = tutorial.migration(tutorial.V2).rpartition("SELECT * from iasql_apply()")[0]


@dataclass
class Mortal:
    """A Postgres that may die, and a proxy in front of it."""

    postgres: EmbeddedPostgres
    server: PostgresServer
    proxy: IasqlProcess

    @property
    def pid(self) -> int:
        """Of the process that all others of Postgres depend on."""
        return int((self.postgres.data_dir / "pgdata" / "postmaster.pid").read_text().split()[0])

    def restart(self) -> None:
        """Start it again, however it has ended."""
        self.postgres.stop()
        self.postgres.start()


@pytest.fixture(scope="module")
def mortal(simulator_process: Cloud) -> Iterator[Mortal]:
    port = free_port()
    # no fsync: what dies is a process, not the machine
    settings = {"fsync": "off", "listen_addresses": "127.0.0.1", "port": str(port)}
    with (
        TemporaryDirectory(prefix="iasql-tests-") as folder,
        EmbeddedPostgres(Path(folder) / "data", settings=settings) as postgres,
    ):
        server = PostgresServer(
            host="127.0.0.1",
            port=port,
            socket_dir=postgres.socket_dir,
            superuser_password=postgres.superuser_password,
        )
        proxy = launch(Path(folder) / "iasql.log", server, simulator_process)
        try:
            yield Mortal(postgres, server, proxy)
        finally:
            proxy.stop()


@pytest.fixture
def waiting_to_be_applied(mortal: Mortal, simulator: Cloud) -> Database:
    """The tutorial's rows."""
    database = mortal.server.create()
    succeed(mortal.proxy.serves(database), tutorial.migration(tutorial.V1) + _ROWS)
    return database


def check(mortal: Mortal, database: Database, simulator: Cloud) -> None:
    """What AWS did is in the journal, and the same proxy's next apply finishes."""
    made = {table for table, names in inventory(simulator).items() if names}
    made.discard("security_group_rule")  # AWS gives a new group one of its own accord
    with psycopg.connect(mortal.server.superuser_url(database.name)) as connection:
        steps = connection.execute("SELECT DISTINCT table_name FROM iasql.iasql_step").fetchall()
    assert made <= {table for (table,) in steps}
    proxied = mortal.proxy.serves(database)
    succeed(proxied, APPLY)
    assert_holds_the_tutorial(simulator)
    assert rows(proxied, "SELECT * FROM iasql_plan_apply()") == []
    assert rows(proxied, "SELECT * FROM iasql_plan_sync()") == []


@pytest.mark.parametrize("nth", [1, 5, 10])
@pytest.mark.parametrize("wanted", [signal.SIGQUIT, signal.SIGKILL], ids=lambda wanted: wanted.name)
def test_postgres_dies_when_aws_has_performed_a_change(
    mortal: Mortal, waiting_to_be_applied: Database, simulator: Cloud, wanted: signal.Signals, nth: int
) -> None:
    fault: dict[str, Any] = {"action": "kill_after", "mutating": True, "nth": nth}
    simulator.plan(fault | {"pid": mortal.pid, "signal": wanted.value})
    failed = psql(mortal.proxy.serves(waiting_to_be_applied), "-c", APPLY)
    assert failed.returncode != 0
    mortal.restart()
    check(mortal, waiting_to_be_applied, simulator)


@pytest.mark.parametrize(("engines", "state"), [(False, "57P01"), (True, "58000")], ids=["client", "engine"])
def test_postgres_ends_a_session_while_aws_is_being_changed(
    mortal: Mortal, waiting_to_be_applied: Database, simulator: Cloud, engines: bool, state: str
) -> None:
    """The client's own session, or the one with which the engine writes its journal."""
    simulator.be(Conditions(latency=1))
    url = mortal.proxy.serves(waiting_to_be_applied).url
    running = Running(url, APPLY)
    while len(simulator.calls(mutating=True)) < 4:
        assert running.is_running, running.wait()
        time.sleep(0.02)
    with psycopg.connect(mortal.server.superuser_url(waiting_to_be_applied.name), autocommit=True) as own:
        ended = own.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND (usename = current_user) = %s",
            [engines],
        )
        assert ended.fetchall() == [(True,)]
    assert running.wait().state == state
    simulator.be(Conditions())
    check(mortal, waiting_to_be_applied, simulator)
