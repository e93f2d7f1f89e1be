"""Modules in a database: which are wanted, which are there, their tables."""

from __future__ import annotations

import difflib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence

from engine.caller import Caller
from engine.database import ddl, pinned
from engine.database.sql import literal, relation
from engine.errors import OperationError
from engine.plan.layout import Installed, Layout
from engine.results import Record
from modules.catalogue import Catalogue
from modules.spec import Resource
from modules.spec.names import bare, schema_of


def requested(catalogue: Catalogue, arguments: Sequence[str | None]) -> tuple[str, ...]:
    """The names of modules that a call asks for, without versions.

    Raises:
        OperationError: 22004 no name or NULL; 42704 unknown ones, all of them listed.
    """
    if not arguments or None in arguments:
        raise OperationError(
            "the names of modules are needed",
            sqlstate="22004",
            hint="SELECT * FROM iasql_modules_list() shows them.",
        )
    known = {each: module.name for module in catalogue.modules for each in (module.name, module.full_name)}
    unknown = [each for each in arguments if each not in known]
    if unknown:
        raise OperationError(
            "unknown module" + ("s: " if len(unknown) > 1 else ": ") + ", ".join(map(str, unknown)),
            sqlstate="42704",
            detail="\n".join(_suggestion(catalogue, str(each)) for each in unknown),
            hint="SELECT * FROM iasql_modules_list() shows all modules.",
        )
    return tuple(dict.fromkeys(known[str(each)] for each in arguments))


def _suggestion(catalogue: Catalogue, name: str) -> str:
    module, _, version = name.partition("@")
    if version and module in catalogue.by_name:
        return f"{name}: this server has {catalogue.by_name[module].full_name}."
    likely = difflib.get_close_matches(f"aws_{module}", catalogue.by_name, n=1, cutoff=0.8)
    similar = difflib.get_close_matches(module, catalogue.by_name, n=2, cutoff=0.5)
    suggestions = list(dict.fromkeys([*likely, *similar]))
    if not suggestions:
        return f"{name}: nothing is like it."
    return f"{name}: did you mean {' or '.join(suggestions)}?"


async def create_tables(caller: Caller, layout: Layout, resources: Sequence[Resource]) -> None:
    """Create the tables of resources that have none.

    Args:
        layout: what the database will have then.
        resources: in reference order.

    Raises:
        OperationError: 42P07, a name is taken.
        DatabaseError: the caller may not create tables.
    """
    await _check_names(caller, resources)
    async with pinned.search_path(caller):
        for statement in ddl.create(resources, {each.table: each for each in layout.resources}):
            await caller.query(statement)
        for table in (table for each in resources for table in ddl.tables_of(each)):
            for statement in ddl.notice_emptying(table):
                await caller.query(statement)


async def record(caller: Caller, modules: Iterable[Installed]) -> None:
    """Record modules as installed; the engine has to vouch for it."""
    for schema, names in _by_schema(modules).items():
        await caller.query(f"SELECT iasql.record_installed({literal(schema)}, {_array(names)})")


async def record_completed(caller: Caller, modules: Iterable[Installed]) -> None:
    """Record that some modules have all tables of this version; the engine has to vouch for it."""
    names = sorted({each.module for each in modules})
    await caller.query(f"SELECT iasql.record_completed({_array(names)})")


async def forget(caller: Caller, modules: Iterable[Installed]) -> None:
    """Record modules as uninstalled; the engine has to vouch for it."""
    for schema, names in _by_schema(modules).items():
        await caller.query(f"SELECT iasql.record_uninstalled({literal(schema)}, {_array(names)})")


def _by_schema(modules: Iterable[Installed]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = defaultdict(list)
    for each in sorted(modules):
        names[each.schema].append(each.module)
    return names


async def _check_names(caller: Caller, resources: Sequence[Resource]) -> None:
    wanted = [table for each in resources for table in ddl.tables_of(each)]
    types = [each.name for each in ddl.enum_types(resources)]
    taken = await caller.query(
        "SELECT n.name FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS n (name) "
        "WHERE pg_catalog.to_regclass(iasql.relation(n.name)) IS NOT NULL "
        "UNION SELECT n.name FROM pg_catalog.jsonb_array_elements_text($2::pg_catalog.jsonb) AS n (name) "
        "WHERE pg_catalog.to_regtype(iasql.relation(n.name)) IS NOT NULL ORDER BY 1",
        json.dumps(wanted),
        json.dumps(types),
    )
    if taken:
        schema = schema_of(str(taken[0][0]))
        found = ", ".join(f'"{bare(str(row[0]))}"' for row in taken)
        raise OperationError(
            f"the schema {schema} has {found} already",
            sqlstate="42P07",
            detail="Installing would create tables or types of these names: " + ", ".join(wanted) + ".",
            hint="Rename yours, or move them to another schema: ALTER TABLE … SET SCHEMA ….",
            table=taken[0][0],
        )


async def created(caller: Caller, layout: Layout, modules: Iterable[Installed]) -> list[Record]:
    """An install's rows: the tables of the wanted modules, and of those that came along, with how many rows
    each has.
    """
    return await _listed(caller, layout, modules, "created_table_name")


async def drop_tables(caller: Caller, layout: Layout, wanted: Sequence[Installed]) -> list[Record]:
    """Drop the tables of modules, and return an uninstall's rows.

    Raises:
        DatabaseError: 2BP01, something of the user's needs one of the tables.
    """
    there = [each for each in wanted if each in layout.installed]
    left = layout.without(there)
    dropped = [each for each in layout.resources if each.table not in left.tables]
    records = await _listed(caller, layout, there, "dropped_table_name", left.tables)
    if dropped:
        for statement in ddl.drop(dropped):
            await caller.query(statement)
    return records


def check_not_needed(layout: Layout, wanted: Sequence[Installed]) -> None:
    """
    Raises:
        OperationError: 2BP01, another installed module needs one of some modules.
    """
    for each in wanted:
        _check_not_needed(layout, each, wanted)


def _check_not_needed(layout: Layout, one: Installed, wanted: Sequence[Installed]) -> None:
    dependents = layout.catalogue.dependents(one.module)
    needed_by = [
        _named(layout, each, one)
        for each in sorted(layout.installed.difference(wanted))
        if each.module in dependents and layout.at_schema(each.schema, one.module) == one
    ]
    if one in layout.installed and needed_by:
        names = ", ".join(dict.fromkeys(needed_by))
        raise OperationError(
            f"{one.module} cannot be uninstalled: {names} needs it",
            sqlstate="2BP01",
            hint=f"Uninstall {names} first, or in the same call.",
        )


def _named(layout: Layout, one: Installed, beside: Installed) -> str:
    """A module, with its region if that is not another's."""
    return one.module if one.schema == beside.schema else f"{one.module} in {layout.regions[one.schema]}"


async def _listed(
    caller: Caller, layout: Layout, modules: Iterable[Installed], column: str, without: Sequence[str] = ()
) -> list[Record]:
    """A row for each table of some modules.

    Args:
        column: the one that has the table's name.
        without: tables to leave out.
    """
    tables: dict[str, Installed] = {}
    for each in modules:
        for table in layout.tables_of(each):
            if table not in without:
                tables.setdefault(table, each)
    counts = await _counts(caller, tables)
    full_names = {each.name: each.full_name for each in layout.catalogue.modules}
    return [
        {"module_name": full_names[each.module], column: table, "record_count": counts[table]}
        for table, each in tables.items()
    ]


async def _counts(caller: Caller, tables: Iterable[str]) -> dict[str, int]:
    statement = " UNION ALL ".join(
        f"SELECT {literal(table)}, pg_catalog.count(*) FROM {relation(table)}" for table in tables
    )
    return (
        {str(table): int(count or 0) for table, count in await caller.query(statement)} if statement else {}
    )


def _array(values: Iterable[str]) -> str:
    """A text[] expression."""
    inner = literal(json.dumps(list(values)))
    return f"ARRAY(SELECT pg_catalog.jsonb_array_elements_text({inner}::pg_catalog.jsonb))"
