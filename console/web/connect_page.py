"""The page on which operators connect accounts.

There is no session of an operator: each form brings the operators' password along, so there is no cookie that
could be stolen, or used by another site. Neither that nor the secret of an access key is in any page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

import structlog
from aiohttp import web

from console.session import Refused
from console.shown import Notice
from console.web.lines import lines, url
from console.web.operators import Made, Operators, Wanted, wanted
from console.web.visits import Attempts

#: What a form keeps when it is shown again; no secret is among it.
_KEPT = (
    *("name", "regions", "way", "role", "source_identity", "profile", "key"),
    *("existing", "database", "login", "schema", "shared"),
)
#: What all operators count as to the limit of attempts.
_USER = "operators"
_log = structlog.get_logger("console")


class ConnectPage:
    """The page, and the connections that are being made.

    Args:
        asking: makes a page with a form for somebody who is not signed in.
        address: tells who a request counts as.
    """

    def __init__(
        self,
        operators: Operators,
        attempts: Attempts,
        asking: Callable[..., web.Response],
        address: Callable[[web.Request], str],
    ) -> None:
        self._operators = operators
        self._attempts = attempts
        self._asking = asking
        self._address = address
        self._under_way: dict[Wanted, asyncio.Task[Made]] = {}

    def routes(self) -> list[web.RouteDef]:
        """Where it is."""
        return [web.get("/connect", self._page), web.post("/connect", self._connect)]

    async def close(self) -> None:
        """Give up what is being connected; nothing is left of it."""
        under_way = list(self._under_way.values())
        for each in under_way:
            each.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _page(self, request: web.Request) -> web.Response:
        return self._again(request, {"way": "role"}, None)

    def _again(
        self, request: web.Request, form: dict[str, str], said: Notice | None, status: int = 200
    ) -> web.Response:
        kept = {name: form.get(name, "") for name in _KEPT}
        return self._asking(request, "connect.html", status, said=said, form=kept)

    async def _connect(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        address = self._address(request)
        if not self._attempts.begin(address, _USER):
            _log.warning("too many attempts to connect an account", address=address)
            return self._again(
                request, form, _error("Too many attempts. Try again in five minutes."), status=429
            )
        if not self._operators.has_among_them(form.get("operator", "")):
            _log.warning("not the operators' password", address=address)
            return self._again(request, form, _error("This is not the operators' password."), status=401)
        self._attempts.succeeded(address, _USER)
        try:
            asked = wanted(form)
        except ValueError as error:
            return self._again(request, form, _error(str(error)), status=400)
        try:
            made = await self._made(asked)
        except Refused as refused:
            _log.warning(
                "connecting an account was refused",
                address=address,
                name=asked.name,
                sqlstate=refused.said.sqlstate,
            )
            return self._again(request, form, refused.said, status=409)
        _log.info(
            "connected an account",
            address=address,
            name=made.name,
            account=made.account,
            database=made.database,
        )
        at = self._operators.at.seen_from(request.url.host)
        parts = (at, made.database, made.login, made.password)
        return self._asking(request, "connected.html", made=made, url=url(*parts), lines=lines(*parts))

    async def _made(self, asked: Wanted) -> Made:
        """Connect, to the end even if the browser leaves; a form that is sent twice meanwhile counts once."""
        task = self._under_way.get(asked)
        if task is None:
            task = asyncio.create_task(cast(Coroutine[Any, Any, Made], self._operators.connect(asked)))
            self._under_way[asked] = task
            task.add_done_callback(lambda done: self._ended(asked, done))
        return await asyncio.shield(task)

    def _ended(self, asked: Wanted, task: asyncio.Task[Made]) -> None:
        del self._under_way[asked]
        if not task.cancelled():
            task.exception()  # whoever waits for it has it; perhaps nobody does any more


def _error(message: str) -> Notice:
    return Notice(severity="ERROR", message=message)
