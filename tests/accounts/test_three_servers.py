"""Three servers on one Postgres: they agree on what is connected, and each goes on where another one dies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.accounts.conftest import ONE, OTHER, Commands, at, groups
from tests.fixtures.cloud import Cloud
from tests.fixtures.proxies import IasqlProcess

_WORKERS, _EACH = 3, 4


def apply_group(servers: list[IasqlProcess], url: str, name: str) -> None:
    """Insert a log group and apply it, at the first server that is alive; at the next if that one dies."""
    seen: list[str] = []
    for server in servers:
        try:
            with psycopg.connect(at(server, url), autocommit=True) as session:
                session.execute(
                    "INSERT INTO log_group (log_group_name) VALUES (%s) ON CONFLICT DO NOTHING", [name]
                )
                session.execute("SELECT * FROM iasql_apply()")
                return
        except psycopg.OperationalError as error:
            if error.sqlstate is not None:
                raise  # a server that has died says nothing
            seen.append(str(error))
    raise AssertionError(f"no server is left: {seen}")


def test_one_dies_in_an_apply_while_databases_are_connected_and_disconnected(
    commands: Commands, simulator: Cloud
) -> None:
    servers = [commands.up("--drain", str(number)) for number in range(3)]
    url = commands.connect("one").url
    with psycopg.connect(at(servers[1], url), autocommit=True) as session:
        session.execute("SELECT * FROM iasql_install('aws_cloudwatch')")
    fault = {"action": "kill_after", "pid": servers[0].pid, "operation": "CreateLogGroup", "nth": 3}
    simulator.plan(fault)

    def work(number: int) -> None:
        in_turn = [servers[(number + each) % 3] for each in range(3)]
        for each in range(_EACH):
            apply_group(in_turn, url, f"/{number}-{each}")

    def churn() -> None:
        for number in range(3):
            made = commands.connect(f"other-{number}", account=OTHER)
            assert made.status == 0, made.err
            with psycopg.connect(at(servers[1 + number % 2], made.url), autocommit=True) as session:
                session.execute("SELECT * FROM iasql_install('aws_cloudwatch')")
            gone = commands.run("disconnect", f"other-{number}", "--drop-database")
            assert gone.status == 0, gone.err

    with ThreadPoolExecutor(_WORKERS) as pool:
        working = [pool.submit(work, number) for number in range(_WORKERS)]
        churn()
        for each in working:
            each.result()
    servers[0].wait_for_death()
    wanted = sorted(f"/{number}-{each}" for number in range(_WORKERS) for each in range(_EACH))
    assert groups(simulator, ONE) == wanted
    assert groups(simulator, OTHER) == []
    assert [each["name"] for each in commands.accounts()] == ["one"]
    for server in servers[1:]:
        with psycopg.connect(at(server, url), autocommit=True) as session:
            assert session.execute("SELECT * FROM iasql_plan_apply()").fetchall() == []
