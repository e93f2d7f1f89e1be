"""Connecting a database to an AWS account, and changing and ending that; what the command line does.

Whatever a failed `connect` has made is taken away again.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import asyncpg
from botocore.exceptions import UnknownRegionError
from botocore.session import Session

from accounts import binding, made, passwords, refusals, roles, sessions
from accounts.model import Connection, Credentials, Role, StaticKey
from accounts.registered import unlike
from accounts.registry import HOME, Registry, check_alone
from accounts.seal import SecretKeys
from accounts.sessions import GivenKey, Usable
from engine.aws.calls import identity
from engine.aws.session import Cloud, Identity
from engine.database import places
from engine.database.connection import Database
from engine.database.prepare import prepare
from engine.database.sql import identifier
from engine.errors import OperationError
from modules.catalogue import Catalogue

#: Bytes that a name in PostgreSQL has at most.
_LONGEST = 63
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_TEMPLATES = ("template0", "template1", HOME)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What an operator wants to be connected.

    Attributes:
        existing: a database that is there; None for a new one.
        database, login: names for what is new, None for names by chance. A login for an existing database is
            made only if it is named.
    """

    name: str
    regions: tuple[str, ...]
    credentials: Usable
    existing: str | None = None
    database: str | None = None
    login: str | None = None
    schema: str = "public"
    shared: bool = False


@dataclass(frozen=True, kw_only=True)
class Connected:
    """A connection that was made.

    Attributes:
        arn: who the credentials are to AWS.
        login: who owns the database.
        password: of a new login, None if there is none.
    """

    connection: Connection
    arn: str
    login: str
    password: str | None = field(repr=False)


class Connecting:
    """Connects databases of one PostgreSQL server.

    Args:
        database: connects to the server as the engine's role.
        keys: what secrets are encrypted with.
        catalogue: the modules that databases get to know.
    """

    def __init__(self, database: Database, keys: SecretKeys, catalogue: Catalogue) -> None:
        self._database = database
        self._keys = keys
        self._catalogue = catalogue
        self._registry = Registry(database)

    async def close(self) -> None:
        """Close the connection to Postgres."""
        await self._registry.close()

    async def all(self) -> list[Connection]:
        """All connections, by name.

        Raises:
            OperationError: Postgres cannot be asked.
        """
        return await self._registry.all()

    async def connect(self, wanted: Wanted) -> Connected:
        """Connect a database to the account that some credentials are of.

        Raises:
            OperationError: something is refused or fails; nothing is left of it.
        """
        check_names(wanted)
        check_alone_by_name(await self._registry.all(), wanted)
        server = await self._registry.server()
        if server is None:
            raise OperationError("this Postgres is a replica", sqlstate="55000", hint="Name the primary.")
        wanted = _identified(wanted, server)
        who = await self._who(wanted.credentials, wanted.regions)
        check_alone(await self._registry.all(), who.account, who.partition, shared=wanted.shared)
        await self._check_default(wanted, who)
        await self._registry.make()
        async with self._database.connection() as admin, AsyncExitStack() as undo:
            connected = await self._connect(admin, wanted, who, server, undo)
            undo.pop_all()
        return connected

    async def rotate(self, name: str, key: GivenKey | None = None) -> tuple[Connection, str | None]:
        """Give a connection's login a new password, and its secret the newest key or a new value.

        Args:
            key: an access key to use from now on.

        Returns:
            The connection, and the password if it has a login of its own.

        Raises:
            OperationError: something is refused or fails.
        """
        connection = await self._registry.named(name)
        if key is not None:
            await self._check_same_account(connection, key)
        credentials = self._resealed(connection, key)
        if credentials != connection.credentials:
            connection = replace(connection, credentials=credentials)
            await self._registry.change(connection)
        if connection.login is None:
            return connection, None
        password = passwords.new_password()
        async with self._database.connection() as admin:
            await made.execute(
                admin, f"ALTER ROLE {identifier(connection.login)} PASSWORD '{passwords.verifier(password)}'"
            )
        return connection, password

    async def disconnect(self, name: str, *, drop: bool = False) -> Connection:
        """End a connection. Nothing is touched in AWS.

        Args:
            drop: drop the database, and the login that was made for it.

        Raises:
            OperationError: there is no such connection; 55000, the database to drop is not the one that was
                connected; or Postgres refuses.
        """
        connection = await self._registry.named(name)
        found = await self._registry.find(connection.database)
        why = unlike(connection.database, found, connection)
        if drop and why is not None:
            raise refusals.not_bound(connection.database, connection, why)
        await self._registry.remove(name)
        if why is not None:
            return connection
        async with self._database.connection(connection.database) as own:
            await binding.remove_mark(own)
        if drop:
            async with self._database.connection() as admin:
                await made.execute(admin, f"DROP DATABASE {identifier(connection.database)} WITH (FORCE)")
                if connection.login is not None:
                    await made.execute(admin, f"DROP ROLE {identifier(connection.login)}")
        return connection

    async def _who(self, credentials: Usable, regions: Sequence[str]) -> Identity:
        """Ask STS whose credentials they are.

        Raises:
            OperationError: AWS refuses or cannot be reached; 22023, the account has no such region; the role
                is not to be assumed.
        """
        region = regions[0]
        if isinstance(credentials, Role):
            source = Cloud(region=region)
            try:
                await roles.check_trust(source, credentials, await identity(source))
                who = await _asked(Cloud(region=region, session=roles.session(source, credentials, region)))
            finally:
                await source.close()
        else:
            who = await _asked(Cloud(region=region, session=sessions.session(credentials, region)))
        _check_regions(who, regions)
        return who

    async def _check_default(self, wanted: Wanted, who: Identity) -> None:
        """
        Raises:
            OperationError: 55000, the default database manages the account, and it is not to be shared.
        """
        async with self._database.connection() as default:
            name, account = (
                await default.fetchval("SELECT current_database()"),
                await binding.managed(default),
            )
        if account == who.account and name != wanted.existing and not wanted.shared:
            raise refusals.account_taken(account, [f'"{name}", with the server\'s own credentials'])

    # What connecting is made of -----------------------------------------------------------------------

    async def _connect(
        self, admin: Any, wanted: Wanted, who: Identity, server: str, undo: AsyncExitStack
    ) -> Connected:
        password = passwords.new_password()
        login = wanted.login or (passwords.new_login() if wanted.existing is None else None)
        if login is not None:
            await made.make_login(admin, login, password, undo)
        database = wanted.existing or wanted.database or passwords.new_database()
        if wanted.existing is None:
            assert login is not None
            await made.make_database(admin, database, login, undo)
        oid, owner = await made.looked_up(admin, database)
        if login is not None and login != owner:
            await made.execute(admin, f"GRANT {identifier(owner)} TO {identifier(login)}")
        await made.close_to_others(admin, database, undo)
        connection = self._record(wanted, who, server, database, oid, login)
        await self._mark_and_add(connection)
        return Connected(
            connection=connection, arn=who.arn, login=login or owner, password=password if login else None
        )

    def _record(
        self, wanted: Wanted, who: Identity, server: str, database: str, oid: int, login: str | None
    ) -> Connection:
        given = wanted.credentials
        kept = StaticKey(given.access_key_id, "") if isinstance(given, GivenKey) else given
        connection = Connection(
            name=wanted.name,
            database=database,
            oid=oid,
            server=server,
            nonce=secrets.token_hex(16),
            account=who.account,
            partition=who.partition,
            regions=wanted.regions,
            schema=wanted.schema,
            credentials=kept,
            login=login,
            shared=wanted.shared,
        )
        return replace(
            connection,
            credentials=self._resealed(connection, given if isinstance(given, GivenKey) else None),
        )

    def _resealed(self, connection: Connection, key: GivenKey | None) -> Credentials:
        """A connection's credentials, encrypted anew if they have a secret."""
        if key is None and isinstance(connection.credentials, StaticKey):
            there = connection.credentials
            secret = self._keys.open(there.sealed_secret, connection.sealed_for)
            key = GivenKey(there.access_key_id, secret)
        if key is None:
            return connection.credentials
        return StaticKey(key.access_key_id, self._keys.seal(key.secret, connection.sealed_for))

    async def _check_same_account(self, connection: Connection, key: GivenKey) -> None:
        who = await self._who(key, connection.regions)
        if (who.account, who.partition) != (connection.account, connection.partition):
            raise refusals.other_account(connection, who)

    async def _mark_and_add(self, connection: Connection) -> None:
        """Mark the database and record the connection: both, or neither."""
        try:
            async with self._database.connection(connection.database) as own, own.transaction():
                await prepare(own, connection.database, self._catalogue)
                await places.establish(own, connection.schema, connection.regions)
                await binding.write_mark(own, connection.mark)
                await self._registry.add(connection)
        except BaseException as error:
            await self._forget(connection)
            if isinstance(error, asyncpg.PostgresError):
                raise made.refused(error) from error
            raise

    async def _forget(self, connection: Connection) -> None:
        there = [each for each in await self._registry.all() if each == connection]
        for each in there:
            await self._registry.remove(each.name)


def check_names(wanted: Wanted) -> None:
    """
    Raises:
        OperationError: 22023, a name or the regions cannot be; 42622, PostgreSQL would cut a name off.
    """
    if not _NAME.fullmatch(wanted.name):
        raise OperationError(
            f"{wanted.name!r} cannot be the name of a connection",
            sqlstate="22023",
            hint="Letters, digits, dots, dashes and underscores, 63 at most.",
        )
    if not wanted.regions:
        raise OperationError(
            "no region was named", sqlstate="22023", hint="Give --region, the default one first."
        )
    for name in (wanted.existing, wanted.database, wanted.login, wanted.schema):
        if name is not None and len(name.encode()) > _LONGEST:
            raise OperationError(
                f'the name "{name}" is longer than {_LONGEST} bytes',
                sqlstate="42622",
                hint="PostgreSQL would cut it off. Choose a shorter one.",
            )
    if wanted.existing in _TEMPLATES or wanted.database in _TEMPLATES:
        name = wanted.existing or wanted.database
        raise OperationError(f'database "{name}" cannot be connected', sqlstate="22023")


def check_alone_by_name(there: Sequence[Connection], wanted: Wanted) -> None:
    """
    Raises:
        OperationError: 42710, the name or the database has a connection.
    """
    for each in there:
        if each.name == wanted.name:
            raise refusals.name_taken(each)
        if each.database == wanted.existing:
            raise refusals.database_taken(each)


def _identified(wanted: Wanted, server: str) -> Wanted:
    """With the external id of the connection, if it is by a role."""
    if not isinstance(wanted.credentials, Role):
        return wanted
    chosen = roles.external_id(server, wanted.name, wanted.credentials.arn)
    return replace(wanted, credentials=replace(wanted.credentials, external_id=chosen))


async def _asked(cloud: Cloud) -> Identity:
    try:
        return await identity(cloud)
    finally:
        await cloud.close()


def _check_regions(who: Identity, regions: Sequence[str]) -> None:
    """
    Raises:
        OperationError: 22023, the account has no such region.
    """
    for region in regions:
        try:
            partition = Session().get_partition_for_region(region)
        except UnknownRegionError:
            partition = None
        if partition != who.partition:
            raise OperationError(
                f"account {who.account} has no region {region}",
                sqlstate="22023",
                detail=f"It is in the partition {who.partition}, and {region} is "
                + (f"of {partition}." if partition else "of none that is known."),
            )
