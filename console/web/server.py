"""An HTTP server with the console's pages."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from console.session import Refused
from console.shown import Notice
from console.web.operators import Operators
from console.web.pages import Pages
from console.web.render import STATIC, page
from console.web.server_session import Server
from console.web.visits import Attempts, Visits

#: Seconds from one look for those whose time is over to the next.
_SWEEP = 20.0
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with that a browser does not tell where a form comes from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_log = structlog.get_logger("console")

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Console:
    """The console of a proxy.

    Args:
        server: where the proxy is.
        tls: what is shown to browsers, or None for none.
        clock: seconds that only go forwards.
        operators: who may connect accounts, and what does it; None if nobody may.

    Attributes:
        url: where it is, once it is started.
    """

    def __init__(
        self,
        server: Server,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
        operators: Operators | None = None,
    ) -> None:
        self._tls = tls
        self.visits = Visits(clock)
        self._pages = Pages(
            server,
            self.visits,
            Attempts(clock),
            secure=tls is not None,
            operators=(operators, Attempts(clock)) if operators else None,
        )
        application = web.Application(middlewares=[self._guarded], client_max_size=1 << 20)
        application.router.add_get("/static/{name}", _static)
        application.add_routes(self._pages.routes())
        application.on_response_prepare.append(_add_headers)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        self._sweeper: asyncio.Task[None] | None = None
        self.url: str

    async def start(self, host: str, port: int, *, reuse_port: bool = False) -> None:
        """Begin to answer.

        Raises:
            OSError: the address cannot be listened on.
        """
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port, ssl_context=self._tls, reuse_port=reuse_port).start()
        shown = f"[{host}]" if ":" in host else host
        scheme = "http" if self._tls is None else "https"
        self.url = f"{scheme}://{shown}:{self._runner.addresses[0][1]}/"
        self._sweeper = asyncio.create_task(self._sweep())

    async def close(self) -> None:
        """Answer no more, and leave the server."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeper
        for visit in self.visits.end_all():
            await visit.server.leave()
        await self._pages.close()
        await self._runner.cleanup()

    async def sweep(self) -> None:
        """Leave the sessions of those whose time is over."""
        for visit in self.visits.end_old():
            self._pages.leave(visit)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP)
            await self.sweep()

    @web.middleware
    async def _guarded(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Refuse what another site has sent; say what is wrong without a traceback."""
        try:
            if request.method not in ("GET", "HEAD"):
                await self._check_origin(request)
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return _wrong(error.status, Notice(severity="ERROR", message=error.text or error.reason))
        except Refused as refused:
            return _wrong(500, refused.said)
        except (ConnectionResetError, asyncio.CancelledError):
            raise
        except Exception as error:
            # What a page could not say is nobody's to read but for its kind: its text may have values in it.
            _log.error("a page failed", path=request.path, error=type(error).__name__)
            return _wrong(500, Notice(severity="ERROR", message="this page failed"))

    async def _check_origin(self, request: web.Request) -> None:
        origin = request.headers.get("Origin")
        foreign = origin is not None and urlsplit(origin).netloc != request.host
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        if foreign or site not in ("same-origin", "none"):
            raise web.HTTPForbidden(text="this was sent by another site")
        if request.content_type != "application/x-www-form-urlencoded":
            raise web.HTTPUnsupportedMediaType(text="only forms are taken")
        form = await request.post()
        if not self.visits.is_token(self._pages.cookie(request), str(form.get("token", ""))):
            raise web.HTTPForbidden(text="this form is not of this session: load its page again")


def _wrong(status: int, said: Notice) -> web.Response:
    body = page("wrong.html", None, status=status, said=said, signed_in=status not in (401, 403, 429))
    return web.Response(status=status, text=body, content_type="text/html")


async def _static(request: web.Request) -> web.Response:
    found = STATIC.get(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound
    kind, text = found
    return web.Response(text=text, content_type=kind)


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    response.headers.pop("Server", None)
