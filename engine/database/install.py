"""Modules in a database: which are wanted, which are there, their tables."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence

from engine.caller import Caller
from engine.database import ddl
from engine.database.sql import in_public, literal, relation
from engine.errors import OperationError
from engine.results import Record
from modules.catalogue import Catalogue
from modules.spec import Module


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


async def installed(caller: Caller) -> tuple[str, ...]:
    """The names of the installed modules."""
    return tuple(row[0] or "" for row in await caller.query("SELECT iasql.installed()"))


async def whole(caller: Caller) -> tuple[str, ...]:
    """The names of the installed modules, of which none lacks a table.

    Raises:
        OperationError: 42P01, some tables of a module are missing and others are left.
    """
    found = await caller.query(
        "SELECT i, NULL, NULL FROM iasql.installed() AS i "
        "UNION ALL SELECT module, missing, present FROM iasql.incomplete()"
    )
    broken = [each for each in found if each[1] is not None]
    if broken:
        raise OperationError(
            "tables of installed modules are missing: " + ", ".join(str(each[1]) for each in broken),
            sqlstate="42P01",
            detail="\n".join(f"{module} still has {present}." for module, _, present in broken),
            hint="Restore them under their names; or drop the others too, and install the module again.",
            table=str(broken[0][1]).split(", ")[0],
        )
    return tuple(str(each[0]) for each in found)


async def create_tables(caller: Caller, catalogue: Catalogue, modules: Sequence[Module]) -> None:
    """Create the tables of modules that are not installed.

    Raises:
        OperationError: 42P07, a name is taken.
        DatabaseError: the caller may not create tables.
    """
    await _check_names(caller, modules)
    for statement in ddl.create(catalogue, modules):
        await caller.query(statement)


async def record(caller: Caller, modules: Sequence[Module]) -> None:
    """Record modules as installed; the engine has to vouch for it."""
    await caller.query(f"SELECT iasql.record_installed({_array(each.name for each in modules)})")


async def forget(caller: Caller, modules: Sequence[str]) -> None:
    """Record modules as uninstalled; the engine has to vouch for it."""
    await caller.query(f"SELECT iasql.record_uninstalled({_array(modules)})")


async def _check_names(caller: Caller, modules: Sequence[Module]) -> None:
    names = [table for module in modules for table in module.tables]
    types = [each.name for module in modules for each in ddl.enum_types(module)]
    taken = await caller.query(
        "SELECT c.relname FROM pg_catalog.pg_class AS c "
        f"WHERE {in_public('c.relnamespace')} "
        f"AND c.relname OPERATOR(pg_catalog.=) ANY ({_array(names)}) "
        "UNION SELECT t.typname FROM pg_catalog.pg_type AS t "
        f"WHERE {in_public('t.typnamespace')} AND t.typtype OPERATOR(pg_catalog.=) 'e' "
        f"AND t.typname OPERATOR(pg_catalog.=) ANY ({_array(types)}) ORDER BY 1"
    )
    if taken:
        found = ", ".join(f'"{row[0]}"' for row in taken)
        raise OperationError(
            f"the schema public has {found} already",
            sqlstate="42P07",
            detail="Installing "
            + ", ".join(each.name for each in modules)
            + " would create tables or types of these names.",
            hint="Rename yours, or move them to another schema: ALTER TABLE … SET SCHEMA ….",
            table=taken[0][0],
        )


async def created(caller: Caller, catalogue: Catalogue, wanted: Sequence[str]) -> list[Record]:
    """An install's rows: the tables of the wanted modules with the number of their rows."""
    modules = catalogue.named(wanted)
    counts = await _counts(caller, [table for module in modules for table in module.tables])
    return [
        {"module_name": module.full_name, "created_table_name": table, "record_count": counts[table]}
        for module in modules
        for table in module.tables
    ]


async def drop_tables(caller: Caller, catalogue: Catalogue, wanted: Sequence[str]) -> list[Record]:
    """Drop the tables of modules, and return an uninstall's rows.

    Raises:
        OperationError: 2BP01, another installed module needs one of them.
        DatabaseError: 2BP01, something of the user's needs one of the tables.
    """
    there = await installed(caller)
    for name in wanted:
        needed_by = [each for each in catalogue.dependents(name) if each in there and each not in wanted]
        if name in there and needed_by:
            raise OperationError(
                f"{name} cannot be uninstalled: {', '.join(needed_by)} needs it",
                sqlstate="2BP01",
                hint=f"Uninstall {', '.join(needed_by)} first, or in the same call.",
            )
    modules = catalogue.named(set(wanted) & set(there))
    counts = await _counts(caller, [table for module in modules for table in module.tables])
    if modules:
        for statement in ddl.drop(modules):
            await caller.query(statement)
    return [
        {"module_name": module.full_name, "dropped_table_name": table, "record_count": counts[table]}
        for module in modules
        for table in module.tables
    ]


async def _counts(caller: Caller, tables: Sequence[str]) -> dict[str, int]:
    if not tables:
        return {}
    statement = " UNION ALL ".join(
        f"SELECT {literal(table)}, pg_catalog.count(*) FROM {relation(table)}" for table in tables
    )
    return {table or "": int(count or 0) for table, count in await caller.query(statement)}


def _array(values: Iterable[str]) -> str:
    """A text[] expression."""
    inner = literal(json.dumps(list(values)))
    return f"ARRAY(SELECT pg_catalog.jsonb_array_elements_text({inner}::pg_catalog.jsonb))"
