"""`iasql connect`, `accounts`, `rotate` and `disconnect`: which database manages which AWS account."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import click
import uvloop

from accounts import policies
from accounts.connect import Connected, Connecting, Wanted
from accounts.model import Connection, Profile, Role, Standard
from accounts.sessions import GivenKey, Usable
from deploy import options
from deploy.failure import StartError
from deploy.keys import make_secret_key, secret_keys
from deploy.postgres import check_version, client_url, reached, where
from engine.database.connection import Database
from engine.errors import OperationError
from modules.catalogue import find_modules

F = TypeVar("F", bound=Callable[..., Any])

_PATH = click.Path(path_type=Path)


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


def where_postgres_is(command: F) -> F:
    """The options of `iasql up` that say where Postgres is, and what belongs to it."""
    for option in (
        click.option(
            "--listen",
            envvar="IASQL_LISTEN",
            metavar="HOST:PORT",
            help="Where clients reach the server, for the connection string.  [default: where it listens, or "
            "127.0.0.1:5432]",
        ),
        click.option(
            "--secret-key-file",
            envvar="IASQL_SECRET_KEY_FILE",
            type=_PATH,
            help="Keys that kept secrets are encrypted with; IASQL_SECRET_KEY has one itself.  [default: a "
            "file beside the embedded Postgres' data]",
        ),
        click.option(
            "--data-dir",
            envvar="IASQL_DATA_DIR",
            type=_PATH,
            help="Where the embedded Postgres keeps its data.",
        ),
        click.option(
            "--postgres",
            envvar="IASQL_POSTGRES",
            metavar="URL",
            help="The Postgres of the server, if it is not the embedded one.",
        ),
    ):
        command = option(command)
    return command


@click.command("connect")
@click.argument("name")
@click.option(
    "--region",
    "regions",
    multiple=True,
    required=True,
    help="A region to manage; give as many as you like, the default one first.",
)
@click.option("--role-arn", metavar="ARN", help="A role that the server assumes with its own credentials.")
@click.option("--source-identity", is_flag=True, help="Let the role's sessions carry a SourceIdentity, too.")
@click.option("--profile", help="A profile in the AWS configuration of the server's machine.")
@click.option("--access-key-id", metavar="ID", help="An access key; its secret is asked for.")
@click.option("--secret-from", metavar="FILE", help="Where the access key's secret is; - for standard input.")
@click.option("--existing", metavar="DATABASE", help="Connect a database that is there already.")
@click.option("--database", metavar="NAME", help="Name of the new database.  [default: by chance]")
@click.option("--user", metavar="NAME", help="Name of the login that owns it.  [default: by chance]")
@click.option(
    "--schema", default="public", show_default=True, help="The schema of the default region's tables."
)
@click.option("--shared", is_flag=True, help="Let another database manage the same account, too.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
@where_postgres_is
def connect_command(
    name: str,
    regions: tuple[str, ...],
    role_arn: str | None,
    source_identity: bool,
    profile: str | None,
    access_key_id: str | None,
    secret_from: str | None,
    existing: str | None,
    database: str | None,
    user: str | None,
    schema: str,
    shared: bool,
    as_json: bool,
    postgres: str | None,
    data_dir: Path | None,
    secret_key_file: Path | None,
    listen: str | None,
) -> None:
    """Connect a database to an AWS account, under a NAME of your choice.

    Makes a database and a login that owns it, and prints what to connect with, once. Without credentials it
    is the account of the standard AWS variables, and the server has to have the same credentials.
    """
    if existing is not None and database is not None:
        raise click.UsageError("--database is for a new one, and --existing for one that is there")
    wanted = Wanted(
        name=name,
        regions=tuple(dict.fromkeys(regions)),
        credentials=_credentials(role_arn, source_identity, profile, access_key_id, secret_from),
        existing=existing,
        database=database,
        login=user,
        schema=schema,
        shared=shared,
    )
    place = Place(
        postgres=postgres, data_dir=data_dir, secret_key_file=secret_key_file, listen=_checked(listen)
    )
    _run(_connect(place, wanted, as_json=as_json))


@click.command("accounts")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@where_postgres_is
def accounts_command(
    as_json: bool,
    postgres: str | None,
    data_dir: Path | None,
    secret_key_file: Path | None,
    listen: str | None,
) -> None:
    """List which database is connected to which AWS account."""
    place = Place(postgres=postgres, data_dir=data_dir, secret_key_file=secret_key_file, listen=listen)
    _run(_accounts(place, as_json=as_json))


@click.command("rotate")
@click.argument("name")
@click.option("--access-key-id", metavar="ID", help="Another access key to use from now on.")
@click.option("--secret-from", metavar="FILE", help="Where its secret is; - for standard input.")
@where_postgres_is
def rotate_command(
    name: str,
    access_key_id: str | None,
    secret_from: str | None,
    postgres: str | None,
    data_dir: Path | None,
    secret_key_file: Path | None,
    listen: str | None,
) -> None:
    """Give a connection's login a new password, and encrypt its secret with the newest key.

    Prints what to connect with from now on, once.
    """
    place = Place(
        postgres=postgres, data_dir=data_dir, secret_key_file=secret_key_file, listen=_checked(listen)
    )
    key = GivenKey(access_key_id, _secret(secret_from)) if access_key_id else None
    _run(_rotate(place, name, key))


@click.command("disconnect")
@click.argument("name")
@click.option("--drop-database", is_flag=True, help="Drop the database, and the login that was made for it.")
@where_postgres_is
def disconnect_command(
    name: str,
    drop_database: bool,
    postgres: str | None,
    data_dir: Path | None,
    secret_key_file: Path | None,
    listen: str | None,
) -> None:
    """End a connection. What is in AWS stays, and so does the database."""
    place = Place(postgres=postgres, data_dir=data_dir, secret_key_file=secret_key_file, listen=listen)
    _run(_disconnect(place, name, drop=drop_database))


def _credentials(
    role_arn: str | None,
    source_identity: bool,
    profile: str | None,
    access_key_id: str | None,
    secret_from: str | None,
) -> Usable:
    if source_identity and not role_arn:
        raise click.UsageError("--source-identity is for --role-arn")
    given = [each for each in (role_arn, profile, access_key_id) if each]
    if len(given) > 1:
        raise click.UsageError("--role-arn, --profile and --access-key-id exclude each other")
    if secret_from and not access_key_id:
        raise click.UsageError("--secret-from is for --access-key-id")
    if access_key_id:
        return GivenKey(access_key_id, _secret(secret_from))
    if role_arn:
        if not re.fullmatch(r"arn:[^:]+:iam::\d{12}:role/.+", role_arn):
            raise click.BadParameter(f"{role_arn} is no role's ARN", param_hint="--role-arn")
        return Role(role_arn, external_id="", source_identity=source_identity)
    profile = profile or os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE")
    return Profile(profile) if profile else Standard()


def _secret(source: str | None) -> str:
    """A secret, asked for without echo, or read."""
    if source is None:
        secret = str(click.prompt("Secret access key", hide_input=True, err=True))
    elif source == "-":
        secret = sys.stdin.readline()
    else:
        try:
            secret = Path(source).read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise click.BadParameter(f"cannot be read: {error}", param_hint="--secret-from") from error
    if not secret.strip():
        raise click.BadParameter("there is no secret in it", param_hint="--secret-from")
    return secret.strip()


def _checked(listen: str | None) -> str | None:
    if not listen:
        return None
    first = listen.split()[0]  # IASQL_LISTEN may have several
    options.listen([first], "0777")
    return first


def _run(work: Coroutine[Any, Any, None]) -> None:
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


async def _connect(place: Place, wanted: Wanted, *, as_json: bool) -> None:
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
    _say(f"Regions: {', '.join(it.regions)}; tables of {it.regions[0]} in schema {it.schema}")
    _say(f'Database "{it.database}", of {made.login}. Credentials: {it.credentials}')
    match it.credentials:
        case Standard():
            _say("The server has to have credentials of the same account: others are refused.")
        case Profile():
            _say("The server's machine has to have the profile, too.")
        case Role():
            _explain_role(it.credentials)
        case _:
            _say(
                "An access key cannot be limited to reading: plans use it as it is. A role can (--role-arn)."
            )
    if made.password is None:
        _say("The database's owner and logins are as they were.")
    else:
        _say("Keep what follows: the password is not shown again.")


def _explain_role(role: Role) -> None:
    catalogue = find_modules()
    _say(f"Its trust policy asks for the external id {role.external_id}, which is this connection's own.")
    _say(f"The least that it has to be allowed: {policies.reading(catalogue)}")
    for module in catalogue.modules:
        if policies.actions(module, reads=False):
            _say(f"To change {module.name}: {policies.changing(module)}")


async def _accounts(place: Place, *, as_json: bool) -> None:
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


async def _rotate(place: Place, name: str, key: GivenKey | None) -> None:
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


async def _disconnect(place: Place, name: str, *, drop: bool) -> None:
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
