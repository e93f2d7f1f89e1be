"""A real browser, Debian's Chromium without a window, and a console before the run's proxy."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest_asyncio
import sqlparse
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright, expect

from console.web.lines import At
from console.web.operators import Made, Operators, Wanted
from console.web.server import Console
from console.web.server_session import Server
from deploy import tutorial
from tests.fixtures.databases import Database
from tests.fixtures.proxies import IasqlProcess
from tests.fixtures.tools import tool

#: Milliseconds that something may take to be seen.
_PATIENCE = 60_000
_TRANSACTION = ("BEGIN", "COMMIT")


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The run's browser; the test is skipped (or fails) on a machine without one."""
    program = tool("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program)
        yield browser
        await browser.close()


#: By which operators are known.
OPERATORS = "operators-of-these-tests"


async def _connect(wanted: Wanted) -> Made:
    """Say what connecting says, for a database that is connected already."""
    return Made(
        name=wanted.name,
        account="222222222222",
        arn="arn:aws:iam::222222222222:user/ada",
        said=(
            "Regions: us-east-1, eu-west-1; tables of us-east-1 in schema public",
            f'Database "{wanted.database}", of {wanted.login}. Credentials: access key {wanted.of}',
            "An access key cannot be limited to reading: plans use it as it is. A role can be.",
        ),
        database=wanted.database,
        login=wanted.login,
        password="f3Tq0mPz7LrWn5KcVb2XsY9d",
    )


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def console(shared_iasql: IasqlProcess) -> AsyncIterator[Console]:
    at = At(host="127.0.0.1", port=5432)
    operators = Operators(password=lambda: OPERATORS, connect=_connect, at=at)
    console = Console(Server(host=shared_iasql.host, port=shared_iasql.port), operators=operators)
    await console.start("127.0.0.1", 0)
    yield console
    await console.close()


@dataclass
class Visitor:
    """Somebody with a browser of their own.

    Attributes:
        wrong: what the browser has complained of, and requests to other servers.
    """

    page: Page
    url: str
    wrong: list[str]

    async def open(self, path: str) -> None:
        """Go to an address."""
        await self.page.goto(self.url.rstrip("/") + path)

    async def sign_in(self, database: Database) -> None:
        """From the first page to the overview."""
        await self.open("/")
        await self.page.get_by_label("Database").fill(database.name)
        await self.page.get_by_label("User").fill(database.role)
        await self.page.get_by_label("Password").fill(database.password)
        await self.press("Sign in")
        await self.sees(database.name)

    async def connect(
        self, name: str, key: str, *, operator: str, database: str = "", login: str = ""
    ) -> None:
        """From the first page to the connection string of an account."""
        await self.open("/")
        await self.page.get_by_role("link", name="Connect an account").click()
        given = {"Operators' password": operator, "Name": name, "Regions": "us-east-1 eu-west-1"}
        for label, text in given.items():
            await self.page.get_by_label(label, exact=True).fill(text)
        await self.page.get_by_label("An access key").check()
        await self.page.get_by_label("Access key's id").fill(key)
        await self.page.get_by_label("Its secret").fill("a secret")
        if database or login:
            await self.page.get_by_text("More", exact=True).click()
            await self.page.get_by_label("A new one's name").fill(database)
            await self.page.get_by_label("Its user's name").fill(login)

    async def press(self, name: str) -> None:
        """Press a button, and wait for the page that it leads to."""
        async with self.page.expect_navigation(timeout=_PATIENCE):
            await self.page.get_by_role("button", name=name, exact=True).click()

    async def follow(self, name: str) -> None:
        """Follow a link of the pages' own navigation."""
        async with self.page.expect_navigation(timeout=_PATIENCE):
            await self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()

    async def sees(self, heading: str) -> None:
        """Wait for a page or a part of it."""
        await expect(self.page.get_by_role("heading", name=heading, exact=True)).to_be_visible(
            timeout=_PATIENCE
        )

    async def run(self, *statements: str) -> None:
        """Run statements on the page SQL."""
        for each in statements:
            if await self.page.locator("#statement").count() == 0:
                await self.follow("SQL")
            await self.page.locator("#statement").fill(each)
            await self.press("Run")
            await expect(self.page.get_by_role("status")).to_be_visible(timeout=_PATIENCE)

    async def plan(self, expected: str) -> None:
        """Look at the plan."""
        await self.follow("Change")
        await self.press("Show what would change")
        await self.sees(expected)

    async def apply(self) -> None:
        """Apply the plan that is shown, and see it through."""
        await self.press("Apply exactly this")
        await self.sees("Done")

    async def check_accessible(self, part: str | None = None, rules: list[str] | None = None) -> None:
        """Nothing serious is found by axe-core, in a part of the page or in all, by some rules or all."""
        options: dict[str, Any] = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
        found = await Axe().run(self.page, context=part, options=options)
        serious = [
            f"{each['id']}: {node['html']}"
            for each in found.response["violations"]
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]
        assert not serious, f"{self.page.url}\n" + "\n".join(serious)


NewVisitor = Callable[..., Awaitable[Visitor]]


@pytest_asyncio.fixture(loop_scope="session")
async def new_visitor(chromium: Browser, console: Console) -> AsyncIterator[NewVisitor]:
    """Opens browsers of people who are not signed in, at the run's console or another one; arguments as of
    Playwright's `new_context`.

    In the end nothing may have been asked of another server, and no script or style refused.
    """
    came: list[Visitor] = []

    async def new(url: str = console.url, **options: Any) -> Visitor:
        context = await chromium.new_context(**options)
        page = await context.new_page()
        visitor = Visitor(page, url, [])
        page.on("pageerror", lambda error: visitor.wrong.append(str(error)))
        page.on(
            "console",
            lambda said: visitor.wrong.append(said.text) if "Content Security Policy" in said.text else None,
        )
        page.on(
            "request",
            lambda asked: None if asked.url.startswith((url, "data:")) else visitor.wrong.append(asked.url),
        )
        came.append(visitor)
        return visitor

    yield new
    for each in came:
        await each.page.context.close()
        assert each.wrong == []


def written_rows() -> list[str]:
    """The tutorial's statements that write rows, in their order."""
    statements = [each.strip() for each in sqlparse.split(tutorial.migration(tutorial.V2))]
    without = [sqlparse.format(each, strip_comments=True).strip().rstrip(";") for each in statements]
    return [each for each in without if each and each not in _TRANSACTION and "iasql_apply" not in each]
