"""The pictures in docs/console: what they may be, and how they are taken (`make pictures`)."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page, ViewportSize
from psycopg import sql

from tests.console.browser.conftest import NewVisitor
from tests.console.browser.tour import many, tour
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PASSWORD, Database, PostgresServer
from tests.fixtures.proxies import IasqlProcess

DOCS = Path(__file__).parents[3] / "docs"
PICTURES = DOCS / "console"
#: Stops of the tour; a name with -phone is seen on one, in the dark.
TAKEN = (
    *("connect", "connected", "overview", "map", "table", "statement", "past"),
    *("change", "change-phone", "progress", "losses", "many", "operation", "sql"),
)
_BYTES = 60_000
_DESK, _PHONE = ViewportSize(width=1250, height=720), ViewportSize(width=390, height=720)


def test_the_pictures_are_few_and_small_and_all_of_them_are_shown() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(console/([a-z-]+)\.png\)", (DOCS / "console.md").read_text())
    assert sorted(shown) == sorted(TAKEN)
    there = {each.stem: each.stat().st_size for each in PICTURES.iterdir()}
    assert there.keys() == set(TAKEN)
    assert max(there.values()) < _BYTES


@pytest.fixture
def shop(iasql: IasqlProcess, postgres_server: PostgresServer) -> Iterator[Database]:
    """A database with a name for people."""
    database = Database(name="shop", role="ada", host=postgres_server.host, port=postgres_server.port)
    postgres_server.execute(
        sql.SQL("CREATE ROLE ada LOGIN PASSWORD {}").format(sql.Literal(PASSWORD)),
        sql.SQL("CREATE DATABASE shop OWNER ada").format(),
    )
    yield iasql.serves(database)
    postgres_server.drop(database)


@pytest.mark.skipif("IASQL_PICTURES" not in os.environ, reason="`make pictures` takes them")
@pytest.mark.asyncio(loop_scope="session")
async def test_take_them(
    new_visitor: NewVisitor, shop: Database, database: Database, simulator: Cloud
) -> None:
    PICTURES.mkdir(exist_ok=True)
    visitor = await new_visitor(viewport=_DESK)
    page = visitor.page
    async for name in tour(visitor, shop, simulator):
        if name in TAKEN:
            save(await _seen(page, whole=name == "losses"), name)
        if f"{name}-phone" in TAKEN:
            await page.set_viewport_size(_PHONE)
            await page.emulate_media(color_scheme="dark")
            save(await _seen(page), f"{name}-phone")
            await page.set_viewport_size(_DESK)
            await page.emulate_media(color_scheme="light")
    await page.context.clear_cookies()
    await many(visitor, database)
    save(await _seen(page), "many")


async def _seen(page: Page, *, whole: bool = False) -> bytes:
    """A picture of a page, without what is empty below it."""
    end = await page.evaluate("document.querySelector('main').getBoundingClientRect().bottom")
    size = page.viewport_size
    assert size is not None
    height = end if whole else min(end, size["height"])
    return await page.screenshot(
        full_page=True, clip={"x": 0, "y": 0, "width": size["width"], "height": height}
    )


def save(picture: bytes, name: str) -> None:
    """Keep a picture in few colours."""
    few = Image.open(io.BytesIO(picture)).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    few.save(PICTURES / f"{name}.png", optimize=True)
