"""Makes sure that a database has this version's schema and functions, and that they are the engine's own.

Nothing of the schema `iasql` is read or written before it is known to belong to the engine's role: whoever
could make it beforehand would have the engine run their triggers and views, with the engine's rights.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib import metadata, resources
from typing import Any

import asyncpg

from engine.database import functions, history
from engine.database.sql import identifier
from engine.errors import OperationError
from modules.catalogue import Catalogue

_LOCK = int.from_bytes(b"iasql", "big")
#: How long the preparation waits for a lock. Anybody can take that one.
_PATIENCE = "10s"

#: What the schema must have, by kind of relation.
_RELATIONS = {
    "setting": "r",
    "cancel_secret": "r",
    "module": "r",
    "module_table": "r",
    "place": "r",
    "installed_module": "r",
    "iasql_operation": "r",
    "iasql_step": "r",
    "policy": "r",
    "guard": "r",
    "owned": "r",
    "protected": "r",
    "ignored": "r",
    "callable": "r",
    "iasql_progress": "v",
    "base_table": "r",
    "base": "r",
    "past": "r",
    "drift_seen": "r",
    "watched": "r",
    "readable": "v",
    "bases": "v",
    "past_bases": "v",
    "history": "v",
    "drift": "v",
    "unfinished": "v",
}
#: Functions that are made the database owner's, so that they can do what the owner may do.
_READERS = (
    "iasql.against()",
    "iasql.check_policy()",
    "iasql.matching(text, jsonb)",
    "iasql.check_condition()",
)

#: The owner's tables.
_RULES = ("policy", "guard", "owned", "protected", "ignored", "callable")

#: What is not as it must be, each line one finding.
_FOREIGN = """
    WITH me AS (SELECT oid FROM pg_roles WHERE rolname = session_user),
    own AS (SELECT oid, nspowner FROM pg_namespace WHERE nspname IN ('iasql', 'iasql_history'))
    SELECT format('the schema %s belongs to %s', own.oid::regnamespace, own.nspowner::regrole)
      FROM own, me WHERE own.nspowner <> me.oid
    UNION ALL SELECT format('%s belongs to %s', c.oid::regclass, c.relowner::regrole)
      FROM me, pg_class AS c JOIN own ON own.oid = c.relnamespace WHERE c.relowner <> me.oid
    UNION ALL SELECT format('%s is not what it should be', c.oid::regclass)
      FROM pg_class AS c JOIN own ON own.oid = c.relnamespace
      JOIN unnest($1::text[], $2::text[]) AS w (name, kind) ON w.name = c.relname
      WHERE c.relkind::text <> w.kind OR c.relhassubclass OR c.relispartition
    UNION ALL SELECT format('%s has a trigger %I', t.tgrelid::regclass, t.tgname)
      FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid JOIN own ON own.oid = c.relnamespace
      JOIN pg_proc AS p ON p.oid = t.tgfoid
      WHERE NOT t.tgisinternal AND p.pronamespace <> own.oid
    UNION ALL SELECT format('%s has a rule %I', r.ev_class::regclass, r.rulename)
      FROM pg_rewrite AS r JOIN pg_class AS c ON c.oid = r.ev_class JOIN own ON own.oid = c.relnamespace
      WHERE c.relkind = 'r'
    UNION ALL SELECT format('%s belongs to %s', p.oid::regprocedure, p.proowner::regrole)
      FROM me, pg_proc AS p JOIN own ON own.oid = p.pronamespace
      WHERE p.proowner <> me.oid
        AND NOT EXISTS (SELECT FROM unnest($3::text[]) AS f WHERE p.oid = to_regprocedure(f))
    UNION ALL SELECT format('public.%I(%s) belongs to %s',
        p.proname, pg_get_function_identity_arguments(p.oid), p.proowner::regrole)
      FROM me, pg_proc AS p
      WHERE p.oid IN (SELECT to_regprocedure(f) FROM unnest($4::text[]) AS f) AND p.proowner <> me.oid
"""


async def prepare(connection: Any, database: str, catalogue: Catalogue) -> None:
    """Make sure that a database has this version's schema and functions.

    Args:
        connection: of the engine's own, with a pinned search_path.
        catalogue: the modules to record.

    Raises:
        OperationError: they could not be created; 42501, there is something in their place that belongs to
            somebody else; 55000, they are those of a newer version.
    """
    script = _script(catalogue)
    fingerprint = _fingerprint(script, catalogue)
    if await _is_current(connection, fingerprint):
        return
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
            await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
            await connection.execute("SET LOCAL client_min_messages = warning")
            if not await _there(connection):
                await connection.execute("CREATE SCHEMA iasql")
            await _check_own(connection)
            await _check_not_newer(connection)
            await connection.execute(script)
            await _record_modules(connection, catalogue)
            await _give_to_owner(connection)
            await _record_version(connection, fingerprint)
    except asyncpg.PostgresError as error:
        raise OperationError(
            f'the functions of iasql could not be created in database "{database}"',
            sqlstate=error.sqlstate or "58000",
            detail=str(error),
            hint="The role that the iasql server was started with (--postgres) has to be able to "
            "create schemas in the database and functions in its schema public.",
        ) from error


def version() -> str:
    """The running version."""
    return metadata.version("iasql")


@cache
def _script(catalogue: Catalogue) -> str:
    schema = resources.files("engine.database").joinpath("schema.sql").read_text()
    return "\n".join([schema, functions.script(), history.script(catalogue)])


def _fingerprint(script: str, catalogue: Catalogue) -> str:
    modules = [(each.full_name, each.dependencies, each.tables) for each in catalogue.modules]
    text = script + repr((modules, sorted(catalogue.global_tables)))
    return hashlib.sha256((version() + text).encode()).hexdigest()


async def _there(connection: Any) -> bool:
    found = await connection.fetchval("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'iasql')")
    return bool(found)


async def _check_own(connection: Any) -> None:
    """
    Raises:
        OperationError: 42501, something of the engine's belongs to somebody else, or would run their code.
    """
    kinds = (list(_RELATIONS), list(_RELATIONS.values()))
    found = await connection.fetch(_FOREIGN, *kinds, list(_READERS), list(functions.SIGNATURES))
    if found:
        raise OperationError(
            "what iasql keeps in this database is not its own",
            sqlstate="42501",
            detail="\n".join(row[0] for row in found),
            hint="iasql runs nothing that belongs to others. If an earlier server of yours made it with "
            "another role, give it to this server's (ALTER … OWNER TO); else drop or rename it.",
        )


async def _check_not_newer(connection: Any) -> None:
    """
    Raises:
        OperationError: 55000, a newer server has prepared the database.
    """
    found = await _setting(connection, "version")
    if found is not None and _ordered(found) > _ordered(version()):
        raise OperationError(
            f"this database was prepared by iasql {found}, and this server is {version()}",
            sqlstate="55000",
            hint="Upgrade this server: an older one leaves a newer one's functions alone.",
        )


def _ordered(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d+", text.partition("+")[0]))


async def _setting(connection: Any, name: str) -> str | None:
    if not await connection.fetchval("SELECT to_regclass('iasql.setting') IS NOT NULL"):
        return None
    found = await connection.fetchval("SELECT value FROM iasql.setting WHERE name = $1", name)
    return None if found is None else str(found)


async def _is_current(connection: Any, fingerprint: str) -> bool:
    if not await _there(connection):
        return False
    await _check_own(connection)
    missing = await connection.fetchval(
        "SELECT count(*) FROM unnest($1::text[]) AS f WHERE to_regprocedure(f) IS NULL",
        [*functions.SIGNATURES, *_READERS],
    )
    if missing or await _setting(connection, "fingerprint") != fingerprint:
        return False
    return await _setting(connection, "owner") == await _owner(connection)


async def _record_modules(connection: Any, catalogue: Catalogue) -> None:
    # A version that did not record which tables it made has made those that its modules had.
    await connection.execute(
        "UPDATE iasql.installed_module AS i SET tables = "
        "ARRAY(SELECT t.table_name FROM iasql.module_table AS t WHERE t.module = i.name) "
        "WHERE i.tables IS NULL"
    )
    await connection.execute("DELETE FROM iasql.module; DELETE FROM iasql.module_table")
    await connection.executemany(
        "INSERT INTO iasql.module (name, version, dependencies, place) VALUES ($1, $2, $3, $4)",
        [
            (module.name, module.version, list(module.dependencies), place)
            for place, module in enumerate(catalogue.modules)
        ],
    )
    module_of = {table: module.name for module in catalogue.modules for table in module.tables}
    deletable = {
        table
        for resource in catalogue.resources.values()
        if resource.delete
        for table in (resource.table, *(part.table for part in resource.parts))
    }
    await connection.executemany(
        "INSERT INTO iasql.module_table (table_name, module, deletion, deletable, is_global) "
        "VALUES ($1, $2, $3, $4, $5)",
        [
            (table, module_of[table], place, table in deletable, table in catalogue.global_tables)
            for place, table in enumerate(catalogue.deletion_order)
        ],
    )


async def _owner(connection: Any) -> str:
    name = await connection.fetchval(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    )
    return str(name)


async def _give_to_owner(connection: Any) -> None:
    """Let the database's owner, and nobody else by default, change things and grant that."""
    owner, before = await _owner(connection), await _setting(connection, "owner")
    if before not in (None, owner) and await connection.fetchval("SELECT to_regrole($1)", identifier(before)):
        await _execute_all(connection, "REVOKE {what} FROM {role} CASCADE", before)
    for signature in functions.OWNERS:
        # Only what Postgres gives by default: what the owner has granted to PUBLIC is the owner's business.
        if await connection.fetchval(
            "SELECT proacl IS NULL FROM pg_proc WHERE oid = to_regprocedure($1)", signature
        ):
            await connection.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    await _execute_all(connection, "GRANT {what} TO {role} WITH GRANT OPTION", owner)
    if await _can_give(connection, owner):
        for signature in _READERS:
            await connection.execute(f"ALTER FUNCTION {signature} OWNER TO {identifier(owner)}")


async def _execute_all(connection: Any, statement: str, role: str) -> None:
    rights = [f"EXECUTE ON FUNCTION {each}" for each in functions.OWNERS]
    rules = ", ".join(f"iasql.{each}" for each in _RULES)
    rights.append(f"SELECT, INSERT, UPDATE, DELETE ON {rules}")
    rights.append("SELECT ON iasql.iasql_operation, iasql.iasql_step")
    for right in rights:
        await connection.execute(statement.format(what=right, role=identifier(role)))


async def _can_give(connection: Any, owner: str) -> bool:
    """Whether functions can be made the owner's, as a superuser can, and are not already."""
    return bool(
        await connection.fetchval(
            "SELECT rolsuper AND rolname <> $1 FROM pg_roles WHERE rolname = session_user", owner
        )
    )


async def _record_version(connection: Any, fingerprint: str) -> None:
    settings = {
        "version": version(),
        "fingerprint": fingerprint,
        "owner": await _owner(connection),
    }
    await connection.executemany(
        "INSERT INTO iasql.setting (name, value) VALUES ($1, $2) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        list(settings.items()),
    )
