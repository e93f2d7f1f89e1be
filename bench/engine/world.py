"""An engine, a database and an account, ready to be measured."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from bench.engine.cloud import BenchCloud
from deploy.embedded_postgres import EmbeddedPostgres
from engine.operations import Engine
from tests.engine.direct import DirectCaller, Session
from tests.fixtures.databases import Database, PostgresServer, free_port

MODULES = (
    "aws_iam", "aws_cloudwatch", "aws_ecr", "aws_ecs_fargate", "aws_elb", "aws_security_group", "aws_vpc",
)  # fmt: skip


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """A server with the settings that `iasql up` gives it; what it commits is on disk."""
    port = free_port()
    settings = {"listen_addresses": "127.0.0.1", "port": str(port)}
    with (
        TemporaryDirectory(prefix="iasql-bench-") as folder,
        EmbeddedPostgres(Path(folder) / "data", settings=settings) as server,
    ):
        yield PostgresServer(
            host="127.0.0.1",
            port=port,
            socket_dir=server.socket_dir,
            superuser_password=server.superuser_password,
        )


@dataclass
class World:
    """One client's session of an engine, in a database of its own."""

    session: Session
    cloud: BenchCloud


@asynccontextmanager
async def world(
    server: PostgresServer, cloud: BenchCloud, there: Database | None = None
) -> AsyncIterator[World]:
    """An engine on an account, and a session of a client.

    Args:
        there: a database that stays; else a new one, with no module installed, that goes in the end.
    """
    database = there or server.create()
    engine = Engine(postgres_url=server.url, cloud=cloud)
    await engine.prepare_database(database.name)
    connection = await asyncpg.connect(database.url, statement_cache_size=0)
    try:
        yield World(Session(engine, DirectCaller(connection, database.name, database.role)), cloud)
    finally:
        await connection.close()
        await engine.close()
        if there is None:
            server.drop(database)


def tutorial(project: str) -> str:
    """The tutorial's rows for a project, without the calls before and after them."""
    values = {
        "region": project,  # where it only makes the role's name
        "project_name": project,
        "task_def_resources": "vCPU2-8GB",
        "image_tag": "latest",
        "container_mem_reservation": "8192",
        "port": "8088",
    }
    text = resources.files("deploy.tutorial").joinpath("migrations/V2__init.sql").read_text()
    text = re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], text)
    return re.sub(r"SELECT \* from iasql_apply\(\);", "", text)
