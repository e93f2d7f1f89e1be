"""One trial: a stack is made and deleted under one kind of fault, and what came of it is looked at."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from bench.faults.troubles import PATIENCE, Trouble
from deploy import tutorial
from engine.aws.account import only
from engine.aws.patience import Patience
from engine.aws.session import Cloud as EngineCloud
from engine.errors import OperationError
from engine.operations import Engine
from modules.catalogue import find_modules
from tests.e2e.account import assert_holds_the_tutorial, assert_is_empty, inventory
from tests.engine.direct import Session, session_in
from tests.fixtures.cloud import REGION, Cloud
from tests.fixtures.databases import PostgresServer

#: How often an apply is tried while calls go wrong; the one after that has nothing in its way.
ATTEMPTS = 3
CATALOGUE = find_modules()
_CALL = re.compile(r"(?:Also: .* \()?([a-z0-9-]+) ([a-z_]+): ")
_SERVICES = {"elbv2": "elasticloadbalancing"}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one apply went.

    Attributes:
        struck: how many calls the fault struck.
        applies: how many applies it took.
        errors: of those that failed.
    """

    struck: int
    applies: int
    errors: tuple[str, ...]


async def trial(
    server: PostgresServer, account: Cloud, trouble: Trouble, rate: float, seed: int, *, all_calls: bool
) -> list[Outcome]:
    """Make the tutorial's stack and delete it.

    Args:
        all_calls: strike also those that only read, which an apply makes first and needs all of.

    Raises:
        AssertionError: an error did not name what failed, or the account or the plan is not as it must be.
    """
    account.reset()
    inventory(account)  # the simulator reads a service's code at its first call
    hangs = "hang" in trouble.fault["action"]
    async with _session(server, account, PATIENCE if hangs else 60) as session:
        changes = tutorial.migration(tutorial.V2).rpartition("SELECT * from iasql_apply()")[0]
        await _install(session)
        await session.execute(changes)
        fault = dict(trouble.fault) | {"rate": rate, "seed": seed, "times": 0}
        fault |= {} if all_calls else {"mutating": True}
        made = await _apply(session, account, fault)
        assert_holds_the_tutorial(account)
        await _nothing_is_left_to_do(session)
        await session.execute("SELECT delete_all_records()")
        deleted = await _apply(session, account, fault | {"seed": seed + 1000})
        assert_is_empty(account)
        await _nothing_is_left_to_do(session)
        return [made, deleted]


@asynccontextmanager
async def _session(server: PostgresServer, account: Cloud, read_timeout: float) -> AsyncIterator[Session]:
    database = server.create()
    cloud = EngineCloud(
        region=REGION,
        endpoint_url=account.endpoint,
        access_key="simulated",
        secret_key="simulated",
        read_timeout=read_timeout,
    )
    engine = Engine(
        postgres_url=server.url,
        accounts=only(cloud),
        catalogue=CATALOGUE,
        patience=Patience(eventual=20, busy=20),
    )
    try:
        async with session_in(engine, database) as session:
            yield session
    finally:
        await engine.close()
        server.drop(database)


async def _install(session: Session) -> None:
    """Install all modules; not what is looked at, and so tried again if the machine is too busy."""
    for _ in range(3):
        with suppress(OperationError):
            await session("iasql_install", *(module.name for module in CATALOGUE.modules))
            return
    raise AssertionError("the modules cannot be installed")


async def _apply(session: Session, account: Cloud, fault: dict[str, object]) -> Outcome:
    """Apply until it works, the last time without a fault."""
    account.plan(fault)
    errors: list[str] = []
    seen = len(account.calls())
    while True:
        if len(errors) == ATTEMPTS:
            account.cancel_faults()
        try:
            await session("iasql_apply")
        except OperationError as error:
            if len(errors) == ATTEMPTS:
                raise AssertionError(f"the apply without faults failed: {error}: {error.detail}") from error
            struck = [each for each in account.calls()[seen:] if each["fault"]]
            _names_what_failed(error, {(each["service"], each["operation"]) for each in struck})
            errors.append(f"{error.message}: {error.detail}")
        else:
            break
    account.cancel_faults()
    struck = [each for each in account.calls()[seen:] if each["fault"]]
    return Outcome(struck=len(struck), applies=len(errors) + 1, errors=tuple(errors))


def _names_what_failed(error: OperationError, struck: set[tuple[str, str]]) -> None:
    """An error names the table, and every call that it tells of is one that was struck."""
    told = [found for line in (error.detail or "").splitlines() if (found := _CALL.match(line))]
    assert error.table is not None
    assert error.table in CATALOGUE.resources, f"no table: {error}"
    assert error.table in error.message, error.message
    assert told, f"no call: {error.detail}"
    for found in told:
        service = _SERVICES.get(found[1], found[1])
        operation = found[2].replace("_", "")
        assert any(name == service and each.lower() == operation for name, each in struck), (
            f"{found[0]} was not struck: {error.detail}"
        )


async def _nothing_is_left_to_do(session: Session) -> None:
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []
