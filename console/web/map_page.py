"""The account as a map."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from psycopg import sql

from console.web import plot, queries
from console.web.answers import html
from console.web.render import Viewer, page
from console.web.server_session import ServerSession
from console.web.visits import Visit

#: Rows of a table that are on the map at most.
_MOST = 1000
_PLACES = sql.SQL("SELECT schema, region FROM iasql.place ORDER BY NOT is_default, schema")
_DRIFT = sql.SQL("SELECT DISTINCT region_name, table_name, name FROM iasql.drift WHERE upper_inf(valid)")


async def shown(request: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
    """All regions, with what may be read of them."""
    server = visit.server
    regions = []
    if viewer.may:
        names = await queries.tables(server)
        drift = await server.rows(_DRIFT)
        for schema, region in await server.rows(_PLACES):
            tables = [name for place, name in names if place == schema and name in plot.COLUMNS]
            rows = {each: await _rows(server, schema, each) for each in tables}
            seen = frozenset(
                (table.rpartition(".")[2], name) for where, table, name in drift if where == region
            )
            regions.append((schema, region or schema, plot.networks(rows, seen)))
    return html(page("map.html", viewer, here="/map", regions=regions, most=_MOST))


async def _rows(server: ServerSession, schema: str, table: str) -> list[dict[str, Any]]:
    """The rows of a table; none if not all columns that the map needs may be read."""
    names = plot.COLUMNS[table]
    if not set(names) <= set(await queries.columns(server, schema, table)):
        return []
    query = sql.SQL("SELECT {} FROM {} ORDER BY 1 LIMIT {}").format(
        sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier(schema, table), sql.Literal(_MOST)
    )
    return [dict(zip(names, row, strict=True)) for row in await server.rows(query)]
