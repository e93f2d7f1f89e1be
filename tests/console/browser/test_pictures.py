"""The pictures and texts in docs/console: what they may be, and how they are taken (`make pictures`)."""

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
from rich.cells import cell_len

from tests.console.browser.conftest import NewVisitor
from tests.console.browser.tour import tour
from tests.console.situations import SITUATIONS, Situation, text
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PASSWORD, Database, PostgresServer
from tests.fixtures.proxies import IasqlProcess

DOCS = Path(__file__).parents[3] / "docs"
PICTURES = DOCS / "console"
#: Stops of the tour; a name with -phone is seen on one, in the dark.
TAKEN = (
    *("connect", "connected", "overview", "map", "table", "statement", "past"),
    *("change", "change-phone", "progress", "losses", "operation", "sql", "suggestions"),
)
#: Situations of which there is a picture beside.
_SEEN = ("many", "failure", "conflict", "stale", "drift")
#: The terminals of which there is a text of each situation, by how wide they are.
_WIDTHS = {"": 100, "-60": 60}
_BYTES = 60_000
_DESK, _PHONE = ViewportSize(width=1250, height=720), ViewportSize(width=390, height=720)


def test_the_pictures_are_few_and_small_and_all_of_them_are_shown() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(console/([a-z-]+)\.png\)", (DOCS / "console.md").read_text())
    assert sorted(shown) == sorted((*TAKEN, *_SEEN))
    there = {each.stem: each.stat().st_size for each in PICTURES.glob("*.png")}
    assert there.keys() == {*TAKEN, *_SEEN}
    assert max(there.values()) < _BYTES


def test_the_texts_of_terminals_are_as_wide_as_those_and_all_of_them_are_linked() -> None:
    linked = re.findall(r"\(console/([a-z0-9-]+)\.txt\)", (DOCS / "command-line.md").read_text())
    there = {each.stem: each.read_text() for each in PICTURES.glob("*.txt")}
    assert set(linked) == there.keys() == {f"{each.name}{end}" for each in SITUATIONS for end in _WIDTHS}
    for name, shown in there.items():
        lines = shown.splitlines()
        assert max(map(cell_len, lines)) <= _WIDTHS["-60" if name.endswith("-60") else ""], name
        assert all(letter.isprintable() for line in lines for letter in line), name


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
async def test_take_them(new_visitor: NewVisitor, shop: Database, simulator: Cloud) -> None:
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


@pytest.mark.skipif("IASQL_PICTURES" not in os.environ, reason="`make pictures` takes them")
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name)
async def test_take_a_situation(
    new_visitor: NewVisitor, shop: Database, simulator: Cloud, situation: Situation
) -> None:
    if situation.name not in _SEEN:
        pytest.skip("it is a stop of the tour")
    situation.before(shop, simulator)
    visitor = await new_visitor(viewport=_DESK)
    page = visitor.page
    await visitor.sign_in(shop)
    await visitor.follow("Change")
    await visitor.press("Show what would change")
    situation.meanwhile(shop, simulator)
    if situation.name in ("failure", "stale"):
        await visitor.press("Apply exactly this")
        await visitor.sees("Failed")
    save(await _seen(page, whole=True), situation.name)


@pytest.mark.skipif("IASQL_PICTURES" not in os.environ, reason="`make pictures` takes them")
@pytest.mark.parametrize("end", _WIDTHS)
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name)
def test_take_a_text(shop: Database, simulator: Cloud, situation: Situation, end: str) -> None:
    situation.before(shop, simulator)
    shown = text(situation, shop, simulator, _WIDTHS[end])
    (PICTURES / f"{situation.name}{end}.txt").write_text(shown)


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
