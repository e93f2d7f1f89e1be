"""The schema `iasql_all`: each table once, over all places of a database.

There is none while a database has one place: a view keeps the columns that it shows from being altered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from engine.caller import Caller
from engine.database.sql import among, identifier, literal, relation
from engine.plan.layout import Layout
from modules.spec import Column, EnumType, Resource
from modules.spec.names import bare, in_schema

SCHEMA = "iasql_all"

_OURS = (
    f"c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.to_regnamespace({literal(SCHEMA)})::pg_catalog.oid "
    f"AND c.relkind::pg_catalog.text OPERATOR(pg_catalog.=) 'v' AND {among('c.relname')}"
)

#: Of the views that the engine makes, those that there are, with their columns, and whether the role may
#: replace them; and the version of PostgreSQL. What else a user has made in the schema is theirs.
_STATE = f"""
    SELECT COALESCE(
        (SELECT pg_catalog.json_object_agg(v.name, v.columns)
         FROM (SELECT c.relname AS name, pg_catalog.json_agg(a.attname ORDER BY a.attnum) AS columns
               FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_attribute AS a
                 ON a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attnum OPERATOR(pg_catalog.>) 0
               WHERE {_OURS} GROUP BY c.relname) AS v), '{{}}')::pg_catalog.text,
      (SELECT pg_catalog.bool_and(pg_catalog.pg_has_role(c.relowner, 'USAGE'))
       FROM pg_catalog.pg_class AS c WHERE {_OURS})::pg_catalog.text,
      pg_catalog.current_setting('server_version_num')
"""

#: Whose the schema is; whether that is somebody to trust with it, and whether the role may make views in it.
_OWNER = f"""
    SELECT o.owner, o.trusted::pg_catalog.text,
      pg_catalog.has_schema_privilege({literal(SCHEMA)}, 'CREATE')::pg_catalog.text
    FROM iasql.owner_of({literal(SCHEMA)}) AS o
"""


async def bring_up_to_date(caller: Caller, layout: Layout) -> None:
    """Make the views show what a database has now.

    A role that may not is told so.

    Raises:
        DatabaseError: 2BP01, something of the user's needs a view that would go.
    """
    known = [table for each in layout.catalogue.modules for table in each.tables]
    ((views, may, version),) = await caller.query(_STATE, json.dumps(known))
    there: dict[str, list[str]] = json.loads(str(views))
    wanted = _tables(layout) if layout.others else {}
    if not there and not wanted:
        return
    owner = await caller.query(_OWNER)
    if may == "false" or (owner and owner[0][1:] != ("true", "true")):
        _tell(caller, *(owner[0] if owner else (None, None, None)))
        return
    if not owner:
        await caller.query(f"CREATE SCHEMA {SCHEMA}")
        await caller.query(f"GRANT USAGE ON SCHEMA {SCHEMA} TO PUBLIC")
    for statement in _statements(layout, wanted, there, invoker=int(str(version)) >= 150000):
        await caller.query(statement)


def _tell(caller: Caller, owner: str | None, trusted: str | None, may: str | None) -> None:
    if trusted == "false":
        why = f"the schema belongs to {owner}"
        hint = f"ALTER SCHEMA {SCHEMA} OWNER TO …, the database's owner; then SELECT iasql_upgrade()."
    else:
        why = "this role may not replace them"
        hint = "SELECT iasql_upgrade() of their owner does it."
    caller.notice(
        f"the views in {SCHEMA} are not brought up to date: {why}",
        severity="WARNING",
        hint=hint,
    )


def _statements(
    layout: Layout, wanted: Mapping[str, Sequence[_Table]], there: Mapping[str, list[str]], *, invoker: bool
) -> Iterator[str]:
    gone = [relation(in_schema(SCHEMA, name)) for name in there if name not in wanted]
    if gone:
        yield "DROP VIEW " + ", ".join(gone)
    for name, tables in wanted.items():
        yield from _view(layout, name, tables, there.get(name), invoker=invoker)


#: A table, with its columns.
_Table = tuple[str, tuple[Column, ...], tuple[str, ...]]


def _tables(layout: Layout) -> dict[str, list[_Table]]:
    """All tables of one name, by that name."""
    found: dict[str, list[_Table]] = {}
    for resource in layout.resources:
        for table, columns, key in _of(resource):
            found.setdefault(bare(table), []).append((table, columns, key))
    return found


def _of(resource: Resource) -> Iterator[_Table]:
    yield resource.table, resource.columns, resource.key
    for part in resource.parts:
        yield part.relation, (part.parent, *part.columns), part.key


def _view(
    layout: Layout, name: str, tables: Sequence[_Table], there: Sequence[str] | None, *, invoker: bool
) -> Iterator[str]:
    view = relation(in_schema(SCHEMA, name))
    declared = _columns(*tables[0][1:])
    # A view that is replaced keeps its columns in their order; new ones come last.
    order = there or ()
    columns = sorted(declared, key=lambda each: order.index(each) if each in order else len(order))
    selects = " UNION ALL ".join(
        f"SELECT {literal(str(layout.region_of(table)))}::pg_catalog.text AS region, "
        + ", ".join(declared[each] for each in columns)
        + f" FROM {relation(table)} AS t"
        for table, *_ in tables
    )
    # A view that runs as whoever reads it shows no more than the tables do; an older PostgreSQL has none.
    yield f"CREATE OR REPLACE VIEW {view} {'WITH (security_invoker = true)' if invoker else ''} AS {selects}"
    yield f"COMMENT ON VIEW {view} IS {literal(f'The {name} tables of all regions.')}"
    if invoker and there is None:  # later, it is as somebody has granted or revoked
        yield f"GRANT SELECT ON {view} TO PUBLIC"


def _columns(columns: Sequence[Column], key: Sequence[str]) -> dict[str, str]:
    """The expressions of a table's columns; each schema has enum types of its own, so they are text here."""
    names = dict.fromkeys(each for each in [*key, *(each.name for each in columns)] if each != "region")
    enums = {each.name for each in columns if isinstance(each.type, EnumType)}
    return {
        each: f"t.{identifier(each)}" + (f"::pg_catalog.text AS {identifier(each)}" if each in enums else "")
        for each in names
    }
