"""Reads which places a database has, and records them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from engine.caller import Caller
from engine.database.functions import Arguments, Operation
from engine.database.sql import identifier, literal
from engine.errors import OperationError
from engine.plan.layout import Installed, Layout, Place
from engine.plan.model import Plan
from modules.catalogue import Catalogue

LAYOUT = "SELECT * FROM iasql.layout()"


async def read(
    caller: Caller, catalogue: Catalogue, *, whole: bool = False, upgrading: bool = False
) -> Layout:
    """The places of the caller's database and the modules in them.

    Args:
        whole: refuse modules of which some tables are missing.
        upgrading: take modules that an older version has installed, without the tables that are new since.

    Raises:
        OperationError: 42P01, some tables of a module are missing and others are left; or they are new.
    """
    found = await caller.query(LAYOUT)
    older = [(str(name), str(missing)) for kind, _, name, missing, _ in found if kind == _OLDER]
    if older and not upgrading:
        raise _new_tables(older)
    broken = [
        (str(name), str(missing), present) for kind, _, name, missing, present in found if kind == _BROKEN
    ]
    if whole and broken:
        raise _incomplete(broken)
    return laid_out(found, catalogue)


def laid_out(found: Iterable[Sequence[str | None]], catalogue: Catalogue) -> Layout:
    """The places of a database, and the modules that are whole in them, from the answer to `LAYOUT`."""
    found = list(found)
    places = {kind: Place(str(schema), region) for kind, schema, region, *_ in found if kind == "default"}
    return Layout(
        catalogue,
        default=places["default"],
        others=tuple(Place(str(schema), region) for kind, schema, region, *_ in found if kind == "place"),
        installed=frozenset(
            Installed(str(schema), str(name)) for kind, schema, name, *_ in found if kind == "module"
        ),
    )


_BROKEN, _OLDER = "incomplete", "older"


def _new_tables(older: Sequence[tuple[str, str]]) -> OperationError:
    return OperationError(
        "tables that are new in this version are missing: " + ", ".join(missing for _, missing in older),
        sqlstate="42P01",
        detail=f"An older version has installed {', '.join(dict.fromkeys(module for module, _ in older))}.",
        hint="SELECT iasql_upgrade() makes them, and fills them with what AWS has.",
        table=older[0][1].split(", ")[0],
    )


def _incomplete(broken: Iterable[tuple[str, str, str | None]]) -> OperationError:
    modules = list(broken)
    return OperationError(
        "tables of installed modules are missing: " + ", ".join(missing for _, missing, _ in modules),
        sqlstate="42P01",
        detail="\n".join(f"{module} still has {present}." for module, _, present in modules),
        hint="Restore them under their names; or drop the others too, and install the module again. "
        "A table of yours that has the name of one needs another name.",
        table=modules[0][1].split(", ")[0],
    )


async def meant(
    caller: Caller, layout: Layout, operation: Operation, arguments: Arguments
) -> tuple[Place, ...]:
    """The places that a call is about.

    It is the named one, or all for '*'. If none is named, what installs or calls AWS is about the one that
    search_path says, like every other statement that names a table, and all else is about all of them.

    Raises:
        OperationError: 22004, NULL; 42704, the database has no such region.
    """
    if "region" not in arguments:
        return (await _here(caller, layout),) if operation.performs in _OF_ONE_PLACE else layout.places
    region = arguments["region"]
    if region is None:
        raise OperationError("the name of a region is needed, not NULL", sqlstate="22004")
    if region == "*":
        return layout.places
    place = layout.of_region(str(region))
    if place is None:
        known = ", ".join(str(each.region) for each in layout.places)
        raise OperationError(
            f'this database has no region "{region}"',
            sqlstate="42704",
            detail=f"It has {known}.",
            hint=f"SELECT * FROM iasql_add_region({literal(str(region)).strip()}) adds it."
            if _REGION.fullmatch(str(region))
            else "The names of regions look like eu-west-1; '*' means all.",
        )
    return (place,)


_OF_ONE_PLACE = ("install", "uninstall", "call", "function")


async def _here(caller: Caller, layout: Layout) -> Place:
    """The place that names mean in the caller's session.

    Raises:
        DatabaseError: 3F000, search_path names a place that the role cannot use.
    """
    ((schema,),) = await caller.query(
        "SELECT iasql.here(pg_catalog.current_schemas(false), pg_catalog.current_setting('search_path'))"
    )
    return next(each for each in layout.places if each.schema == schema)


def new(layout: Layout, arguments: Arguments) -> Place:
    """The place that a call wants added.

    Raises:
        OperationError: 22004, NULL; 42710, the region has a place; 42P06, the schema is another's; 42602, its
            name cannot be one.
    """
    region, schema = arguments["region"], arguments.get("schema")
    if region is None:
        raise OperationError("the name of a region is needed, not NULL", sqlstate="22004")
    there = layout.of_region(str(region))
    if there is not None:
        raise OperationError(
            f"the region {region} has a place already: the schema {there.schema}", sqlstate="42710"
        )
    place = Place(str(schema or _schema_for(str(region))), str(region))
    _check_name(place.schema)
    if place.schema in layout.regions:
        raise OperationError(
            f"the schema {place.schema} is the place of another region", sqlstate="42P06", schema=place.schema
        )
    return place


def _check_name(schema: str) -> None:
    if not _SCHEMA.fullmatch(schema) or schema.startswith(_RESERVED):
        raise OperationError(
            f'"{schema}" cannot be the schema of a region',
            sqlstate="42602",
            hint="Use lower-case letters, digits and _; it must not begin with pg_ or iasql.",
        )


def _schema_for(region: str) -> str:
    return region.replace("-", "_")


_REGION = re.compile("[a-z]+(-[a-z]+)+-[0-9]+")
_SCHEMA = re.compile("[a-z_][a-z0-9_]{0,62}")
_RESERVED = ("pg_", "iasql", "information_schema")


async def make_schema(caller: Caller, place: Place) -> bool:
    """Make sure that a place's schema is there; whether it had to be made.

    Raises:
        OperationError: 42501, it is there, and belongs to somebody who has no say here.
        DatabaseError: the caller may not create schemas.
    """
    name = identifier(place.schema)
    there = await caller.query("SELECT owner, trusted::pg_catalog.text FROM iasql.owner_of($1)", place.schema)
    if there:
        _check_owner(place.schema, *there[0])
        return False
    await caller.query(f"CREATE SCHEMA {name}")
    await caller.query(f"COMMENT ON SCHEMA {name} IS {literal(f'What AWS holds in {place.region}.')}")
    return True


def _check_owner(schema: str, owner: str | None, trusted: str | None) -> None:
    """A schema's owner can drop any table in it, and make what names in it mean."""
    if trusted != "true":
        raise OperationError(
            f"the schema {schema} belongs to {owner}",
            sqlstate="42501",
            detail="Its owner could drop the tables in it, and make others.",
            hint=f"ALTER SCHEMA {identifier(schema)} OWNER TO CURRENT_USER; or name another: schema => '…'.",
            schema=schema,
        )


async def check_schemas(caller: Caller, places: Iterable[Place]) -> None:
    """
    Raises:
        OperationError: 3F000, the schema of a place has been dropped or renamed.
    """
    for each in places:
        if not await caller.query("SELECT owner FROM iasql.owner_of($1)", each.schema):
            raise OperationError(
                f"{each.region} has no schema {each.schema} any more",
                sqlstate="3F000",
                hint=f"Make it again or rename it back; or forget the region, and add it again: "
                f"SELECT * FROM iasql_remove_region({literal(str(each.region)).strip()}).",
                schema=each.schema,
            )


def removable(layout: Layout, places: Sequence[Place]) -> Place:
    """The place that a call wants removed.

    Raises:
        OperationError: 22023, it names them all; 0A000, it is the default place.
    """
    if len(places) != 1:
        raise OperationError(
            "regions are removed one by one",
            sqlstate="22023",
            hint="SELECT * FROM iasql_remove_region('eu-west-1').",
        )
    (place,) = places
    if place == layout.default:
        raise OperationError(
            f"{place.region} is this database's default region, which cannot be removed",
            sqlstate="0A000",
            hint="SELECT * FROM iasql_uninstall(…) drops its tables.",
        )
    return place


def check_applied(place: Place, plan: Plan) -> None:
    """
    Raises:
        OperationError: 55000, the tables of a place hold changes that were not applied.
    """
    if plan.changes:
        raise OperationError(
            f"the tables of {place.region} hold changes that were not applied",
            sqlstate="55000",
            detail="\n".join(str(each) for each in plan.changes[:_SHOWN]),
            hint=f"Apply them, or drop them with iasql_sync(region => '{place.region}').",
        )


_SHOWN = 50


async def drop_schema(caller: Caller, place: Place) -> None:
    """Drop a place's schema if it was made with it and holds nothing else."""
    ((drop,),) = await caller.query(
        "SELECT (p.made AND pg_catalog.to_regnamespace($2) IS NOT NULL "
        "AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d "
        "WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass "
        "AND d.refobjid OPERATOR(pg_catalog.=) pg_catalog.to_regnamespace($2)::pg_catalog.oid))"
        "::pg_catalog.text FROM iasql.place AS p WHERE p.schema OPERATOR(pg_catalog.=) $1",
        place.schema,
        identifier(place.schema),
    )
    if drop == "true":
        await caller.query(f"DROP SCHEMA {identifier(place.schema)}")


async def record(caller: Caller, place: Place, *, made: bool = False) -> None:
    """Record a place, or the region of one; the engine has to vouch for it."""
    await caller.query(
        "SELECT iasql.record_place($1, $2, $3::pg_catalog.text::pg_catalog.bool)",
        place.schema,
        place.region,
        "true" if made else "false",
    )


async def establish(connection: Any, schema: str, regions: Sequence[str]) -> None:
    """Give a database that is being connected to an account the places that it is to have.

    Args:
        connection: of the engine's own, to that database, which is prepared.
        schema: of the default place.
        regions: the default one first.

    Raises:
        OperationError: 55000, the database has another default place already; 42602 and 42P06, a schema
            cannot be that of a region; 42501, it belongs to somebody who has no say here.
    """
    default, others = regions[0], regions[1:]
    there = await connection.fetchrow("SELECT schema, region FROM iasql.place WHERE is_default")
    in_use = await connection.fetchval("SELECT EXISTS (SELECT FROM iasql.installed_module)")
    if there["region"] not in (None, default) or (in_use and there["schema"] != schema):
        raise OperationError(
            f"the tables in the schema {there['schema']} of this database are those of {there['region']}",
            sqlstate="55000",
            hint=f"Connect it with --region {there['region']} first and --schema {there['schema']}.",
        )
    _check_name(schema)
    layout = Layout(Catalogue(()), default=Place(schema, default))
    places = [layout.default, *(new(layout, {"region": each}) for each in others)]
    owner = identifier(await connection.fetchval(_OWNER))
    await connection.execute("DELETE FROM iasql.place WHERE is_default")
    for each in places:
        made = await connection.fetchval("SELECT to_regnamespace($1) IS NULL", identifier(each.schema))
        if stranger := await connection.fetchval(_STRANGER, each.schema):
            _check_owner(each.schema, stranger, "false")
        if made:
            await connection.execute(f"CREATE SCHEMA {identifier(each.schema)} AUTHORIZATION {owner}")
        await connection.execute(
            "INSERT INTO iasql.place (schema, region, is_default, made) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (schema) DO UPDATE SET region = excluded.region",
            each.schema,
            each.region,
            each == layout.default,
            made and each != layout.default,
        )


#: Who a schema belongs to, if that is neither the database's owner, nor the engine's role, nor a superuser.
_STRANGER = """
    SELECT r.rolname::text FROM pg_namespace AS n
    JOIN pg_roles AS r ON r.oid = n.nspowner
    JOIN pg_database AS d ON d.datname = current_database()
    WHERE n.nspname = $1 AND r.oid <> d.datdba AND NOT r.rolsuper
      AND r.rolname NOT IN (session_user, 'pg_database_owner')
"""
_OWNER = "SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = current_database()"


async def forget(caller: Caller, place: Place) -> None:
    """Record that a place has gone; the engine has to vouch for it."""
    await caller.query("SELECT iasql.forget_place($1)", place.schema)
