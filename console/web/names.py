"""The names that the page SQL completes: of what somebody may read or write, asked with their own rights."""

from __future__ import annotations

from aiohttp import web
from psycopg import sql

from console.web.render import Viewer
from console.web.server_session import PATH
from console.web.visits import Visit

#: Names as a statement needs them, of schemas and of tables and views that somebody may do something with.
_TABLES = sql.SQL(
    "SELECT quote_ident(n.nspname), array_agg(quote_ident(c.relname) ORDER BY c.relname) "
    "FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_(toast|temp_)' "
    "AND has_schema_privilege(n.oid, 'USAGE') "
    "AND (has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE') "
    "OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE')) GROUP BY n.nspname ORDER BY n.nspname"
)
_COLUMNS = sql.SQL(
    "SELECT quote_ident(a.attname), format_type(a.atttypid, a.atttypmod) "
    "FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid "
    "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE n.nspname = %s AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped "
    "AND has_schema_privilege(n.oid, 'USAGE') "
    "AND has_column_privilege(c.oid, a.attnum, 'SELECT, INSERT, UPDATE') ORDER BY a.attnum"
)
_FUNCTION = "iasql_"


async def names(_: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
    """Tables by schema, the search path, and iasql's functions, each quoted where SQL needs that."""
    path = visit.server.path
    if path is None:
        path = [name for (name,) in await visit.server.rows(PATH)]
    given = {
        "tables": dict(await visit.server.rows(_TABLES)),
        "path": path,
        "functions": sorted(each for each in viewer.may if each.startswith(_FUNCTION)),
    }
    return web.json_response(given)


async def columns(request: web.Request, visit: Visit, _: Viewer) -> web.StreamResponse:
    """Name and type of the columns of one table; none if there is no such table for them."""
    schema, table = (request.query.get(each, "") for each in ("schema", "table"))
    if "\0" in schema + table:
        raise web.HTTPBadRequest(text="no name has this character")
    return web.json_response(await visit.server.rows(_COLUMNS, schema, table))
