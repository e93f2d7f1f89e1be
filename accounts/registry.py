"""Where connections are kept: in a database of the engine's own, beside those that they are about.

That is the database `iasql_accounts`, which only the engine's role can connect to. Nothing of it goes with a
dump, a copy or a restore of a connected database, and no owner of one can read it. Where the engine's role
may not make databases, the schema `iasql_accounts` of the default database takes its place.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import asyncpg

from accounts import binding, refusals
from accounts.model import Connection, credentials_from_json, credentials_to_json
from engine.database.connection import GONE, Database
from engine.errors import OperationError

HOME = "iasql_accounts"
#: How long it is remembered that there is no registry.
_ABSENT_SECONDS = 1.0

_COLUMNS = (
    "name, database, oid, server, nonce, account, partition, regions, schema, credentials, login, shared"
)
_MAKE = f"""
    CREATE SCHEMA {HOME};
    REVOKE ALL ON SCHEMA {HOME} FROM PUBLIC;
    CREATE TABLE {HOME}.connection (
        name text PRIMARY KEY,
        database text NOT NULL UNIQUE,
        oid oid NOT NULL UNIQUE,
        server text NOT NULL,
        nonce text NOT NULL,
        account text NOT NULL,
        partition text NOT NULL,
        regions text[] NOT NULL CHECK (regions <> '{{}}'),
        schema text NOT NULL,
        credentials jsonb NOT NULL,
        login text,
        shared boolean NOT NULL,
        connected_at timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE {HOME}.connection IS
        'Which AWS account each database of this server is connected to. Secrets are encrypted.';
"""
#: The schema of connections, if it is there, and whose it is.
_WHOSE = f"SELECT pg_get_userbyid(nspowner), session_user FROM pg_namespace WHERE nspname = '{HOME}'"
_FIND = f"""
    SELECT d.oid AS now_oid, c.* FROM pg_database AS d
    LEFT JOIN {HOME}.connection AS c ON c.oid = d.oid OR c.database = d.datname
    WHERE d.datname = $1
    ORDER BY (c.oid = d.oid AND c.database = d.datname) DESC NULLS LAST LIMIT 1
"""
_HOME_EXISTS = f"SELECT EXISTS (SELECT FROM pg_database WHERE datname = '{HOME}')"
_MAY_CREATE = "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = session_user"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is known of a database.

    Attributes:
        oid: its number now, None if there is no such database.
        server: what tells this server apart; None if it is a replica.
        connection: the record that names the database or its number, None if there is none.
    """

    oid: int | None
    server: str | None
    connection: Connection | None


class Registry:
    """The connections of one PostgreSQL server; keeps a connection to where they are, once there are some.

    Args:
        database: connects to the server as the engine's role.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._connection: Any = None
        self._server: str | None = None
        self._absent_until = 0.0

    async def close(self) -> None:
        """Close the connection."""
        async with self._turn:
            await self._leave()

    async def find(self, database: str, *, absent_lately: bool = False) -> Found:
        """What is known of a database, now.

        Args:
            absent_lately: that there was no registry a second ago is answer enough.

        Raises:
            OperationError: 58000, Postgres cannot be asked; 42501, the registry is somebody else's.
        """
        if absent_lately and time.monotonic() < self._absent_until:
            return Found(oid=None, server=None, connection=None)
        row = await self._asked("fetchrow", _FIND, database)
        connection = _connection(row) if row is not None and row["name"] is not None else None
        return Found(oid=row and row["now_oid"], server=self._server, connection=connection)

    async def all(self) -> list[Connection]:
        """All connections, by name.

        Raises:
            OperationError: as `find`.
        """
        rows = await self._asked("fetch", f"SELECT {_COLUMNS} FROM {HOME}.connection ORDER BY name")
        return [_connection(row) for row in rows or ()]

    async def of_account(self, account: str, partition: str) -> list[Connection]:
        """The connections to an account.

        Raises:
            OperationError: as `find`.
        """
        if self._connection is None:
            return []
        statement = f"SELECT {_COLUMNS} FROM {HOME}.connection WHERE account = $1 AND partition = $2"
        return [_connection(row) for row in await self._asked("fetch", statement, account, partition) or ()]

    async def named(self, name: str) -> Connection:
        """The connection of a name.

        Raises:
            OperationError: 42704, there is none; as `find`.
        """
        found = [each for each in await self.all() if each.name == name]
        if not found:
            raise refusals.no_such_connection(name)
        return found[0]

    async def server(self) -> str | None:
        """What tells this server apart; None if it is a replica.

        Raises:
            OperationError: 58000, Postgres cannot be asked.
        """
        async with self._database.connection() as connection:
            return await binding.server(connection)

    async def make(self) -> None:
        """Make sure that there is a place for connections.

        Raises:
            OperationError: it could not be made, or is somebody else's.
        """
        async with self._turn:
            if await self._arrive():
                return
            try:
                await self._make()
            except asyncpg.PostgresError as error:
                raise refusals.not_made(error) from error

    async def add(self, connection: Connection) -> None:
        """Record a connection.

        Raises:
            OperationError: 42710, the name or the database has one; 55000, another database is connected to
                the account, and this one is not to share it.
        """
        async with self._turn:
            await self._arrive()
            async with self._connection.transaction():
                await self._connection.execute(f"LOCK {HOME}.connection IN SHARE ROW EXCLUSIVE MODE")
                rows = await self._connection.fetch(f"SELECT {_COLUMNS} FROM {HOME}.connection")
                check_new([_connection(row) for row in rows], connection)
                await self._connection.execute(
                    f"INSERT INTO {HOME}.connection ({_COLUMNS}) "
                    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                    *_values(connection),
                )

    async def change(self, connection: Connection) -> None:
        """Keep other credentials of a connection.

        Raises:
            OperationError: 42704, there is none of its name; as `find`.
        """
        changed = await self._asked(
            "fetchval",
            f"UPDATE {HOME}.connection SET credentials = $2 WHERE name = $1 RETURNING true",
            connection.name,
            credentials_to_json(connection.credentials),
        )
        if not changed:
            raise refusals.no_such_connection(connection.name)

    async def remove(self, name: str) -> None:
        """Forget a connection, if there is one.

        Raises:
            OperationError: as `find`.
        """
        await self._asked("execute", f"DELETE FROM {HOME}.connection WHERE name = $1", name)

    async def _asked(self, method: str, statement: str, *values: object) -> Any:
        """The answer to a statement; None if there is no place for connections yet."""
        async with self._turn:
            for again in (True, False):
                if not await self._arrive():
                    return None
                try:
                    return await getattr(self._connection, method)(statement, *values)
                except (*GONE, OSError) as error:
                    await self._leave()
                    if not again:
                        raise refusals.unreachable(error) from error
        raise AssertionError("a statement is answered, or fails")

    async def _arrive(self) -> bool:
        """Be connected to where connections are kept; whether there is such a place."""
        if self._connection is not None:
            if not self._connection.is_closed() and self._server is not None:
                return True
            await self._leave()  # a replica may have been promoted since
        async with self._database.connection() as connection:
            database = HOME if await connection.fetchval(_HOME_EXISTS) else None
            if database is None and await connection.fetchrow(_WHOSE) is None:
                self._absent_until = time.monotonic() + _ABSENT_SECONDS
                return False
        connection = await self._stack.enter_async_context(self._database.connection(database))
        whose = await connection.fetchrow(_WHOSE)
        if whose is None or whose[0] != whose[1]:
            await self._leave()
            if whose is None:
                return False
            raise refusals.not_ours(whose[0])
        self._connection, self._server = connection, await binding.server(connection)
        return True

    async def _make(self) -> None:
        async with self._database.connection() as connection:
            own = await connection.fetchval(_MAY_CREATE)
            if own and not await connection.fetchval(_HOME_EXISTS):
                await connection.execute(f"CREATE DATABASE {HOME} TEMPLATE template0")
                await connection.execute(f"REVOKE ALL ON DATABASE {HOME} FROM PUBLIC")
        async with (
            self._database.connection(HOME if own else None) as connection,
            connection.transaction(),
        ):
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('iasql_accounts'))")
            if await connection.fetchrow(_WHOSE) is None:
                await connection.execute(_MAKE)
        await self._arrive()

    async def _leave(self) -> None:
        self._connection = None
        await self._stack.aclose()


def check_new(there: list[Connection], new: Connection) -> None:
    """Refuse a connection that cannot be beside those that are there.

    Raises:
        OperationError: 42710, the name or the database has one; 55000, the account has one, and is not to be
            shared.
    """
    for each in there:
        if each.name == new.name:
            raise refusals.name_taken(each)
        if each.database == new.database or each.oid == new.oid:
            raise refusals.database_taken(each)
    check_alone(there, new.account, new.partition, shared=new.shared)


def check_alone(there: list[Connection], account: str, partition: str, *, shared: bool) -> None:
    """Refuse a second database of an account.

    Raises:
        OperationError: 55000, there is one, and it is not to be shared.
    """
    others = [each for each in there if (each.account, each.partition) == (account, partition)]
    if others and not shared:
        raise refusals.account_taken(account, [f'"{each.database}" ({each.name})' for each in others])


def _values(connection: Connection) -> list[object]:
    it = connection
    credentials = credentials_to_json(it.credentials)
    return [
        *(it.name, it.database, it.oid, it.server, it.nonce, it.account, it.partition),
        *(list(it.regions), it.schema, credentials, it.login, it.shared),
    ]


def _connection(row: Any) -> Connection:
    try:
        credentials = credentials_from_json(row["credentials"])
    except ValueError as error:
        raise OperationError(
            f'the connection "{row["name"]}" is of a kind that this server does not know',
            sqlstate="55000",
            hint="Upgrade this server: a newer one has made the connection.",
        ) from error
    return Connection(
        name=row["name"],
        database=row["database"],
        oid=row["oid"],
        server=row["server"],
        nonce=row["nonce"],
        account=row["account"],
        partition=row["partition"],
        regions=tuple(row["regions"]),
        schema=row["schema"],
        credentials=credentials,
        login=row["login"],
        shared=row["shared"],
    )
