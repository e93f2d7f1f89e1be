"""What is answered to each address. Every page but the first one needs somebody who is signed in."""

from __future__ import annotations

import asyncio
import csv
import io
import ipaddress
import json
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from console.session import Refused
from console.shown import Notice
from console.web import edit_page, map_page, names, queries, table_page
from console.web.answers import html, number
from console.web.connect_page import ConnectPage
from console.web.operators import Operators
from console.web.past_page import past
from console.web.render import Viewer, drawing, page
from console.web.server_session import Job, Server, sign_in
from console.web.visits import LONGEST, Attempts, Visit, Visits, new_id

#: Rows that a statement's answer is shown of.
_SHOWN = 1000
#: Seconds after which a stream of events says that it is still there.
_BEAT = 15.0
#: What the server says to who may come in at another time.
_NOT_NOW = ("too many", "remaining connection slots", "starting up", "shutting down", "in recovery mode")
_log = structlog.get_logger("console")

_Answer = Callable[[web.Request, Visit, Viewer], Awaitable[web.StreamResponse]]


class Pages:
    """The pages.

    Args:
        server: where the proxy is.
        secure: whether browsers come with TLS.
        operators: who may connect accounts, and with which limit of attempts; None if nobody may.
    """

    def __init__(
        self,
        server: Server,
        visits: Visits,
        attempts: Attempts,
        *,
        secure: bool,
        operators: tuple[Operators, Attempts] | None = None,
    ) -> None:
        self._server = server
        self._visits = visits
        self._attempts = attempts
        self._secure = secure
        # With this prefix no other host and no page without TLS can set the cookie.
        self._cookie = "__Host-iasql" if secure else "iasql"
        # A session's cookie does not come along with another site's link, and must not be overwritten then.
        self._form_cookie = f"{self._cookie}-form"
        self._leaving: set[asyncio.Task[None]] = set()
        self._connect = ConnectPage(*operators, self._asking, _address) if operators else None

    def routes(self) -> list[web.RouteDef]:
        """Where they are."""
        return [
            *(self._connect.routes() if self._connect else ()),
            web.get("/sign-in", self._sign_in_page),
            web.post("/sign-in", self._sign_in),
            web.post("/sign-out", self._signed_in(self._sign_out)),
            web.get("/", self._signed_in(self._overview)),
            web.get("/tables", self._signed_in(table_page.tables)),
            web.get("/tables/{schema}/{table}", self._signed_in(table_page.table)),
            web.get("/tables/{schema}/{table}/row", self._signed_in(edit_page.form)),
            web.post("/tables/{schema}/{table}/row", self._signed_in(edit_page.show)),
            web.post("/tables/{schema}/{table}/run", self._signed_in(edit_page.run)),
            web.get("/map", self._signed_in(map_page.shown)),
            web.get("/past/{table}", self._signed_in(past)),
            web.get("/change", self._signed_in(self._change)),
            web.post("/change/plan", self._signed_in(self._plan)),
            web.post("/change/apply", self._signed_in(self._apply)),
            web.post("/change/stop", self._signed_in(self._stop)),
            web.get("/change/progress", self._signed_in(self._progress)),
            web.get("/change/events", self._signed_in(self._events)),
            web.post("/undo", self._signed_in(self._undo)),
            web.get("/history", self._signed_in(self._history)),
            web.get("/history/as-of", self._signed_in(table_page.as_of)),
            web.get("/history/{number:[0-9]{1,18}}", self._signed_in(self._operation)),
            web.get("/sql", self._signed_in(self._sql)),
            web.post("/sql", self._signed_in(self._run)),
            web.get("/sql/names", self._signed_in(names.names)),
            web.get("/sql/columns", self._signed_in(names.columns)),
        ]

    def cookie(self, request: web.Request) -> str | None:
        """What a browser's form is bound to: the id of its session, or what it got for a form of nobody's."""
        of_nobody = request.path in ("/sign-in", "/connect")
        return request.cookies.get(self._form_cookie if of_nobody else self._cookie)

    async def close(self) -> None:
        """Give up what is being connected."""
        if self._connect is not None:
            await self._connect.close()

    def leave(self, visit: Visit) -> None:
        """Leave the server as soon as what is under way there has ended."""
        self._visits.end(visit)
        task = asyncio.create_task(visit.server.close())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _signed_in(self, shown: _Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            visit = self._visits.find(self.cookie(request))
            if visit is not None and visit.server.lost:
                self.leave(visit)
                visit = None
            if visit is None:
                raise web.HTTPSeeOther("/sign-in")
            allowed = await queries.may(visit.server)
            viewer = Viewer(visit.server.user, visit.server.database, self._visits.token(visit.id), allowed)
            try:
                return await shown(request, visit, viewer)
            except Refused as refused:
                at = request.match_info
                back = (at["schema"], at["table"]) if "schema" in at else None
                body = page("refused.html", viewer, said=refused.said, back=back)
                return html(body, status=409 if request.method == "POST" else 400)

        return answer

    def _set_cookie(self, response: web.StreamResponse, name: str, id: str) -> None:
        response.set_cookie(
            name,
            id,
            path="/",
            httponly=True,
            secure=self._secure,
            samesite="Strict",
            max_age=int(LONGEST),
        )

    async def _sign_in_page(self, request: web.Request) -> web.Response:
        asked = request.query
        return self._ask_to_sign_in(request, database=asked.get("database", ""), user=asked.get("user", ""))

    def _ask_to_sign_in(
        self,
        request: web.Request,
        said: str | None = None,
        status: int = 200,
        database: str = "",
        user: str = "",
    ) -> web.Response:
        given = {"said": said, "database": database, "user": user, "connects": self._connect is not None}
        return self._asking(request, "sign_in.html", status, **given)

    def _asking(
        self, request: web.Request, template: str, status: int = 200, **given: object
    ) -> web.Response:
        """A page with a form for who is not signed in; the browser gets an id of nobody's, so that the form
        has a token."""
        known = self.cookie(request)
        id = known or new_id()
        response = html(page(template, None, token=self._visits.token(id), **given), status=status)
        if known is None:
            self._set_cookie(response, self._form_cookie, id)
        return response

    async def _sign_in(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        database, user, password = (str(form.get(each, "")) for each in ("database", "user", "password"))
        again = {"database": database, "user": user}
        if not (database and user and password) or "\0" in database + user + password:
            return self._ask_to_sign_in(request, "Database, user and password are all needed.", 400, **again)
        address = _address(request)
        if self._visits.full:
            return self._ask_to_sign_in(request, "Too many are signed in. Try again later.", 503, **again)
        if not self._attempts.begin(address, user):
            _log.warning("too many attempts to sign in", address=address, user=user)
            return self._ask_to_sign_in(
                request, "Too many attempts. Try again in five minutes.", 429, **again
            )
        try:
            server = await sign_in(self._server, database, user, password)
        except Refused as refused:
            # The driver says before it where it has connected to; that is not for who is not signed in.
            _, fatal, reason = refused.said.message.rpartition("FATAL:")
            reason = reason.strip()
            _log.warning("sign-in refused", address=address, user=user, database=database, reason=reason)
            if not fatal or any(each in reason for each in _NOT_NOW):
                return self._ask_to_sign_in(request, "The server takes no connection now.", 503, **again)
            said = "This database, user and password do not belong together."
            return self._ask_to_sign_in(request, said, 401, **again)
        self._attempts.succeeded(address, user)
        if (before := self._visits.find(request.cookies.get(self._cookie))) is not None:
            self.leave(before)
        visit = self._visits.begin(server)
        _log.info("signed in", address=address, user=user, database=database)
        response = web.HTTPSeeOther("/")
        self._set_cookie(response, self._cookie, visit.id)
        raise response

    async def _sign_out(self, request: web.Request, visit: Visit, _: Viewer) -> web.StreamResponse:
        self.leave(visit)
        response = web.HTTPSeeOther("/sign-in")
        response.del_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="Strict")
        raise response

    async def _overview(self, request: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
        server = visit.server
        given: dict[str, object] = {"modules": [], "tables": [], "drift": [], "operations": []}
        if viewer.may:
            names = [each for each in await queries.tables(server) if each[0] != queries.PAST]
            counts = await queries.counts(server, names)
            fresh = {each[0]: each for each in await queries.fresh(server)}
            given["watched"] = any(each[4] for each in fresh.values())
            given["modules"] = await queries.modules(server)
            given["tables"] = [
                (schema, name, counts.get((schema, name)), fresh.get(_called(schema, name)))
                for schema, name in names
            ]
            given["drift"] = await queries.drift(server)
            if "journal" in viewer.may:
                given["operations"] = await queries.operations(server, 10)
        return html(page("overview.html", viewer, here="/", message=server.take_message(), **given))

    async def _change(self, request: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
        server = visit.server
        if server.busy and server.job is not None and not server.job.ended:
            raise web.HTTPSeeOther("/change/progress")
        shown = server.shown
        body = page(
            "change.html",
            viewer,
            here="/change",
            shown=shown,
            drawing=drawing(shown.steps, request.query.get("open")) if shown else None,
            message=server.take_message(),
        )
        return html(body)

    async def _plan(self, request: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
        form = await request.post()
        only, region = (str(form.get(each, "")).strip() or None for each in ("only", "region"))
        await visit.server.plan(only, region)
        raise web.HTTPSeeOther("/change#shown")

    async def _apply(self, request: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
        form = await request.post()
        shown = visit.server.shown
        if shown is None or shown.plan.id is None or form.get("plan") != shown.plan.id:
            raise Refused(
                Notice(
                    severity="ERROR",
                    message="this is not the plan that was shown last",
                    hint="Look at the plan again on the page Change.",
                )
            )
        await visit.server.apply(shown, allow_loss=form.get("allow_loss") == "on")
        raise web.HTTPSeeOther("/change/progress")

    async def _stop(self, request: web.Request, visit: Visit, _: Viewer) -> web.StreamResponse:
        await visit.server.stop()
        raise web.HTTPSeeOther("/change/progress")

    async def _progress(self, request: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
        job = visit.server.job
        if job is None:
            raise web.HTTPSeeOther("/change")
        return html(page("progress.html", viewer, here="/change", job=job, heard=list(job.heard)))

    async def _events(self, request: web.Request, visit: Visit, _: Viewer) -> web.StreamResponse:
        """Notices as they come, as server-sent events; at the end one that says so."""
        job = visit.server.job
        if job is None:
            raise web.HTTPNotFound
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        sent = number(request, "from", 0)
        while self._visits.holds(visit):
            for each in job.heard[sent:]:
                sent += 1
                await response.write(_event("step" if each.step else "notice", each))
            if job.ended:
                await response.write(b"event: end\ndata: {}\n\n")
                break
            if not await _news(job, sent):
                await response.write(b": still there\n\n")
        return response

    async def _undo(self, request: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
        form = await request.post()
        text = str(form.get("operation", ""))
        wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
        count = await visit.server.undo(wanted)
        visit.server.message = f"Rows put back: {count}. AWS is as before until you apply."
        raise web.HTTPSeeOther("/change")

    async def _history(self, request: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
        _check_may(viewer, "journal")
        offset = number(request, "from", 0)
        found = await queries.operations(visit.server, queries.ROWS + 1, offset)
        body = page(
            "history.html",
            viewer,
            here="/history",
            operations=found[: queries.ROWS],
            offset=offset,
            limit=queries.ROWS,
            more=len(found) > queries.ROWS,
            remembered=await queries.remembered(visit.server),
            now=await queries.now(visit.server),
        )
        return html(body)

    async def _operation(self, request: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
        _check_may(viewer, "journal")
        id = int(request.match_info["number"])
        found = await queries.operation(visit.server, id)
        if found is None:
            raise web.HTTPNotFound(text="there is no such operation")
        steps = await queries.steps(visit.server, id)
        return html(page("operation.html", viewer, here="/history", operation=found, steps=steps))

    async def _sql(self, request: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
        # A link fills it in; only a form runs it.
        given = {"here": "/sql", "statement": request.query.get("statement", ""), "shown": _SHOWN}
        return html(page("sql.html", viewer, found=None, said=None, **given))

    async def _run(self, request: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
        form = await request.post()
        # A form's lines end as nobody has written them, which would count within a text or a name.
        statement = str(form.get("statement", "")).replace("\r\n", "\n")
        given = {"here": "/sql", "statement": statement, "shown": _SHOWN}
        try:
            found = await visit.server.run(statement, _SHOWN)
        except Refused as refused:
            body = page("sql.html", viewer, found=None, said=refused.said, **given)
            return html(body, status=409)
        if form.get("as") == "csv":
            text = io.StringIO()
            writer = csv.writer(text)
            writer.writerow(found.columns)
            writer.writerows(found.rows)
            headers = {"Content-Disposition": 'attachment; filename="answer.csv"'}
            return web.Response(text=text.getvalue(), content_type="text/csv", headers=headers)
        return html(page("sql.html", viewer, found=found, said=None, **given))


def _check_may(viewer: Viewer, what: str) -> None:
    if what not in viewer.may:
        raise web.HTTPNotFound(text="you may not see this")


def _address(request: web.Request) -> str:
    """Where a request is from: an address, or of version 6 the network that one customer has."""
    try:
        address = ipaddress.ip_address(request.remote or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)


def _called(schema: str, table: str) -> str:
    return table if schema == "public" else f"{schema}.{table}"


async def _news(job: Job, sent: int) -> bool:
    """Whether something has happened within a while."""
    changed = job.changed
    if job.ended or len(job.heard) > sent:
        return True
    try:
        async with asyncio.timeout(_BEAT):
            await changed.wait()
    except TimeoutError:
        return False
    return True


def _event(kind: str, said: Notice) -> bytes:
    if (step := said.step) is not None:
        data: dict[str, object] = {
            "number": step.number,
            "count": step.count,
            "what": step.what,
            "seconds": step.seconds,
        }
    else:
        data = {"severity": said.severity, "message": said.message, "hint": said.hint}
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()
