"""Which AWS accounts a server works on, or what is missing to know it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ProfileNotFound
from botocore.session import Session

from accounts import policies
from accounts.registered import RegisteredAccounts
from accounts.seal import SecretKeys
from deploy.failure import StartError
from deploy.keys import secret_keys
from deploy.postgres import Backing
from deploy.simulated import SIMULATED_REGION, DefaultDatabase, SimulatedDatabases, Simulation
from engine.aws.account import Account, Accounts
from engine.aws.calls import identity
from engine.aws.session import Cloud, Identity
from engine.database.connection import Database
from engine.errors import OperationError
from modules.catalogue import find_modules

_PROFILE_SETTINGS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")


class Default:
    """The account of a server's default database.

    Attributes:
        simulation: the simulated AWS that it is in, or None for a real one.
    """

    def __init__(self, account: Account, simulation: Simulation | None) -> None:
        self.account = account
        self.simulation = simulation


async def start_default(simulate: str | None, stack: AsyncExitStack) -> Default:
    """Find out which account the default database is to manage, and say it.

    Args:
        simulate: a simulated account's conditions, or None for a real account.

    Raises:
        StartError: one line that says what is missing.
    """
    if simulate is not None:
        return await _start_simulated(simulate, stack)
    cloud = open_cloud()
    stack.push_async_callback(cloud.close)
    who = await identify(cloud)
    click.echo(f"AWS account {who.account}, region {who.region}, as {who.arn}")
    return Default(Account(_regions(cloud, lambda region: Cloud(region=region)), who.region), None)


async def start_accounts(
    default: Default,
    backing: Backing,
    stack: AsyncExitStack,
    *,
    simulated_databases: Sequence[str],
    secret_key_file: Path | None,
) -> Accounts:
    """The account of each database.

    Args:
        simulated_databases: patterns of names; databases of such a name have simulated accounts of their own.
        secret_key_file: has the keys that secrets are encrypted with.

    Raises:
        StartError: the keys cannot be read.
    """
    database = Database(backing.engine_url)
    keys = secret_keys(secret_key_file, backing.embedded)
    keys()  # what is wrong with them is said now
    accounts: Accounts
    if default.simulation is not None:
        accounts = DefaultDatabase(default.account, backing.database)
    else:
        accounts = RegisteredAccounts(
            database,
            default=default.account,
            default_database=backing.database,
            keys=_while_running(keys),
            reading_policy=policies.reading_session(find_modules()),
        )
    if simulated_databases:
        simulation = default.simulation or Simulation("plain", stack)
        accounts = SimulatedDatabases(accounts, simulated_databases, database, simulation)
    return accounts


def _while_running(keys: Callable[[], SecretKeys]) -> Callable[[], SecretKeys]:
    """Keys as an operation reads them: what is wrong with the file then is the operation's error."""

    def read() -> SecretKeys:
        try:
            return keys()
        except StartError as error:
            raise OperationError(str(error), sqlstate="58000") from error

    return read


def open_cloud() -> Cloud:
    """AWS as the standard settings and the standard credential chain say.

    Raises:
        StartError: no region is set, or the settings name something that does not exist.
    """
    try:
        # asked for here because STS alone would answer without one
        if not (os.environ.get("AWS_REGION") or Session().get_config_variable("region")):
            raise StartError("no AWS region is set; set AWS_REGION, or `region` in the AWS profile")
        return Cloud()
    except ProfileNotFound as error:
        raise StartError(f"{error}; check AWS_PROFILE and the AWS configuration file") from error
    except ValueError as error:
        raise StartError("AWS_MAX_ATTEMPTS is not a number") from error


async def identify(cloud: Cloud) -> Identity:
    """Ask AWS who we are.

    Raises:
        StartError: one line that says what is missing.
    """
    try:
        return await identity(cloud)
    except BotoCoreError as error:
        raise StartError(f"AWS cannot be used: {error}") from error
    except OperationError as error:
        parts = [error.message, error.detail, error.hint]
        raise StartError("; ".join(" ".join(part.split()).rstrip(".") for part in parts if part)) from error


async def _start_simulated(conditions: str, stack: AsyncExitStack) -> Default:
    for name in _PROFILE_SETTINGS:
        os.environ.pop(name, None)  # nothing of a real account is looked at
    simulation = Simulation(conditions, stack)
    endpoint = await simulation.start()
    region = os.environ.get("AWS_REGION") or SIMULATED_REGION
    click.echo(f"Simulated AWS: {endpoint}")
    variables = simulation.credentials() | {"AWS_REGION": region, "AWS_ENDPOINT_URL": endpoint}
    click.echo("For the AWS CLI: export " + " ".join(f"{name}={value}" for name, value in variables.items()))
    return Default(simulation.account(), simulation)


def _regions(default: Cloud, other: Callable[[str], Cloud]) -> Callable[[str | None], Cloud]:
    """Opens the regions of an account whose default one is open, and who it is known."""

    def opened(region: str | None) -> Cloud:
        if region is None:
            return default
        cloud = other(region)
        assert default.identity is not None
        cloud.identity = replace(default.identity, region=region)
        return cloud

    return opened
