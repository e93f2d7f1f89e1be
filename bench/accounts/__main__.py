"""`python -m bench.accounts`: what connected accounts cost of which few work, and what a lookup takes."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from accounts.connect import Connecting, Wanted
from accounts.policies import reading_session
from accounts.registered import RegisteredAccounts
from accounts.seal import SecretKeys, new_key
from accounts.sessions import GivenKey
from bench.figures import Figure, keep, show
from deploy.simulator.process import SimulatorProcess
from engine.aws.account import Account
from engine.aws.calls import call
from engine.aws.session import Cloud
from engine.database.connection import Database
from modules.catalogue import find_modules
from tests.fixtures import cloud
from tests.fixtures.databases import running_postgres

#: What a working account does, again and again.
_CALLS = (
    ("ec2", "describe_vpcs"),
    ("ecs", "list_clusters"),
    ("elbv2", "describe_load_balancers"),
    ("iam", "list_roles"),
    ("logs", "describe_log_groups"),
    ("ecr", "describe_repositories"),
)
_IDLE = 20.0


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a process has used: megabytes, processor's seconds; milliseconds of a lookup."""

    memory: float
    processor: float
    lookup: float


@click.command()
@click.option("--connected", default=200, show_default=True)
@click.option("--busy", default=5, show_default=True)
@click.option("--rounds", default=100, show_default=True, help="How often each busy account is worked on.")
@click.option("--alone", is_flag=True, hidden=True)
@click.option("--connect-at", metavar="URL", hidden=True)
def main(connected: int, busy: int, rounds: int, alone: bool, connect_at: str | None) -> None:
    """Work on a few accounts while only those are connected, and while many are that were used before."""
    if connect_at:
        keys = SecretKeys.read(os.environ["IASQL_SECRET_KEY"])
        print(json.dumps(asyncio.run(_connect(Database(connect_at), keys, connected))))
        return
    if alone:
        print(json.dumps(asdict(asyncio.run(_cost(connected, busy, rounds)))))
        return
    few, many = (_apart(number, busy, rounds) for number in (busy, connected))
    said = f"{busy} accounts that work, {connected} connected, against {busy} connected"
    figures = [
        Figure(name=f"{said}: memory", value=many.memory / few.memory, unit="×", aim=1.1),
        Figure(name=f"{said}: CPU", value=many.processor / few.processor, unit="×", aim=1.1),
        Figure(name="Looking up a database's account, before each operation", value=many.lookup, unit="ms"),
    ]
    for each in figures:
        show(each)
    keep("accounts", figures)


def _apart(connected: int, busy: int, rounds: int) -> Cost:
    """The cost in a process of its own, since memory does not always go back."""
    options = ["--connected", str(connected), "--busy", str(busy), "--rounds", str(rounds), "--alone"]
    command = [sys.executable, "-m", "bench.accounts", *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Cost(**json.loads(done.stdout))


async def _cost(connected: int, busy: int, rounds: int) -> Cost:
    with running_postgres() as server, SimulatorProcess() as simulator:
        os.environ.update(cloud.Cloud(simulator.endpoint).environment)
        database, key = Database(server.url), new_key()
        keys = SecretKeys.read(key)
        names = _connect_elsewhere(server.url, key, connected)
        accounts = RegisteredAccounts(
            database,
            default=Account(lambda region: Cloud(region=region)),
            default_database="postgres",
            keys=lambda: keys,
            reading_policy=reading_session(find_modules()),
            idle=_IDLE,
        )
        for name in names[busy:]:
            await accounts.of(name)
        async with asyncio.timeout(_IDLE * 10):
            while accounts.open:  # noqa: ASYNC110 — nothing tells when the last one is closed
                await asyncio.sleep(_IDLE / 4)
        cost = await _work(accounts, names[:busy], rounds)
        await accounts.close()
        return cost


def _connect_elsewhere(url: str, key: str, number: int) -> Sequence[str]:
    """Connect databases in another process, as the command does; their names."""
    command = [sys.executable, "-m", "bench.accounts", "--connected", str(number), "--connect-at", url]
    env = os.environ | {"IASQL_SECRET_KEY": key}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    names: list[str] = json.loads(done.stdout)
    return names


async def _connect(database: Database, keys: SecretKeys, number: int) -> Sequence[str]:
    connecting = Connecting(database, keys, find_modules())
    names = []
    for account in range(1, number + 1):
        key = GivenKey(f"simulated-{account:012}", "secret")
        wanted = Wanted(name=f"account-{account}", regions=(cloud.REGION,), credentials=key)
        names.append((await connecting.connect(wanted)).connection.database)
    await connecting.close()
    return names


async def _work(accounts: RegisteredAccounts, names: Sequence[str], rounds: int) -> Cost:
    for name in names:
        await _round(accounts, name)
    before = _processor()
    for _ in range(rounds):
        await asyncio.gather(*(_round(accounts, name) for name in names))
    used = _processor() - before
    begun = time.perf_counter()
    for _ in range(500):
        await accounts.of(names[0])
    return Cost(memory=_memory(), processor=used, lookup=(time.perf_counter() - begun) * 2)


async def _round(accounts: RegisteredAccounts, name: str) -> None:
    account = await accounts.of(name)
    for service, operation in _CALLS:
        await call(account.cloud(), service, operation, {})


def _processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _memory() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / (1 << 20)


if __name__ == "__main__":
    main()
