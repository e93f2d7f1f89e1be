"""Tables: which there are, their rows, and what these were at a time."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from aiohttp import web

from console.web import editing, queries
from console.web.answers import html, number
from console.web.render import Viewer, page
from console.web.visits import Visit


async def tables(request: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
    """All tables that somebody may read."""
    names = await queries.tables(visit.server) if viewer.may else []
    present = {name for schema, name in names if schema != queries.PAST}
    shown: dict[str, list[str]] = {}
    for schema, name in names:
        if name in present:
            shown.setdefault(schema, []).append(name)
    return html(page("tables.html", viewer, here="/tables", tables=shown))


async def table(request: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
    """Rows of a table."""
    schema, table = request.match_info["schema"], request.match_info["table"]
    names = await queries.tables(visit.server) if viewer.may else []
    if (schema, table) not in names:
        raise web.HTTPNotFound(text="there is no such table, or you may not read it")
    column, has, equals = (request.query.get(each) for each in ("column", "has", "is"))
    wanted = queries.Filter(column, has, equals) if column and (has or equals is not None) else None
    limit = min(number(request, "rows", queries.ROWS), queries.MOST_ROWS) or queries.ROWS
    offset = number(request, "from", 0)
    at = request.query.get("at") if schema == queries.PAST else None
    found = await queries.browse(visit.server, schema, table, wanted, limit, offset, at)
    remembered = (queries.PAST, table) in names and schema == "public"
    named_by = found.named_by if remembered else None
    if named_by is not None and named_by not in await queries.columns(visit.server, queries.PAST, table):
        named_by = None
    of = await editing.writable(visit.server, schema, table) if schema != queries.PAST else None
    asked = (("column", column), ("has", has), ("is", equals), ("at", at))
    given = {name: text for name, text in asked if text}

    def turned(to: int) -> str:
        return "?" + urlencode({**given, "rows": limit, "from": to})

    body = page(
        "table.html",
        viewer,
        here="/tables",
        schema=schema,
        table=table,
        found=found,
        named_by=named_by,
        remembered=remembered,
        wanted=wanted,
        of=of,
        links=found.links,
        edits=editing.addresses(of, found) if of else None,
        is_past=schema == queries.PAST,
        at=at,
        message=visit.server.take_message(),
        offset=offset,
        before=turned(max(offset - limit, 0)) if offset else None,
        behind=turned(offset + limit) if found.more else None,
    )
    return html(body)


async def as_of(request: web.Request, visit: Visit, _: Viewer) -> web.StreamResponse:
    """Lead to what the rows of a table were at a time."""
    table, at = (request.query.get(each, "") for each in ("table", "at"))
    if (queries.PAST, table) not in await queries.tables(visit.server):
        raise web.HTTPNotFound(text="there is no such table, or you may not read it")
    raise web.HTTPSeeOther(f"/tables/{queries.PAST}/{quote(table, safe='')}?{urlencode({'at': at})}")
