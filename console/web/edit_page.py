"""Pages on which rows are changed, added and deleted: a statement is shown, and then that very one is run."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from aiohttp import web

from console.session import Refused
from console.shown import Notice
from console.web import editing, queries
from console.web.answers import html
from console.web.render import Viewer, page
from console.web.visits import Visit

_CHANGED = Notice(
    severity="ERROR",
    sqlstate="40001",
    message="the row has changed since it was shown, or is gone; nothing is done",
    hint="Look at the row again.",
)
_OTHER = Notice(
    severity="ERROR",
    message="this is not the statement that was shown last",
    hint="Look at the row again, and at its statement.",
)


async def form(request: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
    """A row to change, or an empty one."""
    of = await _writable(request, visit)
    key = request.query.getall("key", [])
    row = await editing.find(visit.server, of, key) if key else None
    if key and row is None:
        raise web.HTTPNotFound(text="there is no such row any more")
    if not (of.may_update or of.may_delete if key else of.may_insert):
        raise web.HTTPNotFound(text="you may not change this table")
    offered = await editing.offered(visit.server, of)
    query = urlencode([("key", each) for each in key])
    body = page("row.html", viewer, here="/tables", of=of, row=row, key_query=query, offered=offered)
    return html(body)


async def show(request: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
    """The statement that a form means."""
    of = await _writable(request, visit)
    sent = {name: str(value) for name, value in (await request.post()).items()}
    do = sent.get("do")
    if do == "insert":
        statement = editing.insert(of, editing.filled(of, sent))
    else:
        row = await editing.find(visit.server, of, request.query.getall("key", []))
        if row is None or row.version != sent.get("version"):
            raise Refused(_CHANGED)
        if do == "delete":
            statement = editing.delete(of, row)
        else:
            values = editing.changed(of, row, sent)
            if not values:
                raise Refused(Notice(severity="ERROR", message="nothing was changed in the form"))
            statement = editing.update(of, row, values)
    written = visit.server.written(statement)
    return html(page("statement.html", viewer, here="/tables", of=of, written=written, do=do))


async def run(request: web.Request, visit: Visit, _: Viewer) -> web.StreamResponse:
    """Run the statement that was shown."""
    of = await _writable(request, visit)
    sent = await request.post()
    written = visit.server.last_written
    if written is None or sent.get("id") != written.id:
        raise Refused(_OTHER)
    if not await visit.server.write(written):
        raise Refused(_CHANGED)
    visit.server.message = "Done. AWS is as before until you apply."
    raise web.HTTPSeeOther(f"/tables/{quote(of.schema, safe='')}/{quote(of.table, safe='')}")


async def _writable(request: web.Request, visit: Visit) -> editing.Writable:
    schema, table = request.match_info["schema"], request.match_info["table"]
    if schema == queries.PAST or (schema, table) not in await queries.tables(visit.server):
        raise web.HTTPNotFound(text="there is no such table, or you may not read it")
    return await editing.writable(visit.server, schema, table)
