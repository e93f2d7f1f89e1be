"""A console before the run's proxy, and browsers that come to it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from html import unescape

import psycopg
import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar
from yarl import URL

from console.web.server import Console
from console.web.server_session import Server
from tests.fixtures.databases import Database
from tests.fixtures.proxies import IasqlProcess

_TOKEN = re.compile(r'name="token" value="([0-9a-f]+)"')


@dataclass
class Clock:
    """A time that tests set."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Page:
    """What a browser has got."""

    status: int
    url: str
    text: str
    headers: dict[str, str]
    cookies: list[str] = field(default_factory=list)

    @property
    def token(self) -> str:
        found = _TOKEN.search(self.text)
        assert found is not None, self.text
        return found[1]

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found is not None, self.text
        return unescape(found[1])


class Browser:
    """Somebody's browser."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.jar = CookieJar(unsafe=True)
        self.http = ClientSession(cookie_jar=self.jar)

    async def get(self, path: str) -> Page:
        async with self.http.get(self.url + path) as response:
            return await _page(response)

    async def post(self, path: str, data: dict[str, str], **headers: str) -> Page:
        """Send a form as it is."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.post(self.url + path, data=data, headers=named) as response:
            return await _page(response)

    async def submit(self, page: str, path: str, **data: str) -> Page:
        """Send a form of a page."""
        return await self.post(path, {"token": (await self.get(page)).token, **data})

    async def sign_in(self, database: Database, password: str | None = None) -> Page:
        given = {"database": database.name, "user": database.role, "password": password or database.password}
        return await self.submit("/sign-in", "/sign-in", **given)

    def plant(self, id: str | None) -> None:
        """Put an id into its cookie."""
        self.jar.update_cookies({"iasql": id or ""}, URL(self.url))

    @property
    def id(self) -> str | None:
        return next((each.value for each in self.jar if each.key == "iasql"), None)


async def _page(response: ClientResponse) -> Page:
    cookies = [each for one in (*response.history, response) for each in one.headers.getall("Set-Cookie", [])]
    return Page(response.status, str(response.url), await response.text(), dict(response.headers), cookies)


NewBrowser = Callable[[], Browser]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def console(iasql: IasqlProcess, clock: Clock) -> AsyncIterator[Console]:
    console = Console(Server(host=iasql.host, port=iasql.port), clock=clock)
    await console.start("127.0.0.1", 0)
    yield console
    await console.close()


@pytest.fixture
async def new_browser(console: Console) -> AsyncIterator[NewBrowser]:
    """Opens browsers that know nothing yet."""
    opened: list[Browser] = []

    def new() -> Browser:
        opened.append(Browser(console.url))
        return opened[-1]

    yield new
    for each in opened:
        await each.http.close()


@pytest.fixture
async def browser(new_browser: NewBrowser, database: Database) -> Browser:
    """A browser in which somebody has signed in."""
    own = new_browser()
    page = await own.sign_in(database)
    assert page.url == own.url + "/", page.text
    return own


Execute = Callable[..., Awaitable[None]]


@pytest.fixture
def execute(database: Database) -> Execute:
    """Runs statements as the database's owner, through the proxy."""

    async def run(*statements: str) -> None:
        connection = await psycopg.AsyncConnection.connect(database.url, autocommit=True)
        async with connection:
            for each in statements:
                await connection.execute(each.encode())

    return run
