"""The engine on a simulated account and a real database, without the proxy between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import cache

import asyncpg
import pytest
from botocore.loaders import create_loader

from engine.aws.patience import Patience
from engine.aws.retries import Retries
from engine.aws.session import Cloud as EngineCloud
from engine.operations import Engine
from modules.catalogue import find_modules
from tests.engine.direct import DirectCaller, Session
from tests.fixtures.cloud import REGION, Cloud
from tests.fixtures.databases import Database, PostgresServer


@pytest.fixture(scope="session", autouse=True)
def quick_clients() -> Iterator[None]:
    """Lets clients share what one has read of AWS's models, and read no certificates: both take a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", cache(create_loader))
        patch.setattr("aiobotocore.httpsession.get_cert_path", lambda verify: None)
        yield


@pytest.fixture
async def engine(simulator: Cloud, postgres_server: PostgresServer) -> AsyncIterator[Engine]:
    """An engine that manages the simulated account."""
    engine = Engine(
        postgres_url=postgres_server.url,
        catalogue=find_modules(),
        cloud=EngineCloud(
            region=REGION,
            endpoint_url=simulator.endpoint,
            access_key="simulated",
            secret_key="simulated",
            retries=Retries(attempts=3, throttled=2),
        ),
        patience=Patience(eventual=5, busy=3, lost=1),
    )
    yield engine
    await engine.close()


@pytest.fixture
async def session(engine: Engine, fresh_database: Database) -> AsyncIterator[Session]:
    """A client's session in a fresh database."""
    await engine.prepare_database(fresh_database.name)
    connection = await asyncpg.connect(fresh_database.url, statement_cache_size=0)
    yield Session(engine, DirectCaller(connection, fresh_database.name, fresh_database.role))
    await connection.close()
