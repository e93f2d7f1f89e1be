"""The admin port: what it says of us, and what it counts."""

from __future__ import annotations

import asyncio
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from deploy.admin import Admin
from engine.aws.account import only
from engine.aws.session import Cloud as EngineCloud
from engine.database.connection import Database as EngineDatabase
from engine.operations import Engine
from modules.catalogue import find_modules
from proxy.entry.listeners import TCPAddress
from proxy.server import Proxy
from proxy.transport.upstream import Upstream
from tests.deploy.test_up import IASQL
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database, free_port
from tests.fixtures.proxies import IasqlProcess, StartIasql
from tests.fixtures.tools import run

Sample = Callable[..., float]


def ask(port: int, path: str) -> tuple[int, str]:
    """What the admin port answers."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as reply:
            return reply.status, reply.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def admin_port(iasql: IasqlProcess) -> int:
    found = re.search(r"Metrics: http://127\.0\.0\.1:(\d+)/metrics", iasql.output)
    assert found is not None
    return int(found[1])


def scrape(port: int) -> Sample:
    """What has been counted, by the name of a sample and its labels."""
    status, text = ask(port, "/metrics")
    assert status == 200
    samples = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    return lambda name, **labels: samples.get((f"iasql_{name}", frozenset(labels.items())), 0.0)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_connections_operations_steps_and_calls_are_counted(
    start_iasql: StartIasql, simulator: Cloud, fresh_database: Database
) -> None:
    iasql = start_iasql("--admin", "127.0.0.1:0")
    port = admin_port(iasql)
    database = iasql.serves(fresh_database)
    with psycopg.connect(database.url, autocommit=True) as client:
        client.execute("SELECT * FROM iasql_install('aws_cloudwatch')")
        client.execute("INSERT INTO log_group (log_group_name) VALUES ('one'), ('two')")
        simulator.plan({"action": "throttle", "operation": "CreateLogGroup"})
        client.execute("SELECT * FROM iasql_apply()")
        client.execute("SELECT repeat('x', 1000000)").fetchall()
        during = scrape(port)
    assert during("sessions") == 1
    assert during("received_bytes_total", sender="server") > 1_000_000
    wrong = database.url.replace(database.name, "nowhere")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(wrong)
    until(lambda: scrape(port)("connections_ended_total", outcome="server_refused") == 1)
    until(lambda: scrape(port)("sessions") == 0)  # the end of the first may be noticed later
    after = scrape(port)
    assert after("sessions") == after("operations_running") == after("draining") == 0
    assert after("connections_total") == 2
    assert after("logins_total", outcome="done") == after("login_seconds_count") == 1
    assert after("logins_total", outcome="server_refused") == 1
    assert after("received_bytes_total", sender="client") > 100
    assert after("operations_total", function="iasql_apply", outcome="done") == 1
    assert after("operation_seconds_count", function="iasql_install") == 1
    assert after("steps_total", action="create", outcome="done") == 2
    calls = {"service": "logs", "operation": "CreateLogGroup"}
    assert after("aws_calls_total", outcome="done", **calls) == 2
    assert after("aws_throttles_total", service="logs") == after("aws_retries_total", service="logs") == 1
    assert after("aws_call_seconds_count", service="logs") >= 3


def test_what_the_proxy_refuses_is_counted_by_its_sqlstate(
    start_iasql: StartIasql, fresh_database: Database
) -> None:
    iasql = start_iasql("--admin", "127.0.0.1:0", "--max-connections", "1")
    database = iasql.serves(fresh_database)
    with psycopg.connect(database.url), pytest.raises(psycopg.OperationalError, match="too many clients"):
        psycopg.connect(database.url)
    until(lambda: scrape(admin_port(iasql))("connections_refused_total", sqlstate="53300") == 1)


def test_a_stopping_proxy_is_alive_but_not_ready(
    start_iasql: StartIasql, simulator: Cloud, fresh_database: Database
) -> None:
    iasql = start_iasql("--admin", "127.0.0.1:0")
    port = admin_port(iasql)
    assert ask(port, "/healthz") == (200, "alive\n")
    assert ask(port, "/readyz") == (200, "ready\n")
    client = psycopg.connect(iasql.serves(fresh_database).url, autocommit=True)
    client.execute("SELECT * FROM iasql_install('aws_cloudwatch')")
    client.execute("INSERT INTO log_group (log_group_name) VALUES ('one')")
    simulator.plan({"action": "delay", "operation": "CreateLogGroup", "seconds": 6})
    apply = threading.Thread(target=_apply, args=(client,))
    apply.start()
    until(lambda: simulator.called("CreateLogGroup") == 1)
    assert scrape(port)("operations_running") == 1
    ending = threading.Thread(target=iasql.stop, args=(signal.SIGTERM,))
    ending.start()
    until(lambda: ask(port, "/readyz") == (503, "not ready: the proxy is stopping\n"))
    assert ask(port, "/healthz")[0] == 200
    assert scrape(port)("draining") == 1
    ending.join()
    apply.join()


def _apply(client: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.OperationalError, match="administrator command"):
        client.execute("SELECT * FROM iasql_apply()")


async def test_without_postgres_it_is_not_ready() -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    engine = Engine(
        postgres_url=url, accounts=only(EngineCloud(region="us-east-1")), catalogue=find_modules()
    )
    proxy = Proxy(listen=[TCPAddress("127.0.0.1", 0)], upstream=Upstream.from_url(url), engine=engine)
    admin = Admin(proxy, EngineDatabase(url), CollectorRegistry())
    await admin.start(TCPAddress("127.0.0.1", 0))
    answer = await asyncio.to_thread(ask, admin.address.port, "/readyz")
    await admin.close()
    assert answer == (503, "not ready: the backing PostgreSQL does not answer\n")


def test_an_admin_port_that_is_taken_is_named(start_iasql: StartIasql, data_dir: Path) -> None:
    taken = admin_port(start_iasql("--admin", "127.0.0.1:0"))
    command = ["up", "--simulate", "--data-dir", str(data_dir)]
    command += ["--listen", "127.0.0.1:0", "--admin", f"127.0.0.1:{taken}"]
    result = run([*IASQL, *command], seconds=60)
    assert result.returncode == 1
    assert f"cannot listen on 127.0.0.1:{taken}" in result.stderr
