"""`iasql connect`, `accounts`, `rotate` and `disconnect`: which database manages which AWS account."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import click

from accounts.connect import Wanted
from accounts.model import Profile, Role, Standard, is_role
from accounts.sessions import GivenKey, Usable
from deploy import connecting, options

_PATH = click.Path(path_type=Path)


def where_postgres_is(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `iasql up` that say where Postgres is, as its `place`."""

    @wraps(command)
    def placed(
        *,
        postgres: str | None,
        data_dir: Path | None,
        secret_key_file: Path | None,
        listen: str | None,
        **others: Any,
    ) -> None:
        place = connecting.Place(
            postgres=postgres, data_dir=data_dir, secret_key_file=secret_key_file, listen=listen
        )
        command(place=place, **others)

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
        placed = option(placed)
    return placed


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
    place: connecting.Place,
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
    place = replace(place, listen=_checked(place.listen))
    connecting.run(connecting.connect(place, wanted, as_json=as_json))


@click.command("accounts")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@where_postgres_is
def accounts_command(
    as_json: bool,
    place: connecting.Place,
) -> None:
    """List which database is connected to which AWS account."""
    connecting.run(connecting.accounts(place, as_json=as_json))


@click.command("rotate")
@click.argument("name")
@click.option("--access-key-id", metavar="ID", help="Another access key to use from now on.")
@click.option("--secret-from", metavar="FILE", help="Where its secret is; - for standard input.")
@where_postgres_is
def rotate_command(
    name: str,
    access_key_id: str | None,
    secret_from: str | None,
    place: connecting.Place,
) -> None:
    """Give a connection's login a new password, and encrypt its secret with the newest key.

    Prints what to connect with from now on, once.
    """
    place = replace(place, listen=_checked(place.listen))
    key = GivenKey(access_key_id, _secret(secret_from)) if access_key_id else None
    connecting.run(connecting.rotate(place, name, key))


@click.command("disconnect")
@click.argument("name")
@click.option("--drop-database", is_flag=True, help="Drop the database, and the login that was made for it.")
@where_postgres_is
def disconnect_command(
    name: str,
    drop_database: bool,
    place: connecting.Place,
) -> None:
    """End a connection. What is in AWS stays, and so does the database."""
    connecting.run(connecting.disconnect(place, name, drop=drop_database))


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
        if not is_role(role_arn):
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
