"""`iasql up --watch`: an edit beside it is told and recorded, whichever of two servers lives."""

from __future__ import annotations

import asyncio
import json
import signal

import asyncpg

from tests.deploy.test_admin import admin_port, scrape
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database
from tests.fixtures.proxies import IasqlProcess, StartIasql

_SECONDS = 60


async def the_one_that_watches(*some: IasqlProcess) -> IasqlProcess:
    async with asyncio.timeout(_SECONDS):
        while True:
            for each in some:
                if "this server watches" in each.log:
                    return each
            await asyncio.sleep(0.02)


async def test_an_edit_is_told_and_recorded_and_another_server_takes_over(
    start_iasql: StartIasql, fresh_database: Database, simulator: Cloud
) -> None:
    options = ("--watch", "1s", "--log-format", "json", "--admin", "127.0.0.1:0")
    servers = [start_iasql(*options, env={"CONNECTED_DATABASES": fresh_database.name}) for _ in range(2)]
    leader = await the_one_that_watches(*servers)
    (other,) = [each for each in servers if each is not leader]
    ecr = simulator.client("ecr")
    ecr.create_repository(repositoryName="one")
    connection = await asyncpg.connect(other.serves(fresh_database).url)
    await connection.fetch("SELECT * FROM iasql_install('aws_ecr')")
    rows = await connection.fetch("SELECT r.*, r.xmin::text FROM repository AS r")
    heard: asyncio.Queue[str] = asyncio.Queue()
    await connection.add_listener("iasql_drift", lambda *each: heard.put_nowait(each[3]))

    def edit(on: bool) -> int:
        ecr.put_image_scanning_configuration(
            repositoryName="one", imageScanningConfiguration={"scanOnPush": on}
        )
        return len(simulator.calls(mutating=True))

    changes = edit(True)
    told = json.loads(await asyncio.wait_for(heard.get(), _SECONDS))
    assert told["drifted"] == {"us-east-1": {"repository": 1}}
    seen = await connection.fetchrow(
        "SELECT column_name, base_value::text, seen_value::text, operation FROM iasql.drift"
    )
    assert tuple(seen or ()) == ("scan_on_push", "false", "true", told["operation"])
    assert await connection.fetch("SELECT r.*, r.xmin::text FROM repository AS r") == rows
    assert len(simulator.calls(mutating=True)) == changes
    assert "this server watches" not in other.log
    sample = scrape(admin_port(leader))
    assert sample("looks_total", database=fresh_database.name, outcome="done") >= 1
    assert sample("drifted_resources", database=fresh_database.name) == 1

    await connection.fetch("SELECT * FROM iasql_sync()")
    assert await connection.fetchval("SELECT count(*) FROM iasql.drift WHERE upper_inf(valid)") == 0

    leader.stop(signal.SIGKILL)
    await the_one_that_watches(other)
    edit(False)
    told = json.loads(await asyncio.wait_for(heard.get(), _SECONDS))
    assert told["drifted"] == {"us-east-1": {"repository": 1}}
    assert "Traceback" not in other.log
    await connection.close()
