"""An engine, a database and an account, ready to be measured."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import resources

from bench.engine.cloud import BenchCloud
from engine.aws.account import only
from engine.aws.session import Cloud
from engine.operations import Engine
from modules.catalogue import find_modules
from tests.engine.direct import Session, session_in
from tests.fixtures.databases import Database, PostgresServer

MODULES = (
    "aws_iam", "aws_cloudwatch", "aws_ecr", "aws_ecs_fargate", "aws_elb", "aws_security_group", "aws_vpc",
)  # fmt: skip


@dataclass
class World:
    """One client's session of an engine, in a database of its own."""

    session: Session
    cloud: BenchCloud


@asynccontextmanager
async def world(
    server: PostgresServer, cloud: BenchCloud, there: Database | None = None
) -> AsyncIterator[World]:
    """An engine on an account in memory, and a session of a client.

    Args:
        there: as of `session_of`.
    """
    async with session_of(server, cloud, there) as session:
        yield World(session, cloud)


@asynccontextmanager
async def session_of(
    server: PostgresServer, cloud: Cloud, there: Database | None = None
) -> AsyncIterator[Session]:
    """A session of a client of an engine on an account.

    Args:
        there: a database that stays; else a new one, with no module installed, that goes in the end.
    """
    database = there or server.create()
    engine = Engine(postgres_url=server.url, accounts=only(cloud), catalogue=find_modules())
    try:
        async with session_in(engine, database) as session:
            yield session
    finally:
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
