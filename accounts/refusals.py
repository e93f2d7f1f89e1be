"""What is said when a database may not manage an account, or cannot be connected to one. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from accounts.model import Connection
from engine.aws.session import Identity
from engine.errors import OperationError


def not_connected(database: str) -> OperationError:
    """A database that nobody has connected."""
    return OperationError(
        f'database "{database}" is not connected to an AWS account',
        sqlstate="55000",
        detail="A database manages the account that an operator has connected it to, and none otherwise.",
        hint=f"To connect it: {_command(database)}",
    )


def not_bound(database: str, connection: Connection, why: str) -> OperationError:
    """A database that looks like the one that was connected, and is another one."""
    return OperationError(
        f'database "{database}" is not connected to an AWS account',
        sqlstate="55000",
        detail=f'The connection "{connection.name}" to account {connection.account} is another database\'s: '
        f"{why}.",
        hint=f"If this one is to manage the account: iasql disconnect {shlex.quote(connection.name)}; "
        f"{_command(database, connection)}",
    )


def other_account(connection: Connection, who: Identity) -> OperationError:
    """Credentials that are of another account than the one that was connected."""
    return OperationError(
        f'database "{connection.database}" is connected to AWS account {connection.account}, and its '
        f"credentials are of account {who.account}",
        sqlstate="55000",
        detail=f"Connection {connection.name}: {connection.credentials} is {who.arn}; "
        f"connected was account {connection.account} ({connection.partition}).",
        hint="Correct the credentials on the server's machine. To manage the other account from this "
        f"database: iasql disconnect {shlex.quote(connection.name)}; "
        f"{_command(connection.database, connection)}",
    )


def only_simulated(database: str) -> OperationError:
    """A database other than the default one, on a server that simulates AWS."""
    return OperationError(
        f'database "{database}" is not connected to an AWS account',
        sqlstate="55000",
        detail="This server simulates an account (--simulate), for its default database alone.",
        hint="For databases that have simulated accounts of their own, start it with --simulate-databases.",
    )


def no_such_connection(name: str) -> OperationError:
    """A name that no connection has."""
    return OperationError(
        f'there is no connection "{name}"', sqlstate="42704", hint="iasql accounts lists them."
    )


def name_taken(there: Connection) -> OperationError:
    """A name that a connection has."""
    return OperationError(
        f'there is a connection "{there.name}" already, of database "{there.database}"',
        sqlstate="42710",
        hint=f"Use another name, or remove it: iasql disconnect {shlex.quote(there.name)}",
    )


def database_taken(there: Connection) -> OperationError:
    """A database that has a connection."""
    return OperationError(
        f'database "{there.database}" is connected already, as "{there.name}", to account {there.account}',
        sqlstate="42710",
        hint=f"Remove that first: iasql disconnect {shlex.quote(there.name)}",
    )


def account_taken(account: str, others: Sequence[str]) -> OperationError:
    """An account that another database manages.

    Args:
        others: what to call the databases that do.
    """
    return OperationError(
        f"AWS account {account} is connected already",
        sqlstate="55000",
        detail=f"It is managed from database {', '.join(others)}. Two databases undo each other's changes: "
        "what one has made is unknown to the other, whose apply deletes it.",
        hint="Use that database; or give iasql connect --shared if they are to manage different modules.",
    )


def not_ours(owner: str) -> OperationError:
    """A registry that somebody else has made."""
    return OperationError(
        f"what should hold iasql's connections belongs to {owner}",
        sqlstate="42501",
        detail="The database or schema iasql_accounts belongs to another role than the engine's.",
        hint="Connect with the role that made it (--postgres), or drop it if it is nobody's.",
    )


def not_made(error: Exception) -> OperationError:
    """A registry that could not be made."""
    return OperationError(
        "there is no place for connections, and none could be made",
        sqlstate=getattr(error, "sqlstate", None) or "58000",
        detail=str(error),
        hint="The role of --postgres has to be able to create databases, or schemas in its own database.",
    )


def unreachable(error: Exception) -> OperationError:
    """A registry that cannot be asked."""
    return OperationError(
        "Postgres cannot be asked which account a database is connected to",
        sqlstate="58000",
        detail=str(error) or type(error).__name__,
        hint="Call it again.",
    )


def _command(database: str, connection: Connection | None = None) -> str:
    name, regions = (connection.name, connection.regions) if connection else ("NAME", ("REGION",))
    options = " ".join(f"--region {each}" for each in regions)
    return f"iasql connect {shlex.quote(name)} --existing {shlex.quote(database)} {options}"
