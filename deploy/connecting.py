"""What `iasql connect`, `accounts`, `rotate` and `disconnect` do, and what they say on standard error."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import uvloop

from accounts.connect import Connected, Connecting, Wanted
from accounts.explained import explained
from accounts.model import Connection
from accounts.sessions import GivenKey
from deploy import options
from deploy.failure import StartError
from deploy.keys import make_secret_key, secret_keys
from deploy.postgres import check_version, client_url, reached, where
from engine.database.connection import Database
from engine.errors import OperationError
from modules.catalogue import find_modules


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where Postgres is, and the keys.

    Attributes:
        listen: where clients connect, None for what is known.
    """

    postgres: str | None
    data_dir: Path | None
    secret_key_file: Path | None
    listen: str | None


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A Postgres whose connections can be seen and changed.

    Attributes:
        url: gives what a role (with its password) connects to a database with.
    """

    connecting: Connecting
    url: Callable[[str, str], str]


def run(work: Coroutine[Any, Any, None]) -> None:
    """Do a command's work; what it was about is undone if a signal ends it."""

    async def ended_by_signals() -> None:
        task = asyncio.current_task()
        assert task is not None
        for wanted in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(wanted, task.cancel)
        await work

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(ended_by_signals())
    except StartError as error:
        _say(f"iasql: {error}")
        sys.exit(1)
    except OperationError as error:
        _say(f"iasql: {error.message}")
        for part in (error.detail, error.hint):
            if part:
                _say("  " + " ".join(part.split()))
        sys.exit(1)
    except (asyncio.CancelledError, KeyboardInterrupt):
        _say("iasql: ended before it was done; nothing is left of it")
        sys.exit(130)


@asynccontextmanager
async def _opened(place: Place) -> AsyncIterator[Opened]:
    if place.postgres and place.data_dir:
        raise StartError("--data-dir is for the embedded Postgres, which --postgres replaces")
    if place.postgres:
        async with _connecting(place, place.postgres, None) as connecting:
            yield Opened(connecting=connecting, url=lambda role, database: _url(place, role, database))
        return
    server, runs = await asyncio.to_thread((context := reached(place.data_dir)).__enter__)
    try:
        make_secret_key(server)

        def url(role: str, database: str) -> str:
            known = where(server, role, database) if runs and place.listen is None else []
            return known[0] if known else _url(place, role, database)

        async with _connecting(place, server.superuser_url(), server) as connecting:
            yield Opened(connecting=connecting, url=url)
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


@asynccontextmanager
async def _connecting(place: Place, postgres: str, embedded: Any) -> AsyncIterator[Connecting]:
    await check_version(postgres)
    keys = secret_keys(place.secret_key_file, embedded)()
    connecting = Connecting(Database(postgres), keys, find_modules())
    try:
        yield connecting
    finally:
        await connecting.close()


def _url(place: Place, role: str, database: str) -> str:
    ((address),) = options.listen([place.listen or "127.0.0.1:5432"], "0777")
    return client_url(role, f"/{database}", address, {})


async def connect(place: Place, wanted: Wanted, *, as_json: bool) -> None:
    """Connect a database, and print what to connect with."""
    async with _opened(place) as opened:
        made = await opened.connecting.connect(wanted)
        connection = made.connection
        role = quote(made.login, safe="") + (f":{made.password}" if made.password else "")
        url = opened.url(role, quote(connection.database, safe=""))
    _explain(made)
    if as_json:
        click.echo(json.dumps(_described(connection) | {"arn": made.arn, "user": made.login, "url": url}))
    else:
        click.echo(url)


def _explain(made: Connected) -> None:
    it = made.connection
    _say(f'Connected "{it.name}": AWS account {it.account} ({it.partition}), as {made.arn}')
    for line in explained(made):
        _say(line)
    if made.password is None:
        _say("The database's owner and logins are as they were.")
    else:
        _say("Keep what follows: the password is not shown again.")


async def accounts(place: Place, *, as_json: bool) -> None:
    """List the connections."""
    async with _opened(place) as opened:
        connections = await opened.connecting.all()
    if as_json:
        click.echo(json.dumps([_described(each) for each in connections]))
        return
    rows = [("name", "database", "account", "regions", "credentials")]
    rows += [
        (each.name, each.database, each.account, " ".join(each.regions), str(each.credentials))
        for each in connections
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


async def rotate(place: Place, name: str, key: GivenKey | None) -> None:
    """Give a connection a new password and its secret the newest key, and print what to connect with."""
    async with _opened(place) as opened:
        connection, password = await opened.connecting.rotate(name, key)
        if password is None:
            _say(f'"{name}" has no login of its own; its credentials are encrypted anew.')
            return
        assert connection.login is not None
        url = opened.url(
            f"{quote(connection.login, safe='')}:{password}", quote(connection.database, safe="")
        )
    _say(f'"{name}" has a new password: it is not shown again. Sessions that are open go on.')
    click.echo(url)


async def disconnect(place: Place, name: str, *, drop: bool) -> None:
    """End a connection."""
    async with _opened(place) as opened:
        connection = await opened.connecting.disconnect(name, drop=drop)
    _say(f'"{name}" is connected no more. What is in AWS account {connection.account} stays.')
    if not drop:
        _say(f'Database "{connection.database}" stays, and so do its logins.')


def _described(connection: Connection) -> dict[str, object]:
    return {
        "name": connection.name,
        "database": connection.database,
        "account": connection.account,
        "partition": connection.partition,
        "regions": list(connection.regions),
        "schema": connection.schema,
        "credentials": str(connection.credentials),
        "shared": connection.shared,
    }


def _say(line: str) -> None:
    click.echo(line, err=True)
